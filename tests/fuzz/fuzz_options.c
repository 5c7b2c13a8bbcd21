/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A command line of any words, separated by newlines. */
#include <stdlib.h>
#include <string.h>

#include "timersnoop/options.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char name[] = "timersnoop";
	char *text = malloc(size + 1);
	char *argv[34] = { name };
	int argc = 1;
	struct options options;
	struct error err;

	if (!text)
		abort();
	memcpy(text, data, size);
	text[size] = '\0';
	for (char *word = strtok(text, "\n"); word && argc < 33; word = strtok(NULL, "\n"))
		argv[argc++] = word;
	if (options_parse(&options, argc, argv, &err) == 0)
		options_free(&options);
	free(text);
	return 0;
}
