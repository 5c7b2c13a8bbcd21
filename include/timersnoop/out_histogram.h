/* SPDX-License-Identifier: GPL-2.0-or-later */
/* out_histogram: one histogram (histogram.h) -> text, and its part of a line of JSON. */
#ifndef TIMERSNOOP_OUT_HISTOGRAM_H
#define TIMERSNOOP_OUT_HISTOGRAM_H

#include "timersnoop/histogram.h"
#include "timersnoop/sink.h"

/* Below an empty line and its title, "TITLE: SUBJECT" or, with an empty `subject`, "TITLE". */
void out_histogram_text(struct sink *sink, const char *title, const char *subject,
			const struct histogram *histogram);
/* ,"unit":"ns","total":2,"buckets":[{"from":513,"to":1024,"count":2}]; as line.h writes. */
char *out_histogram_json(char *at, const struct histogram *histogram);

#endif
