/* SPDX-License-Identifier: GPL-2.0-or-later */
/* live_kernel_counts: arms and expiries that the kernel counts by callback, as figures. */
#ifndef TIMERSNOOP_LIVE_KERNEL_COUNTS_H
#define TIMERSNOOP_LIVE_KERNEL_COUNTS_H

#include "timersnoop/error.h"
#include "timersnoop/kernel_features.h"
#include "timersnoop/kernel_view.h"
#include "timersnoop/live.h"
#include "timersnoop/live_aggregate.h"
#include "timersnoop/options.h"
#include "timersnoop/report_kernel.h"

/* As --aggregate says: 0, or -ENOTSUP when the kernel is to count and cannot. */
int live_kernel_counts_choose(struct aggregate_choice *choice, const struct options *options,
			      const struct report *report, const struct kernel_features *features,
			      struct error *err);

struct live_kernel_counts;

/* NULL when out of memory. `live` was opened with these wishes, and is borrowed, as are
 * `functions`. */
struct live_kernel_counts *live_kernel_counts_new(const struct live *live,
						  const struct kernel_functions *functions);
void live_kernel_counts_free(struct live_kernel_counts *counts);

/* Adds what was counted since the last time to the report. *dropped grows by what the
 * tables had no room for. 0 or -errno. */
int live_kernel_counts_read(struct live_kernel_counts *counts, struct report *report,
			    uint64_t *dropped, struct error *err);

#endif
