/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The plans of real kernels, and of many that there are not. */
#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixtures.h"
#include "plans.h"
#include "suites.h"

#define SETTIME EVENT_BIT(EVENT_TIMER_SETTIME)

static const struct snapshot {
	const char *file;
	struct plan_wishes wishes;
	bool no_types;
	bool hidden; /* addresses: kptr_restrict */
} snapshots[] = {
	{ "plan.txt", { .events = SETTIME, .user_ids = true }, false, false },
	{ "plan-calls.txt", { .events = EVENTS_CALLS }, false, false },
	{ "plan-all.txt", { .events = EVENTS_ALL, .lives = true, .user_ids = true }, false, false },
	{ "plan-no-types.txt",
	  { .events = EVENTS_ALL, .lives = true, .user_ids = true },
	  true,
	  false },
	{ "plan-hidden.txt", { .events = EVENTS_EXPIRE | EVENTS_SIGNAL }, false, true },
	{ "plan-toctou.txt", { .events = EVENTS_CALLS, .toctou = true }, false, false },
	{ "plan-kernel.txt", { .kernel = true, .callers = true, .wakeups = true }, false, false },
};

static void describe_kernel(const char *series, const struct snapshot *snapshot)
{
	describe();
	fixture_features(series, &kernel);
	for (int i = 0; i < OFFSET_COUNT && snapshot->no_types; i++)
		kernel.offset[i] = -1;
	for (size_t i = 0; i < kernel.symbol_count && snapshot->hidden; i++)
		kernel.symbols[i].address = 0;
	wishes = snapshot->wishes;
}

static void expect_snapshot(const char *series, const struct snapshot *snapshot)
{
	const char *update = getenv("UPDATE");
	char *text, *expected;
	size_t size;

	describe_kernel(series, snapshot);
	make_whole();
	text = write_plan();
	if (update && *update)
		fixture_write(series, snapshot->file, text);
	expected = fixture_read(series, snapshot->file, &size);
	CU_ASSERT_STRING_EQUAL(text, expected);
	if (strcmp(text, expected) != 0)
		fprintf(stderr, "\n%s: %s is now:\n%s", series, snapshot->file, text);
	free(expected);
	free(text);
}

/* UPDATE=1 in the environment writes the expected plans anew. */
static void plans_of_kernels(void)
{
	for (int i = 0; i < FIXTURE_SERIES; i++)
		for (size_t j = 0; j < sizeof(snapshots) / sizeof(snapshots[0]); j++)
			expect_snapshot(fixture_series[i], &snapshots[j]);
}

/* Each event of the plan at hand has a format; so many of them are not among the `known`. */
static size_t expect_formats(const char *series, const struct probe_plan *known)
{
	size_t count = plan.probe_count + plan.event_count;

	for (size_t i = 0; i < plan.probe_count + plan.event_count; i++) {
		const char *event = i < plan.probe_count ? plan.probes[i].event
							 : plan.events[i - plan.probe_count].event;
		char *format = fixture_format(series, event);

		CU_ASSERT_PTR_NOT_NULL(format);
		if (!format)
			fprintf(stderr, "\n%s: no %s", series, event);
		free(format);
		for (size_t j = 0; known && j < known->event_count; j++)
			count -= strcmp(known->events[j].event, event) == 0;
	}
	return count;
}

/* The kernel took the plans as they were recorded. */
static void plans_that_kernels_took(void)
{
	static struct probe_plan everything;

	for (int i = 0; i < FIXTURE_SERIES; i++) {
		size_t size, count = 0, expected;
		char *all = fixture_read(fixture_series[i], "formats", &size);

		describe_kernel(fixture_series[i], &snapshots[2]);
		wishes.entries = true; /* as they were recorded */
		make_whole();
		expected = expect_formats(fixture_series[i], NULL);
		everything = plan;
		wishes = fixture_kernel;
		make_whole();
		expected += expect_formats(fixture_series[i], &everything);
		for (const char *at = all; (at = strstr(at, "name: ")); at++)
			count += strncmp(at, "name: try_settime_before", 24) != 0 &&
				 strncmp(at, "name: try_settime_after", 23) != 0 &&
				 strncmp(at, "name: try_settime_old_after", 27) != 0;
		CU_ASSERT_EQUAL(count, expected);
		free(all);
	}
}

static void without(unsigned lack)
{
	static const struct plan_wishes all = {
		.events = EVENTS_ALL, .lives = true, .user_ids = true, .toctou = true
	};

	describe();
	wishes = all;
	kernel.arrays = !(lack & 1);
	kernel.user_memory = !(lack & 2);
	kernel.ustring = !(lack & 2);
	for (int i = 0; i < OFFSET_COUNT && lack & 4; i++)
		kernel.offset[i] = i % 2 ? INT32_MAX / 4 : 100000; /* the longest there are */
	if (lack & 8)
		kernel.offset[OFFSET_CRED_UID] = kernel.offset[OFFSET_SIGNAL_REAL] =
			kernel.offset[OFFSET_KSIGNAL_INFO] = kernel.offset[OFFSET_FILE_PRIVATE] =
				-1;
	list_symbols();
	for (size_t i = 0; i < kernel.symbol_count; i++)
		kernel.symbols[i].address |= 0xffffffff80000000;
}

/* With any one or two of a plan's symbols missing or refused and any syntax missing. */
static void limits_hold_in_any_plan(void)
{
	for (unsigned lack = 0; lack < 16; lack++) {
		without(lack);
		for (size_t i = 0; i < kernel.symbol_count; i++) {
			for (size_t j = i; j < kernel.symbol_count; j += 1 + lack % 4) {
				without(lack);
				kernel.symbols[i].count = 0;
				kernel.symbols[j].count = 2;
				if (make() == 0)
					check_limits();
			}
		}
	}
}

/* Each event, and each with each option: no plan has more than it can hold, or a probe twice. */
static void limits_hold_for_any_wishes(void)
{
	for (uint32_t event = 0; event <= EVENT_COUNT; event++) {
		for (unsigned options = 0; options < 8; options++) {
			without(0);
			wishes.events = event == EVENT_COUNT ? EVENTS_ALL : EVENT_BIT(event);
			wishes.lives = options & 1;
			wishes.user_ids = options & 2;
			wishes.toctou = options & 4;
			make_whole();
			CU_ASSERT_PTR_NOT_NULL(find_tracepoint("task_newtask"));
		}
	}
}

/* Whatever the kernel refuses, and in whatever order, is not planned again, and there
 * is an end to it. */
static void refused_one_after_the_other(void)
{
	for (size_t first = 0; first < 60; first += 7) {
		size_t made = 0;

		without(0);
		CU_ASSERT_EQUAL_FATAL(make(), 0);
		while (kernel.refused_count < FEATURE_REFUSED_MAX) {
			const struct probe *probe = &plan.probes[(first + made) % plan.probe_count];

			/* without these there is no plan */
			if (probe->means.abi == ABI_64) {
				first++;
				continue;
			}
			CU_ASSERT_EQUAL(
				kernel_features_refuse(&kernel, probe->symbol, probe->args, "no"),
				0);
			made++;
			make_whole();
			for (size_t i = 0; i < plan.probe_count; i++)
				CU_ASSERT_TRUE(kernel_features_usable(
					&kernel, plan.probes[i].symbol, plan.probes[i].args));
		}
	}
}

/* What is in no plan has no meaning; the plans' own names are tried with every plan. */
static void names_of_others(void)
{
	static const char *const others[][2] = {
		{ "timersnoop", "settime" },
		{ "timersnoop", "settime_" },
		{ "timersnoop", "settime_enter_" },
		{ "timersnoop", "settime_enter_x32" },
		{ "timersnoop", "settime_enter_ia32_time32_" },
		{ "timersnoop", "settime_between" },
		{ "timersnoop", "fd_settime" },
		{ "timersnoop", "" },
		{ "timersnoop", "try_" },
		{ "timersnoop", "task_newtask" },
		{ "timersnooper", "settime_enter" },
		{ "timersnoo", "settime_enter" },
		{ "kprobes", "settime_enter" },
		{ "", "settime_enter" },
		{ "sched", "task_newtask" },
		{ "task", "settime_new" },
		{ "timer", "timer_expired" },
	};
	struct meaning means;

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		CU_ASSERT_FALSE(probe_plan_meaning(others[i][0], others[i][1], &means));
	CU_ASSERT_TRUE(probe_plan_meaning("timersnoop", "fd_settime_old_after_ia32", &means));
	CU_ASSERT_EQUAL(means.use, USE_USER_OLD);
	CU_ASSERT_EQUAL(means.event, EVENT_TIMERFD_SETTIME);
	CU_ASSERT_EQUAL(means.abi, ABI_32);
	CU_ASSERT_TRUE(probe_plan_meaning("timersnoop_1", "try_settime_user", &means));
	CU_ASSERT_EQUAL(means.use, USE_USER);
}

int suite_plan_kernels(void)
{
	CU_pSuite suite = CU_add_suite("plan_kernels", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, names_of_others) ||
	    !CU_ADD_TEST(suite, plans_of_kernels) || !CU_ADD_TEST(suite, plans_that_kernels_took) ||
	    !CU_ADD_TEST(suite, limits_hold_in_any_plan) ||
	    !CU_ADD_TEST(suite, limits_hold_for_any_wishes) ||
	    !CU_ADD_TEST(suite, refused_one_after_the_other))
		return (int)CU_get_error();
	return 0;
}
