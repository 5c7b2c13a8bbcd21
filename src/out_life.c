/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A life as a JSON object and as a row of CSV or TSV. All come of one description, so
 * that they have the same names and the same values: what is null in JSON, or
 * left out there, is an empty field in a row.
 */
#include "timersnoop/out_life.h"

#include <signal.h>

#include "timersnoop/line.h"

enum field_form { FIELD_JSON, FIELD_ROW, FIELD_COLUMN };

struct field_writer {
	enum field_form form;
	char *at;
	char separator;                /* rows: behind each field */
	const struct out_style *style; /* rows */
	bool raw;                      /* rows: fields end with a NUL */
	bool first;                    /* JSON: nothing is in this object yet */
	unsigned absent;               /* objects around this place that are null */
	char prefix[64];               /* columns: the objects around this place, each with '_' */
	size_t prefix_length;
};

bool out_life_never_fired(const struct life *life)
{
	return life->arms && !life->expiries;
}

bool out_life_never_deleted(const struct life *life)
{
	return life->family != TIMER_ITIMER && (life->end == END_OPEN || life->end == END_EXIT);
}

/* Is a value to be written next? */
static bool field_begin(struct field_writer *to, const char *name, bool there)
{
	if (to->form == FIELD_ROW)
		return there && !to->absent;
	if (to->form == FIELD_COLUMN) {
		memcpy(to->at, to->prefix, to->prefix_length);
		to->at = line_text(to->at + to->prefix_length, name);
		return false;
	}
	if (to->absent)
		return false;
	if (!to->first)
		*to->at++ = ',';
	to->first = false;
	to->at = line_text(line_text(line_byte(to->at, '"'), name), "\":");
	if (!there)
		to->at = line_text(to->at, "null");
	return there;
}

static void field_end(struct field_writer *to)
{
	if (to->form != FIELD_JSON)
		*to->at++ = to->separator;
}

static void field_number(struct field_writer *to, const char *name, bool there, int64_t number)
{
	if (field_begin(to, name, there))
		to->at = line_s64(to->at, number);
	field_end(to);
}

static void field_count(struct field_writer *to, const char *name, uint64_t count)
{
	if (field_begin(to, name, true))
		to->at = line_u64(to->at, count);
	field_end(to);
}

/* One that other lives have: no key in JSON. */
static void field_number_of_some(struct field_writer *to, const char *name, bool there,
				 int64_t number)
{
	if (there || to->form != FIELD_JSON)
		field_number(to, name, there, number);
}

/* Text that needs no quoting; NULL: unknown. */
static void field_text(struct field_writer *to, const char *name, const char *text)
{
	if (field_begin(to, name, text) && text) {
		if (to->form == FIELD_JSON)
			to->at = line_byte(line_text(line_byte(to->at, '"'), text), '"');
		else
			to->at = line_text(to->at, text);
	}
	field_end(to);
}

static void field_bool(struct field_writer *to, const char *name, bool value)
{
	if (field_begin(to, name, true))
		to->at = line_text(to->at, value ? "true" : "false");
	field_end(to);
}

static void field_object(struct field_writer *to, const char *name, bool there)
{
	if (to->form == FIELD_COLUMN) {
		char *end = to->prefix + to->prefix_length;

		end = line_byte(line_text(end, name), '_');
		to->prefix_length = (size_t)(end - to->prefix);
	} else if (field_begin(to, name, there) && to->form == FIELD_JSON) {
		*to->at++ = '{';
		to->first = true;
	}
	to->absent += !there;
}

static void field_object_end(struct field_writer *to, const char *name, bool there)
{
	to->absent -= !there;
	if (to->form == FIELD_COLUMN)
		to->prefix_length -= strlen(name) + 1;
	if (to->form != FIELD_JSON || !there || to->absent)
		return;
	*to->at++ = '}';
	to->first = false;
}

static void field_distribution(struct field_writer *to, const char *name,
			       const struct distribution *of)
{
	field_object(to, name, of->count);
	field_number(to, "min", true, of->min);
	field_number(to, "median", true, of->count ? distribution_quantile(of, 500) : 0);
	field_number(to, "p99", true, of->count ? distribution_quantile(of, 990) : 0);
	field_number(to, "max", true, of->max);
	field_object_end(to, name, of->count);
}

static void field_comm(struct field_writer *to, const char *comm)
{
	if (!field_begin(to, "comm", true))
		;
	else if (to->form == FIELD_JSON)
		to->at = line_byte(out_json_string(line_byte(to->at, '"'), comm), '"');
	else if (to->raw)
		to->at = out_null_name(to->at, to->style, comm);
	else if (to->separator == '\t')
		to->at = out_tsv_name(to->at, to->style, comm);
	else
		to->at = out_csv_name(to->at, to->style, comm);
	field_end(to);
}

/* Which one it is, whence it came and how it went. */
static void fields_identity(struct field_writer *to, const struct life *life)
{
	static const char *const origins[] = {
		[ORIGIN_CREATED] = "created",
		[ORIGIN_EXISTED] = "existed",
		[ORIGIN_INHERITED] = "inherited",
		[ORIGIN_FOUND] = "found",
	};
	static const char *const ends[] = {
		[END_OPEN] = "open", [END_DELETED] = "deleted", [END_CLOSED] = "closed",
		[END_EXEC] = "exec", [END_EXIT] = "exit",       [END_REPLACED] = "replaced",
	};
	bool inherited = life->origin == ORIGIN_INHERITED;
	char which[TIMERSPEC_TEXT_MAX];

	field_text(to, "event", "life");
	field_number(to, "pid", life->pid, life->pid);
	field_comm(to, life->comm);
	field_text(to, "family", timer_family_name(life->family));
	field_number_of_some(to, "timer_id", life->family == TIMER_POSIX, life->id);
	field_number_of_some(to, "fd", life->family == TIMER_FD, life->id);
	*out_which(which, life->id) = '\0';
	if (life->family == TIMER_ITIMER || to->form != FIELD_JSON)
		field_text(to, "which", life->family == TIMER_ITIMER ? which : NULL);
	field_text(to, "origin", origins[life->origin]);
	field_number_of_some(to, "inherited_from", inherited, life->inherited_from);
	field_number(to, "born_ns", life->born_ns, (int64_t)life->born_ns);
	field_number(to, "created_tid", life->origin == ORIGIN_CREATED, life->created_tid);
	field_text(to, "end", ends[life->end]);
	field_number(to, "end_ns", life->end_ns, (int64_t)life->end_ns);
}

static void fields_sigevent(struct field_writer *to, const struct life *life)
{
	bool known = life->has_sigevent && life->family == TIMER_POSIX;
	struct out_sigevent sigevent = out_sigevent_seen(&life->sigevent);
	char text[TIMERSPEC_TEXT_MAX];

	if (life->family != TIMER_POSIX && to->form == FIELD_JSON)
		return;
	field_object(to, "sigevent", known);
	if (to->form == FIELD_JSON && !timerspec_notify(sigevent.notify)) {
		field_number(to, "notify", true, sigevent.notify);
	} else {
		*out_notify(text, sigevent.notify) = '\0';
		field_text(to, "notify", text);
	}
	field_number(to, "signo", true, sigevent.signo);
	*out_signal(text, sigevent.signo) = '\0';
	field_text(to, "signal", sigevent.notify != SIGEV_NONE ? text : NULL);
	*line_hex(text, sigevent.value) = '\0';
	field_text(to, "value", text);
	field_number(to, "tid", sigevent.has_tid, sigevent.tid);
	field_object_end(to, "sigevent", known);
}

static void fields_asked(struct field_writer *to, const struct life *life)
{
	field_count(to, "arms", life->arms);
	field_count(to, "disarms", life->disarms);
	field_count(to, "one_shot", life->one_shot);
	field_count(to, "periodic", life->periodic);
	field_count(to, "absolute", life->absolute);
	field_count(to, "failed", life->failed);
	field_count(to, "gettimes", life->gettimes);
	field_count(to, "getoverruns", life->getoverruns);
	field_count(to, "replaced", life->replaced);
	field_number(to, "value_ns", life->has_value, life->value_ns);
	field_number(to, "interval_ns", life->has_value || life->has_interval, life->interval_ns);
}

static void fields_signals(struct field_writer *to, const struct life *life)
{
	field_object(to, "signals", true);
	field_object(to, "generated", true);
	for (int result = SIGNAL_DELIVERED; result < SIGNAL_HANDLER; result++)
		field_count(to, signal_result_name(result), life->signals[result]);
	field_object_end(to, "generated", true);
	field_object(to, "delivered", true);
	for (int result = SIGNAL_HANDLER; result < SIGNAL_RESULTS; result++)
		field_count(to, signal_result_name(result), life->signals[result]);
	field_object_end(to, "delivered", true);
	field_object_end(to, "signals", true);
	field_distribution(to, "signal_after_ns", &life->signal_after);
}

static void fields_all(struct field_writer *to, const struct life *life)
{
	char clock[TIMERSPEC_TEXT_MAX];

	fields_identity(to, life);
	timerspec_clock(clock, life->clock);
	field_text(to, "clock", life->has_clock ? clock : NULL);
	field_number(to, "clock_id", life->has_clock, life->clock);
	fields_sigevent(to, life);
	fields_asked(to, life);
	field_count(to, "expiries", life->expiries);
	field_count(to, "rearmed", life->rearmed);
	field_count(to, "overruns", life->overruns);
	field_distribution(to, "late_ns", &life->late);
	field_distribution(to, "observed_interval_ns", &life->observed);
	fields_signals(to, life);
	field_number(to, "last_getoverrun", life->last_getoverrun >= 0, life->last_getoverrun);
	field_bool(to, "never_fired", out_life_never_fired(life));
	field_bool(to, "never_deleted", out_life_never_deleted(life));
	field_bool(to, "incomplete", life->incomplete);
}

void out_life_json(struct sink *sink, const struct out_style *style, const struct life *life)
{
	struct field_writer to = { .form = FIELD_JSON, .at = sink_line(sink), .first = true };

	(void)style;
	*to.at++ = '{';
	fields_all(&to, life);
	sink_line_end(sink, line_text(to.at, "}\n"));
}

static struct field_writer row_writer(struct sink *sink, const struct out_style *style,
				      enum field_form form)
{
	bool tsv = style->format == OUT_TSV;

	return (struct field_writer){ .form = form,
				      .at = sink_line(sink),
				      .style = style,
				      .raw = tsv && style->null,
				      .separator = (char)(!tsv          ? ','
							  : style->null ? '\0'
									: '\t') };
}

static void end_row(struct sink *sink, const struct field_writer *to)
{
	sink_line_end(sink, line_byte(to->at, to->raw ? '\0' : '\n'));
}

/* The last column is that of lost records, see out_life_csv_lost. */
void out_life_csv_header(struct sink *sink, const struct out_style *style)
{
	struct field_writer to = row_writer(sink, style, FIELD_COLUMN);
	struct life any = { .pid = 0 };

	if (!style->header || to.raw)
		return;
	fields_all(&to, &any);
	to.at = line_text(to.at, "lost");
	end_row(sink, &to);
}

void out_life_csv(struct sink *sink, const struct out_style *style, const struct life *life)
{
	struct field_writer to = row_writer(sink, style, FIELD_ROW);

	fields_all(&to, life);
	end_row(sink, &to);
}

/* As many fields as there are columns, all empty but the first and the last. */
void out_life_csv_lost(struct sink *sink, const struct out_style *style, const struct loss *loss)
{
	struct field_writer to = row_writer(sink, style, FIELD_ROW);
	struct life any = { .pid = 0 };

	to.at = line_text(to.at, "lost");
	to.absent = 1;
	fields_all(&to, &any);
	if (loss->counted)
		to.at = line_u64(to.at, loss->records);
	end_row(sink, &to);
}
