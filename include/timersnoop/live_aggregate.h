/* SPDX-License-Identifier: GPL-2.0-or-later */
/* live_aggregate: what the kernel counts for a live session, as rows of figures. */
#ifndef TIMERSNOOP_LIVE_AGGREGATE_H
#define TIMERSNOOP_LIVE_AGGREGATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "timersnoop/error.h"
#include "timersnoop/kernel_features.h"
#include "timersnoop/live.h"
#include "timersnoop/options.h"
#include "timersnoop/report_stat.h"
#include "timersnoop/selection.h"
#include "timersnoop/stats.h"
#include "timersnoop/tasks.h"

/* Who counts. */
struct aggregate_choice {
	bool impossible;              /* given: the kernel was tried in vain */
	bool kernel;                  /* else what comes as records is counted */
	char why_not[128];            /* the kernel cannot: a phrase */
	struct plan_wishes wishes;    /* of the kernel */
	char filter[FILTER_TEXT_MAX]; /* of -n, for the same; empty: none */
};

/* As --aggregate says: 0, or -ENOTSUP when the kernel is to count and cannot. */
int live_aggregate_choose(struct aggregate_choice *choice, const struct options *options,
			  const struct report *report, const struct kernel_features *features,
			  struct error *err);

struct live_aggregate;

/* NULL when out of memory. `live` was opened with wishes.aggregate, and is borrowed. */
struct live_aggregate *live_aggregate_new(const struct live *live);
void live_aggregate_free(struct live_aggregate *aggregate);

/*
 * To be told of each record before `tasks` takes it: remembers who ends, since they have
 * counts that are yet to be read. 0 or -ENOMEM.
 */
int live_aggregate_record(struct live_aggregate *aggregate, const struct tasks *tasks,
			  const struct record *record);

/*
 * Hands to `add` what was counted since the last time: a row for each thread and timer,
 * and one for the refused calls of each thread. `tasks` must have taken all records
 * there are, so that it knows whose threads they are. *dropped grows by what the
 * tables had no room for, and by what nobody can say the timer of. 0 or -errno.
 */
typedef int live_aggregate_adder(void *context, struct stat_row *row);
int live_aggregate_read(struct live_aggregate *aggregate, const struct tasks *tasks,
			live_aggregate_adder *add, void *context, uint64_t *dropped,
			struct error *err);

#endif
