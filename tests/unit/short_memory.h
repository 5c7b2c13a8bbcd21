/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * short_memory: an allocation that fails, once, for tests of what comes of that. The Makefile
 * has the linker put these in the place of malloc(3), calloc(3), realloc(3) and reallocarray(3).
 */
#ifndef TIMERSNOOP_TESTS_SHORT_MEMORY_H
#define TIMERSNOOP_TESTS_SHORT_MEMORY_H

#include <stdbool.h>

/* Of the allocations from here on this one fails: 0 the first. */
void short_memory_begin(unsigned at);
/* No more fails. Did that one? */
bool short_memory_end(void);

#endif
