/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * view: the merged stream -> tasks, calls, timers and their lives -> those that
 * were asked for, on their way out. Pure but for the sink it is given.
 */
#ifndef TIMERSNOOP_VIEW_H
#define TIMERSNOOP_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "timersnoop/decode.h"
#include "timersnoop/existing.h"
#include "timersnoop/lives.h"
#include "timersnoop/merge.h"
#include "timersnoop/out.h"
#include "timersnoop/selection.h"
#include "timersnoop/task_lookup.h"
#include "timersnoop/tasks.h"

struct view;

/* Who counts instead of showing lines: see report.h. */
struct view_watcher {
	int (*change)(void *context, const struct life_change *change);
	int (*call)(void *context, const struct caller *who, const struct call *call);
	void *context;
};

/* What a view is given; everything is borrowed until view_free. */
struct view_request {
	const struct selection *selection;
	const struct decoder *decoder;
	struct tasks *tasks;
	struct sink *sink; /* NULL: only counts */
	const struct out_style *style;
	uint64_t since_ns;                  /* see calls_new */
	uint32_t events;                    /* that are shown, a bit each (events.h) */
	bool lives;                         /* each timer's figures, when it ends */
	const struct view_watcher *watcher; /* gets these as they change; or NULL */
	int alarm_offset;                   /* of the hrtimer in a struct alarm; 0: not known */
	bool followed;                      /* only processes that `tasks` knows were asked for */
	bool other_clock; /* the stream's times are not of CLOCK_MONOTONIC: no lateness */
};

/* NULL when out of memory. */
struct view *view_new(const struct view_request *request);
void view_free(struct view *view);

void view_set_lookup(struct view *view, task_asker *ask, task_asker *ask_ns, void *context);

/* Is told of each record before `tasks` takes it. 0 or -ENOMEM. */
typedef int view_listener(void *context, const struct tasks *tasks, const struct record *record);
void view_set_listener(struct view *view, view_listener *listener, void *context);

/* See timers_set_ahead. */
void view_set_ahead(struct view *view, int32_t clock, int64_t ns);

/* See timers_clock_at; for a watcher. `view` is a struct view. */
bool view_clock_at(void *view, int32_t clock, uint64_t ts, int64_t *ns);

/* A timer that was there before the stream began. 0 or -ENOMEM. */
int view_existing(struct view *view, const struct task *process,
		  const struct existing_timer *existing);

/* Takes the next of the stream. 0 or -errno. */
int view_take(struct view *view, const struct merged *merged);
/* The same of one that is no loss. */
int view_take_event(struct view *view, const struct raw_event *event);
/* The stream has ended at `now_ns`: what is open is told. 0 or -errno. */
int view_finish(struct view *view, uint64_t now_ns);

/* What a merged stream tells of a loss. */
struct loss view_loss(const struct merged *merged);
/* A loss that only the ring buffer's own count tells of. */
void view_lost(struct view *view, const struct loss *loss);

struct view_totals {
	uint64_t matched;      /* events that were shown, whole ones or not */
	uint64_t lives;        /* timers whose figures were shown */
	uint64_t lost;         /* records, where the kernel gave their number */
	uint64_t lost_unknown; /* times that records were lost without a number */
	uint64_t incomplete;   /* calls that were shown with a half not seen */
	uint64_t in_flight;    /* calls under way when tracing began or stopped */
	uint64_t unattributed; /* expiries and signals that nobody can say whose they are */
	uint64_t malformed;    /* records too short for their own format */
	uint64_t odd;          /* beginnings and ends of the kernel's timers that do not fit */
	uint64_t late;         /* records that came behind later ones: see merge_late */
	uint64_t uncounted;    /* calls that the kernel was to count, and could not */
};
void view_totals(const struct view *view, struct view_totals *totals);

/* As many events as were asked for have been shown. */
bool view_done(const struct view *view);

#endif
