/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * seen_timers: a `timers` that tests feed, with the calls and tasks that it
 * rests on, and what it told. Process PID has the threads PID and THREAD, process
 * OTHER one thread.
 */
#ifndef TIMERSNOOP_TESTS_SEEN_TIMERS_H
#define TIMERSNOOP_TESTS_SEEN_TIMERS_H

#include "records.h"
#include "timersnoop/timers.h"

#define PID 10
#define THREAD 11
#define OTHER 20
#define HAPPENED_MAX 64
#define BEGINNING (100 * (int64_t)NSEC_PER_SEC)
#define ADDRESS 0xffff888000001000ULL

extern struct timers *timers;
extern struct tasks *tasks;
extern struct occurrence happened[HAPPENED_MAX];
extern size_t happened_count;
extern int64_t now; /* the trace clock: each record takes 1 us */

void begin_timers(void);
/* Ends it: so many were told since the last expect_told, and so many never are. */
void end_timers(size_t count, uint64_t missed);

/* By the kernel for the idle task, as interrupts are; on CPU 1. */
void take(struct record record);
void take_as(int32_t tid, struct record record);
void take_on(int cpu, struct record record);

/* Whole calls of thread PID: with the kernel's copy, and their result. */
void call_arm(enum event event, int32_t id, uint32_t flags, int64_t interval_ns, int64_t value_ns);
void call_settime(int32_t id, uint32_t flags, int64_t interval_ns, int64_t value_ns);
void call_create(int32_t id, int32_t clock);
void call_delete(int32_t id);
void call_fd_create(int32_t fd, int32_t clock, uint64_t address);

/* The one occurrence since the last time. */
const struct occurrence *expect_one(enum event event);
/* None. */
void expect_nothing(void);
/* Of so many the first; they are then as if seen. */
const struct occurrence *expect_told(size_t count);

/* An expiry, its timer and who armed it. */
void expect_expiry(int32_t pid, int32_t id, enum armed_by by);
/* A signal that was generated, or delivered; id -1: nobody's. */
const struct occurrence *expect_signal(enum event event, int32_t id, enum signal_result result);

#endif
