/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * out_stat: figures, distributions and findings -> text, JSON, and rows for
 * programs.
 */
#ifndef TIMERSNOOP_OUT_STAT_H
#define TIMERSNOOP_OUT_STAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "timersnoop/diagnosis.h"
#include "timersnoop/out.h"
#include "timersnoop/stats.h"

/* One table. */
struct stat_table {
	enum stat_by by;
	const struct stat_row *rows; /* as they are shown */
	size_t count;
	size_t hidden; /* rows that --top leaves out */
	const struct stat_row *total;
	const struct fields_chosen *fields; /* --fields; NULL: those of the format */
	bool counted;                       /* by the kernel: few columns are known */
	bool timed;                         /* one of several: text tells when it was */
};

/* The line with the columns' names, of CSV and TSV. */
void out_stat_header(struct sink *sink, const struct out_style *style,
		     const struct fields_chosen *fields);
void out_stat_table(struct sink *sink, const struct out_style *style,
		    const struct stat_table *table);
/* Those of `kinds` (a bit each) that a row has; text and JSON. */
void out_stat_histograms(struct sink *sink, const struct out_style *style,
			 const struct stat_row *row, enum stat_by by, uint32_t kinds);
/* Text and JSON. */
void out_stat_findings(struct sink *sink, const struct out_style *style,
		       const struct findings *findings);
/* --expect: `why` it does not hold, or NULL. JSON alone. */
void out_stat_expectation(struct sink *sink, const struct out_style *style, const char *text,
			  const char *why);

/* "app (4242) timer 0", "app (4242), 3 timers": what a finding is about. */
#define OUT_STAT_SUBJECT_MAX 160
void out_stat_subject(char text[OUT_STAT_SUBJECT_MAX], const struct finding *finding);

#endif
