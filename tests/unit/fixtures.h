/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fixtures: what was recorded of real kernels (scripts/record-fixtures.sh), for tests
 * that run in the top directory of the project.
 */
#ifndef TIMERSNOOP_TESTS_FIXTURES_H
#define TIMERSNOOP_TESTS_FIXTURES_H

#include <stddef.h>
#include <stdint.h>

#include "timersnoop/decode.h"
#include "timersnoop/kernel_features.h"
#include "timersnoop/probe_plan.h"

#define FIXTURE_SERIES 4
extern const char *const fixture_series[FIXTURE_SERIES]; /* "5.10" and so on */

/* A file of a series: allocated, a NUL behind it; the test ends if there is none. */
char *fixture_read(const char *series, const char *name, size_t *size);
/* Writes one anew. */
void fixture_write(const char *series, const char *name, const char *text);

/* What that kernel can do. */
void fixture_features(const char *series, struct kernel_features *features);

/* The plan that it gets for these wishes; and for everything but --toctou, which it was
 * recorded with. */
void fixture_plan(const char *series, const struct plan_wishes *wishes, struct probe_plan *plan);
extern const struct plan_wishes fixture_everything;
/* All that there is of the kernel's own timers. */
extern const struct plan_wishes fixture_kernel;

/* The format of one event of that kernel, allocated; NULL if it was not planned there. */
char *fixture_format(const char *series, const char *event);
/* The id that the kernel gave to it. */
uint16_t fixture_event_id(const char *series, const char *event);
/* A decoder that knows all events of that kernel. */
struct decoder *fixture_decoder(const char *series);

#endif
