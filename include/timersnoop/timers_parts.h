/* SPDX-License-Identifier: GPL-2.0-or-later */
/* timers_parts: what timers is put together from. For its sources alone. */
#ifndef TIMERSNOOP_TIMERS_PARTS_H
#define TIMERSNOOP_TIMERS_PARTS_H

#include "timersnoop/timer_table.h"
#include "timersnoop/timers.h"

/* Timers between sending their signal and what became of it, on one CPU: more
 * than one when an interrupt comes between. */
#define SENDING_MAX 4

struct sending {
	int32_t pid, id;
	uint64_t ts;
	uint64_t cause_ns; /* the expiry; 0: not seen */
};

struct cpu {
	/* An hrtimer has expired, and the probe of its function comes next, if it
	 * is not missed. */
	bool entered;
	uint64_t entered_ns;
	bool entered_idle; /* the interrupt woke the CPU */
	uint64_t address;
	int64_t now_ns; /* on the hrtimer's clock */
	bool started;   /* it was to expire at: */
	int64_t start_ns;
	/* The last expiry of a POSIX timer, whose signal comes next. */
	bool expired;
	int32_t expired_pid, expired_id, expired_target;
	uint64_t expired_ns;
	struct sending sending[SENDING_MAX];
	size_t count;
};

/* A signal on its way into a handler, until its siginfo is seen. */
struct delivery {
	int32_t tid;
	int cpu;
	uint64_t ts;
	struct record_siginfo info;
};

#define WAIT_BUCKETS 256
#define CLOCKS 16 /* MAX_CLOCKS, linux/time.h */

/* A thread that waits for a signal. */
struct wait {
	struct wait *next;
	int32_t tid;
	int64_t at; /* as copy.old_at of struct record */
};

struct timers {
	const struct calls *calls;
	const struct tasks *tasks;
	timers_receiver *receiver;
	void *context;
	struct timer_table *table;
	struct cpu *cpus;
	size_t cpu_count;
	struct delivery *deliveries; /* few: at most one a CPU, as a rule */
	size_t delivery_count, delivery_room;
	struct wait *waits[WAIT_BUCKETS]; /* one for each thread that waits, or has done so */
	uint64_t missed;
	struct timers_scene scene;
	uint64_t last_ns; /* of the stream */
	bool expecting;   /* there are timers that only /proc has told of */
	bool ahead_known[CLOCKS];
	int64_t ahead_ns[CLOCKS]; /* that clock minus CLOCK_MONOTONIC */
};

/* What is remembered of a CPU; NULL when out of memory. */
struct cpu *timers_cpu(struct timers *timers, int number);
/* A call of it was seen, so its process is one that is followed. */
bool timers_traced(const struct known_timer *timer);

/*
 * The timer; made when it is not there, but for tasks that are not followed, of
 * which nothing is remembered: *timer is NULL then. 0 or -ENOMEM.
 */
int timers_get(struct timers *timers, int32_t tid, int32_t pid, enum timer_family family,
	       int32_t id, struct known_timer **timer);
/* The same of a POSIX timer as its probe finds it, and its process. */
int timers_find_posix(struct timers *timers, const struct record_timer *seen, int32_t *pid,
		      struct known_timer **timer);

/* timers_expiries.c */
struct timer_arm timers_make_arm(uint64_t ts, bool absolute, const struct itimerspec_seen *value);
/* The call under way has taken effect. */
void timers_activate(struct known_timer *timer);
int timers_take_copy(struct timers *timers, const struct record *record);
int timers_take_expiry(struct timers *timers, const struct record *record);
int timers_take_itimer(struct timers *timers, const struct record *record);
int timers_take_start(struct timers *timers, const struct record *record);
int timers_take_entered(struct timers *timers, const struct record *record);
int timers_take_expired(struct timers *timers, const struct record *record);
/* From this time on its expiry is not waited for: it may have come unknown. */
void timers_stop_expecting(struct timers *timers, struct known_timer *timer, uint64_t ts);
/* Timerfds that only /proc has told of, and that should have expired since: their
 * expiries were not known to be theirs. */
void timers_count_overdue(struct timers *timers);
/* The probe of an expiry did not come: tells what is known without it. */
int timers_settle_expiry(struct timers *timers, int cpu);
/* An expiry of a POSIX timer that no probe of its own told of. */
void timers_tell_posix(struct timers *timers, const struct record *record,
		       struct known_timer *timer);

/* timers_signals.c */
int timers_take_queue(struct timers *timers, const struct record *record);
int timers_take_signal(struct timers *timers, const struct record *record);
int timers_take_deliver(struct timers *timers, const struct record *record);
void timers_take_handled(struct timers *timers, const struct record *record);
void timers_take_fetched(struct timers *timers, const struct record *record);
int timers_take_wait(struct timers *timers, const struct record *record);
void timers_take_waited(struct timers *timers, const struct record *record);
/* The thread has ended. */
void timers_forget_wait(struct timers *timers, int32_t tid);
void timers_free_waits(struct timers *timers);
/* Its siginfo did not come: whatever the thread does next, it has its signal. */
void timers_settle_delivery(struct timers *timers, int32_t tid);

#endif
