/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fixtures.h"

#include <CUnit/Basic.h>
#include <stdbool.h>
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
	size_t room = 1 << 18;

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

/* "STRUCTURE MEMBER OFFSET", a line each, in the order of feature_members. */
static void read_types(const char *series, struct kernel_features *features)
{
	size_t size;
	char *text = fixture_read(series, "types", &size);
	const char *line = text;

	for (int i = 0; i < OFFSET_COUNT; i++) {
		char structure[64], member[64];

		CU_ASSERT_EQUAL_FATAL(
			sscanf(line, "%63s %63s %d", structure, member, &features->offset[i]), 3);
		CU_ASSERT_STRING_EQUAL(structure, feature_members[i].structure);
		CU_ASSERT_STRING_EQUAL(member, feature_members[i].member);
		line = strchr(line, '\n') + 1;
	}
	CU_ASSERT_EQUAL(*line, '\0');
	free(text);
}

/* The formats stand one behind the other; each begins with the event's name. */
static const char *find_format(const char *formats, const char *event)
{
	char line[64];

	snprintf(line, sizeof(line), "name: %s\n", event);
	return strstr(formats, line);
}

void fixture_features(const char *series, struct kernel_features *features)
{
	size_t size;
	char *text = fixture_read(series, "README", &size);

	kernel_features_init(features);
	snprintf(features->machine, sizeof(features->machine), "x86_64");
	kernel_features_readme(features, text);
	free(text);
	text = fixture_read(series, "kallsyms", &size);
	kernel_features_kallsyms(features, text, size, probe_plan_symbols(features->machine));
	free(text);
	text = fixture_read(series, "formats", &size);
	for (int i = 0; i < FEATURE_EVENTS; i++)
		features->events[i] = find_format(text, feature_events[i].event) != NULL;
	free(text);
	read_types(series, features);
}

const struct plan_wishes fixture_everything = {
	.events = EVENTS_ALL, .lives = true, .user_ids = true, .entries = true
};
const struct plan_wishes fixture_kernel = { .kernel = true, .callers = true, .wakeups = true };

void fixture_plan(const char *series, const struct plan_wishes *wishes, struct probe_plan *plan)
{
	struct kernel_features features;
	struct error err;

	fixture_features(series, &features);
	CU_ASSERT_EQUAL_FATAL(probe_plan_make(plan, &features, wishes, &err), 0);
}

char *fixture_format(const char *series, const char *event)
{
	size_t size;
	char *all = fixture_read(series, "formats", &size);
	const char *found = find_format(all, event), *end;
	char *format = NULL;

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

/* Adds the event, if it is one of that kernel. */
static void add_event(struct decoder *decoder, const char *series, const char *system,
		      const char *event, const struct meaning *means)
{
	char *format = fixture_format(series, event);
	struct error err = { .code = 0 };

	if (!format)
		return;
	CU_ASSERT_EQUAL(decoder_add(decoder, means, system, format, &err), 0);
	if (err.code)
		fprintf(stderr, "\n%s: %s\n", series, err.text);
	free(format);
}

static bool compares_memory(enum probe_use use)
{
	return use == USE_USER_BEFORE || use == USE_USER_AFTER || use == USE_USER_OLD;
}

/* What only the plan of the kernel's own timers has. */
static void add_kernel(struct decoder *decoder, const char *series,
		       const struct probe_plan *everything)
{
	struct probe_plan plan;

	fixture_plan(series, &fixture_kernel, &plan);
	for (size_t i = 0; i < plan.probe_count; i++)
		add_event(decoder, series, "timersnoop", plan.probes[i].event,
			  &plan.probes[i].means);
	for (size_t i = 0; i < plan.event_count; i++) {
		bool known = false;

		for (size_t j = 0; j < everything->event_count; j++)
			known = known ||
				strcmp(everything->events[j].event, plan.events[i].event) == 0;
		if (!known)
			add_event(decoder, series, plan.events[i].system, plan.events[i].event,
				  &plan.events[i].means);
	}
}

struct decoder *fixture_decoder(const char *series)
{
	const struct plan_wishes toctou = { .events = EVENT_BIT(EVENT_TIMER_SETTIME),
					    .toctou = true };
	struct decoder *decoder = decoder_new(8);
	struct probe_plan plan;

	CU_ASSERT_PTR_NOT_NULL_FATAL(decoder);
	fixture_plan(series, &fixture_everything, &plan);
	for (size_t i = 0; i < plan.probe_count; i++)
		add_event(decoder, series, "timersnoop", plan.probes[i].event,
			  &plan.probes[i].means);
	for (size_t i = 0; i < plan.event_count; i++)
		add_event(decoder, series, plan.events[i].system, plan.events[i].event,
			  &plan.events[i].means);
	add_kernel(decoder, series, &plan);
	fixture_plan(series, &toctou, &plan);
	for (size_t i = 0; i < plan.probe_count; i++)
		if (compares_memory(plan.probes[i].means.use))
			add_event(decoder, series, "timersnoop", plan.probes[i].event,
				  &plan.probes[i].means);
	return decoder;
}
