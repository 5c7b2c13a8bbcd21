/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/out_table.h"

#include <stdio.h>
#include <string.h>

#include "timersnoop/line.h"
#include "timersnoop/out_rows.h"
#include "timersnoop/timerspec.h"

/* Of a text so much is shown; each byte may become four. */
#define TEXT_MAX 64
#define CELL_MAX (4 * TEXT_MAX + LINE_SLACK)
/* As many columns of these fit in a line. */
#define CELL_WIDTH_MAX 160

static size_t cell_rate(char *cell, double rate)
{
	return (size_t)sprintf(cell, "%.*f", rate >= 99.95 ? 0 : rate >= 9.995 ? 1 : 2, rate);
}

/* What could make columns or command a terminal is octal. */
static size_t cell_text(char *cell, const struct field *field, const char *text)
{
	bool clock = strncmp(text, "CLOCK_", 6) == 0 && strcmp(field->name, "comm") != 0;
	char shown[TEXT_MAX];
	size_t length = (size_t)snprintf(shown, sizeof(shown), "%s", clock ? text + 6 : text);

	if (length >= sizeof(shown))
		memcpy(shown + sizeof(shown) - 4, "...", 3);
	length = (size_t)(out_text_name(cell, shown) - cell);
	return length < CELL_WIDTH_MAX ? length : CELL_WIDTH_MAX;
}

/* As it is shown in a table; "-" for what is not known. Returns its length. */
static size_t cell_of(char cell[CELL_MAX], const struct field *field, const void *row)
{
	struct field_value value;

	field_get(field, row, &value);
	if (!value.known)
		return (size_t)sprintf(cell, "-");
	switch (field->kind) {
	case FIELD_COUNT:
		return (size_t)sprintf(cell, "%llu", (unsigned long long)value.count);
	case FIELD_ADDRESS:
		return (size_t)(line_hex(cell, value.count) - cell);
	case FIELD_DURATION:
		return timerspec_format_short(cell, value.number);
	case FIELD_RATE:
		return cell_rate(cell, value.rate);
	case FIELD_TEXT:
		return cell_text(cell, field, value.text);
	default:
		return (size_t)sprintf(cell, "%lld", (long long)value.number);
	}
}

static bool has_column(const struct out_layout *layout, const char *title)
{
	for (size_t i = 0; i < layout->count; i++)
		if (strcmp(layout->titles[i], title) == 0)
			return true;
	return false;
}

void out_table_add(struct out_layout *layout, const struct field_table *fields,
		   const struct out_column *columns)
{
	for (size_t i = 0; columns[i].field && layout->count < OUT_TABLE_COLUMNS_MAX; i++) {
		size_t at = layout->count;

		/* What rows are of comes first, and once. */
		if (has_column(layout, columns[i].title))
			continue;
		layout->count++;

		layout->fields[at] =
			fields_find(fields, columns[i].field, strlen(columns[i].field));
		layout->titles[at] = columns[i].title;
		layout->widths[at] = strlen(columns[i].title);
	}
}

static void widen(struct out_layout *layout, const struct figures_table *table)
{
	char cell[CELL_MAX];

	for (size_t row = 0; row < table->count; row++)
		for (size_t i = 0; i < layout->count; i++) {
			size_t length = cell_of(cell, layout->fields[i], table->rows[row]);

			if (length > layout->widths[i])
				layout->widths[i] = length;
		}
}

/* Text to the left, figures to the right; no spaces behind the last. */
static char *put_cell(char *at, const struct out_layout *layout, size_t i, const char *cell,
		      size_t length)
{
	bool left = layout->fields[i]->kind == FIELD_TEXT;

	if (i)
		*at++ = ' ';
	if (!left)
		at = line_pad(at, length, layout->widths[i]);
	memcpy(at, cell, length);
	at += length;
	return left && i + 1 < layout->count ? line_pad(at, length, layout->widths[i]) : at;
}

char *out_table_many(char *at, uint64_t count, const char *one, const char *many)
{
	at = line_byte(line_u64(at, count), ' ');
	return line_text(at, count == 1 ? one : many);
}

char *out_table_span(char *at, const struct out_style *style, const struct figures_table *table,
		     double seconds, uint64_t end_ns)
{
	if (table->timed && !style->no_wall) {
		struct out_style wall = *style;

		wall.time = TIME_WALL;
		at = line_text(out_time(at, &wall, end_ns, 0), "  ");
	}
	at += timerspec_format_short(at, (int64_t)(seconds * 1e9));
	return line_byte(at, ':');
}

void out_table_text(struct sink *sink, const struct out_style *style, struct out_layout *layout,
		    const struct figures_table *table)
{
	char cell[CELL_MAX];
	char *at;

	if (!table->count)
		return;
	widen(layout, table);
	if (style->header) {
		at = sink_line(sink);
		for (size_t i = 0; i < layout->count; i++)
			at = put_cell(at, layout, i, layout->titles[i], strlen(layout->titles[i]));
		sink_line_end(sink, line_byte(at, '\n'));
	}
	for (size_t row = 0; row < table->count; row++) {
		at = sink_line(sink);
		for (size_t i = 0; i < layout->count; i++) {
			size_t length = cell_of(cell, layout->fields[i], table->rows[row]);

			at = put_cell(at, layout, i, cell, length);
		}
		sink_line_end(sink, line_byte(at, '\n'));
	}
	if (!table->hidden)
		return;
	at = line_text(sink_line(sink), "and ");
	at = out_table_many(at, table->hidden, "more row", "more rows");
	sink_line_end(sink, line_text(at, ": --top 0 shows all\n"));
}

/* --- CSV, TSV and JSON ----------------------------------------------------------------- */

/* All, or but what only tells rows from other objects. */
static struct fields_chosen all_fields(const struct field_table *fields, bool with_event)
{
	struct fields_chosen chosen = { .count = 0 };

	for (size_t i = !with_event; i < fields->count; i++)
		chosen.list[chosen.count++] = &fields->fields[i];
	return chosen;
}

void out_table_header(struct sink *sink, const struct out_style *style,
		      const struct field_table *fields, const struct fields_chosen *chosen)
{
	const struct fields_chosen all = all_fields(fields, false);

	if (style->format == OUT_CSV || style->format == OUT_TSV)
		out_rows_header(sink, style, chosen ? chosen : &all);
}

void out_table_rows(struct sink *sink, const struct out_style *style,
		    const struct field_table *fields, const struct figures_table *table)
{
	bool json = style->format == OUT_JSON;
	const struct fields_chosen all = all_fields(fields, json);

	for (size_t i = 0; i < table->count; i++)
		out_rows_row(sink, style, table->fields ? table->fields : &all, table->rows[i],
			     !table->fields);
	if (json && !table->fields)
		out_rows_row(sink, style, &all, table->total, true);
}
