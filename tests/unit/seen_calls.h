/* SPDX-License-Identifier: GPL-2.0-or-later */
/* seen_calls: a `calls` that tests feed, and what it handed over. */
#ifndef TIMERSNOOP_TESTS_SEEN_CALLS_H
#define TIMERSNOOP_TESTS_SEEN_CALLS_H

#include "timersnoop/calls.h"

#define TID 10
#define SEEN_MAX 16

extern struct calls *calls;
extern struct call seen[SEEN_MAX];
extern size_t seen_count;

void begin_calls(void);
/* Of thread TID, 10 ns behind the last one. */
void give(struct record record);
void give_as(int32_t tid, struct record record);
/* Ends it, by which so many calls were seen; the last of them. */
const struct call *end_calls(size_t count);

void expect_spec(const struct itimerspec_seen *spec, enum value_source from, int64_t interval_ns,
		 int64_t value_ns);
void expect_no_spec(const struct itimerspec_seen *spec);

#endif
