/* SPDX-License-Identifier: GPL-2.0-or-later */
/* outs: calls to be written, and what was written of them, for tests of all formats. */
#ifndef TIMERSNOOP_TESTS_OUTS_H
#define TIMERSNOOP_TESTS_OUTS_H

#include <CUnit/CUnit.h>

#include "timersnoop/out.h"

/* When the calls here are made: at 2026-11-21T12:00:00.123456789Z. */
#define START_NS 100123456789ULL

/* Relative times, no header, no colours, no cache. */
extern const struct out_style plain;
extern const struct caller app;
extern const struct call usual;

/* One with nothing in it but that all of it was seen. */
struct call whole(enum event event);
/* A timer_create or timerfd_create that succeeded. */
struct call created(enum event event, int32_t id);

/* Others than the usual one. */
struct call with_old(void);
struct call refused(void);
struct call without_entry(void);
struct call without_return(void);
/* Nothing but that a task returned from it, or not even that. */
struct call bare(unsigned missing);

/* What the last of the functions below found. */
extern char written[8192];

/* A sink, and the file it writes; both are let go of by expect. */
struct sink *open_sink(int *fd);
void expect(struct sink *sink, int fd, const char *expected);

void expect_call(const struct out *out, const struct out_style *style, const struct caller *caller,
		 const struct call *call, const char *expected);
void expect_occurrence(const struct out *out, const struct out_style *style,
		       const struct occurrence *occurrence, const char *expected);
void expect_life(const struct out *out, const struct out_style *style, const struct life *life,
		 const char *expected);

/* In CSV, by the header: "column=value" of each field that is not empty. The first
 * takes what is in the sink, a header and a row. */
void expect_csv(struct sink *sink, int fd, const char *expected);
void expect_csv_call(const struct call *call, const char *expected);
void expect_csv_occurrence(const struct occurrence *occurrence, const char *expected);
void expect_header(const struct out *out, const struct out_style *style, const char *expected);
void expect_lost(const struct out *out, const struct loss *loss, const char *expected);

/* The tests of out_text, which are many: false when one could not be added. */
bool add_text_tests(CU_pSuite suite);

#endif
