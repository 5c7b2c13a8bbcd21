/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables of rows of our own, byte for byte. */
#include <CUnit/Basic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "outs.h"
#include "suites.h"
#include "timersnoop/out_table.h"

struct thing {
	const char *event, *comm, *text;
	bool known;
	uint64_t address, count;
	int64_t number;
};

static void get_event(const void *of, struct field_value *value)
{
	value->known = true;
	value->text = ((const struct thing *)of)->event;
}

static void get_comm(const void *of, struct field_value *value)
{
	value->known = true;
	value->text = ((const struct thing *)of)->comm;
}

static void get_text(const void *of, struct field_value *value)
{
	const struct thing *thing = of;

	value->known = thing->text != NULL;
	value->text = thing->text;
}

static void get_address(const void *of, struct field_value *value)
{
	const struct thing *thing = of;

	value->known = thing->known;
	value->count = thing->address;
}

static void get_number(const void *of, struct field_value *value)
{
	const struct thing *thing = of;

	value->known = thing->known;
	value->count = thing->count;
	value->number = thing->number;
	value->rate = (double)thing->number / 1000;
}

static const struct field fields[] = {
	{ "event", FIELD_TEXT, NULL, NULL, "", get_event },
	{ "comm", FIELD_TEXT, NULL, NULL, "", get_comm },
	{ "text", FIELD_TEXT, NULL, NULL, "", get_text },
	{ "address", FIELD_ADDRESS, NULL, NULL, "", get_address },
	{ "count", FIELD_COUNT, NULL, NULL, "", get_number },
	{ "number", FIELD_NUMBER, NULL, NULL, "", get_number },
	{ "time_ns", FIELD_DURATION, NULL, NULL, "", get_number },
	{ "rate", FIELD_RATE, NULL, NULL, "", get_number },
	{ "flag", FIELD_BOOL, NULL, NULL, "", get_number },
};
static const struct field_table things = { .fields = fields,
					   .count = sizeof(fields) / sizeof(fields[0]) };

static const struct out_column identity[] = { { "text", "TEXT" }, { NULL, NULL } };
static const struct out_column figures[] = {
	{ "text", "TEXT" }, { "address", "AT" },    { "count", "COUNT" },
	{ "number", "N" },  { "time_ns", "AFTER" }, { "rate", "RATE" },
	{ "flag", "FLAG" }, { "comm", "COMM" },     { NULL, NULL },
};

static const struct thing first = { "row", "CLOCK_x",          "CLOCK_MONOTONIC",
				    true,  0xffff888001234560, 12345678,
				    -5 };
static const struct thing second = { "row", "", NULL, false, 0, 0, 0 };
static const struct thing total = { "total", "-", "all", true, 0, 7, 1 };
static const void *const rows[] = { &first, &second };

static void expect_text(const struct out_style *style, const struct figures_table *table,
			const char *expected)
{
	struct out_layout layout = { .count = 0 };
	int fd;
	struct sink *sink = open_sink(&fd);

	out_table_add(&layout, &things, identity);
	out_table_add(&layout, &things, figures);
	CU_ASSERT_EQUAL(layout.count, 8); /* none twice */
	out_table_text(sink, style, &layout, table);
	expect(sink, fd, expected);
}

static void text(void)
{
	struct figures_table table = { .rows = rows, .count = 2, .total = &total };
	struct out_style style = plain;

	expect_text(&style, &table,
		    "MONOTONIC 0xffff888001234560 12345678 -5  -5ns -0.01   -5 CLOCK_x\n"
		    "-                          -        -  -     -     -    - -\n");
	style.header = true;
	table.count = 1;
	table.hidden = 1;
	expect_text(&style, &table,
		    "TEXT                      AT    COUNT  N AFTER  RATE FLAG COMM\n"
		    "MONOTONIC 0xffff888001234560 12345678 -5  -5ns -0.01   -5 CLOCK_x\n"
		    "and 1 more row: --top 0 shows all\n");
	table.hidden = 12;
	style.header = false;
	expect_text(&style, &table,
		    "MONOTONIC 0xffff888001234560 12345678 -5  -5ns -0.01   -5 CLOCK_x\n"
		    "and 12 more rows: --top 0 shows all\n");
	table.count = table.hidden = 0;
	style.header = true;
	expect_text(&style, &table, "");
}

/* What comes from a recording may be anything, and as long as it likes. */
static void hostile_text(void)
{
	static const char plain_63[] = "a23456789b123456789c123456789d123456789e123456789f123456789"
				       "g123";
	static const char plain_64[] = "a23456789b123456789c123456789d123456789e123456789f123456789"
				       "g1234";
	static const struct {
		const char *text, *shown;
	} cases[] = {
		{ "a b\t\033[2J\\\177", "a\\040b\\011\\033[2J\\134\\177" },
		{ "", "-" },
		{ plain_63, plain_63 },
		{ plain_64, "a23456789b123456789c123456789d123456789e123456789f123456789g..." },
	};
	static const struct out_column only[] = { { "text", "T" }, { NULL, NULL } };
	struct thing thing = first;
	const void *const row[] = { &thing };
	const struct figures_table table = { .rows = row, .count = 1 };
	char expected[256];
	int fd;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct sink *sink = open_sink(&fd);
		struct out_layout layout = { .count = 0 };

		thing.text = cases[i].text;
		snprintf(expected, sizeof(expected), "%s\n", cases[i].shown);
		out_table_add(&layout, &things, only);
		out_table_text(sink, &plain, &layout, &table);
		expect(sink, fd, expected);
	}
}

/* In all columns there can be it is still a line. */
static void longest_line(void)
{
	char titles[OUT_TABLE_COLUMNS_MAX + 1][12], controls[100];
	struct thing thing = first;
	const void *const row[] = { &thing };
	const struct figures_table table = { .rows = row, .count = 1 };
	struct out_layout layout = { .count = 0 };
	int fd;
	struct sink *sink = open_sink(&fd);

	memset(controls, 1, sizeof(controls) - 1);
	controls[sizeof(controls) - 1] = '\0';
	thing.text = controls;
	for (int i = 0; i <= OUT_TABLE_COLUMNS_MAX; i++) {
		const struct out_column one[] = { { "text", titles[i] }, { NULL, NULL } };

		snprintf(titles[i], sizeof(titles[i]), "%d", i);
		out_table_add(&layout, &things, one);
	}
	CU_ASSERT_EQUAL(layout.count, OUT_TABLE_COLUMNS_MAX);
	out_table_text(sink, &plain, &layout, &table);
	CU_ASSERT_EQUAL(sink_flush(sink), 0);
	CU_ASSERT_EQUAL(lseek(fd, 0, SEEK_END), OUT_TABLE_COLUMNS_MAX * (160 + 1));
	sink_free(sink);
	close(fd);
}

/* The first field is no column, and in JSON tells rows from their total. */
static void for_programs(void)
{
	struct figures_table table = { .rows = rows, .count = 2, .total = &total };
	struct fields_chosen chosen = { .list = { &fields[4], &fields[1] }, .count = 2 };
	struct out_style style = plain;
	struct sink *sink;
	int fd;

	style.format = OUT_CSV;
	style.header = true;
	sink = open_sink(&fd);
	out_table_header(sink, &style, &things, NULL);
	out_table_rows(sink, &style, &things, &table);
	expect(sink, fd,
	       "comm,text,address,count,number,time_ns,rate,flag\n"
	       "CLOCK_x,CLOCK_MONOTONIC,0xffff888001234560,12345678,-5,-5,-0.005,true\n"
	       ",,,,,,,\n");
	table.fields = &chosen;
	sink = open_sink(&fd);
	out_table_header(sink, &style, &things, &chosen);
	out_table_rows(sink, &style, &things, &table);
	expect(sink, fd, "count,comm\n12345678,CLOCK_x\n,\n");
	style.format = OUT_JSON;
	sink = open_sink(&fd);
	out_table_header(sink, &style, &things, &chosen);
	out_table_rows(sink, &style, &things, &table);
	expect(sink, fd,
	       "{\"count\":12345678,\"comm\":\"CLOCK_x\"}\n"
	       "{\"count\":null,\"comm\":\"\"}\n");
	table.fields = NULL;
	table.count = 0;
	sink = open_sink(&fd);
	out_table_rows(sink, &style, &things, &table);
	expect(sink, fd,
	       "{\"event\":\"total\",\"comm\":\"-\",\"text\":\"all\",\"address\":\"0x0\",\"count\":"
	       "7,"
	       "\"number\":1,\"time_ns\":1,\"rate\":0.001,\"flag\":true}\n");
}

static void expect_span(const struct out_style *style, bool timed, double seconds,
			const char *expected)
{
	const struct figures_table table = { .timed = timed };
	char line[128];

	*out_table_span(line, style, &table, seconds, START_NS) = '\0';
	CU_ASSERT_STRING_EQUAL(line, expected);
}

static void summaries(void)
{
	struct out_style style = plain;
	char line[128];

	expect_span(&style, false, 2, "2.00s:");
	expect_span(&style, false, 0, "0s:");
	style.no_wall = true;
	expect_span(&style, true, 0.25, "250ms:");
	style.no_wall = false;
	*out_table_span(line, &style, &(struct figures_table){ .timed = true }, 0.25, START_NS) =
		'\0';
	CU_ASSERT_PTR_NOT_NULL(strstr(line, ".123456  250ms:"));
	*out_table_many(line, 0, "call", "calls") = '\0';
	CU_ASSERT_STRING_EQUAL(line, "0 calls");
	*out_table_many(line, 1, "call", "calls") = '\0';
	CU_ASSERT_STRING_EQUAL(line, "1 call");
}

int suite_out_table(void)
{
	CU_pSuite suite = CU_add_suite("out_table", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, text) || !CU_ADD_TEST(suite, hostile_text) ||
	    !CU_ADD_TEST(suite, longest_line) || !CU_ADD_TEST(suite, for_programs) ||
	    !CU_ADD_TEST(suite, summaries))
		return (int)CU_get_error();
	return 0;
}
