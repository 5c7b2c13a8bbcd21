/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stats: calls, expiries and signals of timers -> figures, a row for each timer,
 * and of these one for each process, name, signal or clock. Pure.
 */
#ifndef TIMERSNOOP_STATS_H
#define TIMERSNOOP_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "timersnoop/calls.h"
#include "timersnoop/distribution.h"
#include "timersnoop/fields.h"
#include "timersnoop/findings.h"
#include "timersnoop/histogram.h"
#include "timersnoop/lives.h"
#include "timersnoop/tasks.h"

/* What a row is for. */
enum stat_by { BY_TIMER, BY_PROCESS, BY_COMM, BY_SIGNAL, BY_CLOCK, BY_COUNT };

/* "timer", "process", "comm", "signal", "clock" */
const char *stat_by_name(enum stat_by by);

#define STAT_ERRORS 8

/* What findings (findings.h) are made of, beside the figures. */
struct stat_evidence {
	uint64_t too_short; /* arms with a value or an interval below what can be served */
	int64_t shortest_ns;
	uint64_t past; /* absolute arms for an instant that had gone by */
	int64_t longest_past_ns;
	uint64_t wrong_clock;               /* and those that make sense on another clock only */
	int32_t right_clock;                /* which; -1: not always the same */
	uint64_t zero_value;                /* disarmed with an interval */
	uint64_t first_arm_ns, last_arm_ns; /* trace clock; 0: none */
	uint64_t late;                      /* expiries later than the bound */
	uint64_t late_idle;                 /* of these, those for which an idle CPU had to wake */
	uint64_t blocked;                   /* signals that waited longer than the bound */
	int64_t longest_blocked_ns;
	uint64_t changed;    /* calls under which memory changed */
	uint64_t bad_values; /* calls refused for a value out of range */
	uint64_t unarmed;    /* timers that were made and never armed */
	uint64_t undeleted;  /* timers that were made and not deleted by the end */
	/* the last refused call but for those above: which argument was at fault */
	bool has_fault;
	uint64_t fault_ns; /* when it returned */
	enum event fault_event;
	int32_t fault_errno;
	char fault[80];
};

struct stat_row {
	/* What it is of. What its timers have not in common is not there. */
	bool has_pid, has_comm, has_family, has_id, has_clock, has_signal;
	int32_t pid;
	char comm[16];
	enum timer_family family;
	int32_t id; /* as timer_id of struct call */
	int32_t clock;
	int32_t signal; /* 0: it sends none */

	uint64_t timers;           /* that it is about; 0: calls that are of no known timer */
	uint64_t created, deleted; /* timerfds: closed */
	uint64_t calls, failed;    /* system calls, and refused ones */
	uint64_t arms, disarms, one_shot, periodic, absolute, replaced;
	uint64_t gettimes, getoverruns;
	uint64_t expiries, rearmed, overruns;
	uint64_t signals[SIGNAL_RESULTS];
	struct stat_error {
		int32_t number; /* errno, positive */
		uint64_t count;
	} errors[STAT_ERRORS]; /* the first that came; 0: no more */
	uint64_t other_errors; /* and all others */

	struct distribution value;                        /* asked for, ns: of relative arms */
	struct distribution interval;                     /* of periodic arms */
	struct distribution observed, late, signal_after; /* as in struct life */
	struct distribution duration;                     /* of system calls, ns */
	struct histogram *histograms; /* HISTOGRAM_COUNT of them; NULL: none are counted */

	struct stat_evidence evidence;
	bool sum;        /* of all there is */
	bool incomplete; /* records were lost: figures may be too low */
	uint32_t events; /* that were looked for, a bit each: what others tell is not known */
	bool no_kinds;   /* nor are one_shot, periodic and absolute */
	double seconds;  /* that it is about, for rates */
	uint64_t end_ns; /* when that ended, trace clock */
};

/* What `stat` can tell of a row, in the order of its columns. */
extern const struct field_table stat_fields;
/* Can the kernel's hist triggers count it? See aggregate.h. */
bool stat_field_counted(const struct field *field);

/* Room for all HISTOGRAM_COUNT of them, empty at first; NULL when out of memory. */
struct histogram *stat_row_histograms(struct stat_row *row);
/* "0", "fd3", "real": its one timer. False: it has none. */
#define STAT_TIMER_MAX 16
bool stat_row_timer(const struct stat_row *row, char text[STAT_TIMER_MAX]);
/* Has anything happened? */
bool stat_row_any(const struct stat_row *row);
/* Adds refused calls. */
void stat_row_error(struct stat_row *row, int32_t number, uint64_t count);

struct stats;

/* How the clocks stand and what counts as what; borrowed. */
struct stats_scene {
	const struct finding_limits *limits;
	int64_t tick_ns; /* of CPU clocks; 0: not known */
	/* The time of a clock at `ts` of the trace clock. False: not known. */
	bool (*clock_at)(void *context, int32_t clock, uint64_t ts, int64_t *ns);
	void *context;
	uint32_t histograms; /* a bit each */
	uint32_t events;     /* that are looked for, a bit each (events.h) */
	bool no_kinds;       /* see struct stat_row */
};

/* NULL when out of memory. */
struct stats *stats_new(const struct stats_scene *scene);
void stats_free(struct stats *stats);

/* All return 0 or -ENOMEM. */

/* What has changed with a timer: see lives_new_watched. */
int stats_change(struct stats *stats, const struct life_change *change);
/* A call of process `who`, after the change that it made, if any. */
int stats_call(struct stats *stats, const struct caller *who, const struct call *call);
/* A row that was counted elsewhere, see aggregate.h; its distributions are added, and stay the caller's. */
int stats_add(struct stats *stats, struct stat_row *row);

/* Times of the trace clock between which what came was counted. */
void stats_set_span(struct stats *stats, uint64_t from_ns, uint64_t to_ns);
/* All figures become 0; which timers there are is still known. */
void stats_reset(struct stats *stats);

/* Of everything. Valid until the next change; a count in it is always up to date,
 * `seconds` as stats_set_span said. */
const struct stat_row *stats_total(const struct stats *stats);

/* Rows for `by`, those with any figure: *count of them, to be freed by stats_rows_free.
 * NULL when out of memory. */
struct stat_row *stats_rows(const struct stats *stats, enum stat_by by, size_t *count);
void stats_rows_free(struct stat_row *rows, size_t count);

/* The most timers that expired for one instant, and that instant (trace clock). */
struct stats_herd {
	uint64_t most;  /* timers */
	uint64_t times; /* instants with as many as the limit */
	uint64_t ts;
};
void stats_herd(const struct stats *stats, struct stats_herd *herd);

#endif
