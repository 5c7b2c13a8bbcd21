/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * scene: what a trace tells besides its records: what was asked for, who was
 * there when it began, how the clocks stood, what was lost. As a value, and as
 * the text that a recording keeps. Pure.
 */
#ifndef TIMERSNOOP_SCENE_H
#define TIMERSNOOP_SCENE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "timersnoop/error.h"
#include "timersnoop/existing.h"
#include "timersnoop/tasks.h"

/* How far a clock is ahead of CLOCK_MONOTONIC. */
struct scene_ahead {
	int32_t clock;
	int64_t ns;
};

/* CLOCK_REALTIME minus CLOCK_MONOTONIC, from this time of the trace clock on. */
struct scene_wall {
	uint64_t from_ns;
	int64_t offset_ns;
};

struct scene_tasks {
	struct task *list;
	size_t count, room;
};

/* All that the ring buffer of one CPU counted as lost. */
struct scene_lost {
	unsigned instance;
	int cpu;
	uint64_t records;
};

#define SCENE_CLOCKS 16
#define SCENE_DISTURBED 128

/* A zeroed one is empty. Times are of the trace clock, which is CLOCK_MONOTONIC. */
struct scene {
	/* what was probed */
	uint32_t events; /* a bit each (events.h) */
	bool lives;      /* also when timers and their processes end */
	bool toctou;     /* the caller's memory, too */
	bool followed;   /* only some processes, and what they made */
	bool kernel;     /* the kernel's own timers, and no events */
	bool callers;    /* and who arms them */
	bool wakeups;    /* and what ends the idle periods of CPUs */
	bool chosen; /* only of some names, callbacks or CPUs: what the others do is there in part */
	int32_t self; /* timersnoop's own process */

	uint64_t since_ns; /* from here on every call is whole: see calls_new */
	uint64_t end_ns;   /* recording had stopped */
	bool cut;          /* there were records before since_ns, that were not kept (--ring) */

	int alarm_offset; /* of the hrtimer in a struct alarm; 0: not known */
	int64_t tick_ns;  /* from one tick to the next; 0: not known */
	struct scene_ahead ahead[SCENE_CLOCKS];
	size_t ahead_count;
	struct scene_wall *wall; /* ascending; the first holds for all before it */
	size_t wall_count, wall_room;

	struct scene_tasks tasks; /* when it began */
	struct scene_tasks later; /* looked up since, of whom no record told */
	struct existing existing; /* timers that were there before */

	struct scene_lost *lost;
	size_t lost_count, lost_room;
	uint64_t missed; /* hits of the probes */
	bool missed_unknown;
	char disturbed[SCENE_DISTURBED]; /* what others changed in the instances; or "" */

	char *plan; /* the probes, one a line, as kprobe_events takes them; or NULL */
};

void scene_free(struct scene *scene);

/* 0 or -ENOMEM; one that changes nothing is left out. */
int scene_add_wall(struct scene *scene, uint64_t from_ns, int64_t offset_ns);
int scene_add_lost(struct scene *scene, const struct scene_lost *lost);
int scene_add_task(struct scene_tasks *tasks, const struct task *task);

/* The text; the caller frees. NULL when out of memory. */
char *scene_text(const struct scene *scene);

/*
 * Fills an empty `scene` from a text of any bytes. -EBADMSG when that is none of
 * scene_text's, or -ENOMEM; what was filled is freed then. Lines of later
 * versions are passed over, and so may mean less than they could.
 */
int scene_parse(struct scene *scene, const char *text, size_t size, struct error *err);

#endif
