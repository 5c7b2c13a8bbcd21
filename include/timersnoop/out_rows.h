/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * out_rows: rows of any table of fields (fields.h) -> CSV, TSV or JSON, as the style's
 * format says; CSV for those that have no rows of their own.
 *
 * CSV is quoted as in RFC 4180 where needed. In TSV tab, newline, carriage return
 * and backslash are \t, \n, \r and \\ and other control bytes \xHH, so that a line
 * is a row; with style->null text is as it is, each field ends with a NUL, and
 * nothing else ends a row. In both what is not known is an empty field. JSON is one
 * object a line, where it is null.
 */
#ifndef TIMERSNOOP_OUT_ROWS_H
#define TIMERSNOOP_OUT_ROWS_H

#include "timersnoop/fields.h"
#include "timersnoop/out.h"

/* The names of the columns, if style->header; nothing for JSON and with style->null. */
void out_rows_header(struct sink *sink, const struct out_style *style,
		     const struct fields_chosen *chosen);
/*
 * One row about `of`. `nested`, of JSON: fields of one group, which must be one
 * after the other, are an object, {"late_ns":{"min":1,"max":2}}, or null where none
 * of them is known. Text is cut where the row would be longer than SINK_LINE_MAX, and
 * then ends with "..."; that takes some kilobytes of text in one row.
 */
void out_rows_row(struct sink *sink, const struct out_style *style,
		  const struct fields_chosen *chosen, const void *of, bool nested);

#endif
