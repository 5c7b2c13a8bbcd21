/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Events as rows: CSV and TSV with all columns or with those that were chosen, JSON
 * with chosen ones. Rows with the event "lost" tell how many records are missing in
 * `lost`, which is empty when nobody knows; in JSON they are what they always are.
 */
#include "timersnoop/event_fields.h"
#include "timersnoop/out.h"
#include "timersnoop/out_life.h"
#include "timersnoop/out_rows.h"

static const struct fields_chosen *columns(const struct out_style *style)
{
	return style->fields ? style->fields : &event_columns;
}

static void out_csv_header(struct sink *sink, const struct out_style *style)
{
	if (style->lives)
		out_life_csv_header(sink, style);
	else
		out_rows_header(sink, style, columns(style));
}

static void out_csv_call(struct sink *sink, const struct out_style *style,
			 const struct caller *caller, const struct call *call)
{
	const struct event_row row = { .style = style, .caller = caller, .call = call };

	out_rows_row(sink, style, columns(style), &row, false);
}

static void out_csv_occurrence(struct sink *sink, const struct out_style *style,
			       const struct caller *caller, const struct occurrence *occurrence)
{
	const struct event_row row = { .style = style, .caller = caller, .occurrence = occurrence };

	out_rows_row(sink, style, columns(style), &row, false);
}

static void out_csv_lost(struct sink *sink, const struct out_style *style, const struct loss *loss)
{
	const struct event_row row = { .style = style, .loss = loss };

	if (style->lives)
		out_life_csv_lost(sink, style, loss);
	else
		out_rows_row(sink, style, columns(style), &row, false);
}

static void out_fields_lost(struct sink *sink, const struct out_style *style,
			    const struct loss *loss)
{
	out_json.lost(sink, style, loss);
}

/* Rows of fields; the style says of which format, and of which fields. */
#define OUT_ROWS(of_life, of_lost)                                                                 \
	{                                                                                          \
		.events = EVENTS_ALL, .header = out_csv_header, .call = out_csv_call,              \
		.occurrence = out_csv_occurrence, .life = (of_life), .lost = (of_lost),            \
	}

const struct out out_csv = OUT_ROWS(out_life_csv, out_csv_lost);
const struct out out_tsv = OUT_ROWS(out_life_csv, out_csv_lost);
const struct out out_json_fields = OUT_ROWS(out_life_json, out_fields_lost);
