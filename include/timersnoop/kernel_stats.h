/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kernel_stats: what happens to the kernel's timers -> figures, a row for each callback,
 * or whatever else they are grouped by. Pure.
 *
 * An arm belongs to the row that it was armed in, and so does its end. So of each row, as of all:
 *
 *	started + older = fired + cancelled + replaced + pending + unknown
 */
#ifndef TIMERSNOOP_KERNEL_STATS_H
#define TIMERSNOOP_KERNEL_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "timersnoop/distribution.h"
#include "timersnoop/fields.h"
#include "timersnoop/findings.h"
#include "timersnoop/histogram.h"
#include "timersnoop/kernel_timers.h"
#include "timersnoop/symbols.h"

#define KERNEL_CPUS_MAX 1024

/* What keeps the tick of an idle CPU: enum tick_dep_bits, and how many there may be. */
#define KERNEL_TICK_DEPENDENCIES 8

/* Idle periods of one CPU. */
struct kernel_cpu_row {
	int cpu;
	uint64_t periods; /* that ended */
	uint64_t by[WAKER_COUNT];
	int64_t idle_ns;
	uint64_t tick_stopped; /* times that its tick was stopped, or kept: */
	uint64_t tick_kept, kept_by[KERNEL_TICK_DEPENDENCIES];
	double seconds;
};

/* What findings are made of, beside the figures. */
struct kernel_evidence {
	uint64_t outside;           /* arms by others than its own callback */
	uint64_t next_jiffy;        /* arms for a jiffy or less */
	uint64_t first_ns, last_ns; /* of these; trace clock */
	uint64_t slow;              /* callbacks that ran longer than the bound */
	uint64_t overdue;           /* that began later than the bound beyond their time */
};

struct kernel_row {
	/* What it is of, as far as it was asked for and is known. */
	uint32_t by; /* KERNEL_BY_* that it is for */
	bool has_mechanism;
	enum kernel_mechanism mechanism;
	uint64_t function;      /* 0: not known */
	struct symbol callback; /* name NULL: not known */
	enum kernel_armer armer;
	int32_t pid;
	char comm[16];
	int cpu;         /* -1: not known */
	uint64_t caller; /* where the function begins, or the place where it is not known; 0 */
	struct symbol caller_symbol;
	uint64_t address;

	uint64_t timers;     /* distinct ones */
	bool timers_unknown; /* they are too many to be told apart */
	uint64_t started, older, replaced, cancelled, fired, unknown, pending;
	uint64_t rearmed, past, immediate, from_interrupt;
	uint64_t deferrable, pinned, irqsafe, absolute, soft;
	uint64_t migrations;
	uint64_t cpus[KERNEL_CPUS_MAX / 64]; /* on which its callback ran, a bit each */
	uint64_t wakeups, alongside;
	struct distribution timeout, late, beyond, run; /* ns */
	struct distribution timeout_jiffies, late_jiffies;
	struct histogram *histograms; /* KERNEL_HISTOGRAM_COUNT of them; NULL: none */
	struct kernel_evidence evidence;

	bool sum;        /* of all there is */
	bool incomplete; /* records were lost */
	bool counted;    /* by the kernel: `started` and `fired` are all that is known */
	bool wakes;      /* --wakeups */
	double seconds;
	uint64_t end_ns;
	const struct kernel_cpu_row
		*cpu_rows; /* of the sum: those with any idle period; borrowed */
	size_t cpu_row_count;
};

/* What can be told of a row, in the order of its columns. */
extern const struct field_table kernel_fields;
/* Of a struct kernel_cpu_row. */
extern const struct field_table kernel_cpu_fields;
/* Can the kernel's hist triggers count it? */
bool kernel_field_counted(const struct field *field);
/* "PERF_EVENTS": what keeps the tick, by its bit. */
const char *kernel_tick_dependency(unsigned bit);

/* Borrowed. */
struct kernel_stats_scene {
	const struct symbols *symbols;
	uint32_t by;
	uint32_t histograms; /* a bit each, of enum kernel_histogram_of */
	const struct finding_limits *limits;
	int64_t tick_ns; /* 0: not known */
	bool wakes, counted;
	/* Is it the tick's callback? NULL: nobody knows. */
	bool (*is_tick)(void *context, uint64_t function);
	void *context;
};

struct kernel_stats;

/* NULL when out of memory. */
struct kernel_stats *kernel_stats_new(const struct kernel_stats_scene *scene);
void kernel_stats_free(struct kernel_stats *stats);
/* All figures become 0; what is pending stays so, and is `older` from now on. */
void kernel_stats_reset(struct kernel_stats *stats);

/* 0 or -ENOMEM. */
int kernel_stats_change(struct kernel_stats *stats, const struct kernel_change *change);
/* Arms and expiries that were counted elsewhere: `arm` says whose. */
int kernel_stats_add(struct kernel_stats *stats, const struct kernel_arm *arm, uint64_t started,
		     uint64_t fired);
void kernel_stats_lost(struct kernel_stats *stats);
void kernel_stats_set_span(struct kernel_stats *stats, uint64_t from_ns, uint64_t to_ns);

/* Of everything. Valid until the next change. */
const struct kernel_row *kernel_stats_total(const struct kernel_stats *stats);
/* Rows with any figure: *count of them, to be freed by kernel_stats_rows_free; what they own
 * is borrowed. NULL when out of memory. */
struct kernel_row *kernel_stats_rows(const struct kernel_stats *stats, size_t *count);
/* The same by callback, whatever they are grouped by. */
struct kernel_row *kernel_stats_callbacks(const struct kernel_stats *stats, size_t *count);
void kernel_stats_rows_free(struct kernel_row *rows);
/* Every CPU that was seen to be idle. */
const struct kernel_cpu_row *kernel_stats_cpus(const struct kernel_stats *stats, size_t *count);

/* Has anything happened? */
bool kernel_row_any(const struct kernel_row *row);

#endif
