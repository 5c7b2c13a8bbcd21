/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/histogram.h"

#include <string.h>

static const char *const names[HISTOGRAM_COUNT] = {
	[HISTOGRAM_VALUE] = "value",   [HISTOGRAM_INTERVAL] = "interval", [HISTOGRAM_LATE] = "late",
	[HISTOGRAM_SIGNAL] = "signal", [HISTOGRAM_DURATION] = "duration",
};

const char *histogram_name(enum histogram_of of)
{
	return names[of];
}

uint32_t histograms_named(const char *name)
{
	for (unsigned of = 0; of < HISTOGRAM_COUNT; of++)
		if (strcmp(names[of], name) == 0)
			return HISTOGRAM_BIT(of);
	return 0;
}

unsigned histogram_row(int64_t ns)
{
	return ns <= 1 ? 0 : 64 - (unsigned)__builtin_clzll((uint64_t)ns - 1);
}

void histogram_add(struct histogram *histogram, int64_t ns)
{
	histogram->rows[histogram_row(ns)]++;
}

void histogram_merge(struct histogram *into, const struct histogram *from)
{
	for (unsigned row = 0; row < HISTOGRAM_ROWS; row++)
		into->rows[row] += from->rows[row];
}

uint64_t histogram_total(const struct histogram *histogram)
{
	uint64_t total = 0;

	for (unsigned row = 0; row < HISTOGRAM_ROWS; row++)
		total += histogram->rows[row];
	return total;
}

int64_t histogram_from(unsigned row)
{
	return row ? ((int64_t)1 << (row - 1)) + 1 : INT64_MIN;
}

int64_t histogram_to(unsigned row)
{
	return row < HISTOGRAM_ROWS - 1 ? (int64_t)1 << row : INT64_MAX;
}
