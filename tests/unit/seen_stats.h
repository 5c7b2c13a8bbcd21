/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * seen_stats: figures of what feed.h is told, made as a trace makes them, and what
 * there is in them, in words.
 */
#ifndef TIMERSNOOP_TESTS_SEEN_STATS_H
#define TIMERSNOOP_TESTS_SEEN_STATS_H

#include "feed.h"
#include "timersnoop/stats.h"

extern struct stats *seen_stats;
extern struct finding_limits seen_limits; /* the usual ones, until a test changes them */
extern struct stats_scene seen_scene;
/* How far CLOCK_REALTIME is ahead of the trace clock, which is CLOCK_MONOTONIC. */
extern int64_t seen_wall_ns;

/* From feed_now on; histograms of all kinds. */
void seen_begin(void);
/* Tracing ends at feed_now. */
void seen_finish(void);
/* Finishes what is not, and frees; sums are compared before. */
void seen_end(void);
/* Every figure of the total is the sum of those of the rows, however they are grouped. */
void seen_compare_sums(void);

/* So many rows there are; valid until the next call or seen_end. */
const struct stat_row *seen_rows(enum stat_by by, size_t expected);

/*
 * All that is known of a row and not zero: "pid=42 comm=app timer=0 calls=2 late_ns=1/2/3/4"
 * (the least, the median, what 99 % do not exceed, the greatest); rates and times are not
 * in it.
 */
void seen_expect(const struct stat_row *row, const char *expected);

#endif
