/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * life: the figures of one timer, made from its calls, expiries and signals.
 * Pure.
 *
 * A call is heard of when it returns. What a short arm makes happen may come
 * before that: which arm an expiry was of is sure only when the call is known.
 */
#ifndef TIMERSNOOP_LIFE_H
#define TIMERSNOOP_LIFE_H

#include <stdbool.h>
#include <stdint.h>

#include "timersnoop/calls.h"
#include "timersnoop/lives.h"
#include "timersnoop/procfs_timers.h"
#include "timersnoop/timers.h"

/* An expiry, as much of it as the next ones are compared with. */
struct life_expiry {
	bool known; /* the rest means something */
	bool has_asked;
	uint64_t ts;
	int64_t asked_ns;
	int64_t late_ns;
	int32_t asked_clock;
	enum armed_by armed_by;
	int64_t interval_ns; /* 0: one-shot, or not known */
};

/* A life under way. */
struct life_state {
	struct life life;  /* its distributions are owned */
	bool armed;        /* the last arm: periodic, or waiting */
	bool waiting;      /* it was seen, and no expiry that is surely its own */
	bool absolute;     /* it is */
	uint64_t armed_ns; /* when its call entered */
	/* The last expiry that no interval had armed, since that arm: its own,
	 * or that of a call which has not returned yet. */
	struct life_expiry first;
	bool first_claimed;      /* an arm that was known then can have made it */
	struct life_expiry last; /* of all since that arm */
};

/* A zeroed state with its identity -> a life without figures. */
void life_begin(struct life_state *state);
/* What is known of it from its creation, or from /proc. */
void life_created(struct life_state *state, const struct call *call);
void life_existed(struct life_state *state, const struct procfs_timer *timer);

/* Was it seen to fail? */
bool life_refused(const struct call *call);

/* Takes one of its calls but its creation. */
void life_call(struct life_state *state, const struct call *call);
/* Takes an expiry or a signal of it. 0 or -ENOMEM. */
int life_occurrence(struct life_state *state, const struct occurrence *occurrence);
/* What was lost may have been of this timer: an arm, or its expiries. */
void life_lost(struct life_state *state);

/* Its figures begin anew; what it is, and is waiting for, stays. */
void life_clear(struct life_state *state);
void life_free(struct life_state *state);

#endif
