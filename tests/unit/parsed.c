/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "parsed.h"

#include <stdlib.h>
#include <string.h>

#define WORDS_MAX 16

struct options parsed;
struct error parsed_error;

static char *argv[WORDS_MAX + 2];
static int argc;

int parse_words(const char *const *words)
{
	/* nothing may be left as it was */
	memset(&parsed, 0x5a, sizeof(parsed));
	memset(&parsed_error, 0, sizeof(parsed_error));
	/* argv is writable, so the words are copied */
	argc = 0;
	argv[argc++] = strdup("timersnoop");
	while (*words && argc <= WORDS_MAX)
		argv[argc++] = strdup(*words++);
	argv[argc] = NULL;
	return options_parse(&parsed, argc, argv, &parsed_error);
}

void parsed_done(void)
{
	options_free(&parsed);
	for (int i = 0; i < argc; i++)
		free(argv[i]);
}
