/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plans: a kernel as a test describes it, and the plan that is made for it. */
#ifndef TIMERSNOOP_TESTS_PLANS_H
#define TIMERSNOOP_TESTS_PLANS_H

#include <CUnit/CUnit.h>
#include <stdbool.h>

#include "timersnoop/probe_plan.h"

extern struct kernel_features kernel;
extern struct probe_plan plan;
extern struct plan_wishes wishes;
extern struct error err;

/* A kernel that has everything there is to have, whose kallsyms was not read; every
 * offset is 8 * (its number + 1). Only timer_settime is wished for. */
void describe(void);
/* kallsyms was read: it lists every name once, at 0x1000 * (its number + 1). */
void list_symbols(void);
/* So often it is listed now; the others, as list_symbols says. */
void set_symbol(const char *name, unsigned count);

/* The status of making a plan. */
int make(void);
/* Makes one, which must be possible, and checks its limits. */
void make_whole(void);

/* The first probe or event of the plan; NULL if there is none. */
const struct probe *find(const char *symbol);
const struct probe *find_event(const char *event);
const struct plan_event *find_tracepoint(const char *event);

/* The kernel says no to what is now planned for a symbol, and it is planned anew. */
int refuse(const char *symbol, const char *reason);
/* There is a probe with just this in it. */
void expect_probe(const char *event, const char *symbol, enum probe_use use, enum event about,
		  const char *args);
void expect_none(const char *event);

/* What limits the kernel and the plan's own buffers set. */
void check_limits(void);

void expect_notes(size_t count, const char *const *notes);
#define NOTES(...)                                                                                 \
	expect_notes(sizeof((const char *[]){ __VA_ARGS__ }) / sizeof(char *),                     \
		     (const char *[]){ __VA_ARGS__ })
#define NO_NOTES() CU_ASSERT_EQUAL(plan.note_count, 0)

/* All that a plan says. Allocated. */
char *write_plan(void);

#endif
