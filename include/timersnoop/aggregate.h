/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * aggregate: what the kernel has counted (the text of an event's hist file) ->
 * counts for each thread and timer, and what is new in them since the last time.
 * Pure.
 */
#ifndef TIMERSNOOP_AGGREGATE_H
#define TIMERSNOOP_AGGREGATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum count_what {
	/* As the kernel counts them; aggregate_arms() makes COUNT_ARM and COUNT_DISARM of them: */
	COUNT_SET,      /* the timer was set; `number`: COUNT_KIND_CPU at most */
	COUNT_SET_ZERO, /* and it was to zero: these are among COUNT_SET, too */
	COUNT_ARM,      /* the timer was set, to a value; `number`: COUNT_KIND_* */
	COUNT_DISARM,   /* or to zero; `number`: COUNT_KIND_CPU at most */
	COUNT_REFUSED,  /* a call failed; `number`: errno */
	COUNT_VALUE,    /* a relative arm's value was of `row` */
	COUNT_INTERVAL, /* a periodic arm's interval was */
	/* What was counted as COUNT_ARM or COUNT_DISARM and was none: */
	COUNT_AGAIN, /* the kernel began anew, for the timer was just expiring */
};

/* Of arms, where kinds are told apart. */
#define COUNT_KIND_ABSOLUTE 1
#define COUNT_KIND_PERIODIC 2
#define COUNT_KIND_CPU 4 /* of a CPU clock */

/* More than a thread id has bits: PID_MAX_LIMIT is 2^22. */
#define AGGREGATE_ID_SHIFT 24

/* What a table of a hist file is about: its first key is the thread, the others depend. */
struct aggregate_table {
	enum count_what what;
	int32_t number; /* of all that sets a timer */
	int32_t row;    /* of COUNT_VALUE and COUNT_INTERVAL, where no key tells it */
	bool packed;    /* one key: the thread's id, with the timer's AGGREGATE_ID_SHIFT above it */
};

struct aggregate_count {
	int32_t tid;
	bool has_id;
	int32_t id;
	enum count_what what;
	int32_t number;
	unsigned row;
	uint64_t count;
};

enum aggregate_kind { AGGREGATE_END, AGGREGATE_TABLE, AGGREGATE_ENTRY, AGGREGATE_DROPPED };

#define AGGREGATE_KEYS 3

/* The next thing in a hist file. */
struct aggregate_item {
	enum aggregate_kind kind;
	/* AGGREGATE_ENTRY */
	unsigned key_count;
	struct {
		bool power; /* the value is of a power of two, `value` its exponent */
		uint64_t value;
	} keys[AGGREGATE_KEYS];
	uint64_t count; /* hits; AGGREGATE_DROPPED: those for which there was no room */
};

/*
 * *at points into text that ends with a NUL, and moves on. Lines that are nothing of
 * this are passed over. AGGREGATE_TABLE comes first for each table, then its entries, then
 * AGGREGATE_DROPPED.
 */
enum aggregate_kind aggregate_next(const char **at, struct aggregate_item *item);

/* What an entry of such a table means. False: it is no entry of such a table. */
bool aggregate_count_of(struct aggregate_count *count, const struct aggregate_table *table,
			const struct aggregate_item *item);

/* Counts, in an order of their own; a zeroed one is empty. */
struct aggregate_counts {
	struct aggregate_count *list;
	size_t count, capacity;
};

void aggregate_free(struct aggregate_counts *counts);
/* 0 or -ENOMEM. */
int aggregate_add(struct aggregate_counts *counts, const struct aggregate_count *count);

/*
 * Adds what a hist file says; its tables are those, in this order. *dropped grows by what
 * they had no room for. -EBADMSG: there are not as many tables.
 */
int aggregate_read(struct aggregate_counts *counts, const char *text,
		   const struct aggregate_table *tables, size_t table_count, uint64_t *dropped);

/* Sorts by thread and timer; what is equal becomes one. */
void aggregate_sort(struct aggregate_counts *counts);

/*
 * Both sorted: makes arms and disarms of COUNT_SET and COUNT_SET_ZERO, of which the first
 * was read before the other: a disarm in between takes an arm off until the next time. So
 * there are no less arms than `before`, which is what this has left the last time.
 */
void aggregate_arms(struct aggregate_counts *counts, const struct aggregate_counts *before);

/* Both sorted: takes from `counts` what `before` had, so that what is new is left. */
void aggregate_subtract(struct aggregate_counts *counts, const struct aggregate_counts *before);

/*
 * Takes off the arms and disarms (sorted): COUNT_AGAIN, which then is 0, and calls that
 * failed since the task of a CPU clock was gone.
 * Returns how many of them are of a thread that did different things, so that
 * nothing says what is to be taken off: the most frequent was.
 */
uint64_t aggregate_correct(struct aggregate_counts *counts);

#endif
