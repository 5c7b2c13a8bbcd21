/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows of a table of our own, byte for byte, and of events. */
#include <CUnit/Basic.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "outs.h"
#include "suites.h"
#include "timersnoop/event_fields.h"
#include "timersnoop/out_rows.h"

/* What the rows are about. */
struct thing {
	bool unknown;
	uint64_t count;
	int64_t number;
	double rate;
	const char *text;
};

static void get(const void *of, struct field_value *value)
{
	const struct thing *thing = of;

	value->known = !thing->unknown;
	value->count = thing->count;
	value->number = thing->number;
	value->rate = thing->rate;
	value->text = thing->text;
}

static void get_nothing(const void *of, struct field_value *value)
{
	(void)of;
	(void)value;
}

static const struct field fields[] = {
	{ "text", FIELD_TEXT, NULL, NULL, "", get },
	{ "count", FIELD_COUNT, NULL, NULL, "", get },
	{ "late_ns_min", FIELD_DURATION, "late_ns", NULL, "", get },
	{ "late_ns_max", FIELD_DURATION, "late_ns", NULL, "", get_nothing },
	{ "after_ns_min", FIELD_DURATION, "after_ns", NULL, "", get_nothing },
	{ "after_ns_max", FIELD_DURATION, "after_ns", NULL, "", get_nothing },
	{ "number", FIELD_NUMBER, NULL, NULL, "", get },
	{ "rate", FIELD_RATE, NULL, NULL, "", get },
	{ "address", FIELD_ADDRESS, NULL, NULL, "", get },
	{ "bool", FIELD_BOOL, NULL, NULL, "", get },
};

static const struct field_table table = { .fields = fields,
					  .count = sizeof(fields) / sizeof(fields[0]) };

static const struct thing usual_thing = {
	.count = UINT64_MAX, .number = INT64_MIN, .rate = 0.5, .text = "app"
};

static struct fields_chosen all_of(const struct field_table *of)
{
	struct fields_chosen chosen = { .count = of->count };

	for (size_t i = 0; i < of->count; i++)
		chosen.list[i] = &of->fields[i];
	return chosen;
}

static struct out_style style_of(enum out_format format)
{
	struct out_style style = plain;

	style.format = format;
	style.header = true;
	return style;
}

static void expect_rows(const struct out_style *style, const struct thing *thing, bool nested,
			const char *expected)
{
	const struct fields_chosen chosen = all_of(&table);
	int fd;
	struct sink *sink = open_sink(&fd);

	out_rows_header(sink, style, &chosen);
	out_rows_row(sink, style, &chosen, thing, nested);
	expect(sink, fd, expected);
}

#define NAMES                                                                                      \
	"text,count,late_ns_min,late_ns_max,after_ns_min,after_ns_max,number,rate,address,bool"

static void csv(void)
{
	struct out_style style = style_of(OUT_CSV);
	struct thing thing = usual_thing;

	expect_rows(&style, &thing, false,
		    NAMES "\napp,18446744073709551615,-9223372036854775808,,,,"
			  "-9223372036854775808,0.5,0xffffffffffffffff,true\n");
	/* no format that has no rows has others */
	style.format = OUT_TEXT;
	style.header = false;
	thing = (struct thing){ .text = "a \"b\",\tc\n\\d" };
	expect_rows(&style, &thing, true, "\"a \"\"b\"\",\tc\n\\d\",0,0,,,,0,0,0x0,false\n");
	thing.unknown = true;
	expect_rows(&style, &thing, false, ",,,,,,,,,\n");
}

static void tsv(void)
{
	struct out_style style = style_of(OUT_TSV);
	struct thing thing = usual_thing;

	thing.text = "a\tb\nc\rd\\e\"f,\033[0m\177\x01 \377\302\205";
	expect_rows(&style, &thing, false,
		    "text\tcount\tlate_ns_min\tlate_ns_max\tafter_ns_min\tafter_ns_max\tnumber\t"
		    "rate\taddress\tbool\n"
		    "a\\tb\\nc\\rd\\\\e\"f,\\x1b[0m\\x7f\\x01 \377\302\205\t"
		    "18446744073709551615\t-9223372036854775808\t\t\t\t-9223372036854775808\t"
		    "0.5\t0xffffffffffffffff\ttrue\n");
	style.header = false;
	thing.unknown = true;
	expect_rows(&style, &thing, false, "\t\t\t\t\t\t\t\t\t\n");
}

static void with_nul(void)
{
	static const char expected[] = "a\tb\n\\\"\0"
				       "7\0-1\0\0\0\0-1\0"
				       "2\0"
				       "0x7\0true";
	struct out_style style = style_of(OUT_TSV);
	const struct fields_chosen chosen = all_of(&table);
	struct thing thing = { .text = "a\tb\n\\\"", .count = 7, .number = -1, .rate = 2 };
	int fd;
	struct sink *sink = open_sink(&fd);
	ssize_t size;

	style.null = true;
	out_rows_header(sink, &style, &chosen);
	out_rows_row(sink, &style, &chosen, &thing, false);
	CU_ASSERT_EQUAL(sink_flush(sink), 0);
	size = pread(fd, written, sizeof(written), 0);
	CU_ASSERT_EQUAL(size, (ssize_t)sizeof(expected));
	CU_ASSERT_EQUAL(memcmp(written, expected, sizeof(expected)), 0);
	sink_free(sink);
	close(fd);
}

static void json(void)
{
	struct out_style style = style_of(OUT_JSON);
	struct thing thing = usual_thing;

	expect_rows(&style, &thing, false,
		    "{\"text\":\"app\",\"count\":18446744073709551615,"
		    "\"late_ns_min\":-9223372036854775808,\"late_ns_max\":null,"
		    "\"after_ns_min\":null,\"after_ns_max\":null,\"number\":-9223372036854775808,"
		    "\"rate\":0.5,\"address\":\"0xffffffffffffffff\",\"bool\":true}\n");
	thing.text = "a\tb\n\"\\\033\377\302\205ü";
	thing.number = 0;
	expect_rows(&style, &thing, true,
		    "{\"text\":\"a\\u0009b\\u000a\\\"\\\\\\u001b\\u00ff\\u0085ü\","
		    "\"count\":18446744073709551615,\"late_ns\":{\"min\":0,\"max\":null},"
		    "\"after_ns\":null,\"number\":0,\"rate\":0.5,"
		    "\"address\":\"0xffffffffffffffff\",\"bool\":false}\n");
	thing.unknown = true;
	expect_rows(&style, &thing, true,
		    "{\"text\":null,\"count\":null,\"late_ns\":null,\"after_ns\":null,"
		    "\"number\":null,\"rate\":null,\"address\":null,\"bool\":null}\n");
}

static void expect_rate(double rate, const char *expected)
{
	const struct fields_chosen chosen = { .list = { &fields[7] }, .count = 1 };
	struct out_style style = style_of(OUT_TSV);
	struct thing thing = { .rate = rate };
	char line[64];
	int fd;
	struct sink *sink = open_sink(&fd);

	snprintf(line, sizeof(line), "%s\n", expected);
	out_rows_row(sink, &style, &chosen, &thing, false);
	expect(sink, fd, line);
}

static void rates(void)
{
	static const struct {
		double rate;
		const char *text;
	} cases[] = {
		{ 0, "0" },
		{ -0.0, "0" },
		{ 1, "1" },
		{ 10, "10" },
		{ 1.5, "1.5" },
		{ -1.5, "-1.5" },
		{ 99.99996, "100" },
		{ 333.33333, "333.333" },
		{ 123456, "123456" },
		{ 1234567, "1234570" },
		{ 0.1, "0.1" },
		{ 0.012345678, "0.0123457" },
		{ 0.00001, "0.00001" },
		{ 0.000001, "1e-6" },
		{ 0.00000123456, "1.23456e-6" },
		{ 1e17, "100000000000000000" },
		{ 1e18, "1e+18" },
		{ 1.5e300, "1.5e+300" },
		{ 5e-324, "4.94066e-324" },
		{ NAN, "" },
		{ INFINITY, "" },
		{ -INFINITY, "" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect_rate(cases[i].rate, cases[i].text);
}

/* Whatever is in them, rows are no longer than a line may be. */
static void too_long(void)
{
	static char text[3 * SINK_LINE_MAX];
	static char line[2 * SINK_LINE_MAX];
	static const enum out_format formats[] = { OUT_CSV, OUT_TSV, OUT_JSON };
	const struct fields_chosen chosen = { .list = { &fields[0], &fields[0], &fields[1] },
					      .count = 3 };
	struct thing thing = { .text = text, .count = 7 };

	for (size_t i = 0; i < 3; i++) {
		struct out_style style = style_of(formats[i]);
		const char *end = formats[i] == OUT_JSON ? ":7}\n" : "7\n";
		int fd;
		struct sink *sink = open_sink(&fd);
		ssize_t size;

		memset(text, i ? '\033' : '"', sizeof(text) - 1);
		out_rows_row(sink, &style, &chosen, &thing, false);
		CU_ASSERT_EQUAL(sink_flush(sink), 0);
		CU_ASSERT_EQUAL(sink_dropped_lines(sink), 0);
		size = pread(fd, line, sizeof(line) - 1, 0);
		CU_ASSERT_TRUE_FATAL(size > 2000 && size <= SINK_LINE_MAX);
		line[size] = '\0';
		CU_ASSERT_PTR_NOT_NULL(strstr(line, "..."));
		CU_ASSERT_STRING_EQUAL(line + size - strlen(end), end);
		sink_free(sink);
		close(fd);
	}
}

/* All that an event can have, at its longest, needs no cutting. */
static void longest_event(void)
{
	const struct itimerspec_seen longest = { FROM_KERNEL,
						 { INT64_MIN, INT64_MIN },
						 { INT64_MIN, INT64_MIN } };
	const struct fields_chosen all = all_of(&event_fields);
	struct out_style style = style_of(OUT_JSON);
	struct caller caller = { .pid = INT32_MIN, .tid = INT32_MIN };
	struct call call = usual;
	int fd;
	struct sink *sink = open_sink(&fd);
	ssize_t size;

	memset(caller.comm, '\033', sizeof(caller.comm) - 1);
	style.fields = &all;
	call.flags = UINT32_MAX;
	call.new_value = call.old_value = longest;
	call.changed = 7;
	call.ret = INT64_MIN;
	for (call.event = 0; call.event < EVENT_CALLS; call.event++)
		out_for(&style)->call(sink, &style, &caller, &call);
	CU_ASSERT_EQUAL(sink_flush(sink), 0);
	CU_ASSERT_EQUAL(sink_dropped_lines(sink), 0);
	size = pread(fd, written, sizeof(written) - 1, 0);
	written[size > 0 ? size : 0] = '\0';
	CU_ASSERT_PTR_NULL(strstr(written, "..."));
	sink_free(sink);
	close(fd);
}

static void expect_chosen(const struct out_style *style, const char *names, const char *expected)
{
	struct out_style chosen_style = *style;
	struct fields_chosen chosen;
	struct caller hostile = { .pid = 1, .tid = 2, .comm = "a\tb\n\"" };
	struct call call = refused();
	struct occurrence expiry = { .event = EVENT_TIMER_EXPIRE,
				     .ts = START_NS,
				     .family = TIMER_POSIX,
				     .has_asked = true,
				     .late_ns = 5 };
	struct loss loss = { .cpu = 3, .counted = true, .records = 12 };
	struct error err;
	int fd;
	struct sink *sink = open_sink(&fd);
	const struct out *out;

	CU_ASSERT_EQUAL(fields_choose(&chosen, &event_fields, names, "--fields", &err), 0);
	chosen_style.fields = &chosen;
	out = out_for(&chosen_style);
	out->header(sink, &chosen_style);
	out->call(sink, &chosen_style, &hostile, &call);
	out->occurrence(sink, &chosen_style, &app, &expiry);
	out->lost(sink, &chosen_style, &loss);
	expect(sink, fd, expected);
}

static void chosen_fields(void)
{
	struct out_style style = style_of(OUT_TSV);

	expect_chosen(&style, "event,comm,value,ret,failed,late,lost",
		      "event\tcomm\tvalue_ns\tret\tfailed\tlate_ns\tlost\n"
		      "timer_settime\ta\\tb\\n\"\t-3000000000\t-22\ttrue\t\t\n"
		      "timer_expire\tapp\t\t\t\t5\t\n"
		      "lost\t\t\t\t\t\t12\n");
	style.format = OUT_CSV;
	expect_chosen(&style, "comm,cpu,error,old_ptr",
		      "comm,cpu,error,old_ptr\n"
		      "\"a\tb\n\"\"\",1,EINVAL,0xffffffffffffffff\n"
		      "app,0,,\n"
		      ",3,,\n");
	style.format = OUT_JSON;
	expect_chosen(&style, "comm,error,old_ptr,absolute",
		      "{\"comm\":\"a\\u0009b\\u000a\\\"\",\"error\":\"EINVAL\","
		      "\"old_ptr\":\"0xffffffffffffffff\",\"absolute\":false}\n"
		      "{\"comm\":\"app\",\"error\":null,\"old_ptr\":null,\"absolute\":null}\n"
		      "{\"event\":\"lost\",\"time\":null,\"mono_ns\":null,\"cpu\":3,"
		      "\"records\":12}\n");
}

/* Each row of TSV is that of CSV, when there is nothing to quote. */
static void same_columns(void)
{
	struct out_style style = style_of(OUT_TSV);
	struct call call = with_old();
	struct loss loss = { .cpu = 3, .ts = START_NS };
	char found[sizeof(written)];
	int fd;
	struct sink *sink;

	for (int i = 0; i < 2; i++) {
		sink = open_sink(&fd);
		style.format = i ? OUT_CSV : OUT_TSV;
		out_for(&style)->header(sink, &style);
		out_for(&style)->call(sink, &style, &app, &call);
		out_for(&style)->lost(sink, &style, &loss);
		if (i) {
			expect(sink, fd, found);
			return;
		}
		CU_ASSERT_EQUAL(sink_flush(sink), 0);
		found[pread(fd, found, sizeof(found) - 1, 0)] = '\0';
		for (char *at = found; *at; at++)
			*at = *at == '\t' ? ',' : *at;
		sink_free(sink);
		close(fd);
	}
}

int suite_out_rows(void)
{
	CU_pSuite suite = CU_add_suite("out_rows", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, csv) || !CU_ADD_TEST(suite, tsv) ||
	    !CU_ADD_TEST(suite, with_nul) || !CU_ADD_TEST(suite, json) ||
	    !CU_ADD_TEST(suite, rates) || !CU_ADD_TEST(suite, too_long) ||
	    !CU_ADD_TEST(suite, longest_event) || !CU_ADD_TEST(suite, chosen_fields) ||
	    !CU_ADD_TEST(suite, same_columns))
		return (int)CU_get_error();
	return 0;
}
