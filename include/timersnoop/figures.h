/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * figures: what counts, and tells of it in rows: programs' timers (stats), the
 * kernel's (kernel_stats). What `report` knows of either.
 */
#ifndef TIMERSNOOP_FIGURES_H
#define TIMERSNOOP_FIGURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "timersnoop/expr.h"
#include "timersnoop/fields.h"
#include "timersnoop/findings.h"
#include "timersnoop/out.h"
#include "timersnoop/sink.h"

struct options; /* options.h */

/* One table, as it is shown. */
struct figures_table {
	uint32_t by;             /* what a row is for, as the figures' kind has it */
	const void *const *rows; /* in their order */
	size_t count;
	size_t hidden; /* rows that --top leaves out */
	const void *total;
	const struct fields_chosen *fields; /* --fields; NULL: those of the format */
	bool counted;                       /* by the kernel: few columns are known */
	bool timed;                         /* one of several: text tells when it was */
};

/* One kind of figures. `figures` is what make() made, `row` and `total` what its fields
 * are of. */
struct figures_class {
	/* What can be asked of a row. The first field, "event", tells rows from other lines
	 * of JSON: it is no column. */
	const struct field_table *fields;
	size_t row_size; /* bytes from one row to the next */

	/* NULL when out of memory. `scene` (struct stats_scene, ...) is borrowed. */
	void *(*make)(const void *scene);
	void (*free)(void *figures);  /* NULL is fine */
	void (*reset)(void *figures); /* all figures become 0 */
	void (*set_span)(void *figures, uint64_t from_ns, uint64_t to_ns);

	/* Of everything; valid until the next change. */
	const void *(*total)(const void *figures);
	/* *count of them, to be freed by rows_free; NULL when out of memory. */
	void *(*rows)(const void *figures, uint32_t by, size_t *count);
	void (*rows_free)(void *rows, size_t count); /* NULL is fine */
	/* Without --sort: < 0 when `row` comes first, 0 for equals. */
	int (*compare)(const void *row, const void *other);
	/* Has anything happened? */
	bool (*any)(const void *total);
	/* Can all that `expr`, of option `what`, names be known with these options? 0 or
	 * -EINVAL. NULL: it always can. */
	int (*check)(const struct options *options, const struct expr *expr, const char *what,
		     struct error *err);
	/* Fills zeroed `findings`, sorted; to be freed by findings_free: 0 or -ENOMEM. */
	int (*diagnose)(struct findings *findings, const void *figures,
			const struct finding_limits *limits, const struct diagnosis_loss *loss);

	/* The text of a table: what all of it is about, then its columns. */
	void (*put_text)(struct sink *sink, const struct out_style *style,
			 const struct figures_table *table);
	/* What else there is to tell of all, behind the rows; text and JSON without --fields.
	 * NULL: nothing. */
	void (*put_more)(struct sink *sink, const struct out_style *style, const void *total);
	/* Those of `kinds` (a bit each) that a row has; text and JSON. */
	void (*put_histograms)(struct sink *sink, const struct out_style *style, const void *row,
			       uint32_t by, uint32_t kinds);
};

#endif
