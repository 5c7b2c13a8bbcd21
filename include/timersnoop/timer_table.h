/* SPDX-License-Identifier: GPL-2.0-or-later */
/* timer_table: what `timers` remembers of each timer. For its sources alone. */
#ifndef TIMERSNOOP_TIMER_TABLE_H
#define TIMERSNOOP_TIMER_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "timersnoop/events.h"

/* One call's arming or disarming. Times in ns. */
struct timer_arm {
	bool seen;
	uint64_t start_ns; /* trace clock: the kernel had its copy by then */
	bool absolute;
	int64_t value_ns; /* 0: disarmed */
	int64_t interval_ns;
	uint64_t expiries;
};

struct known_timer {
	int32_t pid;
	enum timer_family family;
	int32_t id;
	bool ours; /* it was created, or there, in a process that is followed */
	bool has_clock;
	int32_t clock;
	struct timer_arm arm;    /* in force */
	struct timer_arm coming; /* of a call that has not returned yet */
	bool expired;            /* at least once: */
	uint64_t expiry_ns;
	bool has_asked;
	int64_t asked_ns;
	bool started; /* its hrtimer, to expire at: */
	int64_t start_ns;
	int32_t target;   /* who gets its signal; 0: not known */
	unsigned pending; /* signals that were queued, and not told as delivered yet: */
	int32_t signo;
	uint64_t queued_ns;
	uint64_t cause_ns;         /* the expiry that queued it; 0: not seen */
	uint64_t earlier_cause_ns; /* the same of one before, that is on its way to a handler */
	/* a timerfd of which only /proc has told: when it expires, once, on CLOCK_MONOTONIC */
	bool expected;
	int64_t expected_ns, expected_within_ns, expected_interval_ns;
	/* the table's own */
	uint64_t address; /* of its hrtimer, or of a timerfd; 0: not known */
	struct known_timer *next, *next_of_pid, *next_of_address;
};

struct timer_table;

struct timer_table *timer_table_new(void);
void timer_table_free(struct timer_table *table);

/* NULL when it is not there. Valid until it is forgotten. */
struct known_timer *timer_table_find(const struct timer_table *table, int32_t pid,
				     enum timer_family family, int32_t id);
/* The same, made when it is not there; NULL when out of memory. */
struct known_timer *timer_table_get(struct timer_table *table, int32_t pid,
				    enum timer_family family, int32_t id);
void timer_table_forget(struct timer_table *table, struct known_timer *timer);

/* Calls `each` for every timer, in no order, until it returns true. */
void timer_table_walk(const struct timer_table *table,
		      bool (*each)(void *context, struct known_timer *timer), void *context);

/* A process's timers: the first, then timer->next_of_pid; those of other
 * processes may be among them. */
struct known_timer *timer_table_of_pid(const struct timer_table *table, int32_t pid);

/* By the kernel's address. */
struct known_timer *timer_table_at(const struct timer_table *table, uint64_t address);
void timer_table_place(struct timer_table *table, struct known_timer *timer, uint64_t address);

#endif
