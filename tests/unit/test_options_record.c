/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options of record and report, and what recordings and the rest exclude. */
#include <CUnit/Basic.h>
#include <errno.h>
#include <string.h>

#include "timersnoop/events.h"
#include "timersnoop/options.h"

#include "parsed.h"
#include "suites.h"

/* record and what it records; report, which is trace -i. */
static void recordings(void)
{
	CU_ASSERT_EQUAL(PARSE("record"), 0);
	CU_ASSERT_EQUAL(parsed.command, COMMAND_RECORD);
	CU_ASSERT_STRING_EQUAL(parsed.output, "timersnoop.dat");
	CU_ASSERT_EQUAL(parsed.probed_events, EVENTS_ALL);
	CU_ASSERT_TRUE(parsed.probed_lives && parsed.default_events);
	CU_ASSERT_EQUAL(parsed.events, EVENTS_CALLS);
	CU_ASSERT_FALSE(parsed.lives || parsed.print);
	CU_ASSERT_EQUAL(parsed.ring_bytes + (uint64_t)parsed.ring_ns, 0);
	CU_ASSERT_PTR_NULL(parsed.input);
	parsed_done();
	CU_ASSERT_EQUAL(PARSE("record", "-e", "expire", "-o", "-", "-q"), 0);
	CU_ASSERT_EQUAL(parsed.probed_events, EVENTS_EXPIRE);
	CU_ASSERT_FALSE(parsed.probed_lives || parsed.default_events);
	CU_ASSERT_PTR_NULL(parsed.output);
	parsed_done();
	CU_ASSERT_EQUAL(PARSE("record", "--lives"), 0);
	CU_ASSERT_EQUAL(parsed.probed_events, EVENTS_ALL);
	CU_ASSERT_TRUE(parsed.probed_lives && parsed.lives);
	parsed_done();
	CU_ASSERT_EQUAL(PARSE("record", "--print", "-w", "--format", "csv", "-x", "-o", "f"), 0);
	CU_ASSERT_TRUE(parsed.print && parsed.wide && parsed.failed);
	parsed_done();
	CU_ASSERT_EQUAL(PARSE("report"), 0);
	CU_ASSERT_EQUAL(parsed.command, COMMAND_TRACE);
	CU_ASSERT_STRING_EQUAL(parsed.input, "timersnoop.dat");
	parsed_done();
	CU_ASSERT_EQUAL(PARSE("report", "-x", "file", "-w"), 0);
	CU_ASSERT_STRING_EQUAL(parsed.input, "file");
	CU_ASSERT_TRUE(parsed.failed && parsed.wide);
	parsed_done();
	CU_ASSERT_EQUAL(PARSE("-i", "file", "report", "-w"), 0);
	CU_ASSERT_STRING_EQUAL(parsed.input, "file");
	parsed_done();
	CU_ASSERT_EQUAL(PARSE("record", "ls"), -EINVAL);
	CU_ASSERT_STRING_EQUAL(parsed_error.hint,
			       "to trace a program, put '--' before it: timersnoop record -- ls");
	parsed_done();
	CU_ASSERT_EQUAL(PARSE("-i", "-", "--lives"), 0);
	CU_ASSERT_STRING_EQUAL(parsed.input, "-");
	parsed_done();
}

static void rings(void)
{
	static const struct {
		const char *text;
		uint64_t bytes;
		int64_t ns;
	} cases[] = {
		{ "64K", 65536, 0 },
		{ "16m", 0, 16 * 60 * NSEC_PER_SEC },
		{ "16M", 16 << 20, 0 },
		{ "1G", 1ULL << 30, 0 },
		{ "1024G", 1ULL << 40, 0 },
		{ "65536", 65536, 0 },
		{ "30s", 0, 30 * NSEC_PER_SEC },
		{ "1.5s", 0, 1500000000 },
		{ "500ms", 0, 500000000 },
		{ "2h", 0, 7200 * NSEC_PER_SEC },
	};
	static const char *const wrong[] = {
		"",   "0",    "63K", "1025G", "16X",  "s",  "-5s",
		"0s", "1.5M", "M",   "1e3s",  "16 M", "ms", "18446744073709551615G"
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CU_ASSERT_EQUAL(PARSE("record", "--ring", cases[i].text), 0);
		CU_ASSERT_EQUAL(parsed.ring_bytes, cases[i].bytes);
		CU_ASSERT_EQUAL(parsed.ring_ns, cases[i].ns);
		parsed_done();
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		CU_ASSERT_EQUAL(PARSE("record", "--ring", wrong[i]), -EINVAL);
		CU_ASSERT_PTR_NOT_NULL(
			strstr(parsed_error.text, "--ring takes a size from 64K to 1024G"));
		parsed_done();
	}
}

/* What is about tracing, about recording, or about showing, and not the other. */
static void recordings_and_others(void)
{
	static const struct {
		const char *args[6];
		const char *text;
	} cases[] = {
		{ { "record", "--format", "json" }, "--format: record shows nothing" },
		{ { "record", "--strace" }, "--strace: record shows nothing" },
		{ { "record", "--time", "mono" }, "--time: record shows nothing" },
		{ { "record", "-w" }, "--wide: record shows nothing" },
		{ { "record", "--no-header" }, "--no-header: record shows nothing" },
		{ { "record", "--color", "never" }, "--color: record shows nothing" },
		{ { "record", "-i", "x" }, "record takes no --input" },
		{ { "record", "--dry-run" }, "record takes no --dry-run: trace has it" },
		{ { "record", "--print", "-q" }, "--print and -q exclude each other" },
		{ { "record", "--print", "-o", "-" },
		  "--print and -o - exclude each other: both write to standard output" },
		{ { "record", "-x" }, "-x chooses what is shown or counted, not what is recorded" },
		{ { "record", "-u", "root" },
		  "-u chooses what is shown or counted, not what is recorded" },
		{ { "--print" }, "--print is about recording: see record" },
		{ { "--ring", "1M" }, "--ring is about recording: see record" },
		{ { "report", "--ring", "1M" }, "--ring is about recording: see record" },
		{ { "report", "--run-as" }, "--run-as is about tracing, not about a recording" },
		{ { "report", "--dry-run" }, "--dry-run is about tracing, not about a recording" },
		{ { "report", "--buffer-size", "1M" },
		  "--buffer-size is about tracing, not about a recording" },
		{ { "-i", "x", "--", "true" },
		  "a recording is shown, and COMMAND is traced: one or the other" },
		{ { "report", "--cleanup" }, "--cleanup takes no other command" },
		{ { "report", "" }, "report takes the name of a recording, not ''" },
		{ { "list", "-i", "x" }, "list takes no --input" },
		{ { "doctor", "--print" }, "doctor takes no --print" },
		{ { "-i", "" }, "-i takes the name of a recording, not ''" },
		{ { "report", "a", "b" }, "report takes one recording: 'b' is another" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		CU_ASSERT_EQUAL(parse_words(cases[i].args), -EINVAL);
		CU_ASSERT_STRING_EQUAL(parsed_error.text, cases[i].text);
		parsed_done();
	}
	CU_ASSERT_EQUAL(PARSE("record", "-x", "-c", "1"), 0);
	parsed_done();
}

int suite_options_record(void)
{
	CU_pSuite suite = CU_add_suite("options_record", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, recordings) || !CU_ADD_TEST(suite, rings) ||
	    !CU_ADD_TEST(suite, recordings_and_others))
		return CU_get_error();
	return 0;
}
