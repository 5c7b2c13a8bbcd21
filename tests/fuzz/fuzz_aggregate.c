/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel counted, of any bytes. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "timersnoop/aggregate.h"
#include "timersnoop/histogram.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct aggregate_table tables[] = {
		{ .what = COUNT_ARM },
		{ .what = COUNT_VALUE, .row = 63 },
		{ .what = COUNT_REFUSED },
		{ .what = COUNT_AGAIN },
	};
	struct aggregate_counts counts = { .count = 0 }, before = { .count = 0 };
	char *text = malloc(size + 1);
	uint64_t dropped = 0;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	aggregate_read(&counts, text, tables, sizeof(tables) / sizeof(tables[0]), &dropped);
	aggregate_read(&before, text, tables, 1, &dropped);
	for (size_t i = 0; i < counts.count; i++)
		if (counts.list[i].row >= HISTOGRAM_ROWS)
			abort();
	aggregate_sort(&counts);
	aggregate_sort(&before);
	aggregate_arms(&counts, &before);
	aggregate_subtract(&counts, &before);
	aggregate_correct(&counts);
	aggregate_free(&counts);
	aggregate_free(&before);
	free(text);
	return 0;
}
