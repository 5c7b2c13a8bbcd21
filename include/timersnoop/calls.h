/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * calls: entry, kernel copy, old value and return of one system call, joined
 * into one finished call. Pure.
 */
#ifndef TIMERSNOOP_CALLS_H
#define TIMERSNOOP_CALLS_H

#include <stdbool.h>
#include <stdint.h>

#include "timersnoop/decode.h"
#include "timersnoop/timerspec.h"

/* Halves of a call that were not seen, as bits. */
enum call_missing {
	CALL_NO_ENTRY = 1,  /* the entry: pointers, ABI and start are unknown */
	CALL_NO_RETURN = 2, /* the return: result and duration are unknown */
};

/*
 * One timer_settime(2), finished or as much of it as was seen. A plain value:
 * the receiver owns its copy.
 */
struct call {
	uint64_t start_ns; /* trace clock at entry (at the first record seen, without one) */
	uint64_t end_ns;   /* trace clock at return; 0 with CALL_NO_RETURN */
	int cpu;           /* where it entered */
	int32_t tid;
	unsigned missing; /* enum call_missing bits; 0 for a whole call */
	enum call_abi abi;
	bool has_args;     /* timer_id and flags are known */
	bool has_pointers; /* new_ptr and old_ptr are known */
	int32_t timer_id;
	uint32_t flags;
	uint64_t new_ptr;
	uint64_t old_ptr;
	struct itimerspec_seen new_value;
	struct itimerspec_seen old_value;
	int64_t ret; /* 0 or a negative errno, as the kernel returned it */
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

/* Calls that were under way when tracing began or stopped; no loss. */
uint64_t calls_in_flight(const struct calls *calls);

#endif
