/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kernel_told: a kernel_timers that tests feed, record by record, and what it told, in
 * words. Whatever is told, every arm ends once at the most, and only one that began.
 */
#ifndef TIMERSNOOP_TESTS_KERNEL_TOLD_H
#define TIMERSNOOP_TESTS_KERNEL_TOLD_H

#include "records.h"
#include "timersnoop/kernel_timers.h"

#define KT_SEEN_MAX 64
#define JIFFY_NS (4 * MS)
#define BEGINNING (100 * 1000 * MS)
/* Addresses of timers by number, and of their callbacks; of what is armed with none. */
#define TIMER(number) (0xffff888000000000ULL + 0x100 * (uint64_t)(number))
#define CALLBACK(number) (0xffffffff81000000ULL + 0x100 * (uint64_t)(number))
#define SLEEP CALLBACK(99)             /* the callback of schedule_timeout() */
#define WRAPPERS 0xffffffff82000000ULL /* places from here on are in functions that arm */

extern struct kernel_timers *kt_timers;
extern struct kernel_scene kt_scene; /* kt_prepare sets it, a test may change it */
extern int64_t kt_now;               /* trace clock: each record takes 1 us */
extern uint64_t kt_jiffies;          /* that records tell: it does not go on by itself */
extern bool kt_selected;             /* what tasks arm is asked for */
extern int kt_status;                /* what the receiver returns */

/* What was told since the last expect(): `arm` of each points behind it. */
struct kt_change {
	struct kernel_change change;
	struct kernel_arm arm;
};
extern struct kt_change kt_seen[KT_SEEN_MAX];
extern size_t kt_count;
extern uint64_t kt_whats[KERNEL_WAKEUP + 1]; /* how often each, since it began */
extern uint64_t kt_older;                    /* ends of arms from before */

/* Of clocks only CLOCK_MONOTONIC is known, and a jiffy is JIFFY_NS. */
void kt_prepare(void);
void kt_open(void);
void kt_begin(void);
/* Nothing more is told; so many did not fit together. */
void kt_end(uint64_t odd);
/* The same with no arm left that is pending. */
void kt_end_quiet(void);
/* Arms of a timer that were told, and no end of them. */
size_t kt_pending(uint64_t address);

/* Where the records that come are made: interrupts find the last task of that CPU, at
 * first its idle task. */
void in_task(int cpu, int32_t tid);
void in_soft(int cpu);
void in_hard(int cpu);

/* A record of this context, at this time; then it is 1 us later. The status. */
int feed_status(struct record record);
void feed_record(struct record record);

/* timer_list timers, by number; armed for 10 jiffies from now on. */
struct record list_record(enum probe_use use, unsigned number);
void list_init(unsigned number);
void list_start(unsigned number);
void list_cancel(unsigned number);
void list_enter(unsigned number);
void list_exit(unsigned number);
/* It leaves its queue, its callback is called and returns. */
void list_fire(unsigned number);

/* hrtimers; `was`: was_armed, or NO_FIELD. Armed for 5 ms from now on, with 50 us of slack. */
#define NO_FIELD (-1)
struct record hr_record(enum probe_use use, unsigned number);
void hr_init(unsigned number, int32_t clock, uint32_t mode);
void hr_start(unsigned number, int was);
void hr_cancel(unsigned number);
void hr_enter(unsigned number);
void hr_exit(unsigned number);
void hr_expired(unsigned number);
void hr_fire(unsigned number);

/* This place calls what arms a timer; number 0: one on its stack. */
void call_from(uint64_t place, unsigned number);

/*
 * What was told since the last time: "what TIMER details; ...". TIMER is t or h and its
 * number. Details: older; "?" without a known callback; of arms "by TID", "by irq" or
 * "by ?", and replaces, rearmed, "irq" (in an interrupt, for a task); immediate; of expiries
 * "moved" (on another CPU); of callbacks "open" when they were not seen to return.
 */
void expect_line(const char *file, unsigned line, const char *expected);
#define expect(expected) expect_line(__FILE__, __LINE__, expected)
/* The last arm that was told. */
const struct kernel_arm *last_arm(void);

#endif
