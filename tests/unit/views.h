/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * views: a view that is fed raw records of a real kernel's formats, and what it
 * wrote. Process 10, "app", has another thread 11, "worker"; process 20 is "cron".
 */
#ifndef TIMERSNOOP_TESTS_VIEWS_H
#define TIMERSNOOP_TESTS_VIEWS_H

#include "raws.h"
#include "records.h"
#include "timersnoop/view.h"

#define START (100 * (uint64_t)NSEC_PER_SEC)
#define ADDRESS 0xffff888000001000ULL

extern const char *view_series;
extern struct selection selection;
extern struct view_request request;
extern struct out_style view_style;
extern struct view *view;
extern struct view_totals totals; /* when it has ended */
extern char view_written[65536];
extern uint64_t view_now; /* each record takes 1 us */

/* What a view is to be asked for: expiries and signals, as JSON. 7.2 says which exit is a
 * process's last, 6.1 does not. */
void prepare_view(const char *of);
void learn_task(int32_t tid, int32_t tgid, uint32_t uid, const char *comm);
void open_view(void);
/* Both, of 7.2. */
void begin_view(void);
/* Ends it: "EVENT PID COMM ID; ..." of all that was written, and of lives how they ended;
 * NULL: whatever it is. */
void end_view(const char *expected);

/* On CPU 1; ends the record. */
void take_raw(struct raw *raw);
void expire_posix(int32_t pid, int32_t id);
void generate_signal(int32_t pid, int32_t signo, int32_t result);
void deliver_signal(int32_t tid, int32_t signo, uint64_t handler);
/* Entry and return of a call without anything between them. */
void plain_call(int32_t tid, const char *prefix, int32_t id, int64_t ret);
void call_view_settime(int32_t tid, int32_t id);
void create_view_timer(int32_t tid, int32_t id);
/* At ADDRESS + 64 * number. */
void create_view_fd(int32_t tid, int32_t number, int32_t clock);
/* An event of tasks with one number in it. */
void about_task(const char *event, int32_t tid, const char *field, int32_t other);
void timers_gone(int32_t tid);
/* Three records of CPU 1. */
void lose_records(void);

#endif
