/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What findings are of, in text and JSON. Those of `stat` are in test_report.c as well. */
#include <CUnit/Basic.h>
#include <string.h>

#include "outs.h"
#include "suites.h"
#include "timersnoop/out_findings.h"

#define CONTROLS_15 "\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1"
#define ALL_OF_IT                                                                                  \
	{                                                                                          \
		.has_process = true, .pid = 42, .comm = "app", .has_callback = true,               \
		.callback = "it_real_fn", .has_cpu = true, .cpu = 3                                \
	}

static void subjects(void)
{
	static const struct {
		struct finding finding;
		const char *text, *json;
	} cases[] = {
		{ { .timers = 7 }, "", ",\"pid\":null,\"comm\":null,\"timer\":null" },
		{ { .has_process = true, .pid = 42, .comm = "app" },
		  "app (42)",
		  ",\"pid\":42,\"comm\":\"app\",\"timer\":null" },
		{ { .has_process = true, .comm = "a b", .timers = 1 },
		  "a\\040b",
		  ",\"pid\":null,\"comm\":\"a b\",\"timer\":null" },
		{ { .has_process = true, .pid = 1, .comm = "x", .timers = 2 },
		  "x (1), 2 timers",
		  ",\"pid\":1,\"comm\":\"x\",\"timer\":null" },
		{ { .has_process = true,
		    .pid = 1,
		    .comm = "x",
		    .timers = 2,
		    .has_timer = true,
		    .timer = "fd3" },
		  "x (1) timer fd3",
		  ",\"pid\":1,\"comm\":\"x\",\"timer\":\"fd3\"" },
		{ { .has_callback = true, .callback = "it_real_fn", .timers = 5 },
		  "callback it_real_fn, 5 timers",
		  ",\"pid\":null,\"comm\":null,\"timer\":null,\"callback\":\"it_real_fn\",\"cpu\":"
		  "null" },
		{ { .has_cpu = true, .cpu = 3 },
		  "CPU 3",
		  ",\"pid\":null,\"comm\":null,\"timer\":null,\"callback\":null,\"cpu\":3" },
		{ { .has_callback = true, .callback = "\"\033", .has_cpu = true },
		  "callback \"\\033 on CPU 0",
		  ",\"pid\":null,\"comm\":null,\"timer\":null,\"callback\":\"\\\"\\u001b\",\"cpu\":"
		  "0" },
		{ ALL_OF_IT, "app (42) callback it_real_fn on CPU 3",
		  ",\"pid\":42,\"comm\":\"app\",\"timer\":null,\"callback\":\"it_real_fn\",\"cpu\":"
		  "3" },
	};
	char text[OUT_FINDINGS_SUBJECT_MAX], json[1024];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		out_findings_subject(text, &cases[i].finding);
		CU_ASSERT_STRING_EQUAL(text, cases[i].text);
		*out_findings_json_subject(json, &cases[i].finding) = '\0';
		CU_ASSERT_STRING_EQUAL(json, cases[i].json);
	}
}

/* There is room for the longest. */
static void longest(void)
{
	struct finding finding = { .has_process = true,
				   .pid = INT32_MIN,
				   .comm = CONTROLS_15,
				   .has_callback = true,
				   .has_cpu = true,
				   .cpu = INT32_MIN,
				   .timers = UINT64_MAX };
	char text[OUT_FINDINGS_SUBJECT_MAX];

	memset(finding.callback, 1, sizeof(finding.callback) - 1);
	out_findings_subject(text, &finding);
	CU_ASSERT_TRUE(strlen(text) + 1 + 8 /* LINE_SLACK */ <= sizeof(text));
	CU_ASSERT_PTR_NOT_NULL(strstr(text, " on CPU -2147483648, 18446744073709551615 timers"));
}

static void lines(void)
{
	struct finding list[] = { ALL_OF_IT };
	const struct findings findings = { .list = list, .count = 1 };
	struct out_style style = plain;
	struct sink *sink;
	int fd;

	list[0].id = FINDING_KEEPS_AWAKE;
	list[0].count = 9;
	strcpy(list[0].evidence, "it did");
	sink = open_sink(&fd);
	out_findings(sink, &style, &findings);
	expect(sink, fd,
	       "\n"
	       "warning keeps-awake: app (42) callback it_real_fn on CPU 3\n"
	       "  seen: it did\n"
	       "  do:   let it run less often, give it slack or make it deferrable, and ask for "
	       "less in the process behind it\n");
	style.format = OUT_JSON;
	sink = open_sink(&fd);
	out_findings(sink, &style, &findings);
	expect(sink, fd,
	       "{\"event\":\"finding\",\"id\":\"keeps-awake\",\"severity\":\"warning\",\"pid\":42,"
	       "\"comm\":\"app\",\"timer\":null,\"callback\":\"it_real_fn\",\"cpu\":3,\"timers\":0,"
	       "\"count\":9,\"evidence\":\"it did\",\"advice\":\"let it run less often, give it "
	       "slack or make it deferrable, and ask for less in the process behind it\"}\n");
	style.format = OUT_CSV;
	sink = open_sink(&fd);
	out_findings(sink, &style, &findings);
	out_findings_expectation(sink, &style, "fired>1", NULL);
	expect(sink, fd, "");
}

int suite_out_findings(void)
{
	CU_pSuite suite = CU_add_suite("out_findings", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, subjects) || !CU_ADD_TEST(suite, longest) ||
	    !CU_ADD_TEST(suite, lines))
		return (int)CU_get_error();
	return 0;
}
