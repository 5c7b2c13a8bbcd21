/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What kernels recorded of their own timers, whole (tests/fixtures/SERIES/kernel.dat): what holds
 * of it that can be said without knowing what was going on.
 */
#include <CUnit/Basic.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fixtures.h"
#include "suites.h"
#include "timersnoop/kernel_clocks.h"
#include "timersnoop/kernel_timers.h"
#include "timersnoop/kernel_view.h"
#include "timersnoop/kernel_wakeups.h"
#include "timersnoop/merge.h"
#include "timersnoop/recording.h"
#include "timersnoop/scene.h"
#include "timersnoop/symbols.h"

#define CPUS 2

static struct {
	const char *series;
	struct decoder *decoder;
	struct symbols *symbols;
	struct kernel_functions functions;
	struct scene scene;
	struct kernel_timers *timers;
	struct kernel_wakeups *wakeups;
	bool hard;
	/* changes, and what was special of them */
	uint64_t whats[KERNEL_WAKEUP + 1], wakers[WAKER_COUNT];
	uint64_t older, pending, nameless, alongside, on_time, with_caller;
	/* records */
	uint64_t inits, starts, buckets, leaves, entries[2], exits[2], expired, idle_exits;
	bool idle[CPUS];
} seen;

static void check_fired(const struct kernel_change *change)
{
	const struct kernel_arm *arm = change->arm;

	if (arm->older || arm->immediate)
		return;
	if (arm->mechanism == KERNEL_HRTIMER) {
		/* nothing expires before its time */
		CU_ASSERT_TRUE(change->has_late && change->late_ns >= 0);
		return;
	}
	CU_ASSERT_TRUE(change->has_jiffies && change->has_late && change->has_beyond);
	CU_ASSERT_TRUE(change->late_jiffies >= 0);
	/* nor before its wheel looks at it */
	CU_ASSERT_TRUE(change->late_jiffies >= (int64_t)(arm->due - arm->expires));
	CU_ASSERT_TRUE(change->late_ns >= change->late_jiffies * seen.scene.tick_ns);
	seen.on_time += change->late_jiffies == (int64_t)(arm->due - arm->expires);
}

static void check_start(const struct kernel_arm *arm)
{
	struct symbol symbol;

	CU_ASSERT_NOT_EQUAL(arm->function, 0);
	CU_ASSERT_TRUE(arm->has_timeout);
	CU_ASSERT_TRUE(arm->armer != ARMER_UNKNOWN);
	CU_ASSERT_EQUAL(arm->armer == ARMER_INTERRUPT, arm->interrupt && arm->who.pid == 0);
	seen.nameless += !symbols_find(seen.symbols, arm->function, &symbol);
	/* Restarts by what a callback returns are made by none of those functions. */
	if (!arm->caller) {
		CU_ASSERT_TRUE(arm->rearmed);
		return;
	}
	seen.with_caller++;
	CU_ASSERT_TRUE(symbols_find(seen.symbols, arm->caller, &symbol));
	CU_ASSERT_FALSE(kernel_functions_is_wrapper(&seen.functions, arm->caller));
}

static int take_wakeup(void *context, const struct kernel_change *change)
{
	(void)context;
	CU_ASSERT_EQUAL(change->what, KERNEL_WAKEUP);
	if (change->alongside)
		seen.alongside++;
	else
		seen.wakers[change->waker]++;
	CU_ASSERT_TRUE(change->alongside || change->idle_ns > 0);
	return 0;
}

static int take_change(void *context, const struct kernel_change *change)
{
	const struct kernel_arm *arm = change->arm;

	(void)context;
	seen.whats[change->what]++;
	switch (change->what) {
	case KERNEL_STARTED:
		seen.pending++;
		check_start(arm);
		break;
	case KERNEL_REPLACED:
	case KERNEL_CANCELLED:
	case KERNEL_FIRED:
	case KERNEL_VANISHED:
		if (arm->older)
			seen.older++;
		else
			seen.pending--;
		if (change->what == KERNEL_FIRED)
			check_fired(change);
		break;
	default:
		break;
	}
	return arm ? kernel_wakeups_change(seen.wakeups, change, seen.hard,
					   kernel_functions_is_tick(&seen.functions, arm->function))
		   : 0;
}

/* The kernel's own word on when the wheel looks, where it gives one. */
static void check_bucket(const struct record *record)
{
	const unsigned place = record->timer_list.flags >> TIMER_FLAG_PLACE_SHIFT;

	if (!record->timer_list.has_bucket)
		return;
	seen.buckets++;
	CU_ASSERT_EQUAL(kernel_clocks_due(record->timer_list.expires, place),
			record->timer_list.bucket);
}

static void count_record(const struct record *record)
{
	switch (record->kind) {
	case USE_TIMER_START:
		check_bucket(record);
		seen.starts++;
		break;
	case USE_HRTIMER_START:
		seen.starts++;
		break;
	case USE_TIMER_INIT:
	case USE_HRTIMER_SETUP:
		seen.inits++;
		break;
	case USE_TIMER_EXPIRE:
	case USE_HRTIMER_EXPIRE:
		seen.entries[record->kind == USE_HRTIMER_EXPIRE]++;
		break;
	case USE_TIMER_EXIT:
	case USE_HRTIMER_EXIT:
		seen.exits[record->kind == USE_HRTIMER_EXIT]++;
		break;
	case USE_HRTIMER_EXPIRED:
		seen.expired++;
		break;
	case USE_CPU_IDLE:
		CU_ASSERT_EQUAL(record->idle.cpu, record->cpu);
		CU_ASSERT_FATAL(record->cpu < CPUS);
		seen.idle_exits += seen.idle[record->cpu] && !record->idle.idle;
		seen.idle[record->cpu] = record->idle.idle;
		break;
	default:
		break;
	}
}

static void take_event(const struct raw_event *event)
{
	struct kernel_runner runner = { .armer = ARMER_INTERRUPT };
	struct record record;

	CU_ASSERT_EQUAL_FATAL(decoder_read(seen.decoder, event, &record), 1);
	if (!probe_use_tells_of_timers(record.kind) || record.ts < seen.scene.since_ns)
		return;
	count_record(&record);
	if (!record.interrupt) {
		runner.armer = ARMER_TASK;
		/* the idle task is told apart from nobody */
		runner.who.pid = record.tid ? record.tid : -1;
	}
	if (record.kind == USE_OWNER)
		runner = (struct kernel_runner){ ARMER_TASK, { .pid = record.owner.pid }, true };
	seen.hard = record.hard;
	CU_ASSERT_EQUAL(kernel_wakeups_record(seen.wakeups, &record), 0);
	CU_ASSERT_EQUAL(kernel_timers_take(seen.timers, &record, &runner), 0);
}

static int take_format(void *context, const char *system, const char *format, struct error *err)
{
	struct meaning means;
	char name[64];

	(void)context;
	CU_ASSERT_EQUAL_FATAL(sscanf(format, "name: %63s", name), 1);
	return probe_plan_meaning(system, name, &means)
		       ? decoder_add(seen.decoder, &means, system, format, err)
		       : 0;
}

static void learn(const struct recording *recording)
{
	const char *kallsyms = recording_kallsyms(recording), *text;
	struct error err;
	size_t size;

	text = recording_scene(recording, &size);
	CU_ASSERT_PTR_NOT_NULL_FATAL(text);
	CU_ASSERT_EQUAL_FATAL(scene_parse(&seen.scene, text, size, &err), 0);
	CU_ASSERT_TRUE(seen.scene.kernel && seen.scene.callers && seen.scene.wakeups);
	CU_ASSERT_EQUAL(seen.scene.tick_ns, 4000000);
	CU_ASSERT_EQUAL(symbols_add(seen.symbols, kallsyms, strlen(kallsyms)), 0);
	CU_ASSERT_EQUAL(symbols_end(seen.symbols), 0);
	CU_ASSERT_EQUAL(kernel_functions_find(&seen.functions, seen.symbols, NULL, 0, true, &err),
			0);
	CU_ASSERT_TRUE(seen.functions.ticks[0] || seen.functions.ticks[1]);
	CU_ASSERT_NOT_EQUAL(seen.functions.sleep, 0);
}

static void take_all(struct recording *recording)
{
	size_t count;
	const struct recording_stream *streams = recording_streams(recording, &count);
	int cpus[16];
	struct merged merged;
	struct merge *merge;

	CU_ASSERT_FATAL(count <= 16);
	for (size_t i = 0; i < count; i++)
		cpus[i] = streams[i].cpu;
	merge = merge_new(cpus, count, recording_page_size(recording),
			  recording_long_size(recording), recording_read, recording);
	CU_ASSERT_PTR_NOT_NULL_FATAL(merge);
	merge_begin(merge, UINT64_MAX);
	while (merge_next(merge, &merged) == 1) {
		CU_ASSERT_EQUAL(merged.kind, MERGE_EVENT);
		if (merged.kind == MERGE_EVENT)
			take_event(&merged.event);
	}
	merge_free(merge);
}

static void read_recording(const char *series)
{
	struct kernel_scene scene;
	struct recording *recording;
	struct error err;
	char path[64];
	int fd;

	memset(&seen, 0, sizeof(seen));
	seen.series = series;
	seen.decoder = decoder_new(8);
	seen.symbols = symbols_new();
	snprintf(path, sizeof(path), "tests/fixtures/%s/kernel.dat", series);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	CU_ASSERT_FATAL(fd >= 0 && seen.decoder && seen.symbols);
	CU_ASSERT_EQUAL_FATAL(recording_open(&recording, fd, take_format, NULL, &err), 0);
	learn(recording);
	scene = (struct kernel_scene){ .since_ns = seen.scene.since_ns,
				       .tick_ns = seen.scene.tick_ns,
				       .ahead = seen.scene.ahead,
				       .ahead_count = seen.scene.ahead_count,
				       .is_wrapper = kernel_functions_is_wrapper,
				       .is_sleep = kernel_functions_is_sleep,
				       .context = &seen.functions };
	seen.timers = kernel_timers_new(&scene, take_change, NULL);
	seen.wakeups = kernel_wakeups_new(take_wakeup, NULL);
	take_all(recording);
	CU_ASSERT_EQUAL(kernel_timers_finish(seen.timers, seen.scene.end_ns), 0);
	CU_ASSERT_EQUAL(kernel_wakeups_finish(seen.wakeups), 0);
	recording_close(recording);
	close(fd);
}

static void free_seen(void)
{
	kernel_timers_free(seen.timers);
	kernel_wakeups_free(seen.wakeups);
	kernel_functions_free(&seen.functions);
	symbols_free(seen.symbols);
	decoder_free(seen.decoder);
	scene_free(&seen.scene);
}

/* What began ends, or is pending; each record is told once. */
static void expect_sums(void)
{
	const uint64_t fired = seen.whats[KERNEL_FIRED];

	CU_ASSERT_EQUAL(kernel_timers_odd(seen.timers), 0);
	CU_ASSERT_EQUAL(seen.whats[KERNEL_VANISHED], 0);
	CU_ASSERT_EQUAL(seen.whats[KERNEL_STARTED], seen.starts);
	CU_ASSERT_EQUAL(seen.whats[KERNEL_MADE], seen.inits);
	CU_ASSERT_EQUAL(fired, seen.entries[0] + seen.entries[1] + seen.expired);
	CU_ASSERT_EQUAL(seen.whats[KERNEL_RAN], seen.entries[0] + seen.entries[1]);
	CU_ASSERT_EQUAL(seen.starts + seen.older, fired + seen.whats[KERNEL_CANCELLED] +
							  seen.whats[KERNEL_REPLACED] +
							  seen.pending);
	CU_ASSERT_TRUE(seen.starts > 100 && fired > 100 && seen.older > 0 && seen.pending > 0);
	CU_ASSERT_TRUE(seen.whats[KERNEL_CANCELLED] > 0 && seen.whats[KERNEL_REPLACED] > 0);
	CU_ASSERT_EQUAL(seen.nameless, 0);
	CU_ASSERT_TRUE(seen.with_caller > seen.starts / 4);
}

static void expect_wakeups(void)
{
	const uint64_t woken = seen.wakers[WAKER_TIMER] + seen.wakers[WAKER_TICK] +
			       seen.wakers[WAKER_OTHER] + seen.wakers[WAKER_NONE];

	CU_ASSERT_EQUAL(woken, seen.idle_exits);
	CU_ASSERT_EQUAL(seen.wakers[WAKER_NONE], 0);
	CU_ASSERT_TRUE(seen.wakers[WAKER_TIMER] > 20 && seen.wakers[WAKER_OTHER] > 0);
}

static void all_of_each_kernel(void)
{
	for (int i = 0; i < FIXTURE_SERIES; i++) {
		bool tells_buckets = strcmp(fixture_series[i], "6.12") == 0 ||
				     strcmp(fixture_series[i], "7.2") == 0;

		read_recording(fixture_series[i]);
		expect_sums();
		expect_wakeups();
		CU_ASSERT_EQUAL(seen.buckets > 0, tells_buckets);
		/* many timer_list timers expire as soon as the wheel looks at them */
		CU_ASSERT_TRUE(4 * seen.on_time > seen.entries[0]);
		CU_ASSERT_EQUAL(seen.expired > 0, strcmp(fixture_series[i], "7.2") == 0);
		free_seen();
	}
}

int suite_kernel_records(void)
{
	CU_pSuite suite = CU_add_suite("kernel_records", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, all_of_each_kernel))
		return (int)CU_get_error();
	return 0;
}
