/* SPDX-License-Identifier: GPL-2.0-or-later */
/* decodes: one record at a time by the formats of a real kernel, as a test fills it in. */
#ifndef TIMERSNOOP_TESTS_DECODES_H
#define TIMERSNOOP_TESTS_DECODES_H

#include <stdbool.h>

#include "raws.h"
#include "timersnoop/decode.h"

extern const char *series; /* which kernel: "5.10" */
extern struct raw raw;
extern struct record record; /* as it was read last */

/* Runs a test by the formats of each. */
void each_kernel(void (*test)(void));
/* Was the event planned there? */
bool has(const char *event);

/* The status of reading so many bytes of it, of a copy of just that size. */
int read_size(unsigned size);
/* A record of an event, of bytes that mean nothing but its type and its thread. */
void begin_raw(const char *event);
/* Reads it: whole, and by a thread that is always the same. */
void expect_read(enum probe_use use);
void end_raw(void);

#endif
