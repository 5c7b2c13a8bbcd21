/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "feed.h"

#include <CUnit/Basic.h>
#include <stdio.h>
#include <time.h>

struct life told[TOLD_MAX];
int64_t told_median[TOLD_MAX];
size_t told_count;
struct lives *feed_lives;
uint64_t feed_now;
static feed_called *called;
static void *called_with;

static void take_life(void *context, const struct life *life)
{
	CU_ASSERT_PTR_EQUAL(context, &feed_lives);
	if (told_count < TOLD_MAX) {
		told[told_count] = *life;
		told_median[told_count] = distribution_quantile(&life->observed, 500);
	}
	told_count++;
}

void feed_begin(void)
{
	told_count = 0;
	feed_now = 1000 * MS;
	called = NULL;
	feed_lives = lives_new(take_life, &feed_lives);
	CU_ASSERT_PTR_NOT_NULL_FATAL(feed_lives);
}

void feed_begin_watched(lives_watcher *watcher, feed_called *then, void *context)
{
	feed_now = 1000 * MS;
	called = then;
	called_with = context;
	feed_lives = lives_new_watched(watcher, context);
	CU_ASSERT_PTR_NOT_NULL_FATAL(feed_lives);
}

const struct life *feed_end(size_t count)
{
	lives_finish(feed_lives);
	lives_free(feed_lives);
	CU_ASSERT_EQUAL_FATAL(told_count, count);
	return &told[count && count <= TOLD_MAX ? count - 1 : 0];
}

struct caller feed_caller(int32_t pid, const char *comm)
{
	struct caller who = { .pid = pid, .tid = pid };

	snprintf(who.comm, sizeof(who.comm), "%s", comm);
	return who;
}

struct call feed_call(enum event event, int32_t id)
{
	struct call call = { .event = event,
			     .start_ns = feed_now,
			     .end_ns = feed_now + 10 * US,
			     .tid = FEED_PID + 1,
			     .has_args = true,
			     .has_pointers = true,
			     .new_ptr = 0x1000,
			     .timer_id = id,
			     .has_id = true };

	return call;
}

void feed_take_of(int32_t pid, const char *comm, struct call call)
{
	struct caller who = feed_caller(pid, comm);

	CU_ASSERT_EQUAL(lives_call(feed_lives, &who, &call), 0);
	if (called)
		CU_ASSERT_EQUAL(called(called_with, &who, &call), 0);
	if (call.end_ns > feed_now)
		feed_now = call.end_ns;
}

void feed_take(int32_t pid, struct call call)
{
	feed_take_of(pid, "app", call);
}

void feed_simple(enum event event, int32_t id, int64_t ret)
{
	struct call call = feed_call(event, id);

	call.ret = ret;
	feed_take(FEED_PID, call);
}

struct call feed_creation(enum event event, int32_t id, int32_t clock)
{
	struct call call = feed_call(event, id);

	call.clock = clock;
	call.ret = event == EVENT_TIMERFD_CREATE ? id : 0;
	return call;
}

struct timerspec feed_spec(int64_t ns)
{
	return (struct timerspec){ ns / NSEC_PER_SEC, ns % NSEC_PER_SEC };
}

struct call feed_setting(enum event event, int32_t id, int64_t value, int64_t interval)
{
	struct call call = feed_call(event, id);

	call.new_value.from = FROM_KERNEL;
	call.new_value.value = feed_spec(value);
	call.new_value.interval = feed_spec(interval);
	return call;
}

void feed_settime(int32_t id, int64_t value, int64_t interval)
{
	feed_take(FEED_PID, feed_setting(EVENT_TIMER_SETTIME, id, value, interval));
}

struct occurrence feed_expiry(enum event event, int32_t id, int64_t asked, int64_t interval)
{
	struct occurrence occurrence = { .event = event,
					 .ts = (uint64_t)asked + 2 * US,
					 .pid = FEED_PID,
					 .tid = FEED_PID,
					 .family = event_family(event),
					 .has_id = true,
					 .id = id,
					 .has_clock = true,
					 .clock = CLOCK_BOOTTIME,
					 .has_asked = true,
					 .asked_ns = asked,
					 .asked_clock = CLOCK_MONOTONIC,
					 .late_ns = 2 * US,
					 .has_interval = true,
					 .interval_ns = interval,
					 .armed_by = ARMED_BY_USER };

	return occurrence;
}

void feed_occur(struct occurrence occurrence)
{
	struct caller who = feed_caller(occurrence.pid, "");

	CU_ASSERT_EQUAL(lives_occurrence(feed_lives, &who, &occurrence), 0);
	if (occurrence.ts > feed_now)
		feed_now = occurrence.ts;
}

void feed_expire(int32_t id, int64_t asked, int64_t interval, enum armed_by by)
{
	struct occurrence occurrence = feed_expiry(EVENT_TIMER_EXPIRE, id, asked, interval);

	occurrence.armed_by = by;
	feed_occur(occurrence);
}

void feed_deliver(int32_t id, enum signal_result result, int32_t overrun)
{
	struct occurrence occurrence = feed_expiry(EVENT_SIGNAL_DELIVER, id, (int64_t)feed_now, 0);

	occurrence.result = result;
	occurrence.has_overrun = overrun >= 0;
	occurrence.overrun = overrun;
	occurrence.has_after = true;
	occurrence.after_ns = 15 * US;
	feed_occur(occurrence);
}
