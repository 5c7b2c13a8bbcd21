/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records of any bytes, by the formats of real kernels, through view: calls,
 * timers and lives are made of them. Runs in the top directory of the project.
 *
 * The input is records one behind the other, each with a byte of length before
 * it (in words), a byte for its CPU and its time, and its bytes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "timersnoop/decode.h"
#include "timersnoop/view.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define KERNELS 2
static struct decoder *decoders[KERNELS];
static int alarm_offsets[KERNELS];

/* 5.10 has every kind of event but what came later, which 7.2 has. */
static const char *const series[KERNELS] = { "5.10", "7.2" };

static char *read_all(const char *of, const char *name)
{
	char path[64];
	char *text = malloc(1 << 18);
	FILE *file;
	size_t size;

	snprintf(path, sizeof(path), "tests/fixtures/%s/%s", of, name);
	file = fopen(path, "r");
	if (!text || !file)
		abort();
	size = fread(text, 1, (1 << 18) - 1, file);
	if (!size)
		abort();
	text[size] = '\0';
	fclose(file);
	return text;
}

static void read_types(const char *of, struct kernel_features *features)
{
	char *text = read_all(of, "types"), *line = text;

	for (int i = 0; i < OFFSET_COUNT; i++, line = strchr(line, '\n') + 1)
		if (sscanf(line, "%*s %*s %d", &features->offset[i]) != 1)
			abort();
	free(text);
}

static void make_plan(const char *of, const struct plan_wishes *wishes, struct probe_plan *plan,
		      int *alarm_offset)
{
	static struct kernel_features features;
	struct error err;
	char *text = read_all(of, "README");

	kernel_features_init(&features);
	strcpy(features.machine, "x86_64");
	kernel_features_readme(&features, text);
	free(text);
	text = read_all(of, "kallsyms");
	kernel_features_kallsyms(&features, text, strlen(text),
				 probe_plan_symbols(features.machine));
	free(text);
	text = read_all(of, "formats");
	features.events[FEATURE_HRTIMER_START_EXPIRED] =
		strstr(text, "name: hrtimer_start_expired\n") != NULL;
	free(text);
	read_types(of, &features);
	*alarm_offset = features.offset[OFFSET_ALARM_TIMER];
	if (probe_plan_make(plan, &features, wishes, &err) < 0)
		abort();
}

/* Adds the event, if its format is among these and it is not known yet. */
static void add(struct decoder *decoder, char *formats, const char *event,
		const struct meaning *means)
{
	char name[64];
	struct error err;
	char *found, *end, *format;

	snprintf(name, sizeof(name), "name: %s\n", event);
	found = strstr(formats, name);
	if (!found)
		return;
	end = strstr(found + 1, "\nname: ");
	format = strndup(found, end ? (size_t)(end + 1 - found) : strlen(found));
	if (decoder_add(decoder, means, "fuzz", format, &err) < 0)
		abort();
	free(format);
	*found = '#';
}

static struct decoder *make_decoder(const char *of, int *alarm_offset)
{
	static const struct plan_wishes wishes[] = {
		{ .events = EVENTS_ALL, .lives = true, .user_ids = true },
		{ .events = EVENTS_CALLS, .toctou = true },
	};
	static struct probe_plan plan;
	struct decoder *decoder = decoder_new(8);
	char *formats = read_all(of, "formats");

	if (!decoder)
		abort();
	for (int i = 0; i < 2; i++) {
		make_plan(of, &wishes[i], &plan, alarm_offset);
		for (size_t j = 0; j < plan.probe_count; j++)
			add(decoder, formats, plan.probes[j].event, &plan.probes[j].means);
		for (size_t j = 0; j < plan.event_count; j++)
			add(decoder, formats, plan.events[j].event, &plan.events[j].means);
	}
	free(formats);
	return decoder;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	for (int i = 0; i < KERNELS; i++)
		decoders[i] = make_decoder(series[i], &alarm_offsets[i]);
	return 0;
}

/* Of just this size, so that a read past it is seen. */
static void take(struct view *view, const uint8_t *data, size_t size, uint64_t ts, int cpu)
{
	uint8_t *copy = malloc(size ? size : 1);
	struct merged merged = {
		.kind = MERGE_EVENT,
		.event = { .ts = ts, .cpu = cpu, .data = copy, .size = (unsigned)size }
	};

	if (!copy)
		abort();
	memcpy(copy, data, size);
	/* few tasks, so that records have to do with each other */
	if (size >= 8)
		copy[5] = copy[6] = copy[7] = 0;
	if (cpu == 7) {
		merged.kind = ts & 8 ? MERGE_LOSS_COUNTED : MERGE_LOSS_UNKNOWN;
		merged.lost = 1;
		merged.event.cpu = 0;
	}
	view_take(view, &merged);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct selection everything = { .count = 0 };
	static const struct out_style style = { .format = OUT_TEXT };
	struct view_request request = { .selection = &everything,
					.style = &style,
					.since_ns = 1000,
					.events = EVENTS_ALL,
					.lives = true };
	uint64_t ts = 2000000000;
	struct view *view;

	if (!size)
		return 0;
	request.decoder = decoders[data[0] % KERNELS];
	request.followed = data[0] & 2;
	request.alarm_offset = data[0] & 4 ? alarm_offsets[data[0] % KERNELS] : 0;
	request.tasks = tasks_new();
	view = view_new(&request);
	if (!request.tasks || !view)
		abort();
	view_set_ahead(view, data[0] >> 3, INT64_MAX);
	for (data++, size--; size >= 2;) {
		size_t length = (size_t)data[0] * 4;
		int cpu = data[1] % 8;

		ts += (uint64_t)data[1] * data[1] * 1000;
		data += 2;
		size -= 2;
		if (length > size)
			length = size;
		take(view, data, length, ts, cpu);
		data += length;
		size -= length;
	}
	view_finish(view, ts + 1000000);
	view_free(view);
	tasks_free(request.tasks);
	return 0;
}
