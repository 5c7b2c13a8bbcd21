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

/* From one tick of the kernel's to the next, by which CPU time is counted, ns. */
int64_t clocks_tick(void);

#endif
