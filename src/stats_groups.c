/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rows of timers -> rows of processes, names, signals or clocks. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "timersnoop/stats_parts.h"

struct stat_row stat_row_bare(const struct stat_row *row)
{
	struct stat_row bare_row = { .has_pid = row->has_pid,
				     .pid = row->pid,
				     .has_comm = row->has_comm,
				     .has_family = row->has_family,
				     .family = row->family,
				     .has_id = row->has_id,
				     .id = row->id,
				     .has_clock = row->has_clock,
				     .clock = row->clock,
				     .has_signal = row->has_signal,
				     .signal = row->signal };

	memcpy(bare_row.comm, row->comm, sizeof(bare_row.comm));
	return bare_row;
}

/* Negative, 0 or positive: which of two comes first in this grouping, or they go together. */
static int compare_for(enum stat_by by, const struct stat_row *a, const struct stat_row *b)
{
#define ORDER(has, member)                                                                         \
	do {                                                                                       \
		if (a->has != b->has)                                                              \
			return a->has ? -1 : 1;                                                    \
		if (a->has && a->member != b->member)                                              \
			return a->member < b->member ? -1 : 1;                                     \
	} while (0)

	switch (by) {
	case BY_TIMER:
		ORDER(has_pid, pid);
		if (strcmp(a->comm, b->comm) != 0)
			return strcmp(a->comm, b->comm);
		ORDER(has_family, family);
		ORDER(has_id, id);
		ORDER(has_clock, clock);
		ORDER(has_signal, signal);
		return 0;
	case BY_PROCESS:
		ORDER(has_pid, pid);
		return strcmp(a->comm, b->comm);
	case BY_COMM:
		return strcmp(a->comm, b->comm);
	case BY_SIGNAL:
		ORDER(has_signal, signal);
		return 0;
	default:
		ORDER(has_clock, clock);
		return 0;
	}
#undef ORDER
}

static int compare_rows(const void *a, const void *b, void *by)
{
	return compare_for(*(enum stat_by *)by, *(const struct stat_row *const *)a,
			   *(const struct stat_row *const *)b);
}

int stat_rows_group(const struct stat_row **sorted, size_t count, enum stat_by by,
		    struct stat_row *rows, size_t *made)
{
	qsort_r(sorted, count, sizeof(struct stat_row *), compare_rows, &by);
	*made = 0;
	for (size_t i = 0; i < count; i++) {
		bool same = i && compare_for(by, sorted[i - 1], sorted[i]) == 0;
		struct stat_row *row = &rows[same ? *made - 1 : *made];

		if (same) {
			stat_row_intersect(row, sorted[i]);
		} else {
			*row = stat_row_bare(sorted[i]);
			row->has_id &= by == BY_TIMER;
			++*made;
		}
		if (stat_row_merge(row, sorted[i]) < 0)
			return -ENOMEM;
	}
	return 0;
}
