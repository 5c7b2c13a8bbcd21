/* SPDX-License-Identifier: GPL-2.0-or-later */
/* reports: what the command says of a recording, as somebody who runs it reads it. */
#ifndef TIMERSNOOP_TESTS_REPLAYED_H
#define TIMERSNOOP_TESTS_REPLAYED_H

#include <stddef.h>

struct replayed {
	int status;
	char *out, *err; /* what was written; allocated */
};

/* timersnoop report PATH WORDS...; words are separated by spaces. */
struct replayed replayed_run(const char *path, const char *words);
/* timersnoop stat -i PATH WORDS... */
struct replayed replayed_stat(const char *path, const char *words);
/* timersnoop kernel -i PATH WORDS... */
struct replayed replayed_kernel(const char *path, const char *words);
void replayed_free(struct replayed *report);

/* An anonymous file with these bytes. */
int replayed_file(const void *bytes, size_t size);

#endif
