/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lives: everything that happened to one timer, from its making to its end, as
 * figures. Pure.
 *
 * A timer is known by its process, its family and its id or descriptor. The
 * process is one from its first task to its last: what a reused pid does later
 * has other lives.
 */
#ifndef TIMERSNOOP_LIVES_H
#define TIMERSNOOP_LIVES_H

#include <stdbool.h>
#include <stdint.h>

#include "timersnoop/calls.h"
#include "timersnoop/distribution.h"
#include "timersnoop/procfs_timers.h"
#include "timersnoop/tasks.h"
#include "timersnoop/timers.h"

/* Where a timer came from. */
enum life_origin {
	ORIGIN_CREATED,   /* timer_create or timerfd_create, seen */
	ORIGIN_EXISTED,   /* /proc told of it when tracing began */
	ORIGIN_INHERITED, /* a timerfd, by fork(2) */
	ORIGIN_FOUND,     /* it was used without any of these: made before tracing
			   * began, or its creation was lost; an itimer, which
			   * every process has, by its first call */
};

/* How it ended. */
enum life_end {
	END_OPEN,     /* it did not: there when tracing ended, never deleted */
	END_DELETED,  /* timer_delete */
	END_CLOSED,   /* the last descriptor of a timerfd */
	END_EXEC,     /* its process executed another program */
	END_EXIT,     /* its process ended: never deleted */
	END_REPLACED, /* its id or descriptor was given to a new one: its end was not
		       * seen, and was before that */
};

/* One timer's figures. A plain value but for the distributions. */
struct life {
	/* identity */
	int32_t pid;
	char comm[16]; /* of the process when it was last heard of; NUL-terminated */
	enum timer_family family;
	int32_t id; /* as timer_id of struct call */

	/* how it came and went; times are of the trace clock, 0 when not seen */
	enum life_origin origin;
	uint64_t born_ns;       /* when its creation began; else first heard of */
	int32_t created_tid;    /* with ORIGIN_CREATED */
	int32_t inherited_from; /* pid, with ORIGIN_INHERITED */
	enum life_end end;
	uint64_t end_ns; /* when its deletion returned...; 0 with END_OPEN */
	bool incomplete; /* records were lost, or a call of it was seen in part */

	/* what it is; has_clock: known */
	bool has_clock;
	int32_t clock;
	bool has_sigevent;
	struct sigevent_seen sigevent; /* POSIX; the default one spelled out */

	/* what was asked */
	/* calls that set a value, and none; those that failed for their old value, too */
	uint64_t arms, disarms;
	uint64_t one_shot, periodic, absolute; /* arms, by kind */
	uint64_t failed;                       /* refused calls, of any kind */
	uint64_t gettimes, getoverruns;
	uint64_t replaced; /* arms that another arm or a disarm ended before they expired */
	bool has_interval; /* interval_ns is known, from an expiry, if not has_value */
	bool has_value;
	int64_t value_ns, interval_ns; /* of the last arm; value_ns is what was left of it
					* where only /proc told of it */

	/* what happened */
	uint64_t expiries;
	uint64_t rearmed;             /* expiries that the kernel had armed, by the interval */
	uint64_t overruns;            /* periods without an expiry of their own: timerfds from
			    * the asked instants, POSIX timers as delivered (si_overrun) */
	struct distribution late;     /* ns */
	struct distribution observed; /* ns between expiries of one periodic arm, each
				       * divided by the periods that it spans */
	uint64_t signals[SIGNAL_RESULTS];
	struct distribution signal_after; /* ns from expiry to delivery */
	int64_t last_getoverrun;          /* -1: never asked */
};

struct lives;

/* Receives each life once, when it ends or by lives_finish; it belongs to
 * lives and ends with the call. */
typedef void lives_receiver(void *context, const struct life *life);

struct lives *lives_new(lives_receiver *receiver, void *context);

/* What has just happened to a timer. */
struct life_change {
	const struct life *life; /* its figures since its last change */
	bool over;               /* it has ended, or tracing has */
	const struct call *call; /* what it was that happened; NULL: not this */
	const struct occurrence *occurrence;
};
typedef int lives_watcher(void *context, const struct life_change *change);
/* The same, but each change is told when it comes, and figures begin anew with
 * it. What a watcher returns below 0, lives_call or lives_occurrence returns. */
struct lives *lives_new_watched(lives_watcher *watcher, void *context);

void lives_free(struct lives *lives);

/*
 * All return 0 or -ENOMEM. `who` is the timer's process (pid) and its name. What
 * cannot be told to belong to a timer is left out: without a pid or an id, or
 * refused for a timer that is not known.
 */
int lives_call(struct lives *lives, const struct caller *who, const struct call *call);
int lives_occurrence(struct lives *lives, const struct caller *who,
		     const struct occurrence *occurrence);
/*
 * One that /proc told of at `now_ns` (trace clock). What the stream has from before
 * that instant is taken for already known there: it neither ends nor begins it.
 */
int lives_existing(struct lives *lives, const struct caller *who, const struct procfs_timer *timer,
		   uint64_t now_ns);
/* Process `child` was made by `parent`: it has the same timerfds, and no other timers. */
int lives_fork(struct lives *lives, int32_t parent, const struct caller *child, uint64_t ts);

/* Its POSIX timers end; itimers stay, and timerfds but inherited ones that were
 * made with TFD_CLOEXEC. */
void lives_exec(struct lives *lives, int32_t pid, uint64_t ts);
void lives_exit(struct lives *lives, int32_t pid, uint64_t ts);
/* The last descriptor of a timerfd, known as `fd` in process `pid`, was closed. */
void lives_closed(struct lives *lives, int32_t pid, int32_t fd, uint64_t ts);
/* Records were lost: what there is now may lack any of its figures. */
void lives_lost(struct lives *lives);
/* Tracing has ended: every life that is open is told, by pid, family and id. 0, or what a
 * watcher returned below 0 of any that has ended. */
int lives_finish(struct lives *lives);

#endif
