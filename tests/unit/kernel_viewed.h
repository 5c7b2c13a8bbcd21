/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kernel_viewed: a kernel_view that is fed raw records, and what it wrote: CSV of event,
 * callback, pid, tid, comm, armed_pid, armed_comm and lost. Process 10, "app", has another
 * thread 11, "worker"; process 20 is "cron", KVIEWED_SELF is ourselves.
 */
#ifndef TIMERSNOOP_TESTS_KERNEL_VIEWED_H
#define TIMERSNOOP_TESTS_KERNEL_VIEWED_H

#include "kernel_fed.h"
#include "timersnoop/kernel_view.h"

#define KVIEWED_SELF 77
/* Flags of a record: an interrupt came. */
#define KVIEWED_HARD 8
#define KVIEWED_SOFT 16

extern struct kernel_view_request kviewed_request;
extern struct kernel_functions kviewed_functions;
extern struct selection kviewed_selection;
extern struct scene kviewed_scene;
extern struct symbols *kviewed_symbols; /* those of kernel_fed.h */
extern struct kernel_view *kviewed;
extern struct view_totals kviewed_totals; /* when it has ended */
extern int kviewed_cpu;                   /* where records come from */

/* What is asked for is everything; it may be changed before the view is opened. */
void kviewed_prepare(void);
void kviewed_open(void);
/* Both. */
void kviewed_begin(void);
/* These are all the lines that were written. */
void kviewed_end(const char *expected);

void kviewed_learn(int32_t tid, int32_t tgid, const char *comm);

/* Each record takes 10 us; the first of the words is filled, the others are its fields. */
struct merged kviewed_record(enum probe_use use, uint8_t flags, int32_t tid, uint64_t words[8]);
/* One with these fields. */
#define KVIEWED_TAKE(use, flags, tid, ...)                                                         \
	do {                                                                                       \
		uint64_t words_[8] = { 0, __VA_ARGS__ };                                           \
		const struct merged merged_ = kviewed_record(use, flags, tid, words_);             \
                                                                                                   \
		CU_ASSERT_EQUAL(kernel_view_take(kviewed, &merged_), 0);                           \
	} while (0)

/* timer_list; for 250 jiffies of 4 ms, from jiffy 1000 on. */
void kviewed_start(uint8_t flags, int32_t tid, uint64_t function, uint64_t timer);
void kviewed_cancel(uint8_t flags, int32_t tid, uint64_t timer);
void kviewed_expire(uint64_t function, uint64_t timer);
/* An hrtimer that is armed and expires. */
void kviewed_sleep(int32_t tid, uint64_t timer);
/* So many records; 0: nobody knows how many. */
void kviewed_lose(uint64_t records);
/*
 * All of them do something: 11 has one fire, 20 sleeps, an interrupt, the idle task and an
 * unknown one arm and 10 or it cancels, we sleep, and one from before fires.
 */
void kviewed_do_all(void);

#endif
