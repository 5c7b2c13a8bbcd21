/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/out_findings.h"

#include <stdio.h>
#include <string.h>

#include "timersnoop/line.h"
#include "timersnoop/out_text.h"

/* Of an expectation's text: each byte may become six, and there is more in its line. */
#define EXPECTATION_MAX 800

/* What comes behind something else has a space before it. */
static char *separate(char *at, const char *from)
{
	return at == from ? at : line_byte(at, ' ');
}

static char *put_process(char *at, const struct finding *finding)
{
	at = out_text_name(at, finding->comm);
	if (finding->pid)
		at = line_byte(line_s64(line_text(at, " ("), finding->pid), ')');
	return at;
}

void out_findings_subject(char text[OUT_FINDINGS_SUBJECT_MAX], const struct finding *finding)
{
	char *at = text;

	if (finding->has_process)
		at = put_process(at, finding);
	if (finding->has_callback)
		at = out_text_name(line_text(separate(at, text), "callback "), finding->callback);
	if (finding->has_cpu)
		at = line_s64(line_text(separate(at, text), at == text ? "CPU " : "on CPU "),
			      finding->cpu);
	if (at > text && finding->has_timer)
		at = line_text(line_text(at, " timer "), finding->timer);
	else if (at > text && finding->timers > 1)
		at = line_text(line_u64(line_text(at, ", "), finding->timers), " timers");
	*at = '\0';
}

char *out_findings_json_text(char *at, const char *key, const char *text)
{
	at = line_text(line_text(line_text(at, ",\""), key), "\":");
	if (!text)
		return line_text(at, "null");
	return line_byte(out_json_string(line_byte(at, '"'), text), '"');
}

char *out_findings_json_subject(char *at, const struct finding *of)
{
	at = line_text(at, ",\"pid\":");
	at = of->has_process && of->pid ? line_s64(at, of->pid) : line_text(at, "null");
	at = out_findings_json_text(at, "comm", of->has_process ? of->comm : NULL);
	at = out_findings_json_text(at, "timer", of->has_timer ? of->timer : NULL);
	if (!of->has_callback && !of->has_cpu)
		return at;
	at = out_findings_json_text(at, "callback", of->has_callback ? of->callback : NULL);
	at = line_text(at, ",\"cpu\":");
	return of->has_cpu ? line_s64(at, of->cpu) : line_text(at, "null");
}

static void finding_json(struct sink *sink, const struct finding *finding)
{
	const struct finding_kind *kind = &finding_kinds[finding->id];
	char *at = line_text(sink_line(sink), "{\"event\":\"finding\"");

	at = out_findings_json_text(at, "id", kind->id);
	at = out_findings_json_text(at, "severity", severity_name(kind->severity));
	at = out_findings_json_subject(at, finding);
	at = line_u64(line_text(at, ",\"timers\":"), finding->timers);
	at = line_u64(line_text(at, ",\"count\":"), finding->count);
	at = out_findings_json_text(at, "evidence", finding->evidence);
	at = out_findings_json_text(at, "advice", kind->advice);
	sink_line_end(sink, line_text(at, "}\n"));
}

/* "warning rearm-storm: app (4242) timer 0" and, below, what was seen and what to do */
static void finding_text(struct sink *sink, const struct out_style *style,
			 const struct finding *finding)
{
	static const enum text_color colors[] = { TEXT_PLAIN, TEXT_YELLOW, TEXT_RED };
	const struct finding_kind *kind = &finding_kinds[finding->id];
	const char *severity = severity_name(kind->severity);
	char subject[OUT_FINDINGS_SUBJECT_MAX];
	char *at = sink_line(sink);

	out_findings_subject(subject, finding);
	at = out_text_colored(at, style, colors[kind->severity], severity, strlen(severity));
	at = line_text(line_byte(at, ' '), kind->id);
	if (subject[0])
		at = line_text(line_text(at, ": "), subject);
	sink_line_end(sink, line_byte(at, '\n'));
	at = line_text(line_text(sink_line(sink), "  seen: "), finding->evidence);
	sink_line_end(sink, line_byte(at, '\n'));
	at = line_text(line_text(sink_line(sink), "  do:   "), kind->advice);
	sink_line_end(sink, line_byte(at, '\n'));
}

void out_findings(struct sink *sink, const struct out_style *style, const struct findings *findings)
{
	if (style->format == OUT_TEXT && findings->count)
		sink_line_end(sink, line_byte(sink_line(sink), '\n'));
	for (size_t i = 0; i < findings->count; i++) {
		if (style->format == OUT_JSON)
			finding_json(sink, &findings->list[i]);
		else if (style->format == OUT_TEXT)
			finding_text(sink, style, &findings->list[i]);
	}
}

void out_findings_expectation(struct sink *sink, const struct out_style *style, const char *text,
			      const char *why)
{
	char shown[EXPECTATION_MAX];
	char *at;

	if (style->format != OUT_JSON)
		return;
	snprintf(shown, sizeof(shown), "%s", text);
	at = out_findings_json_text(line_text(sink_line(sink), "{\"event\":\"expectation\""),
				    "expect", shown);
	at = line_text(line_text(at, ",\"holds\":"), why ? "false" : "true");
	sink_line_end(sink, line_text(out_findings_json_text(at, "why", why), "}\n"));
}
