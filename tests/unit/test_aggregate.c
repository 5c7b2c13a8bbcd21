/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <CUnit/Basic.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixtures.h"
#include "suites.h"
#include "timersnoop/aggregate.h"

#define TABLE "# trigger info: hist:keys=common_pid,id:size=128 if id >= 0 [active]\n"

static struct aggregate_counts counts, before;

static void clear(void)
{
	aggregate_free(&counts);
	aggregate_free(&before);
}

/* What a text is, item by item: 't', 'e', 'd'. */
static void expect_items(const char *text, const char *kinds)
{
	static const char letters[] = {
		[AGGREGATE_TABLE] = 't', [AGGREGATE_ENTRY] = 'e', [AGGREGATE_DROPPED] = 'd'
	};
	struct aggregate_item item;
	char found[40] = "";
	size_t length = 0;

	while (aggregate_next(&text, &item) != AGGREGATE_END && length < sizeof(found) - 1)
		found[length++] = letters[item.kind];
	CU_ASSERT_STRING_EQUAL(found, kinds);
}

static void lines(void)
{
	expect_items("", "");
	expect_items("\n\n", "");
	expect_items(TABLE "\n{ common_pid:        122, id:         10 } hitcount:          1\n\n"
			   "Totals:\n    Hits: 1\n    Entries: 1\n    Dropped: 0\n",
		     "ted");
	expect_items("{ a: 1 } hitcount: 2\n{ a: 1, b: 2, c: ~ 2^63 } hitcount: 2\n", "ee");
	expect_items("{ a: 1, b: ~ 2^9  } hitcount: 2\n", "e");
	expect_items("{ a: 1, vs*1000000000+vn: 18446744073709551615 } hitcount: 2\n", "e");
}

/* None of these is anything, and none ends what comes behind. */
static void hostile_lines(void)
{
	static const char *const texts[] = {
		"{",
		"{ }",
		"{ : } hitcount:",
		"{ a: } hitcount: 1",
		"{ a: 1 } hitcount: ",
		"{ a: 1 } hitcount: -1",
		"{ a: -1 } hitcount: 1",
		"{ a: 1 hitcount: 1",
		"{ a: 1, } hitcount: 1",
		"{ a: 1 } hits: 1",
		"{ a: 1 } hitcount: 1 more",
		"{ a: 1, b: 2, c: 3, d: 4 } hitcount: 1",
		"{ a: ~ 2^ } hitcount: 1",
		"{ a: 0x1 } hitcount: 1",
		"{ a: 18446744073709551616 } hitcount: 1",
		"{ a: 1 } hitcount: 18446744073709551616",
		"    Dropped: ",
		"Dropped: 1",
		"    Dropped: x",
		"# trigger info:",
		"# trigger info: stacktrace",
		"{ a: 1 }\t",
	};
	char text[200];

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		expect_items(texts[i], "");
		snprintf(text, sizeof(text), "%s\n    Dropped: 1\n", texts[i]);
		expect_items(text, "d");
	}
	/* a line without an end was cut off */
	expect_items("{ a: 1 } hitcount: 1", "");
}

/* One entry in a table of this kind: what it means. */
static bool meaning(enum count_what what, const char *entry, struct aggregate_count *count)
{
	const struct aggregate_table table = { .what = what, .number = 5, .row = 63 };
	struct aggregate_item item;

	CU_ASSERT_EQUAL_FATAL(aggregate_next(&entry, &item), AGGREGATE_ENTRY);
	return aggregate_count_of(count, &table, &item);
}

static void meanings(void)
{
	static const struct {
		const char *text;
		unsigned row;
	} rows[] = {
		{ "{ p: 1, id: 2, v: ~ 2^0 } hitcount: 1\n", 0 },
		{ "{ p: 1, id: 2, v: ~ 2^63 } hitcount: 1\n", 63 },
		{ "{ p: 1, id: 2, v: ~ 2^64 } hitcount: 1\n", 63 },
		{ "{ p: 1, id: 2, v: ~ 2^18446744073709551615 } hitcount: 1\n", 63 },
		{ "{ p: 1, id: 2, v: 1073741824 } hitcount: 1\n", 30 },
		{ "{ p: 1, id: 2, v: 1073741825 } hitcount: 1\n", 31 },
		{ "{ p: 1, id: 2, v: 18446744073709551615 } hitcount: 1\n", 63 },
		{ "{ p: 1, id: 2 } hitcount: 1\n", 63 },
	};
	struct aggregate_count count;

	CU_ASSERT_TRUE(meaning(COUNT_ARM, "{ common_pid: 7, id: 3 } hitcount: 9\n", &count));
	CU_ASSERT_TRUE(count.has_id);
	CU_ASSERT_EQUAL(count.tid, 7);
	CU_ASSERT_EQUAL(count.id, 3);
	CU_ASSERT_EQUAL(count.number, 5);
	CU_ASSERT_EQUAL(count.count, 9);
	CU_ASSERT_TRUE(meaning(COUNT_REFUSED, "{ p: 7, ret: 18446744073709551594 } hitcount: 9\n",
			       &count));
	CU_ASSERT_FALSE(count.has_id);
	CU_ASSERT_EQUAL(count.number, EINVAL);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CU_ASSERT_TRUE(meaning(COUNT_VALUE, rows[i].text, &count));
		CU_ASSERT_EQUAL(count.row, rows[i].row);
	}
	CU_ASSERT_FALSE(meaning(COUNT_ARM, "{ p: 1, id: 2, v: 3 } hitcount: 1\n", &count));
	CU_ASSERT_FALSE(meaning(COUNT_ARM, "{ p: 1 } hitcount: 1\n", &count));
	CU_ASSERT_FALSE(meaning(COUNT_ARM, "{ p: ~ 2^3, id: 2 } hitcount: 1\n", &count));
	CU_ASSERT_FALSE(meaning(COUNT_VALUE, "{ p: 3, id: ~ 2^2, v: 1 } hitcount: 1\n", &count));
}

static void packed_keys(void)
{
	static const struct aggregate_table table = { .what = COUNT_SET, .packed = true };
	static const char *const others[] = { "{ p: 1, id: 2 } hitcount: 1\n",
					      "{ p+id: ~ 2^3 } hitcount: 1\n" };
	/* the greatest thread id, and timer 3; behind it stands something else */
	const char *entry = "{ common_pid+timer: 72057594092453887 } hitcount: 9\n";
	struct aggregate_count count;
	struct aggregate_item item;

	aggregate_next(&entry, &item);
	CU_ASSERT_TRUE(aggregate_count_of(&count, &table, &item));
	CU_ASSERT_EQUAL(count.tid, 4194303);
	CU_ASSERT_TRUE(count.has_id);
	CU_ASSERT_EQUAL(count.id, 3);
	CU_ASSERT_EQUAL(count.what, COUNT_SET);
	CU_ASSERT_EQUAL(count.count, 9);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		entry = others[i];
		aggregate_next(&entry, &item);
		CU_ASSERT_FALSE(aggregate_count_of(&count, &table, &item));
	}
}

static void add(struct aggregate_counts *to, int32_t tid, int32_t id, enum count_what what,
		int32_t number, uint64_t count)
{
	const struct aggregate_count one = { .tid = tid,
					     .has_id = id >= 0,
					     .id = id >= 0 ? id : 0,
					     .what = what,
					     .number = number,
					     .count = count };

	CU_ASSERT_EQUAL_FATAL(aggregate_add(to, &one), 0);
}

static uint64_t sum(int32_t tid, int32_t id, enum count_what what)
{
	uint64_t total = 0;

	for (size_t i = 0; i < counts.count; i++)
		if (counts.list[i].tid == tid && counts.list[i].what == what &&
		    (id < 0 || counts.list[i].id == id))
			total += counts.list[i].count;
	return total;
}

static void what_is_new(void)
{
	clear();
	add(&counts, 2, 1, COUNT_ARM, 0, 3);
	add(&counts, 1, 1, COUNT_ARM, 0, 5);
	add(&counts, 2, 1, COUNT_ARM, 0, 4);
	add(&counts, 1, -1, COUNT_REFUSED, EINVAL, 2);
	add(&before, 2, 1, COUNT_ARM, 0, 6);
	add(&before, 2, 1, COUNT_DISARM, 0, 6);
	add(&before, 1, 1, COUNT_ARM, 0, 5);
	aggregate_sort(&counts);
	aggregate_sort(&before);
	CU_ASSERT_EQUAL(counts.count, 3);
	aggregate_subtract(&counts, &before);
	CU_ASSERT_EQUAL(sum(2, 1, COUNT_ARM), 1);
	CU_ASSERT_EQUAL(sum(1, 1, COUNT_ARM), 0);
	CU_ASSERT_EQUAL(sum(1, -1, COUNT_REFUSED), 2);
	/* never less than nothing */
	aggregate_subtract(&counts, &before);
	CU_ASSERT_EQUAL(sum(2, 1, COUNT_ARM), 0);
	clear();
	aggregate_sort(&counts);
	aggregate_subtract(&counts, &before);
	CU_ASSERT_EQUAL(counts.count, 0);
}

/* Reads one timer's counts, and what was before. */
static void read_sets(uint64_t sets, uint64_t zeros)
{
	aggregate_free(&before);
	before = counts;
	memset(&counts, 0, sizeof(counts));
	if (sets)
		add(&counts, 1, 1, COUNT_SET, 0, sets);
	if (zeros)
		add(&counts, 1, 1, COUNT_SET_ZERO, 0, zeros);
	add(&counts, 1, 1, COUNT_SET, COUNT_KIND_CPU, 100);
	add(&counts, 1, 2, COUNT_SET, 0, 200);
	aggregate_sort(&counts);
	aggregate_arms(&counts, &before);
	CU_ASSERT_EQUAL(sum(1, 2, COUNT_ARM), 200);
}

static void expect_sets(uint64_t arms, uint64_t disarms)
{
	CU_ASSERT_EQUAL(sum(1, 1, COUNT_ARM), arms + 100);
	CU_ASSERT_EQUAL(sum(1, 1, COUNT_DISARM), disarms);
	CU_ASSERT_EQUAL(sum(1, -1, COUNT_SET), 0);
	CU_ASSERT_EQUAL(sum(1, -1, COUNT_SET_ZERO), 0);
}

static void sets(void)
{
	clear();
	read_sets(5, 0);
	expect_sets(5, 0);
	read_sets(8, 2);
	expect_sets(6, 2);
	/* two more were set to zero once the sets had been read: no arm is taken back */
	read_sets(8, 4);
	expect_sets(6, 4);
	read_sets(11, 4);
	expect_sets(7, 4);
	/* not known to be set, for want of room: told as lost */
	clear();
	read_sets(0, 3);
	expect_sets(0, 0);
	read_sets(2, 3);
	expect_sets(0, 2);
	clear();
}

/* A disarm that there was no room for is missing among all that was set as well. */
static void lost_sets(void)
{
	static const struct aggregate_table tables[] = { { .what = COUNT_SET },
							 { .what = COUNT_SET_ZERO } };
	uint64_t dropped = 0;

	clear();
	CU_ASSERT_EQUAL(aggregate_read(&counts, TABLE "    Dropped: 7\n" TABLE "    Dropped: 2\n",
				       tables, 2, &dropped),
			0);
	CU_ASSERT_EQUAL(dropped, 7);
}

static void corrections(void)
{
	/* of a timer that was expiring: its own */
	clear();
	add(&counts, 1, 1, COUNT_ARM, 0, 50);
	add(&counts, 1, 2, COUNT_ARM, 0, 10);
	add(&counts, 1, 2, COUNT_AGAIN, 0, 3);
	aggregate_sort(&counts);
	CU_ASSERT_EQUAL(aggregate_correct(&counts), 0);
	CU_ASSERT_EQUAL(sum(1, 1, COUNT_ARM), 50);
	CU_ASSERT_EQUAL(sum(1, 2, COUNT_ARM), 7);
	CU_ASSERT_EQUAL(aggregate_correct(&counts), 0);
	CU_ASSERT_EQUAL(sum(1, 2, COUNT_ARM), 7);

	/* a CPU clock's task is gone: of CPU clocks */
	clear();
	add(&counts, 1, 1, COUNT_ARM, 0, 50);
	add(&counts, 1, 2, COUNT_ARM, COUNT_KIND_CPU, 5);
	add(&counts, 1, -1, COUNT_REFUSED, ESRCH, 2);
	aggregate_sort(&counts);
	CU_ASSERT_EQUAL(aggregate_correct(&counts), 0);
	CU_ASSERT_EQUAL(sum(1, 1, COUNT_ARM), 50);
	CU_ASSERT_EQUAL(sum(1, 2, COUNT_ARM), 3);
	clear();
}

static void read_tables(const char *series, const char *name, const struct aggregate_table *tables,
			size_t count)
{
	uint64_t dropped = 0;
	size_t size;
	char *text = fixture_read(series, name, &size);

	CU_ASSERT_EQUAL(aggregate_read(&counts, text, tables, count, &dropped), 0);
	CU_ASSERT_EQUAL(aggregate_read(&before, text, tables, count - 1, &dropped), -EBADMSG);
	CU_ASSERT_EQUAL(aggregate_read(&before, text, tables, count + 1, &dropped), -EBADMSG);
	CU_ASSERT_EQUAL(dropped, 0);
	free(text);
}

static uint64_t total(enum count_what what)
{
	uint64_t sums = 0;

	for (size_t i = 0; i < counts.count; i++)
		if (counts.list[i].what == what)
			sums += counts.list[i].count;
	return sums;
}

/* What Linux 6.1, 6.12 and 7.2 wrote of the same programs. */
static void kernels(void)
{
	static const struct aggregate_table set[] = { { .what = COUNT_ARM },
						      { .what = COUNT_DISARM } },
					    set_cpu[] = { { .what = COUNT_ARM },
							  { .what = COUNT_DISARM },
							  { .what = COUNT_VALUE },
							  { .what = COUNT_VALUE },
							  { .what = COUNT_VALUE, .row = 63 },
							  { .what = COUNT_INTERVAL },
							  { .what = COUNT_INTERVAL },
							  { .what = COUNT_INTERVAL, .row = 63 } },
					    arm[] = { { .what = COUNT_VALUE },
						      { .what = COUNT_INTERVAL } },
					    refused[] = { { .what = COUNT_REFUSED } };

	for (int i = 1; i < FIXTURE_SERIES; i++) {
		clear();
		read_tables(fixture_series[i], "hist-set", set, 2);
		CU_ASSERT_EQUAL(total(COUNT_ARM), 300 + 9 * 24 - 24 + 1 + 16 + 60);
		CU_ASSERT_EQUAL(total(COUNT_DISARM), 27);
		clear();
		read_tables(fixture_series[i], "hist-exit", refused, 1);
		CU_ASSERT_EQUAL(total(COUNT_REFUSED), 55);
		clear();
		read_tables(fixture_series[i], "hist-arm", arm, 2);
		CU_ASSERT_TRUE(total(COUNT_VALUE) > 300 && total(COUNT_VALUE) < 569);
		CU_ASSERT_TRUE(total(COUNT_INTERVAL) > 60);
		clear();
		read_tables(fixture_series[i], "hist-set_cpu", set_cpu, 8);
		CU_ASSERT_TRUE(total(COUNT_ARM) > 0 && total(COUNT_DISARM) > 0);
		CU_ASSERT_TRUE(total(COUNT_VALUE) > 0 && total(COUNT_VALUE) < total(COUNT_ARM));
	}
	clear();
}

int suite_aggregate(void)
{
	CU_pSuite suite = CU_add_suite("aggregate", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, lines) || !CU_ADD_TEST(suite, hostile_lines) ||
	    !CU_ADD_TEST(suite, meanings) || !CU_ADD_TEST(suite, packed_keys) ||
	    !CU_ADD_TEST(suite, what_is_new) || !CU_ADD_TEST(suite, sets) ||
	    !CU_ADD_TEST(suite, lost_sets) || !CU_ADD_TEST(suite, corrections) ||
	    !CU_ADD_TEST(suite, kernels))
		return (int)CU_get_error();
	return 0;
}
