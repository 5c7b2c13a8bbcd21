/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * feed: events for `lives`, of process FEED_PID unless said otherwise, at
 * feed_now, which they move on; and what was told of them.
 */
#ifndef TIMERSNOOP_TESTS_FEED_H
#define TIMERSNOOP_TESTS_FEED_H

#include "timersnoop/lives.h"

#define FEED_PID 42
#define TOLD_MAX 64
#define US 1000LL
#define MS 1000000LL

extern struct lives *feed_lives;
extern uint64_t feed_now; /* a call takes 10 us */

/* What was told, without its distributions, which end with the call. */
extern struct life told[TOLD_MAX];
extern int64_t told_median[TOLD_MAX]; /* of observed */
extern size_t told_count;

void feed_begin(void);
/* Instead of it: changes are told as they come, and each call behind its change; then
 * lives_finish and lives_free are the test's. */
typedef int feed_called(void *context, const struct caller *who, const struct call *call);
void feed_begin_watched(lives_watcher *watcher, feed_called *then, void *context);
/* Ends the trace, by which `count` lives were told; the last of them, or the first
 * when there is none or there are too many. */
const struct life *feed_end(size_t count);

struct caller feed_caller(int32_t pid, const char *comm);
struct timerspec feed_spec(int64_t ns);

/* Whole and accepted, by thread FEED_PID + 1. */
struct call feed_call(enum event event, int32_t id);
struct call feed_creation(enum event event, int32_t id, int32_t clock);
struct call feed_setting(enum event event, int32_t id, int64_t value, int64_t interval);
void feed_take(int32_t pid, struct call call);
void feed_take_of(int32_t pid, const char *comm, struct call call);
void feed_simple(enum event event, int32_t id, int64_t ret);
/* timer_settime(2) */
void feed_settime(int32_t id, int64_t value, int64_t interval);

/* By the user's arm, 2 us after the instant that was asked for. */
struct occurrence feed_expiry(enum event event, int32_t id, int64_t asked, int64_t interval);
void feed_occur(struct occurrence occurrence);
/* Of a POSIX timer. */
void feed_expire(int32_t id, int64_t asked, int64_t interval, enum armed_by by);
/* Its signal, 15 us after the expiry; overrun -1: not seen. */
void feed_deliver(int32_t id, enum signal_result result, int32_t overrun);

#endif
