/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fixtures.h"

#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "timersnoop/probe_plan.h"

const char *const fixture_series[FIXTURE_SERIES] = { "5.10", "6.1", "6.12", "7.2" };

static FILE *fixture_open(const char *series, const char *name, const char *mode)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "tests/fixtures/%s/%s", series, name);
	file = fopen(path, mode);
	if (!file)
		perror(path);
	return file;
}

char *fixture_read(const char *series, const char *name, size_t *size)
{
	FILE *file = fixture_open(series, name, "re");
	char *text = NULL;
	size_t room = 1 << 16;

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	text = malloc(room);
	*size = fread(text, 1, room - 1, file);
	fclose(file);
	CU_ASSERT_FATAL(*size < room - 1);
	text[*size] = '\0';
	return text;
}

void fixture_write(const char *series, const char *name, const char *text)
{
	FILE *file = fixture_open(series, name, "we");

	CU_ASSERT_PTR_NOT_NULL_FATAL(file);
	fputs(text, file);
	CU_ASSERT_EQUAL(fclose(file), 0);
}

void fixture_features(const char *series, struct kernel_features *features)
{
	size_t size;
	char *text = fixture_read(series, "README", &size);

	memset(features, 0, sizeof(*features));
	snprintf(features->machine, sizeof(features->machine), "x86_64");
	features->cred_uid_offset = 8; /* on each of them */
	kernel_features_readme(features, text);
	free(text);
	text = fixture_read(series, "kallsyms", &size);
	kernel_features_kallsyms(features, text, size, probe_plan_symbols());
	free(text);
}

static const struct {
	const char *event, *system;
	enum probe_use use;
	enum call_abi abi;
} events[] = {
	{ "settime_enter", "timersnoop", USE_ENTRY, ABI_64 },
	{ "settime_enter_ia32", "timersnoop", USE_ENTRY, ABI_32 },
	{ "settime_enter_ia32_time32", "timersnoop", USE_ENTRY, ABI_32_TIME32 },
	{ "settime_exit", "timersnoop", USE_RETURN, ABI_64 },
	{ "settime_exit_ia32", "timersnoop", USE_RETURN, ABI_32 },
	{ "settime_exit_ia32_time32", "timersnoop", USE_RETURN, ABI_32_TIME32 },
	{ "settime_new", "timersnoop", USE_COPY, ABI_UNKNOWN },
	{ "settime_user", "timersnoop", USE_USER, ABI_UNKNOWN },
	{ "settime_user_time32", "timersnoop", USE_USER, ABI_UNKNOWN },
	{ "settime_old", "timersnoop", USE_OLD, ABI_UNKNOWN },
	{ "settime_old_time32", "timersnoop", USE_OLD, ABI_UNKNOWN },
	{ "task_creds", "timersnoop", USE_CREDS, ABI_UNKNOWN },
	{ "task_newtask", "task", USE_NEW_TASK, ABI_UNKNOWN },
	{ "task_rename", "task", USE_RENAME, ABI_UNKNOWN },
	{ "sched_process_exec", "sched", USE_EXEC, ABI_UNKNOWN },
	{ "sched_process_exit", "sched", USE_EXIT, ABI_UNKNOWN },
};

/* The formats stand one behind the other; each begins with the event's name. */
char *fixture_format(const char *series, const char *event)
{
	char line[64];
	size_t size;
	char *all = fixture_read(series, "formats", &size);
	char *format = NULL, *found, *end;

	snprintf(line, sizeof(line), "name: %s\n", event);
	found = strstr(all, line);
	if (found) {
		end = strstr(found + 1, "\nname: ");
		format = end ? strndup(found, (size_t)(end + 1 - found)) : strdup(found);
	}
	free(all);
	return format;
}

uint16_t fixture_event_id(const char *series, const char *event)
{
	char *format = fixture_format(series, event);
	int id = 0;

	CU_ASSERT_PTR_NOT_NULL_FATAL(format);
	CU_ASSERT_EQUAL_FATAL(sscanf(format, "name: %*s ID: %d", &id), 1);
	free(format);
	return (uint16_t)id;
}

struct decoder *fixture_decoder(const char *series)
{
	struct decoder *decoder = decoder_new(8);
	struct error err;

	CU_ASSERT_PTR_NOT_NULL_FATAL(decoder);
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		char *format = fixture_format(series, events[i].event);

		if (!format)
			continue;
		CU_ASSERT_EQUAL_FATAL(decoder_add(decoder, events[i].use, events[i].abi,
						  events[i].system, format, &err),
				      0);
		free(format);
	}
	return decoder;
}
