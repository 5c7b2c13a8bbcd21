/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A life as a block of lines: what it is, then one line for each thing that
 * there is to say, and an empty one.
 */
#include <signal.h>
#include <string.h>

#include "timersnoop/line.h"
#include "timersnoop/out_life.h"
#include "timersnoop/out_text.h"

#define BLOCK_LABEL_WIDTH 13

/* "  armed        " */
static char *block_line(struct sink *sink, const char *label)
{
	char *from = line_text(sink_line(sink), "  ");
	char *at = line_text(from, label);

	return line_pad(at, (size_t)(at - from), BLOCK_LABEL_WIDTH);
}

static void block_line_end(struct sink *sink, char *at)
{
	sink_line_end(sink, line_byte(at, '\n'));
}

/* "min 1us" */
static char *block_figure(char *at, const char *name, int64_t ns)
{
	at = line_byte(line_text(at, name), ' ');
	return at + timerspec_format_ns(at, ns);
}

static char *block_spread(char *at, const struct distribution *of)
{
	at = block_figure(at, "min", of->min);
	at = block_figure(at, ", median", distribution_quantile(of, 500));
	at = block_figure(at, ", p99", distribution_quantile(of, 990));
	return block_figure(at, ", max", of->max);
}

/* ", dropped 2"; nothing for none */
static char *block_some(char *at, const char *name, uint64_t count)
{
	return count ? line_u64(line_byte(line_text(at, name), ' '), count) : at;
}

static char *block_times(char *at, uint64_t count)
{
	return line_text(line_u64(at, count), count == 1 ? " time" : " times");
}

/* An instant, as lines of events show it; "+1.500000 s" since tracing began. */
static char *block_instant(char *at, const struct out_style *style, uint64_t ns)
{
	struct out_style relative = *style;

	if (style->time == TIME_WALL)
		return out_time(at, style, ns, 0);
	if (style->time == TIME_MONO)
		return line_text(out_time(at, style, ns, 0), " s");
	relative.time = TIME_RELATIVE;
	if (ns >= style->start_ns)
		*at++ = '+';
	return line_text(out_time(at, &relative, ns, 0), " s");
}

static char *block_notify(char *at, const struct sigevent_seen *sigevent)
{
	if (sigevent->notify == SIGEV_NONE)
		return line_text(at, "no signal");
	at = out_signal(at, sigevent->signo);
	if (sigevent->notify == SIGEV_THREAD_ID)
		return line_s64(line_text(at, " to thread "), sigevent->tid);
	if (sigevent->notify == SIGEV_SIGNAL)
		return at;
	return line_byte(out_notify(line_text(at, " ("), sigevent->notify), ')');
}

/* "timer 0 of app (4242): CLOCK_MONOTONIC, SIGUSR1" */
static char *block_title(char *at, const struct life *life)
{
	bool signals = life->has_sigevent && life->family == TIMER_POSIX;

	if (life->family == TIMER_ITIMER)
		at = out_which(at, life->id);
	else if (life->family == TIMER_FD)
		at = line_s64(line_text(at, "timerfd "), life->id);
	else
		at = line_s64(line_text(at, "timer "), life->id);
	at = out_text_name(line_text(at, " of "), life->comm);
	at = line_text(at, " (");
	at = life->pid ? line_s64(at, life->pid) : line_byte(at, '-');
	*at++ = ')';
	if (life->has_clock)
		at = out_clock(line_text(at, ": "), life->clock);
	if (signals)
		at = block_notify(line_text(at, life->has_clock ? ", " : ": "), &life->sigevent);
	return at;
}

static char *block_origin(struct sink *sink, const struct out_style *style, const struct life *life)
{
	char *at;

	switch (life->origin) {
	case ORIGIN_CREATED:
		at = line_text(block_line(sink, "created"), "by thread ");
		at = line_s64(at, life->created_tid);
		break;
	case ORIGIN_EXISTED:
		return line_text(block_line(sink, "existed"), "when tracing began");
	case ORIGIN_INHERITED:
		at = line_text(block_line(sink, "inherited"), "from process ");
		at = line_s64(at, life->inherited_from);
		break;
	default:
		at = line_text(block_line(sink, "found"), "by its use");
		break;
	}
	if (life->born_ns)
		at = block_instant(line_text(at, " at "), style, life->born_ns);
	return at;
}

static char *block_end(char *at, const struct out_style *style, const struct life *life)
{
	static const char *const ends[] = {
		[END_DELETED] = "deleted",
		[END_CLOSED] = "closed",
		[END_EXEC] = "ended by exec",
		[END_EXIT] = "ended with its process",
		[END_REPLACED] = "replaced by a new one",
	};
	bool seen = life->origin == ORIGIN_CREATED || life->origin == ORIGIN_INHERITED;

	if (life->end == END_OPEN)
		return line_text(at, "; still there when tracing ended");
	at = line_text(line_text(at, "; "), ends[life->end]);
	if (!life->end_ns)
		return at;
	at = block_instant(line_text(at, " at "), style, life->end_ns);
	if (!seen || !life->born_ns)
		return at;
	at = line_text(at, " (lived ");
	at += timerspec_format_ns(at, (int64_t)(life->end_ns - life->born_ns));
	return line_byte(at, ')');
}

static void block_armed(struct sink *sink, const struct life *life)
{
	char *at;

	if (!life->arms && !life->disarms && !life->failed)
		return;
	at = block_times(block_line(sink, "armed"), life->arms);
	at = line_u64(line_text(at, " ("), life->one_shot);
	at = line_u64(line_text(at, " one-shot, "), life->periodic);
	at = line_u64(line_text(at, " periodic, "), life->absolute);
	at = line_u64(line_text(at, " absolute), disarmed "), life->disarms);
	at = line_u64(line_text(at, ", replaced before expiry "), life->replaced);
	block_line_end(sink, line_u64(line_text(at, ", refused "), life->failed));
}

static void block_asked(struct sink *sink, const struct life *life)
{
	char *at;

	if (!life->has_value && !life->has_interval)
		return;
	at = block_line(sink, "asked");
	if (!life->has_value) {
		at = life->interval_ns ? block_figure(at, "every", life->interval_ns)
				       : line_text(at, "once");
		block_line_end(sink, at);
		return;
	}
	if (!life->arms)
		at = block_figure(at, "left", life->value_ns);
	else if (life->absolute == life->arms)
		at = block_figure(at, "last at", life->value_ns);
	else
		at = block_figure(at, "last", life->value_ns);
	if (life->interval_ns)
		at = block_figure(at, ", then every", life->interval_ns);
	else
		at = line_text(at, ", once");
	block_line_end(sink, at);
}

static void block_read(struct sink *sink, const struct life *life)
{
	char *at;

	if (!life->gettimes && !life->getoverruns)
		return;
	at = block_times(block_line(sink, "read"), life->gettimes);
	at = line_u64(line_text(at, ", its overruns "), life->getoverruns);
	if (life->last_getoverrun >= 0)
		at = line_byte(line_s64(line_text(at, " (last "), life->last_getoverrun), ')');
	block_line_end(sink, at);
}

static void block_expired(struct sink *sink, const struct life *life)
{
	char *at;

	if (life->observed.count) {
		at = line_text(block_line(sink, "observed"), "every ");
		at += timerspec_format_ns(at, distribution_quantile(&life->observed, 500));
		at = block_spread(line_text(at, " ("), &life->observed);
		block_line_end(sink, line_byte(at, ')'));
	}
	if (life->expiries || life->overruns) {
		at = block_times(block_line(sink, "expired"), life->expiries);
		at = line_u64(line_text(at, " ("), life->rearmed);
		at = line_text(at, " re-armed by the kernel), overruns ");
		block_line_end(sink, line_u64(at, life->overruns));
	}
	if (life->late.count)
		block_line_end(sink, block_spread(block_line(sink, "late"), &life->late));
}

static void block_signals(struct sink *sink, const struct life *life)
{
	const uint64_t *of = life->signals;
	uint64_t any = 0;
	char *at;

	for (int result = 0; result < SIGNAL_RESULTS; result++)
		any |= of[result];
	if (!any)
		return;
	at = line_u64(block_line(sink, "signals"), of[SIGNAL_DELIVERED]);
	at = line_u64(line_text(at, " delivered, "), of[SIGNAL_IGNORED]);
	at = line_u64(line_text(at, " ignored, "), of[SIGNAL_PENDING]);
	at = line_u64(line_text(at, " pending, "), of[SIGNAL_LOST]);
	at = line_u64(line_text(at, " lost; handled "), of[SIGNAL_HANDLER]);
	at = block_some(at, ", default action", of[SIGNAL_DEFAULT]);
	at = block_some(at, ", dropped", of[SIGNAL_DROPPED]);
	at = block_some(at, ", sigwait", of[SIGNAL_WAITED]);
	at = block_some(at, ", signalfd", of[SIGNAL_SIGNALFD]);
	if (life->signal_after.count) {
		at = block_figure(at, " (median", distribution_quantile(&life->signal_after, 500));
		at = line_text(at, " after the expiry)");
	}
	block_line_end(sink, at);
}

static void block_note(struct sink *sink, const struct out_style *style, const struct life *life)
{
	char text[128];
	char *end = text;
	char *at;

	if (out_life_never_fired(life))
		end = line_text(end, "; never fired");
	if (out_life_never_deleted(life))
		end = line_text(end, "; never deleted");
	if (life->incomplete)
		end = line_text(end, "; records were lost: figures may be too low");
	if (end == text)
		return;
	at = block_line(sink, "note");
	block_line_end(
		sink, out_text_colored(at, style, TEXT_YELLOW, text + 2, (size_t)(end - text) - 2));
}

void out_life_text(struct sink *sink, const struct out_style *style, const struct life *life)
{
	char title[512];
	size_t length = (size_t)(block_title(title, life) - title);
	char *at = out_text_colored(sink_line(sink), style, TEXT_BOLD, title, length);

	block_line_end(sink, at);
	block_line_end(sink, block_end(block_origin(sink, style, life), style, life));
	block_armed(sink, life);
	block_asked(sink, life);
	block_read(sink, life);
	block_expired(sink, life);
	block_signals(sink, life);
	block_note(sink, style, life);
	sink_line_end(sink, line_byte(sink_line(sink), '\n'));
}
