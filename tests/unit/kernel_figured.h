/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kernel_figured: a report of what kernel_fed.h makes up, made as `kernel` makes it, and
 * what it wrote.
 */
#ifndef TIMERSNOOP_TESTS_KERNEL_FIGURED_H
#define TIMERSNOOP_TESTS_KERNEL_FIGURED_H

#include "kernel_fed.h"
#include "timersnoop/report_kernel.h"

extern struct report *kernel_figured;
extern struct options kernel_figured_options;
extern struct diagnosis_loss kernel_figured_loss; /* none, until a test says so */
extern char kernel_figured_written[65536];        /* when it has finished */

/* timersnoop kernel WORDS...; words are separated by spaces, and may be in single quotes.
 * It begins at 1 s, as then is fed_now. */
void kernel_figured_begin(const char *words);
/* The same, for one that is refused. */
void kernel_figured_refuse(const char *words, const char *said);

/* As of kernel_fed.h; the report is told. */
void kernel_figured_tell(const struct kernel_change *change);
void kernel_figured_fed(enum kernel_what what, const struct kernel_arm *arm);

/* Time goes by, and what has come until then is asked about. */
void kernel_figured_pass(uint64_t now_ms);
/* Tracing ends then. */
void kernel_figured_finish(uint64_t now_ms);
/* All that was written; runs of spaces are one. */
void kernel_figured_expect(const char *expected);
/* And this it says on standard error. */
void kernel_figured_end(const char *on_stderr);

#endif
