/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report: what is said of figures (figures.h), whatever they are of: tables as time
 * goes by, and in the end what was found, whether what was expected holds, and a
 * status. The same for what happens now and for what was recorded.
 */
#ifndef TIMERSNOOP_REPORT_H
#define TIMERSNOOP_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "timersnoop/figures.h"
#include "timersnoop/options.h"
#include "timersnoop/sink.h"

struct report;

/* Reads the conditions and fields of `options`; both are borrowed. 0, -EINVAL or -ENOMEM. */
int report_new(struct report **report, const struct options *options,
	       const struct figures_class *kind, struct error *err);
void report_free(struct report *report);

/* Is this field asked for, by --fields, --sort, --where or --expect? */
bool report_names(const struct report *report, const struct field *field);

/* What it is about, and where to; borrowed. */
struct report_scene {
	const void *figures; /* of its kind, for make(): struct stats_scene, ... */
	uint32_t by;         /* what a row is for */
	uint64_t since_ns;   /* trace clock */
	struct sink *sink;   /* NULL: nothing is written */
	const struct out_style *style;
	bool counted; /* by the kernel */
};
int report_begin(struct report *report, const struct report_scene *scene);

/*
 * Something is to be counted: `take` is called for the figures of all the time, and for
 * those since the last table, if they are others. What it returned, when not 0, is the end.
 */
typedef int report_taker(void *figures, void *context);
int report_each(struct report *report, report_taker *take, void *context);

/* When the next table is due, trace clock; 0: none but the last. */
uint64_t report_due(const struct report *report);
/* Everything before `now_ns` has been told: what is due until then is written. */
int report_pass(struct report *report, uint64_t now_ns);
/* Is there an --until that has not come to hold as yet? */
bool report_asks(const struct report *report);
/* And can it come to hold although nothing happens, as a rate does? */
bool report_asks_time(const struct report *report);
/* Does it hold by now, of all that has been told? */
void report_ask(struct report *report, uint64_t now_ns);
/* --until holds, or as many tables as were asked for have been shown. */
bool report_done(const struct report *report);

/* Tracing has ended at `now_ns`; what ends with it is told next. */
void report_ending(struct report *report, uint64_t now_ns);
/* No more comes. The last table, findings and expectations. 0 or -ENOMEM. */
int report_finish(struct report *report, uint64_t now_ns, const struct diagnosis_loss *loss);

/* Did anything happen at all? */
bool report_any(const struct report *report);
/* Was something found that --fail-on names, or was an expectation broken? */
bool report_found(const struct report *report);
/* On standard error: what report_found is about. */
void report_tell(const struct report *report);

#endif
