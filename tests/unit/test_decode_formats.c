/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Formats that cannot be learned. */
#include <CUnit/Basic.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixtures.h"
#include "format_texts.h"
#include "suites.h"
#include "timersnoop/decode.h"

static struct decoder *decoder;
static struct error err;

/* A record of this type, of zeros. */
static int read_empty(uint16_t type)
{
	uint8_t bytes[200] = { 0 };
	struct raw_event event = { .data = bytes, .size = sizeof(bytes) };
	struct record record;

	memcpy(bytes, &type, sizeof(type));
	return decoder_read(decoder, &event, &record);
}

static int add(enum probe_use use, const char *format)
{
	const struct meaning means = { .use = use, .event = EVENT_TIMER_SETTIME, .abi = ABI_64 };

	memset(&err, 0, sizeof(err));
	return decoder_add(decoder, &means, "timersnoop", format, &err);
}

static void expect_refused(enum probe_use use, const char *format, const char *text)
{
	CU_ASSERT_EQUAL(add(use, format), -EINVAL);
	CU_ASSERT_EQUAL(err.code, EINVAL);
	CU_ASSERT_STRING_EQUAL(err.text, text);
}

static void missing_fields(void)
{
	static const char has_id[] = FORMAT("e", 702, FIELD("s32", "id", 8, 4, 1));
	static const struct {
		enum probe_use use;
		const char *field;
	} missing[] = {
		{ USE_USER_BEFORE, "first" },
		{ USE_USER_AFTER, "first" },
		{ USE_USER_OLD, "first" },
		{ USE_OLD_AT, "at" },
		{ USE_STACK, "stack" },
		{ USE_SIGEVENT, "clock" },
		{ USE_MADE, "timer" },
		{ USE_FILE, "timer" },
		{ USE_EXPIRY, "pid" },
		{ USE_QUEUE, "pid" },
		{ USE_SIGNAL, "sig" },
		{ USE_DELIVER, "sig" },
		{ USE_HANDLED, "sig" },
		{ USE_FETCHED, "sig" },
		{ USE_SIGNALFD, "sig" },
		{ USE_WAIT, "at" },
		{ USE_WAITED, "ret" },
		{ USE_ITIMER_EXPIRE, "which" },
		{ USE_HRTIMER_START, "hrtimer" },
		{ USE_HRTIMER_EXPIRE, "hrtimer" },
		{ USE_HRTIMER_EXPIRED, "hrtimer" },
		{ USE_RELEASE, "timer" },
	};

	decoder = decoder_new(8);
	expect_refused(USE_RETURN, has_id, "the format of timersnoop:e has no field 'ret'");
	expect_refused(USE_COPY, has_id,
		       "the format of timersnoop:e has neither 'new' nor 'new_is'");
	expect_refused(USE_USER, has_id, "the format of timersnoop:e has no field 'first'");
	expect_refused(USE_OLD, has_id,
		       "the format of timersnoop:e has neither 'old' nor 'old_is'");
	expect_refused(USE_NEW_TASK, has_id, "the format of timersnoop:e has no field 'pid'");
	expect_refused(USE_RENAME, has_id, "the format of timersnoop:e has no field 'newcomm'");
	expect_refused(USE_EXEC, has_id, "the format of timersnoop:e has no field 'old_pid'");
	expect_refused(USE_EXIT, has_id, "the format of timersnoop:e has no field 'pid'");
	expect_refused(USE_CREDS, has_id, "the format of timersnoop:e has no field 'uid'");
	for (size_t i = 0; i < sizeof(missing) / sizeof(missing[0]); i++) {
		char text[80];

		snprintf(text, sizeof(text), "the format of timersnoop:e has no field '%s'",
			 missing[i].field);
		expect_refused(missing[i].use, has_id, text);
	}
	expect_refused(USE_STACK, FORMAT("o", 703, FIELD("s64", "stack[23]", 8, 184, 1)),
		       "field 'stack' of timersnoop:o is not 24 s64");
	expect_refused(USE_WAITED,
		       FORMAT("o", 703,
			      FIELD("s32", "ret", 8, 4, 1)
				      FIELD("__data_loc s64[]", "stack", 12, 4, 1)),
		       "field 'stack' of timersnoop:o is not 24 s64");
	expect_refused(USE_OLD, FORMAT("o", 703, FIELD("s64", "old[3]", 8, 24, 1)),
		       "field 'old' of timersnoop:o is not four s64");
	expect_refused(USE_OLD, FORMAT("p", 704, FIELD("__data_loc s64[]", "old", 8, 4, 1)),
		       "field 'old' of timersnoop:p is not four s64");
	/* a place that is told relative to itself is not read */
	expect_refused(USE_RETURN, FORMAT("s", 707, FIELD("__rel_loc s64", "ret", 8, 8, 1)),
		       "the format of timersnoop:s has no field 'ret'");
	expect_refused(USE_OLD,
		       FORMAT("q", 705,
			      FIELD("s64", "old_is", 8, 8, 1) FIELD("s64", "old_in", 16, 8, 1)
				      FIELD("s64", "old_vs", 24, 8, 1)),
		       "the format of timersnoop:q has neither 'old' nor 'old_vn'");
	expect_refused(
		USE_EXIT,
		"name: r\nID: 706\nformat:\n\n" FIELD("int", "pid", 8, 4, 1) "\nprint fmt: \"\"\n",
		"the format of timersnoop:r has no field 'common_pid'");
	/* what was refused is not known afterwards */
	for (uint16_t type = 702; type <= 706; type++)
		CU_ASSERT_EQUAL(read_empty(type), 0);
	decoder_free(decoder);
}

#define MOVED 24

/* The same format with the event's own fields further behind, as after some new ones. */
static char *move_fields(const char *format)
{
	char *moved = malloc(2 * strlen(format)), *to = moved;
	const char *own = strstr(format, "\n\n");

	while (*format) {
		const char *offset = strstr(format, "\toffset:");
		unsigned value;
		size_t length;

		if (!offset) {
			strcpy(to, format);
			break;
		}
		length = (size_t)(offset - format) + strlen("\toffset:");
		memcpy(to, format, length);
		to += length;
		format += length;
		CU_ASSERT_EQUAL_FATAL(sscanf(format, "%u", &value), 1);
		to += sprintf(to, "%u", value + (offset > own ? MOVED : 0));
		format += strspn(format, "0123456789");
	}
	return moved;
}

static int decode_with(const struct meaning *means, const char *format, const uint8_t *bytes,
		       unsigned size, struct record *record)
{
	struct raw_event event = { .ts = 5, .data = bytes, .size = size };
	int status;

	decoder = decoder_new(sizeof(long));
	CU_ASSERT_EQUAL(decoder_add(decoder, means, "timersnoop", format, &err), 0);
	memset(record, 0, sizeof(*record));
	status = decoder_read(decoder, &event, record);
	decoder_free(decoder);
	return status;
}

/* Was there something to compare? */
static bool compare_moved(const char *series, const char *event, const struct meaning *means)
{
	static uint8_t bytes[400], moved[400 + MOVED];
	struct record record, other;
	char *format = fixture_format(series, event), *text;
	int id;

	if (!format || strstr(format, "__data_loc")) {
		free(format);
		return false;
	}
	text = move_fields(format);
	CU_ASSERT_EQUAL_FATAL(sscanf(format, "name: %*s ID: %d", &id), 1);
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 7 + 3);
	bytes[0] = (uint8_t)id;
	bytes[1] = (uint8_t)(id >> 8);
	memset(moved, 0xee, sizeof(moved));
	memcpy(moved, bytes, 8);
	memcpy(moved + 8 + MOVED, bytes + 8, sizeof(bytes) - 8);
	CU_ASSERT_EQUAL(decode_with(means, format, bytes, sizeof(bytes), &record), 1);
	CU_ASSERT_EQUAL(decode_with(means, text, moved, sizeof(moved), &other), 1);
	CU_ASSERT_EQUAL(memcmp(&record, &other, sizeof(record)), 0);
	/* and must be there: one that has none of its own needs no more than the header */
	CU_ASSERT_EQUAL(decode_with(means, text, moved, 8 + MOVED, &other),
			decode_with(means, format, bytes, 8, &record));
	free(text);
	free(format);
	return true;
}

/* Wherever a kernel has its fields. What lies elsewhere in the record is told by a place
 * in it, which would have to move, too: these are left out. */
static void moved_fields(void)
{
	unsigned compared = 0;

	for (int i = 0; i < FIXTURE_SERIES; i++) {
		struct probe_plan plan;

		fixture_plan(fixture_series[i], &fixture_everything, &plan);
		for (size_t j = 0; j < plan.probe_count; j++)
			compared += compare_moved(fixture_series[i], plan.probes[j].event,
						  &plan.probes[j].means);
		for (size_t j = 0; j < plan.event_count; j++)
			compared += compare_moved(fixture_series[i], plan.events[j].event,
						  &plan.events[j].means);
	}
	CU_ASSERT_TRUE(compared > 4 * 30);
}

static void garbage(void)
{
	static const char *const formats[] = {
		"",
		"\n",
		"name:",
		"name: e\n",
		"name: e\nID: x\nformat:\n",
		"name: e\nID: 70000\nformat:\n",
		"ID: 5\nname: e\nformat:\n" COMMON,
		"<html>404</html>",
		"\377\376\001\002",
		"name: e\nID: 708\nformat:\n\tfield:int;\toffset:0;\n",
		"name: e\nID: 708\nformat:\n\tfield:int common_pid;\toffset:-4;\tsize:4;\tsigned:1;"
		"\n\nprint fmt: \"\"\n",
		"name: e\nID: 708\nformat:\n\tfield:int common_pid;\toffset:65533;\tsize:4;"
		"\tsigned:1;\n\nprint fmt: \"\"\n",
	};

	const struct meaning exits = { .use = USE_EXIT };

	decoder = decoder_new(8);
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		CU_ASSERT_EQUAL(add(USE_EXIT, formats[i]), -EINVAL);
		CU_ASSERT_NOT_EQUAL(err.text[0], '\0');
	}
	CU_ASSERT_EQUAL(decoder_add(decoder, &exits, "sched", "", NULL), -EINVAL);
	decoder_free(decoder);
}

/* A real format, cut anywhere, is refused or learned, and no more. */
static void cut_formats(void)
{
	char *format = fixture_format("5.10", "try_settime_user");
	size_t size = strlen(format);

	for (size_t i = 0; i < size; i++) {
		char *cut = strndup(format, i);

		decoder = decoder_new(8);
		if (add(USE_USER, cut) != 0)
			CU_ASSERT_NOT_EQUAL(err.text[0], '\0');
		decoder_free(decoder);
		free(cut);
	}
	free(format);
}

static void an_id_too_large(void)
{
	static const char format[] = FORMAT("e", 70000, FIELD("s64", "ret", 8, 8, 1));

	decoder = decoder_new(8);
	expect_refused(USE_RETURN, format, "an event format of timersnoop cannot be read");
	decoder_free(decoder);
}

static void too_many_events(void)
{
	char format[1024];
	int added = 0;
	int status;

	decoder = decoder_new(8);
	do {
		snprintf(format, sizeof(format),
			 "name: e%d\nID: %d\nformat:\n" COMMON FIELD("s64", "ret", 8, 8,
								     1) "\nprint fmt: \"\"\n",
			 added, 800 + added);
		status = add(USE_RETURN, format);
		added += status == 0;
	} while (status == 0 && added < 1000);
	CU_ASSERT_EQUAL(status, -ENOSPC);
	/* more than a plan can have */
	CU_ASSERT_TRUE(added >= PLAN_PROBES_MAX + PLAN_EVENTS_MAX);
	CU_ASSERT_EQUAL(read_empty((uint16_t)(800 + added - 1)), 1);
	CU_ASSERT_EQUAL(read_empty((uint16_t)(800 + added)), 0);
	decoder_free(decoder);
}

int suite_decode_formats(void)
{
	CU_pSuite suite = CU_add_suite("decode_formats", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, missing_fields) || !CU_ADD_TEST(suite, moved_fields) ||
	    !CU_ADD_TEST(suite, garbage) || !CU_ADD_TEST(suite, cut_formats) ||
	    !CU_ADD_TEST(suite, an_id_too_large) || !CU_ADD_TEST(suite, too_many_events))
		return (int)CU_get_error();
	return 0;
}
