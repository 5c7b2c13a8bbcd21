/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report_stat: a report of programs' timers: the kind of its figures (stats), what comes
 * in, and whether the kernel can count what is asked for.
 */
#ifndef TIMERSNOOP_REPORT_STAT_H
#define TIMERSNOOP_REPORT_STAT_H

#include <stdbool.h>
#include <stddef.h>

#include "timersnoop/report.h"
#include "timersnoop/stats.h"

/* Made with a struct stats_scene; a row is for an enum stat_by. */
extern const struct figures_class stat_figures;

/* Of such a report. See stats.h; 0 or -ENOMEM. */
int report_stat_change(struct report *report, const struct life_change *change);
int report_stat_call(struct report *report, const struct caller *who, const struct call *call);
/* Figures that were counted elsewhere since the last time. */
int report_stat_add(struct report *report, struct stat_row *row);

/*
 * Can the kernel count all that is asked for by name? If not, `why_not` is a phrase. And
 * what it counts for an answer: whether arms are one-shot or periodic, relative or absolute?
 */
bool report_stat_countable(const struct report *report, const struct options *options,
			   char *why_not, size_t size);
bool report_stat_wants_kinds(const struct report *report, const struct options *options);

#endif
