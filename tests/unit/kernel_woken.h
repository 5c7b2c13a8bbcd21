/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kernel_woken: idle CPUs, as a kernel's records tell of them: each goes to a kernel_wakeups
 * and to a kernel_timers, which tells that one; and what woke them, in words.
 */
#ifndef TIMERSNOOP_TESTS_KERNEL_WOKEN_H
#define TIMERSNOOP_TESTS_KERNEL_WOKEN_H

#include "kernel_told.h"
#include "timersnoop/kernel_wakeups.h"

#define TICK 50 /* the number of the tick's hrtimer */
#define APP 1   /* of one that a task arms */
#define TASK 42
#define WOKEN_TEXT_MAX 2048

extern struct kernel_wakeups *woken_wakeups;
extern struct kernel_timers *woken_timers;
extern int64_t woken_now;      /* trace clock: each record takes 1 us */
extern unsigned woken_failing; /* the receiver says no, when it is told so many times */

void woken_begin(void);
/* Nothing more is told. */
void woken_end(void);
/* What was told since the last time: "CPU timer h1 by 42 after 1000; CPU beside t2; ...":
 * what ended how many us, or only ran. */
extern char woken_text[WOKEN_TEXT_MAX];
void expect_woken(const char *expected);
void woken_clear(void);

/* A record; `level`: 0 a task's, 1 of a soft interrupt, 2 of a hard one. The status. */
int woken_feed_as(int32_t tid, int cpu, unsigned level, struct record record);
/* While the idle task runs. */
void woken_feed(int cpu, unsigned level, struct record record);
void woken_idle(int cpu, bool enters);
void timer_irq(int cpu);
void other_irq(int cpu);
/* Timers by number, see kernel_told.h; with was_armed. */
void woken_hr(int cpu, unsigned level, enum probe_use use, unsigned number);
void hr_runs(int cpu, unsigned level, unsigned number);
void list_runs(int cpu, unsigned number);
/* Armed by TASK on another CPU. */
void woken_arm(unsigned number);
void woken_arm_list(unsigned number, uint32_t flags);
/* Whatever runs then tells that the CPU is idle no more. */
void task_runs(int cpu);

#endif
