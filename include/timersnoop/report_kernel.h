/* SPDX-License-Identifier: GPL-2.0-or-later */
/* report_kernel: a report of the kernel's timers: the kind of its figures, and what comes in. */
#ifndef TIMERSNOOP_REPORT_KERNEL_H
#define TIMERSNOOP_REPORT_KERNEL_H

#include "timersnoop/kernel_stats.h"
#include "timersnoop/report.h"

/* Made with a struct kernel_stats_scene, whose `by` (KERNEL_BY_*) is that of the report. */
extern const struct figures_class kernel_figures;

/* Of such a report. 0 or -ENOMEM. */
int report_kernel_change(struct report *report, const struct kernel_change *change);
/* Records were lost. */
void report_kernel_lost(struct report *report);

#endif
