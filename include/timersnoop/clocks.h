/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clocks: what time it is, by CLOCK_MONOTONIC, which the trace clock is too. */
#ifndef TIMERSNOOP_CLOCKS_H
#define TIMERSNOOP_CLOCKS_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* Nanoseconds. */
uint64_t clocks_now(void);
/* How far a clock is ahead of it, ns. False when there is no such clock. */
bool clocks_ahead(clockid_t clock, int64_t *ns);

#endif
