/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel_woken.h"

#include <CUnit/Basic.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct kernel_wakeups *woken_wakeups;
struct kernel_timers *woken_timers;
int64_t woken_now;
char woken_text[WOKEN_TEXT_MAX];
unsigned woken_failing;
static size_t used;
static bool hard;

static void add(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void add(const char *format, ...)
{
	va_list values;

	va_start(values, format);
	used += (size_t)vsnprintf(woken_text + used, sizeof(woken_text) - used, format, values);
	va_end(values);
	CU_ASSERT_FATAL(used < sizeof(woken_text));
}

static int receive(void *context, const struct kernel_change *change)
{
	static const char *const wakers[WAKER_COUNT] = { "timer", "tick", "other", "none" };
	const struct kernel_arm *arm = change->arm;

	CU_ASSERT_PTR_EQUAL(context, &woken_wakeups);
	CU_ASSERT_EQUAL(change->what, KERNEL_WAKEUP);
	CU_ASSERT_EQUAL(change->tid, 0);
	CU_ASSERT_TRUE(change->interrupt);
	CU_ASSERT_EQUAL(arm != NULL, change->alongside || change->waker <= WAKER_TICK);
	if (woken_failing && !--woken_failing)
		return -ENOMEM;
	add("%s%d %s", used ? "; " : "", change->cpu,
	    change->alongside ? "beside" : wakers[change->waker]);
	if (arm)
		add(" %c%u", arm->mechanism == KERNEL_HRTIMER ? 'h' : 't',
		    (unsigned)((arm->address - TIMER(0)) / 0x100));
	if (arm && arm->armer == ARMER_TASK)
		add(" by %d", (int)arm->who.pid);
	if (!change->alongside)
		add(" after %lld", (long long)(change->idle_ns / US));
	return 0;
}

static int take_change(void *context, const struct kernel_change *change)
{
	bool tick = change->arm && change->arm->function == CALLBACK(TICK);

	CU_ASSERT_PTR_EQUAL(context, &woken_timers);
	return kernel_wakeups_change(woken_wakeups, change, hard, tick);
}

void woken_clear(void)
{
	used = 0;
	woken_text[0] = '\0';
}

void woken_begin(void)
{
	const struct kernel_scene scene = { .tick_ns = JIFFY_NS };

	woken_now = BEGINNING;
	woken_clear();
	woken_failing = 0;
	woken_wakeups = kernel_wakeups_new(receive, &woken_wakeups);
	woken_timers = kernel_timers_new(&scene, take_change, &woken_timers);
	CU_ASSERT_FATAL(woken_wakeups && woken_timers);
}

void expect_woken(const char *expected)
{
	if (strcmp(woken_text, expected) != 0)
		fprintf(stderr, "\n  %s\n  expected: %s", woken_text, expected);
	CU_ASSERT_STRING_EQUAL(woken_text, expected);
	woken_clear();
}

void woken_end(void)
{
	CU_ASSERT_EQUAL(kernel_timers_finish(woken_timers, (uint64_t)woken_now), 0);
	CU_ASSERT_EQUAL(kernel_wakeups_finish(woken_wakeups), 0);
	expect_woken("");
	kernel_timers_free(woken_timers);
	kernel_wakeups_free(woken_wakeups);
}

int woken_feed_as(int32_t tid, int cpu, unsigned level, struct record record)
{
	const struct kernel_runner runner = { .armer = level ? ARMER_INTERRUPT : ARMER_TASK,
					      .who = { .pid = tid, .tid = tid } };
	int told;

	record.ts = (uint64_t)woken_now;
	woken_now += US;
	record.tid = tid;
	record.cpu = cpu;
	record.interrupt = level > 0;
	record.hard = hard = level > 1;
	told = kernel_wakeups_record(woken_wakeups, &record);
	return told < 0 ? told : kernel_timers_take(woken_timers, &record, &runner);
}

void woken_feed(int cpu, unsigned level, struct record record)
{
	CU_ASSERT_EQUAL(woken_feed_as(0, cpu, level, record), 0);
}

void woken_idle(int cpu, bool enters)
{
	struct record record = { .kind = USE_CPU_IDLE, .idle = { .cpu = cpu, .idle = enters } };

	woken_feed(cpu, 0, record);
}

void timer_irq(int cpu)
{
	woken_feed(cpu, 2, (struct record){ .kind = USE_TIMER_IRQ });
}

void other_irq(int cpu)
{
	woken_feed(cpu, 2, (struct record){ .kind = USE_OTHER_IRQ });
}

void woken_hr(int cpu, unsigned level, enum probe_use use, unsigned number)
{
	struct record record = hr_record(use, number);

	record.hrtimer.has_was_armed = true;
	woken_feed(cpu, level, record);
}

void hr_runs(int cpu, unsigned level, unsigned number)
{
	woken_hr(cpu, level, USE_HRTIMER_EXPIRE, number);
	woken_hr(cpu, level, USE_HRTIMER_EXIT, number);
}

void list_runs(int cpu, unsigned number)
{
	woken_feed(cpu, 1, list_record(USE_TIMER_CANCEL, number));
	woken_feed(cpu, 1, list_record(USE_TIMER_EXPIRE, number));
	woken_feed(cpu, 1, list_record(USE_TIMER_EXIT, number));
}

void woken_arm(unsigned number)
{
	struct record record = hr_record(USE_HRTIMER_START, number);

	record.hrtimer.has_was_armed = true;
	CU_ASSERT_EQUAL(woken_feed_as(TASK, 7, 0, record), 0);
}

void woken_arm_list(unsigned number, uint32_t flags)
{
	struct record record = list_record(USE_TIMER_START, number);

	record.timer_list.flags = flags;
	CU_ASSERT_EQUAL(woken_feed_as(TASK, 7, 0, record), 0);
}

void task_runs(int cpu)
{
	CU_ASSERT_EQUAL(woken_feed_as(TASK, cpu, 0, list_record(USE_TIMER_EXIT, 9)), 0);
}
