/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "raws.h"

#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fixtures.h"

/* "\tfield:TYPE NAME;\toffset:N;\tsize:N;..."; NULL behind the last one. */
static const char *read_field(const char *line, char name[64], unsigned *offset, unsigned *size)
{
	const char *end, *start;
	size_t length;

	line = strstr(line, "\tfield:");
	if (!line)
		return NULL;
	end = strchr(line, ';');
	CU_ASSERT_EQUAL_FATAL(sscanf(end, ";\toffset:%u;\tsize:%u;", offset, size), 2);
	for (start = end; start[-1] != ' '; start--)
		;
	length = strcspn(start, "[;");
	CU_ASSERT_TRUE_FATAL(length < 64);
	memcpy(name, start, length);
	name[length] = '\0';
	return end;
}

void raw_begin(struct raw *raw, const char *series, const char *event, int32_t tid, uint8_t fill)
{
	uint16_t type = fixture_event_id(series, event);
	unsigned offset, size;
	char name[64];

	raw->size = 0;
	raw->format = fixture_format(series, event);
	CU_ASSERT_PTR_NOT_NULL_FATAL(raw->format);
	for (const char *at = raw->format; (at = read_field(at, name, &offset, &size));)
		if (offset + size > raw->size)
			raw->size = offset + size;
	CU_ASSERT_FATAL(raw->size <= sizeof(raw->bytes));
	memset(raw->bytes, fill, sizeof(raw->bytes));
	memset(raw->bytes, 0, 8);
	memcpy(raw->bytes, &type, sizeof(type));
	raw_put(raw, "common_pid", (uint64_t)tid);
}

unsigned raw_offset(const struct raw *raw, const char *field, unsigned *size)
{
	unsigned offset = 0;
	char name[64];

	for (const char *at = raw->format; (at = read_field(at, name, &offset, size));)
		if (strcmp(name, field) == 0)
			return offset;
	fprintf(stderr, "\n  no field %s", field);
	CU_FAIL_FATAL("the event has the field");
	return 0;
}

void raw_put(struct raw *raw, const char *field, uint64_t value)
{
	unsigned size, offset = raw_offset(raw, field, &size);

	CU_ASSERT_TRUE_FATAL(size <= sizeof(value));
	memcpy(raw->bytes + offset, &value, size);
}

void raw_put_word(struct raw *raw, const char *field, unsigned index, int64_t value)
{
	unsigned size, offset = raw_offset(raw, field, &size);

	CU_ASSERT_TRUE_FATAL((index + 1) * sizeof(value) <= size);
	memcpy(raw->bytes + offset + index * sizeof(value), &value, sizeof(value));
}

void raw_put_text(struct raw *raw, const char *field, const char *text)
{
	unsigned size, offset = raw_offset(raw, field, &size);

	CU_ASSERT_TRUE_FATAL(strlen(text) < size);
	memset(raw->bytes + offset, 0, size);
	memcpy(raw->bytes + offset, text, strlen(text));
}

void raw_end(struct raw *raw)
{
	free(raw->format);
}
