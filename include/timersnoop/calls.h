/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * calls: entry, kernel copies and return of one system call, joined into one
 * finished call. Pure.
 */
#ifndef TIMERSNOOP_CALLS_H
#define TIMERSNOOP_CALLS_H

#include <stdbool.h>
#include <stdint.h>

#include "timersnoop/decode.h"
#include "timersnoop/events.h"
#include "timersnoop/timerspec.h"

/* Parts of a call that were not seen, as bits. */
enum call_missing {
	CALL_NO_ENTRY = 1,  /* the entry: pointers, ABI and start are unknown */
	CALL_NO_RETURN = 2, /* the return: result and duration are unknown */
	CALL_NO_COPY = 4,   /* the kernel's copy of the new value, which it must have made */
};

/* How the caller's memory differed from the kernel's copies, as bits (--toctou). */
enum call_changed {
	CHANGED_NEW_BEFORE = 1, /* new, between the entry and the kernel's copy of it */
	CHANGED_NEW_AFTER = 2,  /* new, between that copy and the return */
	CHANGED_OLD_AFTER = 4,  /* old, between its being written and the return */
};

/*
 * One system call on a timer, finished or as much of it as was seen. A plain
 * value: the receiver owns its copy.
 */
struct call {
	enum event event; /* below EVENT_CALLS */
	/* Trace clock at entry; without one, at the first record seen, which is the return of
	 * a call that has no_start. */
	uint64_t start_ns;
	uint64_t end_ns; /* trace clock at return; 0 with CALL_NO_RETURN */
	int cpu;         /* where it entered */
	int32_t tid;
	unsigned missing; /* enum call_missing bits; 0 for a whole call */
	bool no_start;    /* refused before it reached a probe: nobody knows when it began */
	enum call_abi abi;
	bool arms;         /* the kernel has its copy of a new value */
	bool has_args;     /* timer_id, clock, flags, seconds: those that the call has */
	bool has_pointers; /* new_ptr and old_ptr, those that the call has */
	/*
	 * Which timer: a POSIX timer's id, a timerfd's descriptor, or which
	 * (ITIMER_REAL...; 0 for alarm). Of timer_create and timerfd_create the
	 * new one, when has_id.
	 */
	int32_t timer_id;
	bool has_id;   /* timer_id is known; for calls with an argument: has_args */
	int32_t clock; /* timer_create, timerfd_create: as given, see timerspec_clock */
	uint32_t flags;
	uint32_t seconds; /* alarm */
	/* new_value, itimerval, or the sigevent of timer_create */
	uint64_t new_ptr;
	/* old_value, or curr_value of the calls that only read; timerid of timer_create */
	uint64_t old_ptr;
	/* What is set. For itimers and alarm in nanoseconds too, as the kernel has it. */
	struct itimerspec_seen new_value;
	/* What was there before; the current value for the calls that only read. */
	struct itimerspec_seen old_value;
	/* timer_create: FROM_NONE with a known NULL new_ptr is the kernel's default. */
	struct sigevent_seen sigevent;
	uint64_t timer; /* timer_create, timerfd_create: its kernel address; 0 unknown */
	/* --toctou: the caller's memory; FROM_NONE where it was not read. */
	unsigned changed;                   /* enum call_changed bits */
	struct itimerspec_seen user_before; /* new at entry */
	struct itimerspec_seen user_after;  /* new at return */
	struct itimerspec_seen user_old;    /* old at return */
	/* As the kernel returned it: negative errno; else 0, a new descriptor,
	 * overruns, or seconds that were left (alarm). */
	int64_t ret;
};

struct calls;

/* Receives each call once, when its return (or the loss of it) is seen. */
typedef void calls_receiver(void *context, const struct call *call);

/*
 * Calls that entered before `since_ns` (trace clock), and halves without an
 * entry soon after it, are left out: they began before their entry was probed. NULL when out of memory.
 */
struct calls *calls_new(uint64_t since_ns, calls_receiver *receiver, void *context);
void calls_free(struct calls *calls);

/* Takes the next record of the merged stream. 0 or -ENOMEM. */
int calls_record(struct calls *calls, const struct record *record);

/* The call that this thread is in, as far as it was seen; NULL for none. */
const struct call *calls_open(const struct calls *calls, int32_t tid);

/*
 * Records of `cpu` were lost before the next one: a call whose last record
 * came from there may have lost any other half, so it is given up as it is.
 */
void calls_lost(struct calls *calls, int cpu);

/*
 * No more records: what is still open is handed over without its return when
 * it is older than a call ever takes at `now_ns`, else only counted in flight.
 */
void calls_finish(struct calls *calls, uint64_t now_ns);

/* It may have been refused, but it has set its timer before: it could not write the old value,
 * or the clock was set meanwhile (timerfd_create(2), TFD_TIMER_CANCEL_ON_SET). */
bool calls_set_anyhow(const struct call *call);

/* Calls that were under way when tracing began or stopped; no loss. */
uint64_t calls_in_flight(const struct calls *calls);

#endif
