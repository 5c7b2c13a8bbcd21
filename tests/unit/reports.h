/* SPDX-License-Identifier: GPL-2.0-or-later */
/* reports: what the command says of a recording, as somebody who runs it reads it. */
#ifndef TIMERSNOOP_TESTS_REPORTS_H
#define TIMERSNOOP_TESTS_REPORTS_H

#include <stddef.h>

struct report {
	int status;
	char *out, *err; /* what was written; allocated */
};

/* timersnoop report PATH WORDS...; words are separated by spaces. */
struct report report_run(const char *path, const char *words);
void report_free(struct report *report);

/* An anonymous file with these bytes. */
int report_file(const void *bytes, size_t size);

#endif
