/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The caller's memory, before and after (--toctou), by the formats of real kernels. */
#include <CUnit/Basic.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fixtures.h"
#include "raws.h"
#include "suites.h"
#include "timersnoop/decode.h"

static struct raw raw;
static struct decoder *decoder;

static const struct {
	const char *event;
	enum probe_use use;
	bool time32;
} events[] = {
	{ "try_settime_before", USE_USER_BEFORE, false },
	{ "try_settime_before_ia32", USE_USER_BEFORE, false },
	{ "try_settime_before_ia32_time32", USE_USER_BEFORE, true },
	{ "try_settime_after", USE_USER_AFTER, false },
	{ "try_settime_after_ia32_time32", USE_USER_AFTER, true },
	{ "try_settime_old_after", USE_USER_OLD, false },
	{ "try_settime_old_after_ia32", USE_USER_OLD, false },
	{ "try_settime_old_after_ia32_time32", USE_USER_OLD, true },
};

static const char *const strings[] = { "first", "last1", "last2", "last3", "last4" };

/* Puts a string of one byte behind the record, or none as for what could not be read. */
static void put_string(const char *field, bool read)
{
	if (!read) {
		raw_put(&raw, field, raw.size);
		return;
	}
	raw_put(&raw, field, 2U << 16 | raw.size);
	memcpy(raw.bytes + raw.size, "u", 2);
	raw.size += 2;
}

static int read_raw(struct record *record)
{
	const struct raw_event event = { .ts = 7, .data = raw.bytes, .size = raw.size };

	memset(record, 0x5a, sizeof(*record));
	return decoder_read(decoder, &event, record);
}

static void expect_memory(const char *series, size_t which, bool readable)
{
	struct record record;

	raw_begin(&raw, series, events[which].event, 4242, 0xa5);
	CU_ASSERT_EQUAL(read_raw(&record), 1);
	raw_put(&raw, "ptr", 0x7ffc1000);
	raw_put(&raw, "user_is", 1);
	raw_put(&raw, "user_in", (uint64_t)-2);
	raw_put(&raw, "user_vs", 3);
	raw_put(&raw, "user_vn", INT32_MAX);
	for (int i = 0; i < 5; i++)
		put_string(strings[i], readable);
	raw.size = (raw.size + 3) / 4 * 4;
	CU_ASSERT_EQUAL_FATAL(read_raw(&record), 1);
	CU_ASSERT_EQUAL(record.kind, events[which].use);
	CU_ASSERT_EQUAL(record.event, EVENT_TIMER_SETTIME);
	CU_ASSERT_EQUAL(record.tid, 4242);
	CU_ASSERT_EQUAL(record.user_ptr, 0x7ffc1000);
	CU_ASSERT_EQUAL(record.user.from, readable ? FROM_USER : FROM_NONE);
	if (readable) {
		CU_ASSERT_EQUAL(record.user.interval.sec, 1);
		CU_ASSERT_EQUAL(record.user.interval.nsec, -2);
		CU_ASSERT_EQUAL(record.user.value.sec, 3);
		CU_ASSERT_EQUAL(record.user.value.nsec, INT32_MAX);
	}
	raw_end(&raw);
}

static void compared_memory(void)
{
	size_t seen = 0;

	for (int i = 0; i < FIXTURE_SERIES; i++) {
		decoder = fixture_decoder(fixture_series[i]);
		for (size_t j = 0; j < sizeof(events) / sizeof(events[0]); j++) {
			char *format = fixture_format(fixture_series[i], events[j].event);
			unsigned size;

			/* older kernels do not read it at return */
			CU_ASSERT_TRUE(format || (i < 2 && events[j].use != USE_USER_BEFORE));
			if (!format)
				continue;
			expect_memory(fixture_series[i], j, true);
			expect_memory(fixture_series[i], j, false);
			raw_begin(&raw, fixture_series[i], events[j].event, 1, 0);
			raw_offset(&raw, "user_vn", &size);
			CU_ASSERT_EQUAL(size, events[j].time32 ? 4 : 8);
			raw_end(&raw);
			free(format);
			seen++;
		}
		decoder_free(decoder);
	}
	CU_ASSERT_EQUAL(seen, 2 * 3 + 2 * 8);
}

int suite_decode_memory(void)
{
	CU_pSuite suite = CU_add_suite("decode_memory", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, compared_memory))
		return (int)CU_get_error();
	return 0;
}
