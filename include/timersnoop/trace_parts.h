/* SPDX-License-Identifier: GPL-2.0-or-later */
/* trace_parts: what cmd_trace is put together from. For its sources alone. */
#ifndef TIMERSNOOP_TRACE_PARTS_H
#define TIMERSNOOP_TRACE_PARTS_H

#include <stdbool.h>

#include "timersnoop/commands.h"
#include "timersnoop/launch.h"
#include "timersnoop/live.h"
#include "timersnoop/live_aggregate.h"
#include "timersnoop/live_kernel_counts.h"
#include "timersnoop/live_recording.h"
#include "timersnoop/show.h"
#include "timersnoop/wakeups.h"

struct trace {
	const struct options *options;
	struct show show;
	char filter[FILTER_TEXT_MAX];
	unsigned filtered; /* enum filter_part bits: what is in it */
	struct live_request request;
	struct live *live;
	struct live_recording *recording;  /* NULL: it is only shown */
	struct live_aggregate *aggregate;  /* NULL: not counted by the kernel */
	struct live_kernel_counts *counts; /* the same of the kernel's own timers */
	bool uncountable;                  /* it was tried in vain */
	struct error uncounted;            /* why its counts could not be read */
	struct output_file output;
	struct wakeups *wakeups;
	struct launch_signals signals_before;
	struct launch_identity identity; /* COMMAND's */
	struct launch *launch;
	int32_t launched;
	enum {
		COMMAND_WAITS, /* or there is none */
		COMMAND_RUNS,
		COMMAND_ENDED,     /* by itself */
		COMMAND_WAS_ENDED, /* because tracing was over */
	} command;
	int64_t waited_ns; /* behind the last round */
	bool rested;       /* that was a pause, however long: see round_limit */
	bool paused;       /* the same, of the kernel's timers in bulk */
	bool progress;     /* is told as it goes */
	bool whole;        /* traced to its end: what is shown is what there was */
	bool closed;       /* nobody reads the output any more */
	bool cut;          /* a signal came while it was written */
	int signals;       /* that came to us alone, with COMMAND */
};

/* On standard error, unless -q. */
void trace_note(const struct trace *trace, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Is it kept in a file? */
bool trace_records(const struct trace *trace);
/* Is it looked at? What is recorded need not be. */
bool trace_looks(const struct trace *trace);

/* All return 0 or -errno and `err`. */

/* COMMAND is made before anything of the trace is open, so it inherits none. */
int trace_prepare_command(struct trace *trace, struct error *err);
int trace_open_live(struct trace *trace, struct error *err);
int trace_start_live(struct trace *trace, struct error *err);
/* Until it is over, for whatever reason. */
int trace_follow_stream(struct trace *trace, struct error *err);
/* Stops recording, then shows the rest, before anything is taken away. */
int trace_finish_stream(struct trace *trace, struct error *err);

#endif
