/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stats_parts: what stats is put together from. For its sources alone. */
#ifndef TIMERSNOOP_STATS_PARTS_H
#define TIMERSNOOP_STATS_PARTS_H

#include "timersnoop/stats.h"

/* Figures, by what tells them. */
enum stat_figure {
	FIGURE_CREATED,
	FIGURE_DELETED,
	FIGURE_SETS, /* arms and disarms */
	FIGURE_READS,
	FIGURE_GETOVERRUNS,
	FIGURE_EXPIRIES,
	FIGURE_REPLACED,
	FIGURE_OVERRUNS,
	FIGURE_SENT,  /* signals */
	FIGURE_TAKEN, /* the same */
	FIGURE_COUNT,
};

/* Were the events that tell it looked for? Of a family they are others than of the next;
 * of a row of several, of each that was looked for. */
bool stat_knows(enum stat_figure figure, uint32_t events, bool has_family,
		enum timer_family family);

/* What is remembered of one timer besides its figures. */
struct stat_state {
	uint64_t arms;          /* of this life, as long as it is one that was made */
	bool created;           /* it was seen to be made */
	uint64_t waiting_since; /* its signal was sent then, and is not delivered; 0: none */
};

/* What it is of, without figures. */
struct stat_row stat_row_bare(const struct stat_row *row);
/* Sorts rows and makes one of each group in `rows`, which has room for `count`:
 * what they have in common, and the sums. 0 or -ENOMEM; *made are to be freed. */
int stat_rows_group(const struct stat_row **sorted, size_t count, enum stat_by by,
		    struct stat_row *rows, size_t *made);

/* Adds figures of other timers; `into` keeps what it is of. 0 or -ENOMEM. */
int stat_row_merge(struct stat_row *into, const struct stat_row *from);
/* What both are of; the rest is no more there. */
void stat_row_intersect(struct stat_row *into, const struct stat_row *from);
void stat_row_free(struct stat_row *row);

/* Evidence for findings, of a change and of a call. */
void stat_evidence_change(struct stat_row *row, struct stat_state *state,
			  const struct stats_scene *scene, const struct life_change *change,
			  uint64_t now_ns);
/* Of a refused one; 0: none that there is. */
int32_t stat_errno(const struct call *call);
void stat_evidence_call(struct stat_row *row, const struct call *call);

#endif
