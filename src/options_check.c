/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/options.h"

#include <errno.h>

#include "timersnoop/events.h"

/* The calls that --toctou looks into. */
#define TOCTOU_EVENTS (EVENT_BIT(EVENT_TIMER_SETTIME) | EVENT_BIT(EVENT_TIMERFD_SETTIME))

/* What strace(1) has a notation for. */
#define STRACE_EVENTS (EVENTS_CALLS | EVENT_BIT(EVENT_SIGNAL_DELIVER))

static int check_strace(const struct options *options, struct error *err)
{
	if (options->format != OUT_STRACE)
		return 0;
	if (options->lives)
		return error_set(err, EINVAL,
				 "--lives takes no strace notation, which has nothing for a life");
	if (options->toctou)
		return error_set(err, EINVAL,
				 "--toctou takes no strace notation, which has nothing for it");
	if (!(options->events & STRACE_EVENTS))
		return error_set(err, EINVAL,
				 "strace's notation has calls and delivered signals: no such event "
				 "is shown");
	return 0;
}

static int check_events(const struct options *options, struct error *err)
{
	if (options->toctou && !(options->events & TOCTOU_EVENTS)) {
		error_set(err, EINVAL,
			  "--toctou is about timer_settime and timerfd_settime: neither is shown");
		error_hint(err, "add -e timer_settime,timerfd_settime");
		return -EINVAL;
	}
	if (options->command == COMMAND_STAT)
		return 0;
	if (options->failed && !(options->events & EVENTS_CALLS)) {
		error_set(err, EINVAL, "-x shows calls that failed: no call is among the events");
		error_hint(err, "only calls can fail: add -e calls, or leave out -x");
		return -EINVAL;
	}
	if (options->lives && options->events &&
	    (options->format == OUT_CSV || options->format == OUT_TSV)) {
		error_set(err, EINVAL,
			  "--format csv has columns for events or for --lives, not for both");
		error_hint(err, "leave out -e, or take --format json");
		return -EINVAL;
	}
	if (options->count && !options->events) {
		error_set(err, EINVAL, "-c counts lines of events: --lives alone shows none");
		error_hint(err, "add -e, or end the trace with -d");
		return -EINVAL;
	}
	return 0;
}

static int check_trace(const struct options *options, struct error *err)
{
	int ret;

	if (options->pid_count && options->argv)
		return error_set(err, EINVAL, "-p and COMMAND exclude each other");
	if (options->run_as && !options->argv) {
		error_set(err, EINVAL, "--run-as needs a COMMAND");
		error_hint(err, "put it last, behind '--'");
		return -EINVAL;
	}
	if (options->kernel)
		return 0;
	ret = check_strace(options, err);
	return ret ? ret : check_events(options, err);
}

static int check_record(const struct options *options, struct error *err)
{
	if (options->print && options->quiet)
		return error_set(err, EINVAL, "--print and -q exclude each other");
	if (options->print && !options->output)
		return error_set(err, EINVAL,
				 "--print and -o - exclude each other: both write to standard "
				 "output");
	if (options->dry_run)
		return error_set(err, EINVAL, "record takes no --dry-run: %s has it",
				 options->kernel ? "kernel" : "trace");
	if (!options->print && !options->count &&
	    (options->failed || options->user_count || options->where)) {
		error_set(err, EINVAL, "%s chooses what is shown or counted, not what is recorded",
			  options->failed       ? "-x"
			  : options->user_count ? "-u"
						: "--where");
		error_hint(err, "give it when the recording is shown, or add --print or -c");
		return -EINVAL;
	}
	return 0;
}

/* What stat and kernel have, and how it is told. */
static int check_figures(const struct options *options, struct error *err)
{
	if (options->live && options->quiet)
		return error_set(err, EINVAL, "--live and -q exclude each other");
	if (options->live && (options->format != OUT_TEXT || options->output))
		return error_set(err, EINVAL,
				 "--live is for a terminal: it takes neither -o nor "
				 "another --format");
	if (options->live && options->input)
		return error_set(err, EINVAL,
				 "--live is about what happens now, not about a "
				 "recording");
	if (options->count && !options->interval_ns && !options->live && !options->kernel_events) {
		error_set(err, EINVAL, "-c counts tables: there is only one");
		error_hint(err, "add --interval; -d ends it after a time, --until by a condition");
		return -EINVAL;
	}
	if (options->live && options->histograms)
		return error_set(err, EINVAL,
				 "--live draws one screen, which has no room for --hist");
	if (options->format == OUT_STRACE)
		return error_set(err, EINVAL, "%s takes no --format strace",
				 options->kernel ? "kernel" : "stat");
	if (options->histograms && options->format != OUT_TEXT && options->format != OUT_JSON)
		return error_set(err, EINVAL, "--hist is drawn in text, or told in json");
	if (options->input && options->aggregate == AGGREGATE_KERNEL)
		return error_set(
			err, EINVAL,
			"--aggregate kernel is about what happens now, not about a recording");
	return 0;
}

static int check_rows(const struct options *options, struct error *err)
{
	bool rows = options->format == OUT_TSV || options->format == OUT_CSV;

	if (options->fields && !rows && options->format != OUT_JSON) {
		error_set(err, EINVAL, "--fields chooses columns of tsv, csv and json");
		error_hint(err, "leave out --format: tsv is what it means by itself");
		return -EINVAL;
	}
	if (options->null && options->format != OUT_TSV)
		return error_set(err, EINVAL, "--null is about tsv, whose fields it ends");
	if (options->fields && options->lives && options->command == COMMAND_TRACE)
		return error_set(err, EINVAL,
				 "--fields is about events, and --lives has columns of its own");
	if (options->where && options->lives && options->command != COMMAND_STAT)
		return error_set(err, EINVAL,
				 "--where is about events, and --lives has none; see stat");
	return 0;
}

int options_check(const struct options *options, struct error *err)
{
	int ret = check_rows(options, err);

	if (ret)
		return ret;
	if (options->command == COMMAND_STAT || options->command == COMMAND_KERNEL)
		ret = check_figures(options, err);
	if (options->command == COMMAND_RECORD)
		ret = check_record(options, err);
	if (!ret && options->command != COMMAND_LIST)
		ret = check_trace(options, err);
	else if (!ret && (options->format == OUT_STRACE || options->format == OUT_TSV))
		ret = error_set(err, EINVAL, "list takes no --format %s",
				options->format == OUT_TSV ? "tsv" : "strace");
	if (!ret && options->quiet && options->output && options->command != COMMAND_RECORD)
		ret = error_set(err, EINVAL, "-q and -o exclude each other: -q writes nothing");
	return ret;
}
