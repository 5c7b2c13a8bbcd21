/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <CUnit/Basic.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "suites.h"
#include "timersnoop/findings.h"

static void kinds(void)
{
	static const struct {
		const char *id;
		enum severity severity;
		enum finding_of of;
	} expected[] = {
		{ "rearm-storm", SEVERITY_WARNING, FINDING_OF_STAT },
		{ "too-short", SEVERITY_WARNING, FINDING_OF_STAT },
		{ "past", SEVERITY_WARNING, FINDING_OF_STAT },
		{ "overrun", SEVERITY_WARNING, FINDING_OF_STAT },
		{ "signal-blocked", SEVERITY_WARNING, FINDING_OF_STAT },
		{ "signal-ignored", SEVERITY_WARNING, FINDING_OF_STAT },
		{ "calls-fail", SEVERITY_ERROR, FINDING_OF_STAT },
		{ "bad-value", SEVERITY_ERROR, FINDING_OF_STAT },
		{ "never-armed", SEVERITY_INFO, FINDING_OF_STAT },
		{ "leak", SEVERITY_WARNING, FINDING_OF_STAT },
		{ "zero-value", SEVERITY_WARNING, FINDING_OF_STAT },
		{ "late", SEVERITY_WARNING, FINDING_OF_STAT },
		{ "wrong-clock", SEVERITY_ERROR, FINDING_OF_STAT },
		{ "herd", SEVERITY_INFO, FINDING_OF_STAT },
		{ "memory-changed", SEVERITY_ERROR, FINDING_OF_STAT },
		{ "always-fires", SEVERITY_INFO, FINDING_OF_KERNEL },
		{ "slow-callback", SEVERITY_WARNING, FINDING_OF_KERNEL },
		{ "every-jiffy", SEVERITY_WARNING, FINDING_OF_KERNEL },
		{ "keeps-awake", SEVERITY_WARNING, FINDING_OF_KERNEL },
		{ "overdue", SEVERITY_WARNING, FINDING_OF_KERNEL },
		{ "data-incomplete", SEVERITY_WARNING, FINDING_OF_ALL },
	};
	static const enum finding_of commands[] = { FINDING_OF_STAT, FINDING_OF_KERNEL };

	CU_ASSERT_EQUAL_FATAL(FINDING_COUNT, sizeof(expected) / sizeof(expected[0]));
	for (size_t i = 0; i < 2; i++) {
		char names[FINDING_NAMES_MAX], all[FINDING_NAMES_MAX] = "any, warning, error";

		for (unsigned id = 0; id < FINDING_COUNT; id++) {
			bool has = expected[id].of & commands[i];

			CU_ASSERT_EQUAL(findings_named(expected[id].id, commands[i]),
					has ? FINDING_BIT(id) : 0);
			if (has)
				strcat(strcat(all, ", "), expected[id].id);
		}
		findings_names(names, commands[i]);
		CU_ASSERT_STRING_EQUAL(names, all); /* none is cut */
	}
	for (unsigned id = 0; id < FINDING_COUNT; id++) {
		CU_ASSERT_STRING_EQUAL(finding_kinds[id].id, expected[id].id);
		CU_ASSERT_EQUAL(finding_kinds[id].severity, expected[id].severity);
		CU_ASSERT_EQUAL(finding_kinds[id].of, expected[id].of);
		CU_ASSERT_TRUE(strlen(finding_kinds[id].advice) > 10);
	}
	CU_ASSERT_STRING_EQUAL(severity_name(SEVERITY_INFO), "info");
	CU_ASSERT_STRING_EQUAL(severity_name(SEVERITY_WARNING), "warning");
	CU_ASSERT_STRING_EQUAL(severity_name(SEVERITY_ERROR), "error");
}

static void sets(void)
{
	const uint32_t errors = FINDING_BIT(FINDING_CALLS_FAIL) | FINDING_BIT(FINDING_BAD_VALUE) |
				FINDING_BIT(FINDING_WRONG_CLOCK) |
				FINDING_BIT(FINDING_MEMORY_CHANGED);
	const uint32_t infos = FINDING_BIT(FINDING_NEVER_ARMED) | FINDING_BIT(FINDING_HERD);
	const uint32_t all =
		FINDING_BIT(FINDING_ALWAYS_FIRES) - 1 + FINDING_BIT(FINDING_DATA_INCOMPLETE);
	const uint32_t of_kernel =
		FINDING_BIT(FINDING_ALWAYS_FIRES) | FINDING_BIT(FINDING_SLOW_CALLBACK) |
		FINDING_BIT(FINDING_EVERY_JIFFY) | FINDING_BIT(FINDING_KEEPS_AWAKE) |
		FINDING_BIT(FINDING_OVERDUE) | FINDING_BIT(FINDING_DATA_INCOMPLETE);
	static const char *const wrong[] = { "", "info", "all", "lat", "lates", "Late", "any " };

	CU_ASSERT_EQUAL(findings_named("any", FINDING_OF_STAT), all);
	CU_ASSERT_EQUAL(findings_named("error", FINDING_OF_STAT), errors);
	CU_ASSERT_EQUAL(findings_named("warning", FINDING_OF_STAT), all & ~infos);
	CU_ASSERT_EQUAL(findings_named("any", FINDING_OF_KERNEL), of_kernel);
	CU_ASSERT_EQUAL(findings_named("error", FINDING_OF_KERNEL), 0);
	CU_ASSERT_EQUAL(findings_named("warning", FINDING_OF_KERNEL),
			of_kernel & ~FINDING_BIT(FINDING_ALWAYS_FIRES));
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		CU_ASSERT_EQUAL(findings_named(wrong[i], FINDING_OF_ALL), 0);
}

static void usual_limits(void)
{
	const struct finding_limits *usual = &finding_limits_default;

	CU_ASSERT_TRUE(usual->storm == 100 && usual->overruns == 5 && usual->failures == 1);
	CU_ASSERT_TRUE(usual->leak == 10 && usual->herd == 10);
	CU_ASSERT_TRUE(usual->short_ns == 50000 && usual->blocked_ns == 100000000);
	CU_ASSERT_TRUE(usual->late_ns == 10000000 && usual->herd_ns == 100000);
	CU_ASSERT_TRUE(usual->fires == 20 && usual->jiffies == 50 && usual->awake == 50);
	CU_ASSERT_TRUE(usual->run_ns == 1000000 && usual->overdue_ns == 10000000);
}

/* Each one sets what it says and nothing else. */
static void limits(void)
{
	static const struct {
		const char *text;
		size_t at;
		int64_t value;
	} good[] = {
		{ "storm=7", offsetof(struct finding_limits, storm), 7 },
		{ "short=1us", offsetof(struct finding_limits, short_ns), 1000 },
		{ "overruns=1", offsetof(struct finding_limits, overruns), 1 },
		{ "blocked=2s", offsetof(struct finding_limits, blocked_ns), 2000000000 },
		{ "failures=3", offsetof(struct finding_limits, failures), 3 },
		{ "leak=9999999999999999999", offsetof(struct finding_limits, leak),
		  (int64_t)9999999999999999999ULL },
		{ "late=0", offsetof(struct finding_limits, late_ns), 0 },
		{ "late=1.5", offsetof(struct finding_limits, late_ns), 1500000000 },
		{ "herd=2", offsetof(struct finding_limits, herd), 2 },
		{ "herd-time=7ns", offsetof(struct finding_limits, herd_ns), 7 },
		{ "fires=1", offsetof(struct finding_limits, fires), 1 },
		{ "run=3us", offsetof(struct finding_limits, run_ns), 3000 },
		{ "jiffies=8", offsetof(struct finding_limits, jiffies), 8 },
		{ "awake=9", offsetof(struct finding_limits, awake), 9 },
		{ "overdue=1s", offsetof(struct finding_limits, overdue_ns), 1000000000 },
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct finding_limits found = finding_limits_default;
		struct finding_limits expected = finding_limits_default;
		struct error err = { 0 };

		memcpy((char *)&expected + good[i].at, &good[i].value, sizeof(good[i].value));
		CU_ASSERT_EQUAL(
			findings_set_limit(&found, good[i].text, FINDING_OF_ALL, "--limit", &err),
			0);
		CU_ASSERT_EQUAL(memcmp(&found, &expected, sizeof(found)), 0);
	}
}

static void wrong_limits(void)
{
#define WHOLE "a whole number from 1 up"
#define DURATION "a duration, such as 1ms"
	static const struct {
		const char *text, *said;
	} cases[] = {
		{ "storm=0", "--limit storm takes " WHOLE ", not '0'" },
		{ "storm=", "--limit storm takes " WHOLE ", not ''" },
		{ "storm", "--limit storm takes " WHOLE ", not ''" },
		{ "storm=-1", "--limit storm takes " WHOLE ", not '-1'" },
		{ "storm=+1", "--limit storm takes " WHOLE ", not '+1'" },
		{ "storm= 1", "--limit storm takes " WHOLE ", not ' 1'" },
		{ "storm=1x", "--limit storm takes " WHOLE ", not '1x'" },
		{ "storm=1.5", "--limit storm takes " WHOLE ", not '1.5'" },
		{ "leak=99999999999999999999",
		  "--limit leak takes " WHOLE ", not '99999999999999999999'" },
		{ "late=", "--limit late takes " DURATION ", not ''" },
		{ "late=-1ms", "--limit late takes " DURATION ", not '-1ms'" },
		{ "late=1parsec", "--limit late takes " DURATION ", not '1parsec'" },
		{ "herd-time=999999999h",
		  "--limit herd-time takes " DURATION ", not '999999999h'" },
		{ "", "--limit has no limit ''" },
		{ "=5", "--limit has no limit ''" },
		{ "lat=5ms", "--limit has no limit 'lat'" },
		{ "later=5ms", "--limit has no limit 'later'" },
		{ "herd-tim=5ms", "--limit has no limit 'herd-tim'" },
		{ "overdue=5ms", "--limit has no limit 'overdue'" }, /* of another command */
		{ "0123456789012345678901234567890123456789012345678901234567890123456789=1",
		  "--limit has no limit "
		  "'0123456789012345678901234567890123456789012345678901234567890123'" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct finding_limits found = finding_limits_default;
		struct error err = { 0 };

		CU_ASSERT_EQUAL(
			findings_set_limit(&found, cases[i].text, FINDING_OF_STAT, "--limit", &err),
			-EINVAL);
		CU_ASSERT_EQUAL(err.code, EINVAL);
		CU_ASSERT_STRING_EQUAL(err.text, cases[i].said);
		if (strstr(cases[i].said, "has no limit"))
			CU_ASSERT_STRING_EQUAL(err.hint,
					       "limits: storm, short, overruns, blocked, failures, "
					       "leak, late, herd, herd-time");
	}
}

/* Those of another command are none of this one's. */
static void limits_of_kernel(void)
{
	struct finding_limits found = finding_limits_default;
	struct error err = { 0 };

	CU_ASSERT_EQUAL(findings_set_limit(&found, "storm=5", FINDING_OF_KERNEL, "--limit", &err),
			-EINVAL);
	CU_ASSERT_STRING_EQUAL(err.text, "--limit has no limit 'storm'");
	CU_ASSERT_STRING_EQUAL(err.hint, "limits: fires, run, jiffies, awake, overdue");
	CU_ASSERT_EQUAL(memcmp(&found, &finding_limits_default, sizeof(found)), 0);
}

/* A finding of which only this is told. */
static void find(struct findings *findings, enum finding_id id, int32_t pid, const char *callback,
		 int32_t cpu)
{
	struct finding *finding = findings_add(findings);

	CU_ASSERT_PTR_NOT_NULL_FATAL(finding);
	CU_ASSERT_TRUE(!finding->has_callback && !finding->has_cpu && !finding->evidence[0]);
	finding->id = id;
	finding->pid = pid;
	finding->has_callback = finding->has_cpu = true;
	snprintf(finding->callback, sizeof(finding->callback), "%s", callback);
	finding->cpu = cpu;
}

/* The gravest first, then by kind, process, callback and CPU. */
static void order(void)
{
	static const struct {
		enum finding_id id;
		int32_t pid;
		const char *callback;
		int32_t cpu;
	} expected[] = {
		{ FINDING_CALLS_FAIL, 9, "z", 9 },     { FINDING_SLOW_CALLBACK, 1, "z", 9 },
		{ FINDING_SLOW_CALLBACK, 2, "a", 1 },  { FINDING_SLOW_CALLBACK, 2, "a", 3 },
		{ FINDING_SLOW_CALLBACK, 2, "b", 0 },  { FINDING_OVERDUE, 0, "", 0 },
		{ FINDING_DATA_INCOMPLETE, 0, "", 0 }, { FINDING_ALWAYS_FIRES, 0, "", 0 },
	};
	const size_t count = sizeof(expected) / sizeof(expected[0]);
	const struct diagnosis_loss none = { .incomplete = false }, loss = { true, "3 records" };
	struct findings findings = { .count = 0 };

	findings_sort(&findings);
	CU_ASSERT_EQUAL(findings_add_loss(&findings, &none), 0);
	CU_ASSERT_EQUAL(findings.count, 0);
	CU_ASSERT_EQUAL(findings_add_loss(&findings, &loss), 0);
	for (size_t i = count; i--;)
		if (expected[i].id != FINDING_DATA_INCOMPLETE)
			find(&findings, expected[i].id, expected[i].pid, expected[i].callback,
			     expected[i].cpu);
	findings_sort(&findings);
	CU_ASSERT_EQUAL_FATAL(findings.count, count);
	for (size_t i = 0; i < count; i++) {
		const struct finding *finding = &findings.list[i];

		CU_ASSERT_EQUAL(finding->id, expected[i].id);
		CU_ASSERT_EQUAL(finding->pid, expected[i].pid);
		CU_ASSERT_STRING_EQUAL(finding->callback, expected[i].callback);
		CU_ASSERT_EQUAL(finding->cpu, expected[i].cpu);
		if (finding->id == FINDING_DATA_INCOMPLETE)
			CU_ASSERT_STRING_EQUAL(finding->evidence, "3 records");
	}
	findings_free(&findings);
	CU_ASSERT_PTR_NULL(findings.list);
}

int suite_findings(void)
{
	CU_pSuite suite = CU_add_suite("findings", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, kinds) || !CU_ADD_TEST(suite, sets) ||
	    !CU_ADD_TEST(suite, usual_limits) || !CU_ADD_TEST(suite, limits) ||
	    !CU_ADD_TEST(suite, wrong_limits) || !CU_ADD_TEST(suite, limits_of_kernel) ||
	    !CU_ADD_TEST(suite, order))
		return (int)CU_get_error();
	return 0;
}
