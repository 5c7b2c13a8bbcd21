/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Records of any bytes, by the formats of a real kernel. Runs in the top
 * directory of the project. 5.10 has every kind of event, strings included.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "timersnoop/decode.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct decoder *decoder;

static enum probe_use use_of(const char *event)
{
	static const struct {
		const char *event;
		enum probe_use use;
	} uses[] = {
		{ "settime_enter", USE_ENTRY },     { "settime_exit", USE_RETURN },
		{ "settime_new", USE_COPY },        { "settime_user", USE_USER },
		{ "settime_old", USE_OLD },         { "task_creds", USE_CREDS },
		{ "task_newtask", USE_NEW_TASK },   { "task_rename", USE_RENAME },
		{ "sched_process_exec", USE_EXEC }, { "sched_process_exit", USE_EXIT },
	};

	for (size_t i = 0; i < sizeof(uses) / sizeof(uses[0]); i++)
		if (strncmp(event, uses[i].event, strlen(uses[i].event)) == 0)
			return uses[i].use;
	abort();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static char formats[65536];
	FILE *file = fopen("tests/fixtures/5.10/formats", "r");
	struct error err;
	char *event, *next;

	(void)argc;
	(void)argv;
	decoder = decoder_new(8);
	if (!decoder || !file || !fread(formats, 1, sizeof(formats) - 1, file))
		abort();
	fclose(file);
	for (event = formats; event; event = next) {
		next = strstr(event + 1, "\nname: ");
		if (next)
			*next++ = '\0';
		if (decoder_add(decoder, use_of(event + strlen("name: ")), ABI_64, "fuzz", event,
				&err) < 0)
			abort();
	}
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Of just this size, so that a read past it is seen. */
	uint8_t *copy = malloc(size ? size : 1);
	struct raw_event event = { .data = copy, .size = (unsigned)size };
	struct record record;

	if (!copy)
		abort();
	memcpy(copy, data, size);
	decoder_read(decoder, &event, &record);
	free(copy);
	return 0;
}
