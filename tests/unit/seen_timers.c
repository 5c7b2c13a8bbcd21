/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "seen_timers.h"

#include <CUnit/Basic.h>
#include <stdio.h>
#include <string.h>

static struct calls *calls;
struct timers *timers;
struct tasks *tasks;
struct occurrence happened[HAPPENED_MAX];
size_t happened_count;
int64_t now;

static void receive_call(void *context, const struct call *call)
{
	const struct task *task = tasks_find(tasks, call->tid);

	CU_ASSERT_PTR_EQUAL(context, &calls);
	CU_ASSERT_EQUAL(timers_call(timers, task ? task->tgid : call->tid, call), 0);
}

static void receive(void *context, const struct occurrence *occurrence)
{
	CU_ASSERT_PTR_EQUAL(context, &timers);
	CU_ASSERT_FATAL(happened_count < HAPPENED_MAX);
	happened[happened_count++] = *occurrence;
}

static void learn(int32_t tid, int32_t tgid)
{
	const struct task task = { .tid = tid, .tgid = tgid, .comm = "app" };

	CU_ASSERT_EQUAL(tasks_learn(tasks, &task), 0);
}

void begin_timers(void)
{
	happened_count = 0;
	now = BEGINNING;
	tasks = tasks_new();
	calls = calls_new(0, receive_call, &calls);
	timers = timers_new(calls, tasks, receive, &timers);
	CU_ASSERT_FATAL(tasks && calls && timers);
	learn(PID, PID);
	learn(THREAD, PID);
	learn(OTHER, OTHER);
}

void end_timers(size_t count, uint64_t missed)
{
	CU_ASSERT_EQUAL(timers_finish(timers), 0);
	CU_ASSERT_EQUAL(happened_count, count);
	CU_ASSERT_EQUAL(timers_missed(timers), missed);
	timers_free(timers);
	calls_free(calls);
	tasks_free(tasks);
}

static void feed(struct record record)
{
	record.ts = (uint64_t)now;
	now += US;
	CU_ASSERT_EQUAL(calls_record(calls, &record), 0);
	CU_ASSERT_EQUAL(timers_record(timers, &record), 0);
	CU_ASSERT_EQUAL(tasks_record(tasks, &record), 0);
}

void take(struct record record)
{
	take_on(record.cpu, record);
}

void take_as(int32_t tid, struct record record)
{
	record.tid = tid;
	feed(record);
}

void take_on(int cpu, struct record record)
{
	record.tid = 0;
	record.cpu = cpu;
	record.interrupt = true;
	feed(record);
}

void call_arm(enum event event, int32_t id, uint32_t flags, int64_t interval_ns, int64_t value_ns)
{
	struct record entry = entry_of(event, id);

	entry.entry.flags = flags;
	take_as(PID, entry);
	take_as(PID, copy_of(event, id, flags, spec_of(FROM_KERNEL, interval_ns, value_ns)));
	take_as(PID, return_of(event, 0));
}

void call_settime(int32_t id, uint32_t flags, int64_t interval_ns, int64_t value_ns)
{
	call_arm(EVENT_TIMER_SETTIME, id, flags, interval_ns, value_ns);
}

void call_create(int32_t id, int32_t clock)
{
	struct record entry = entry_of(EVENT_TIMER_CREATE, 0);

	entry.entry.clock = clock;
	take_as(PID, entry);
	take_as(PID, made_of(id, 0xffff888000f00000));
	take_as(PID, return_of(EVENT_TIMER_CREATE, 0));
}

void call_delete(int32_t id)
{
	take_as(PID, entry_of(EVENT_TIMER_DELETE, id));
	take_as(PID, return_of(EVENT_TIMER_DELETE, 0));
}

void call_fd_create(int32_t fd, int32_t clock, uint64_t address)
{
	struct record entry = entry_of(EVENT_TIMERFD_CREATE, 0);

	entry.entry.clock = clock;
	take_as(PID, entry);
	if (address)
		take_as(PID, file_of(address));
	take_as(PID, return_of(EVENT_TIMERFD_CREATE, fd));
}

const struct occurrence *expect_told(size_t count)
{
	CU_ASSERT_EQUAL(happened_count, count);
	if (happened_count != count)
		fprintf(stderr, "\n  told %zu, not %zu", happened_count, count);
	for (size_t i = happened_count; i < HAPPENED_MAX; i++)
		memset(&happened[i], 1, sizeof(happened[i])); /* nonsense, but no trap */
	happened_count = 0;
	return &happened[0];
}

const struct occurrence *expect_one(enum event event)
{
	const struct occurrence *one = expect_told(1);

	CU_ASSERT_EQUAL(one->event, event);
	CU_ASSERT_EQUAL(one->cpu, 1);
	CU_ASSERT_TRUE(one->ts <= (uint64_t)now);
	if (event < EVENT_SIGNAL_GENERATE)
		CU_ASSERT_EQUAL(one->family, event_family(event));
	return one;
}

void expect_nothing(void)
{
	expect_told(0);
}

void expect_expiry(int32_t pid, int32_t id, enum armed_by by)
{
	const struct occurrence *one = expect_told(1);

	CU_ASSERT_TRUE(one->event >= EVENT_CALLS && one->event < EVENT_SIGNAL_GENERATE);
	CU_ASSERT_EQUAL(one->pid, pid);
	CU_ASSERT_TRUE(one->has_id);
	CU_ASSERT_EQUAL(one->id, id);
	CU_ASSERT_EQUAL(one->armed_by, by);
}

const struct occurrence *expect_signal(enum event event, int32_t id, enum signal_result result)
{
	const struct occurrence *one = expect_one(event);

	CU_ASSERT_EQUAL(one->has_id, id >= 0);
	if (id >= 0)
		CU_ASSERT_EQUAL(one->id, id);
	CU_ASSERT_EQUAL(one->result, result);
	return one;
}
