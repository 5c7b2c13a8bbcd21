/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/out_histogram.h"

#include <stdbool.h>
#include <string.h>

#include "timersnoop/line.h"

#define BAR_WIDTH 40
/* So many rows with nothing are drawn, to show how far apart others are; more are not. */
#define EMPTY_ROWS 4

char *out_histogram_json(char *at, const struct histogram *histogram)
{
	bool first = true;

	at = line_u64(line_text(at, ",\"unit\":\"ns\",\"total\":"), histogram_total(histogram));
	at = line_text(at, ",\"buckets\":[");
	for (unsigned i = 0; i < HISTOGRAM_ROWS; i++) {
		if (!histogram->rows[i])
			continue;
		if (!first)
			*at++ = ',';
		first = false;
		at = line_text(at, "{\"from\":");
		at = i ? line_s64(at, histogram_from(i)) : line_text(at, "null");
		at = line_s64(line_text(at, ",\"to\":"), histogram_to(i));
		at = line_byte(line_u64(line_text(at, ",\"count\":"), histogram->rows[i]), '}');
	}
	return line_byte(at, ']');
}

static char *put_right(char *at, int64_t number, size_t width)
{
	char digits[LINE_NUMBER_MAX];
	size_t length = (size_t)(line_s64(digits, number) - digits);

	at = line_pad(at, length, width);
	memcpy(at, digits, length);
	return at + length;
}

/* "      513 -> 1024       : 12       |****      |" */
static void histogram_line(struct sink *sink, unsigned row, uint64_t count, uint64_t most)
{
	size_t stars = (size_t)((double)count / (double)most * BAR_WIDTH + 0.5);
	char *at = put_right(sink_line(sink), row ? histogram_from(row) : 0, 20);
	char *from = line_text(at, " -> ");

	at = line_s64(from, histogram_to(row));
	at = line_text(line_pad(at, (size_t)(at - from), 20), " : ");
	from = at;
	at = line_u64(at, count);
	at = line_text(line_pad(at, (size_t)(at - from), 9), "|");
	memset(at, '*', stars);
	memset(at + stars, ' ', BAR_WIDTH - stars);
	sink_line_end(sink, line_text(at + BAR_WIDTH, "|\n"));
}

/* How many rows from this one on have nothing, when others come behind them. */
static unsigned empty_from(const struct histogram *histogram, unsigned row)
{
	unsigned end = row;

	while (end < HISTOGRAM_ROWS && !histogram->rows[end])
		end++;
	return end - row;
}

/* In the place of rows that have nothing, below the arrows. */
static char *put_dots(char *at)
{
	return line_text(line_pad(at, 0, 21), "...");
}

void out_histogram_text(struct sink *sink, const char *title, const char *subject,
			const struct histogram *histogram)
{
	unsigned first = HISTOGRAM_ROWS, last = 0;
	uint64_t most = 0;
	char *at;

	for (unsigned i = 0; i < HISTOGRAM_ROWS; i++) {
		if (!histogram->rows[i])
			continue;
		first = first < i ? first : i;
		last = i;
		most = histogram->rows[i] > most ? histogram->rows[i] : most;
	}
	at = line_text(line_byte(sink_line(sink), '\n'), title);
	if (subject[0])
		at = line_text(line_text(at, ": "), subject);
	sink_line_end(sink, line_byte(at, '\n'));
	if (!most) {
		sink_line_end(sink, line_text(sink_line(sink), "    none\n"));
		return;
	}
	at = line_text(sink_line(sink), "               nsecs                       : count    "
					"distribution\n");
	sink_line_end(sink, at);
	for (unsigned i = first; i <= last; i++) {
		unsigned empty = empty_from(histogram, i);

		if (empty <= EMPTY_ROWS) {
			histogram_line(sink, i, histogram->rows[i], most);
			continue;
		}
		sink_line_end(sink, line_text(put_dots(sink_line(sink)), "\n"));
		i += empty - 1;
	}
}
