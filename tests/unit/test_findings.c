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
	} expected[] = {
		{ "rearm-storm", SEVERITY_WARNING },    { "too-short", SEVERITY_WARNING },
		{ "past", SEVERITY_WARNING },           { "overrun", SEVERITY_WARNING },
		{ "signal-blocked", SEVERITY_WARNING }, { "signal-ignored", SEVERITY_WARNING },
		{ "calls-fail", SEVERITY_ERROR },       { "bad-value", SEVERITY_ERROR },
		{ "never-armed", SEVERITY_INFO },       { "leak", SEVERITY_WARNING },
		{ "zero-value", SEVERITY_WARNING },     { "late", SEVERITY_WARNING },
		{ "wrong-clock", SEVERITY_ERROR },      { "herd", SEVERITY_INFO },
		{ "memory-changed", SEVERITY_ERROR },   { "data-incomplete", SEVERITY_WARNING },
	};
	char names[FINDING_NAMES_MAX], all[FINDING_NAMES_MAX] = "any, warning, error";

	CU_ASSERT_EQUAL_FATAL(FINDING_COUNT, sizeof(expected) / sizeof(expected[0]));
	for (unsigned id = 0; id < FINDING_COUNT; id++) {
		CU_ASSERT_STRING_EQUAL(finding_kinds[id].id, expected[id].id);
		CU_ASSERT_EQUAL(finding_kinds[id].severity, expected[id].severity);
		CU_ASSERT_TRUE(strlen(finding_kinds[id].advice) > 10);
		CU_ASSERT_EQUAL(findings_named(expected[id].id), FINDING_BIT(id));
		strcat(strcat(all, ", "), expected[id].id);
	}
	findings_names(names);
	CU_ASSERT_STRING_EQUAL(names, all); /* none is cut */
	CU_ASSERT_STRING_EQUAL(severity_name(SEVERITY_INFO), "info");
	CU_ASSERT_STRING_EQUAL(severity_name(SEVERITY_WARNING), "warning");
	CU_ASSERT_STRING_EQUAL(severity_name(SEVERITY_ERROR), "error");
}

static void sets(void)
{
	uint32_t errors = FINDING_BIT(FINDING_CALLS_FAIL) | FINDING_BIT(FINDING_BAD_VALUE) |
			  FINDING_BIT(FINDING_WRONG_CLOCK) | FINDING_BIT(FINDING_MEMORY_CHANGED);
	uint32_t infos = FINDING_BIT(FINDING_NEVER_ARMED) | FINDING_BIT(FINDING_HERD);
	static const char *const wrong[] = { "", "info", "all", "lat", "lates", "Late", "any " };

	CU_ASSERT_EQUAL(findings_named("any"), FINDINGS_ALL);
	CU_ASSERT_EQUAL(findings_named("error"), errors);
	CU_ASSERT_EQUAL(findings_named("warning"), FINDINGS_ALL & ~infos);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		CU_ASSERT_EQUAL(findings_named(wrong[i]), 0);
}

static void usual_limits(void)
{
	const struct finding_limits *usual = &finding_limits_default;

	CU_ASSERT_TRUE(usual->storm == 100 && usual->overruns == 5 && usual->failures == 1);
	CU_ASSERT_TRUE(usual->leak == 10 && usual->herd == 10);
	CU_ASSERT_TRUE(usual->short_ns == 50000 && usual->blocked_ns == 100000000);
	CU_ASSERT_TRUE(usual->late_ns == 10000000 && usual->herd_ns == 100000);
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
	};

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct finding_limits found = finding_limits_default;
		struct finding_limits expected = finding_limits_default;
		struct error err = { 0 };

		memcpy((char *)&expected + good[i].at, &good[i].value, sizeof(good[i].value));
		CU_ASSERT_EQUAL(findings_set_limit(&found, good[i].text, "--limit", &err), 0);
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
		{ "0123456789012345678901234567890123456789012345678901234567890123456789=1",
		  "--limit has no limit "
		  "'0123456789012345678901234567890123456789012345678901234567890123'" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct finding_limits found = finding_limits_default;
		struct error err = { 0 };

		CU_ASSERT_EQUAL(findings_set_limit(&found, cases[i].text, "--limit", &err),
				-EINVAL);
		CU_ASSERT_EQUAL(err.code, EINVAL);
		CU_ASSERT_STRING_EQUAL(err.text, cases[i].said);
		if (strstr(cases[i].said, "has no limit"))
			CU_ASSERT_STRING_EQUAL(err.hint,
					       "limits: storm, short, overruns, blocked, failures, "
					       "leak, late, herd, herd-time");
	}
}

int suite_findings(void)
{
	CU_pSuite suite = CU_add_suite("findings", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, kinds) || !CU_ADD_TEST(suite, sets) ||
	    !CU_ADD_TEST(suite, usual_limits) || !CU_ADD_TEST(suite, limits) ||
	    !CU_ADD_TEST(suite, wrong_limits))
		return (int)CU_get_error();
	return 0;
}
