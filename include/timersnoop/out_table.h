/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * out_table: a table of figures (figures.h) -> columns of text, or rows for programs
 * (out_rows.h).
 */
#ifndef TIMERSNOOP_OUT_TABLE_H
#define TIMERSNOOP_OUT_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "timersnoop/figures.h"
#include "timersnoop/out.h"

/* --- text ---------------------------------------------------------------------------- */

#define OUT_TABLE_COLUMNS_MAX 48

/* A list of these ends with one without a field. */
struct out_column {
	const char *field; /* its name in the table of fields */
	const char *title;
};

/* The columns of one table. A zeroed one has none. */
struct out_layout {
	const struct field *fields[OUT_TABLE_COLUMNS_MAX];
	const char *titles[OUT_TABLE_COLUMNS_MAX];
	size_t widths[OUT_TABLE_COLUMNS_MAX];
	size_t count;
};

/* Adds columns behind those that are there, but none whose title is there. */
void out_table_add(struct out_layout *layout, const struct field_table *fields,
		   const struct out_column *columns);
/* Their names, if style->header, and the rows; nothing when there are no rows. */
void out_table_text(struct sink *sink, const struct out_style *style, struct out_layout *layout,
		    const struct figures_table *table);

/* What a line above it begins with: when it was, if that is told, and how long: "2.00s:".
 * As line.h writes. */
char *out_table_span(char *at, const struct out_style *style, const struct figures_table *table,
		     double seconds, uint64_t end_ns);
/* "1 call", "2 calls" */
char *out_table_many(char *at, uint64_t count, const char *one, const char *many);

/* --- CSV, TSV and JSON ----------------------------------------------------------------- */

/* The line with the columns' names; `chosen` as in struct figures_table. */
void out_table_header(struct sink *sink, const struct out_style *style,
		      const struct field_table *fields, const struct fields_chosen *chosen);
/* The rows, and in JSON their total. */
void out_table_rows(struct sink *sink, const struct out_style *style,
		    const struct field_table *fields, const struct figures_table *table);

#endif
