/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kernel_view: the merged stream -> the kernel's timers and what wakes CPUs -> what was
 * asked for, on its way out: what view is for programs' timers. Pure but for the sink.
 */
#ifndef TIMERSNOOP_KERNEL_VIEW_H
#define TIMERSNOOP_KERNEL_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "timersnoop/decode.h"
#include "timersnoop/merge.h"
#include "timersnoop/out.h"
#include "timersnoop/report_kernel.h"
#include "timersnoop/scene.h"
#include "timersnoop/selection.h"
#include "timersnoop/symbols.h"
#include "timersnoop/task_lookup.h"
#include "timersnoop/view.h"

/* Which functions are which, once the symbols are known. */
struct kernel_functions {
	const struct symbols *symbols; /* borrowed */
	uint64_t ticks[2];             /* the callbacks of the tick; 0: none such */
	uint64_t sleep;                /* that of schedule_timeout(); 0: not known */
	uint64_t *chosen;              /* --callback: ascending, owned */
	size_t chosen_count;
	bool chooses; /* they are all that is asked for */
};

/* Those that are looked for by name; ends with NULL. */
extern const char *const kernel_functions_names[];

/* `names` with '*' for any text. 0; -EINVAL and `err` when a name is none of a function's,
 * unless `symbols` are only some of them; -ENOTSUP when no names are known; or -ENOMEM. */
int kernel_functions_find(struct kernel_functions *functions, const struct symbols *symbols,
			  const char *const *names, size_t count, bool some, struct error *err);
void kernel_functions_free(struct kernel_functions *functions);
/* Is this callback among those that are asked for? */
bool kernel_functions_choose(const struct kernel_functions *functions, uint64_t function);
/* For struct kernel_scene and struct kernel_stats_scene; `context` is a kernel_functions. */
bool kernel_functions_is_tick(void *context, uint64_t function);
bool kernel_functions_is_sleep(void *context, uint64_t function);
bool kernel_functions_is_wrapper(void *context, uint64_t place);

/* Borrowed until kernel_view_free. */
struct kernel_view_request {
	const struct selection *selection;
	const struct decoder *decoder;
	struct tasks *tasks;
	const struct scene *scene;
	const struct kernel_functions *functions;
	const uint64_t *cpus; /* a bit each, of KERNEL_CPUS_MAX; NULL: all */
	uint32_t events;      /* that are shown, a bit each (kernel_events.h); 0: none */
	struct sink *sink;    /* for these; NULL: only counts */
	const struct out_style *style;
	struct report *report; /* gets figures; NULL: none */
	bool wakeups;          /* what ends idle periods is asked for */
	bool other_clock;      /* the stream's times are not of CLOCK_MONOTONIC */
};

struct kernel_view;

/* NULL when out of memory. */
struct kernel_view *kernel_view_new(const struct kernel_view_request *request);
void kernel_view_free(struct kernel_view *view);
void kernel_view_set_lookup(struct kernel_view *view, task_asker *ask, void *context);

/* As of view.h. */
int kernel_view_take(struct kernel_view *view, const struct merged *merged);
int kernel_view_finish(struct kernel_view *view, uint64_t now_ns);
void kernel_view_lost(struct kernel_view *view, const struct loss *loss);
void kernel_view_totals(const struct kernel_view *view, struct view_totals *totals);
bool kernel_view_done(const struct kernel_view *view);

#endif
