/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * timers: calls, expiries and signals -> what happened to which timer. Pure.
 */
#ifndef TIMERSNOOP_TIMERS_H
#define TIMERSNOOP_TIMERS_H

#include <stdbool.h>
#include <stdint.h>

#include "timersnoop/calls.h"
#include "timersnoop/decode.h"
#include "timersnoop/events.h"
#include "timersnoop/procfs_timers.h"
#include "timersnoop/tasks.h"

/* Who set the expiry that has come. */
enum armed_by {
	ARMED_UNKNOWN,   /* armed before tracing began, or its call was not traced */
	ARMED_BY_USER,   /* a system call asked for just this expiry */
	ARMED_BY_KERNEL, /* the kernel, by a periodic timer's interval */
};

/* What became of a timer's signal. */
enum signal_result {
	/* generated: TRACE_SIGNAL_* of include/trace/events/signal.h */
	SIGNAL_DELIVERED, /* queued for a thread */
	SIGNAL_IGNORED,
	SIGNAL_PENDING, /* the one before is not delivered yet: an overrun */
	SIGNAL_LOST,    /* no memory for its information, or for itself */
	/* delivered */
	SIGNAL_HANDLER,  /* to a handler */
	SIGNAL_DEFAULT,  /* to the default action */
	SIGNAL_DROPPED,  /* found ignored when its time came */
	SIGNAL_WAITED,   /* fetched: sigwait(3), sigwaitinfo(2), sigtimedwait(2) */
	SIGNAL_SIGNALFD, /* fetched: read(2) of a signalfd */
	SIGNAL_RESULTS,
};

/*
 * What the kernel did by itself: an expiry or a signal. A plain value. Each
 * has_ says whether what follows it means anything.
 */
struct occurrence {
	enum event event; /* from EVENT_CALLS up */
	uint64_t ts;      /* trace clock */
	int cpu;
	int32_t pid; /* the timer's process; 0 when not known */
	int32_t tid; /* the thread that the signal goes to; else the process's first */
	enum timer_family family;
	bool has_id;
	int32_t id;  /* as timer_id of struct call */
	bool traced; /* a call of the timer was seen, or /proc told of it: its process is
		      * one that is followed */

	/* expiries */
	bool has_clock;
	int32_t clock;       /* see timerspec_clock */
	bool has_asked;      /* not of CPU clocks: they have no wall lateness */
	int64_t asked_ns;    /* the instant that was asked for, on asked_clock */
	int32_t asked_clock; /* CLOCK_MONOTONIC for relative CLOCK_REALTIME timers */
	int64_t late_ns;     /* how long after it */
	bool has_interval;
	int64_t interval_ns; /* 0: one-shot */
	enum armed_by armed_by;
	bool idle; /* the CPU had been idle */
	bool past; /* it was armed for an instant that had gone by */

	/* signals */
	int32_t signo;
	enum signal_result result;
	int32_t target_tid; /* a thread's own signal; 0: any of the process's threads */
	bool has_after;
	int64_t after_ns;     /* since the expiry */
	bool has_overrun;     /* deliveries, where the kernel's siginfo was seen */
	int32_t overrun;      /* si_overrun */
	uint64_t sigev_value; /* si_value, with has_overrun */
};

/* "delivered", "ignored", "pending", "lost", "handler", "default", "dropped",
 * "sigwait", "signalfd" */
const char *signal_result_name(enum signal_result result);

struct timers;

/* Receives each occurrence once, in the order of the stream. */
typedef void timers_receiver(void *context, const struct occurrence *occurrence);

/*
 * `calls` tells which call a thread is in, `tasks` which process it belongs to;
 * both are borrowed, and take each record before timers_record does. NULL when
 * out of memory.
 */
struct timers *timers_new(const struct calls *calls, const struct tasks *tasks,
			  timers_receiver *receiver, void *context);
void timers_free(struct timers *timers);

/* What the records themselves do not tell. Zeroed until it is set. */
struct timers_scene {
	uint64_t since_ns; /* trace clock: all probes were on */
	bool followed;     /* only the processes that `tasks` knows matter */
	int alarm_offset;  /* of the hrtimer in a struct alarm; 0: not known */
	bool other_clock;  /* the trace clock is not CLOCK_MONOTONIC: how late is not known */
};

void timers_set_scene(struct timers *timers, const struct timers_scene *scene);
/* How far a clock is ahead of CLOCK_MONOTONIC, ns; learned from expiries as well. */
void timers_set_ahead(struct timers *timers, int32_t clock, int64_t ns);
/* The time of a clock at `ts` of the trace clock. False: not known, as of CPU clocks. */
bool timers_clock_at(const struct timers *timers, int32_t clock, uint64_t ts, int64_t *ns);

/*
 * A timer that was there before the stream began, read between these times of
 * the trace clock. A timerfd's descriptor is told by when it was to expire. 0 or
 * -ENOMEM.
 */
int timers_existing(struct timers *timers, int32_t pid, const struct procfs_timer *timer,
		    uint64_t earliest_ns, uint64_t latest_ns);

/* Takes the next record of the merged stream. 0 or -ENOMEM. */
int timers_record(struct timers *timers, const struct record *record);

/* Takes a finished call of process `pid`. 0 or -ENOMEM. */
int timers_call(struct timers *timers, int32_t pid, const struct call *call);

/* The timerfd at this address (USE_RELEASE), before timers_record takes the
 * record: as which descriptor of which process it is known. False: not at all. */
bool timers_closed(const struct timers *timers, uint64_t address, int32_t *pid, int32_t *fd);

/* No more records: what is still to be told is told as it is. 0 or -ENOMEM. */
int timers_finish(struct timers *timers);
/* Expiries and signals that came, but of which nobody can say whose they were,
 * since a probe was missed. */
uint64_t timers_missed(const struct timers *timers);

/* Records of `cpu` were lost: what its next ones belong to is not sure. */
void timers_lost(struct timers *timers, int cpu);

/* Process `pid` has ended (or its POSIX timers, with exec): its timers are
 * forgotten. */
void timers_forget(struct timers *timers, int32_t pid, bool exec);

#endif
