/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * decode: the formats of events, resolved once into offsets; then a raw
 * record into a typed one. Pure: formats come in as text.
 */
#ifndef TIMERSNOOP_DECODE_H
#define TIMERSNOOP_DECODE_H

#include <stdbool.h>
#include <stdint.h>

#include "timersnoop/error.h"
#include "timersnoop/probe_plan.h"
#include "timersnoop/timerspec.h"

/* One event as the kernel wrote it. `data` belongs to the page it lies on. */
struct raw_event {
	uint64_t ts; /* trace clock, ns */
	int cpu;
	const void *data;
	unsigned size;
};

/* A POSIX timer, a timerfd or an itimer as the kernel's probes find it. */
struct record_timer {
	uint64_t address; /* of its hrtimer, of alarm clocks that of the alarm; 0: unknown */
	bool has_id;
	int32_t id;  /* POSIX */
	int32_t pid; /* POSIX: who gets the signal, a process or a thread; itimer: its
		      * process; 0 when not known. In the first pid namespace. */
	bool has_clock;
	int32_t clock;
	bool has_interval;
	int64_t interval_ns;
	bool has_asked;
	int64_t asked_ns; /* when it was to expire, on asked_clock */
	int64_t ahead_ns; /* that clock minus CLOCK_MONOTONIC */
	int32_t asked_clock;
};

/* A timer's siginfo. */
struct record_siginfo {
	int32_t signo;
	int32_t code;   /* SI_TIMER, or SI_KERNEL for itimers */
	bool has_timer; /* what follows was read, and is SI_TIMER's */
	int32_t id;
	int32_t overrun;
	uint64_t value;
};

/* The kinds are those of probe_use: what an event means is what its records are. */
struct record {
	enum probe_use kind;
	enum event event; /* which call, or which expiry */
	uint64_t ts;      /* trace clock, ns */
	int cpu;
	int32_t tid;    /* common_pid: the running task */
	bool interrupt; /* which has nothing to do with it: an interrupt came */
	bool hard;      /* and not only a soft one */
	union {
		struct { /* ENTRY, WHOLE: what the call has of these */
			enum call_abi abi;
			int64_t ret; /* WHOLE */
			int32_t id;
			int32_t clock;
			uint32_t flags;
			uint32_t seconds;
			uint64_t new_ptr;
			uint64_t old_ptr;
		} entry;
		struct { /* COPY, COPIED, OLD_AT, WAIT */
			bool has_id;
			int32_t id;
			bool has_flags;
			bool first; /* COPY: the call's entry is not probed, its return is WHOLE */
			uint32_t flags;
			struct itimerspec_seen value; /* COPY, COPIED: FROM_NONE when it failed */
			/* where the old value will be: bytes above the stack
			 * pointer at return; negative: nowhere */
			int64_t old_at;
		} copy;
		struct {                             /* USER... */
			struct itimerspec_seen user; /* FROM_NONE when it was not readable */
			uint64_t user_ptr; /* of USER_BEFORE, USER_AFTER, USER_OLD: where it is */
		};
		struct itimerspec_seen old; /* OLD */
		int64_t stack[STACK_WORDS]; /* STACK */
		struct {                    /* SIGEVENT */
			int32_t clock;
			struct sigevent_seen sigevent; /* FROM_NONE: there is none */
		} create;
		struct { /* MADE, FILE, RELEASE */
			uint64_t timer;
			int32_t id; /* MADE */
		} object;
		struct {                   /* RETURN */
			enum call_abi abi; /* ABI_UNKNOWN: what the entry has */
			bool copied; /* COPIED has come before, if there was anything to copy */
			int64_t ret;
		} ret;
		struct record_timer timer; /* EXPIRY, QUEUE */
		struct {                   /* SIGNAL */
			struct record_siginfo info;
			int32_t pid; /* whom it was sent to */
			bool group;  /* any thread of its process may take it */
			int32_t result;
		} signal;
		struct { /* DELIVER */
			struct record_siginfo info;
			uint64_t handler; /* SIG_DFL, SIG_IGN, or where it is */
		} deliver;
		struct record_siginfo info; /* HANDLED, FETCHED, SIGNALFD */
		struct {                    /* WAITED */
			int64_t stack[STACK_WORDS];
			int32_t signo;
		} waited;
		struct { /* HRTIMER_... */
			uint64_t address;
			int64_t ns; /* its clock: when it is to expire; when it did; else nothing */
			/* START and EXPIRE, where the event has it; else 0 */
			uint64_t function;
			int64_t latest_ns; /* START: `ns` and its slack */
			uint32_t mode; /* START, SETUP: enum hrtimer_mode, see HRTIMER_MODE_... */
			int32_t clock; /* SETUP */
			bool has_was_armed;
			bool was_armed; /* START: it was pending, and is armed anew */
		} hrtimer;
		struct { /* TIMER_... */
			uint64_t address;
			uint64_t function; /* START and EXPIRE */
			/* jiffies: START: when it is to expire; and now; EXPIRE: now */
			uint64_t expires, now;
			bool has_bucket;
			uint64_t bucket; /* START: when the wheel will look at it; jiffies */
			uint32_t flags;  /* START: see TIMER_FLAG_... */
		} timer_list;
		struct {                /* CALLER */
			uint64_t timer; /* 0: it is on the stack of who is called */
			uint64_t address;
		} caller;
		struct { /* OWNER */
			uint64_t timer;
			int32_t pid; /* a thread, or a process */
		} owner;
		struct {                    /* CPU_IDLE, TICK_STOP, BASE_IDLE */
			int32_t cpu;        /* which; of TICK_STOP its own */
			bool idle;          /* or: the tick was stopped */
			int32_t dependency; /* TICK_STOP: what keeps it, enum tick_dep_bits as a mask */
		} idle;
		struct { /* ITIMER_EXPIRE */
			int32_t which;
			int32_t pid;
		} itimer;
		struct {
			int32_t tid; /* the task that was made, renamed, or its id before exec */
			bool thread; /* NEW_TASK: of the same process (CLONE_THREAD) */
			bool last;   /* EXIT: the kernel says that its process ends with it */
			char comm[16];
			uint32_t uid; /* CREDS: the new real user id */
		} task;
	};
};

/* enum hrtimer_mode, linux/hrtimer.h */
#define HRTIMER_MODE_RELATIVE 0x01
#define HRTIMER_MODE_PINNED 0x02
#define HRTIMER_MODE_SOFT 0x04
/* The flags of a struct timer_list, linux/timer.h; above them is its place in the wheel. */
#define TIMER_FLAG_CPU_MASK 0x0003ffff
#define TIMER_FLAG_DEFERRABLE 0x00080000
#define TIMER_FLAG_PINNED 0x00100000
#define TIMER_FLAG_IRQSAFE 0x00200000
#define TIMER_FLAG_PLACE_SHIFT 22

struct decoder;

/* `long_size` of the kernel that wrote the records: 4 or 8 bytes. */
struct decoder *decoder_new(int long_size);
void decoder_free(struct decoder *decoder);

/*
 * Learns one event from its format file's text, and what its records mean.
 * -EINVAL, with the field named in `err`, when the format lacks a field that
 * this needs.
 */
int decoder_add(struct decoder *decoder, const struct meaning *means, const char *system,
		const char *format, struct error *err);

/*
 * 1 and *record; 0 for an event that was never added; -EBADMSG for one too
 * short for its own format.
 */
int decoder_read(const struct decoder *decoder, const struct raw_event *event,
		 struct record *record);

#endif
