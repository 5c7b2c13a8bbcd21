/* SPDX-License-Identifier: GPL-2.0-or-later */
/* out_stat: figures of programs' timers, and their distributions -> text and JSON. */
#ifndef TIMERSNOOP_OUT_STAT_H
#define TIMERSNOOP_OUT_STAT_H

#include <stdint.h>

#include "timersnoop/figures.h"
#include "timersnoop/out.h"
#include "timersnoop/stats.h"

/* Of struct stat_row; `by` is an enum stat_by. */
void out_stat_text(struct sink *sink, const struct out_style *style,
		   const struct figures_table *table);
/* Those of `kinds` (a bit each) that a row has; text and JSON. */
void out_stat_histograms(struct sink *sink, const struct out_style *style,
			 const struct stat_row *row, enum stat_by by, uint32_t kinds);

#endif
