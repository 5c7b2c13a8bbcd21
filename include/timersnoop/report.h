/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report: what `stat` says: tables as time goes by, and in the end what was
 * found, whether what was expected holds, and a status. The same for what
 * happens now and for what was recorded.
 */
#ifndef TIMERSNOOP_REPORT_H
#define TIMERSNOOP_REPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "timersnoop/diagnosis.h"
#include "timersnoop/options.h"
#include "timersnoop/sink.h"
#include "timersnoop/stats.h"

struct report;

/* Reads the conditions and fields of `options` (borrowed): 0, -EINVAL or -ENOMEM. */
int report_new(struct report **report, const struct options *options, struct error *err);
void report_free(struct report *report);

/*
 * Can the kernel count all that is asked for by name? If not, `why_not` is a phrase. And
 * what it counts for an answer: whether arms are one-shot or periodic, relative or absolute?
 */
bool report_countable(const struct report *report, char *why_not, size_t size);
bool report_wants_kinds(const struct report *report);

/* What it is about, and where to; borrowed. */
struct report_scene {
	uint64_t since_ns; /* trace clock */
	int64_t tick_ns;   /* see struct stats_scene */
	bool (*clock_at)(void *context, int32_t clock, uint64_t ts, int64_t *ns);
	void *context;
	struct sink *sink; /* NULL: nothing is written */
	const struct out_style *style;
	bool counted; /* by the kernel */
};
int report_begin(struct report *report, const struct report_scene *scene);

/* See stats.h; 0 or -ENOMEM. */
int report_change(struct report *report, const struct life_change *change);
int report_call(struct report *report, const struct caller *who, const struct call *call);
/* Figures that were counted elsewhere since the last time. */
int report_add(struct report *report, struct stat_row *row);

/* When the next table is due, trace clock; 0: none but the last. */
uint64_t report_due(const struct report *report);
/* Everything before `now_ns` has been told: what is due until then is written. */
int report_pass(struct report *report, uint64_t now_ns);
/* Does --until hold by now, of all that has been told? */
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
