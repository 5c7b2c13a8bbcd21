/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "decodes.h"

#include <CUnit/Basic.h>
#include <stdlib.h>
#include <string.h>

#include "fixtures.h"

#define TID 4242

static struct decoder *decoder;
const char *series;
struct raw raw;
struct record record;

void each_kernel(void (*test)(void))
{
	for (int i = 0; i < FIXTURE_SERIES; i++) {
		series = fixture_series[i];
		decoder = fixture_decoder(series);
		test();
		decoder_free(decoder);
	}
}

bool has(const char *event)
{
	char *format = fixture_format(series, event);

	free(format);
	return format != NULL;
}

int read_size(unsigned size)
{
	struct raw_event event = { .ts = 99, .cpu = 3, .size = size };
	uint8_t *copy = malloc(size ? size : 1); /* of just this size */
	int status;

	memcpy(copy, raw.bytes, size);
	event.data = copy;
	memset(&record, 0x5a, sizeof(record));
	status = decoder_read(decoder, &event, &record);
	free(copy);
	return status;
}

void begin_raw(const char *event)
{
	raw_begin(&raw, series, event, TID, 0xa5);
}

void expect_read(enum probe_use use)
{
	CU_ASSERT_EQUAL_FATAL(read_size(raw.size), 1);
	CU_ASSERT_EQUAL(record.kind, use);
	CU_ASSERT_EQUAL(record.ts, 99);
	CU_ASSERT_EQUAL(record.cpu, 3);
	CU_ASSERT_EQUAL(record.tid, TID);
}

void end_raw(void)
{
	raw_end(&raw);
}
