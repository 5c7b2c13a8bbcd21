/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * show: a merged stream and its scene -> what the options ask for, on its way
 * out. The same for a trace that runs and for one that was recorded.
 */
#ifndef TIMERSNOOP_SHOW_H
#define TIMERSNOOP_SHOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "timersnoop/expr.h"
#include "timersnoop/kernel_view.h"
#include "timersnoop/options.h"
#include "timersnoop/recording.h"
#include "timersnoop/report_stat.h"
#include "timersnoop/scene.h"
#include "timersnoop/view.h"

/* A zeroed one is empty. */
struct show {
	const struct options *options;
	struct selection selection;
	struct expr *where; /* NULL: none was asked for */
	struct fields_chosen fields;
	uint32_t uids[OPTION_LIST_MAX];
	struct scene scene;
	struct tasks *tasks;
	struct view *view;          /* NULL: nothing is looked at, as yet or at all */
	struct kernel_view *kernel; /* the same of the kernel's timers: one of both */
	struct symbols *symbols;    /* for these */
	struct kernel_functions functions;
	struct kernel_stats_scene kernel_stats;
	struct sink *sink;        /* NULL: only counts */
	struct report *report;    /* of `stat`; NULL: lines are shown */
	struct stats_scene stats; /* what its figures are made with */
	struct view_watcher watcher;
	bool counted;       /* by the kernel, and added to the report before it is due */
	uint64_t late;      /* see merge_late */
	uint64_t uncounted; /* what the kernel could not count */
	int out_fd;         /* of the sink */
	struct out_style style;
	struct out_cache cache;
	size_t wall; /* index of the scene's wall time in force */
	const struct recording_stream *streams;
	size_t stream_count;
	uint64_t *counted_lost; /* by stream: what its pages told of */
	uint64_t plain_until;   /* events before this time are taken, and nothing else is due */
	bool may_end;           /* before the stream does: see show_done */
};

/* What was asked for, with users looked up and conditions read: 0, or -errno for wrong
 * usage. */
int show_select(struct show *show, const struct options *options, struct error *err);

/* What a show is begun with, besides its scene; borrowed until show_free. */
struct show_source {
	const struct decoder *decoder;
	const struct recording_stream *streams; /* of the merge; which CPU each is of */
	size_t stream_count;
	task_asker *lookup;
	task_asker *lookup_ns; /* what a task is called in its own PID namespace; or NULL */
	void *context;         /* of `lookup` */
	bool other_clock;      /* see struct view_request */
};

/* Which function is where, for what is told of the kernel's timers; `symbols` belongs to it
 * from now on. 0, or -errno for wrong usage. */
int show_set_symbols(struct show *show, struct symbols *symbols, struct error *err);

/* The scene is filled, as far as it is known when tracing begins. 0 or -errno. */
int show_begin(struct show *show, const struct show_source *source, struct error *err);
/* The first line, if lines have one. */
void show_header(const struct show *show);
/* Is anything looked at? What is only recorded is not. */
bool show_looks(const struct show *show);
/* Takes the next of the stream. 0 or -errno. */
int show_take_attentively(struct show *show, const struct merged *merged);
static inline int show_take(struct show *show, const struct merged *merged)
{
	if (merged->event.ts >= show->plain_until || merged->kind != MERGE_EVENT || !show->view)
		return show_take_attentively(show, merged);
	return view_take_event(show->view, &merged->event);
}
/* From now on wall times are these: see struct scene_wall. 0 or -ENOMEM. */
int show_set_wall(struct show *show, uint64_t from_ns, int64_t offset_ns);
/* All before `ts` has been taken: tables that are due are written. 0 or -ENOMEM. */
int show_pass(struct show *show, uint64_t ts);
/* When the next is due, trace clock; 0: none is. */
uint64_t show_due(const struct show *show);
/* What the scene tells as lost beyond what pages told. */
void show_untold_loss(struct show *show);
/* The stream has ended, and the scene is whole: the rest is shown. 0 or -ENOMEM. */
int show_finish(struct show *show);
/* As many as were asked for have been shown; see show_done. */
bool show_has_all(const struct show *show);
static inline bool show_done(const struct show *show)
{
	return show->may_end && show_has_all(show);
}
/* An exit status (commands.h) by the data; on standard error why they are incomplete. */
int show_status(const struct show *show);

void show_free(struct show *show);

#endif
