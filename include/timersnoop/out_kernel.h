/* SPDX-License-Identifier: GPL-2.0-or-later */
/* out_kernel: the kernel's timers -> lines of events, tables, histograms. */
#ifndef TIMERSNOOP_OUT_KERNEL_H
#define TIMERSNOOP_OUT_KERNEL_H

#include "timersnoop/figures.h"
#include "timersnoop/kernel_event_fields.h"
#include "timersnoop/kernel_stats.h"

/* One line an event: text, or rows of kernel_event_fields (style->fields, or all). */
void out_kernel_header(struct sink *sink, const struct out_style *style);
void out_kernel_event(struct sink *sink, const struct out_style *style,
		      const struct kernel_event *event);

/* See struct figures_class. Rows are struct kernel_row. */
void out_kernel_text(struct sink *sink, const struct out_style *style,
		     const struct figures_table *table);
void out_kernel_more(struct sink *sink, const struct out_style *style, const void *total);
void out_kernel_histograms(struct sink *sink, const struct out_style *style, const void *row,
			   uint32_t by, uint32_t kinds);

#endif
