/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kernel_timers_parts: what kernel_timers remembers. For its sources alone. */
#ifndef TIMERSNOOP_KERNEL_TIMERS_PARTS_H
#define TIMERSNOOP_KERNEL_TIMERS_PARTS_H

#include "timersnoop/kernel_clocks.h"
#include "timersnoop/kernel_timers.h"
#include "timersnoop/table.h"

/* Contexts that interrupt each other, each with what it does to a timer. */
#define KERNEL_LEAVES_MAX 4
#define KERNEL_RUNS_MAX 8
/* Contexts of a CPU, each interrupted by the next: a task's, soft, and hard interrupts. */
#define KERNEL_LEVELS 3

struct kernel_timer {
	struct link link;
	enum kernel_mechanism mechanism;
	uint64_t address;
	uint64_t function; /* its last one; 0: not known */
	uint64_t used;     /* when, by the count of uses */
	bool has_clock;
	int32_t clock;
	bool pending;
	struct kernel_arm arm; /* the last one */
	/* It has left its queue, and it is not known why. */
	bool leaving;
	struct kernel_change left;
	unsigned left_level;
	struct kernel_arm left_arm;
	/* It was cancelled before its callback was known. */
	bool has_orphan;
	struct kernel_change orphan;
	struct kernel_arm owner; /* the last arm by a task */
};

/* What has left its queue on a CPU. */
struct kernel_leave {
	enum kernel_mechanism mechanism;
	uint64_t address;
	int32_t tid;
	unsigned level;
};

/* A callback that runs. */
struct kernel_run {
	struct kernel_change change;
	struct kernel_arm arm;
};

struct kernel_cpu {
	struct kernel_leave leaves[KERNEL_LEAVES_MAX];
	unsigned leave_count;
	struct kernel_run runs[KERNEL_RUNS_MAX]; /* each interrupted by the next */
	unsigned run_count;
	/* The hrtimer whose callback returned, in the record before of each context; 0: none. */
	uint64_t returned[KERNEL_LEVELS];
};

/* kernel_callers.c: who is about to arm a timer. */
struct kernel_callers {
	struct table table; /* by context */
	bool made;
};

/* 0 or -ENOMEM. */
int kernel_callers_note(struct kernel_callers *callers, const struct record *record,
			const struct kernel_scene *scene);
/* The place, for an arm of this timer by the context of `record`; `sleep`: by
 * schedule_timeout(). 0: not known. */
uint64_t kernel_callers_take(struct kernel_callers *callers, const struct record *record,
			     uint64_t timer, bool sleep);
void kernel_callers_free(struct kernel_callers *callers);

struct kernel_timers {
	struct kernel_scene scene;
	kernel_receiver *receiver;
	void *context;
	struct kernel_clocks clocks;
	struct table table; /* of struct kernel_timer */
	uint64_t uses;
	size_t forget_at; /* so many timers; 0: not yet known */
	struct kernel_cpu *cpus;
	size_t cpu_count;
	struct kernel_callers callers;
	bool tells_was_armed; /* hrtimer_start does */
	bool lossy;
	bool torn; /* records were lost since the last one: callbacks may have returned */
	uint64_t odd;
};

/* kernel_timers.c. NULL: it is not known. */
struct kernel_timer *kernel_timers_find(const struct kernel_timers *timers,
					enum kernel_mechanism mechanism, uint64_t address);
/* When, where and during what. */
struct kernel_change kernel_change_of(const struct record *record);
int kernel_timers_tell(struct kernel_timers *timers, struct kernel_change *change,
		       enum kernel_what what, const struct kernel_arm *arm);

/* kernel_timers_arms.c: what a record on this CPU does to its timer. */
int kernel_timer_take(struct kernel_timers *timers, struct kernel_cpu *cpu,
		      struct kernel_timer *timer, const struct record *record,
		      const struct kernel_runner *runner);
/* No more comes: how it ended is told. */
int kernel_timer_settle(struct kernel_timers *timers, struct kernel_timer *timer);

#endif
