/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * figured: a report of what feed.h is told, made as `stat` makes it, and what it wrote.
 */
#ifndef TIMERSNOOP_TESTS_FIGURED_H
#define TIMERSNOOP_TESTS_FIGURED_H

#include "feed.h"
#include "timersnoop/report_stat.h"

extern struct report *figured;
extern struct diagnosis_loss figured_loss; /* none, until a test says so */
extern char figured_written[65536];        /* when it has finished */

/* timersnoop stat WORDS...; words are separated by spaces, and may be in single quotes.
 * It begins at feed_now. */
void figured_begin(const char *words);
/* The same, for one that is refused: what report_new returns. */
int figured_refuse(const char *words, struct error *err);
/* Tracing ends then. */
void figured_finish(uint64_t now_ms);
/* All that was written; runs of spaces are one, and none begins a line. */
void figured_expect(const char *expected);
/* So many lines at its end. */
void figured_expect_last(size_t lines, const char *expected);
/* And this it says on standard error. */
void figured_end(const char *on_stderr);

#endif
