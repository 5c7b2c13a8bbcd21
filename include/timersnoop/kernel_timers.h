/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kernel_timers: records of timer_list timers and hrtimers -> what has happened to
 * which of them. A timer is known by its address, since it lies in a structure that is
 * its callback's. Pure.
 *
 * Where each fact comes from (kernel/time/timer.c, hrtimer.c): timer_cancel is the
 * timer's leaving its queue, whatever the reason. To be armed anew it leaves and enters again
 * at once; to expire it leaves, and then its callback is called. hrtimers expire without
 * hrtimer_cancel; that they are armed anew they tell by was_armed or, on kernels whose
 * hrtimer_start has no such field, as timer_list timers do. A timer_list timer that is given
 * another expiry in the same bucket of its wheel is so without a record.
 */
#ifndef TIMERSNOOP_KERNEL_TIMERS_H
#define TIMERSNOOP_KERNEL_TIMERS_H

#include <stdbool.h>
#include <stdint.h>

#include "timersnoop/decode.h"
#include "timersnoop/kernel_events.h"
#include "timersnoop/scene.h"
#include "timersnoop/tasks.h"

/* Who armed it, or whose doing it is. */
enum kernel_armer {
	ARMER_UNKNOWN,   /* before tracing began, or nobody knows the task */
	ARMER_TASK,      /* `who`; pid 0 is the idle task of a CPU */
	ARMER_INTERRUPT, /* hard or soft */
};

/* One arm of a timer, until it expires, is cancelled or armed anew. */
struct kernel_arm {
	enum kernel_mechanism mechanism;
	uint64_t address;  /* the timer's */
	uint64_t function; /* its callback; 0: not known */
	bool older;        /* it was armed before tracing began: all below is not known */
	bool selected;     /* as the armer was, see kernel_timers_take */
	uint64_t ts;       /* trace clock, ns */
	int cpu;           /* on which it was armed */
	enum kernel_armer armer;
	struct caller who; /* ARMER_TASK */
	bool interrupt;    /* armed in interrupt context; `who` is then for whom it was before */
	bool replaces;     /* it was pending, and this took that one's place */
	bool rearmed;      /* by its own callback, or as that returned */
	bool immediate;    /* it had expired when it was armed, and was not queued */
	uint64_t caller;   /* the place that called what arms timers; 0: not known */
	bool has_timeout;
	int64_t timeout_ns; /* from arming to the instant asked for; negative: it had gone by */
	/* timer_list */
	int64_t timeout_jiffies;
	uint64_t expires; /* jiffies */
	uint64_t due;     /* jiffies: when its wheel looks at it, at the earliest */
	uint32_t flags;   /* TIMER_FLAG_... */
	/* hrtimer */
	int64_t asked_ns, latest_ns; /* on its clock: without and with its slack */
	uint32_t mode;               /* HRTIMER_MODE_... */
};

enum kernel_what {
	KERNEL_MADE, /* timer_init, hrtimer_setup */
	KERNEL_STARTED,
	KERNEL_REPLACED, /* pending, and armed anew: KERNEL_STARTED follows */
	KERNEL_CANCELLED,
	KERNEL_FIRED,    /* its callback is called, or would have been (arm->immediate) */
	KERNEL_RAN,      /* its callback has returned */
	KERNEL_OWNED,    /* its callback has begun, and tells whose an older arm is: in `arm` */
	KERNEL_VANISHED, /* it is pending no more, and nothing told why: something was lost */
	/* not about one timer */
	KERNEL_TICK_STOP,
	KERNEL_BASE_IDLE,
	KERNEL_CPU_IDLE,
	KERNEL_WAKEUP, /* see kernel_wakeups.h */
};

/* What ended an idle period. */
enum kernel_waker {
	WAKER_TIMER, /* `arm` */
	WAKER_TICK,  /* nothing but the periodic tick; `arm` is its hrtimer */
	WAKER_OTHER, /* another interrupt, or an expiry that was called off meanwhile */
	WAKER_NONE,  /* no interrupt was seen: another CPU had work for it */
	WAKER_COUNT,
};

struct kernel_change {
	enum kernel_what what;
	uint64_t ts; /* trace clock; KERNEL_RAN: when its callback was called */
	int cpu;
	int32_t tid;                  /* who ran then */
	bool interrupt;               /* which has nothing to do with it */
	const struct kernel_arm *arm; /* NULL: not about a timer */
	/* KERNEL_FIRED and KERNEL_RAN */
	bool has_late;   /* asked for is known */
	int64_t late_ns; /* after the instant asked for */
	bool has_beyond;
	int64_t beyond_ns; /* after all that slack or wheel allow; negative: within */
	bool has_jiffies;
	int64_t late_jiffies; /* timer_list */
	bool migrated;        /* not on the CPU on which it was armed */
	bool has_run;
	int64_t run_ns; /* KERNEL_RAN: interrupts that came meanwhile included */
	/* KERNEL_TICK_STOP, KERNEL_BASE_IDLE, KERNEL_CPU_IDLE */
	bool idle;
	int32_t dependency;
	/* KERNEL_WAKEUP */
	enum kernel_waker waker;
	int64_t idle_ns; /* KERNEL_WAKEUP: how long it had been idle */
	bool alongside;  /* KERNEL_WAKEUP: `arm` only ran, and had not woken the CPU */
};

/* Borrowed for the call. 0 or -errno, which ends all. */
typedef int kernel_receiver(void *context, const struct kernel_change *change);

/* How clocks stand when tracing begins. */
struct kernel_scene {
	uint64_t since_ns; /* trace clock: records before it are passed over */
	int64_t tick_ns;   /* a jiffy; 0: not known */
	bool partial;      /* not all CPUs are seen: ends may be missing though nothing was lost */
	bool other_clock;  /* the trace clock is not CLOCK_MONOTONIC: no times of expiry */
	const struct scene_ahead *ahead; /* clocks ahead of it; borrowed */
	size_t ahead_count;
	/* Is the function that is called from this place one that arms timers for others, so
	 * that the place before it is of interest? NULL: none is. */
	bool (*is_wrapper)(void *context, uint64_t place);
	/* Is it the callback of schedule_timeout(), or that of the tick? NULL: nobody knows. */
	bool (*is_sleep)(void *context, uint64_t function);
	void *context;
};

struct kernel_timers;

/* NULL when out of memory. */
struct kernel_timers *kernel_timers_new(const struct kernel_scene *scene, kernel_receiver *receiver,
					void *context);
void kernel_timers_free(struct kernel_timers *timers);

/* Who runs when a record is made. */
struct kernel_runner {
	enum kernel_armer armer; /* ARMER_INTERRUPT: `who` is whoever was interrupted */
	struct caller who;
	bool selected; /* what this task arms is asked for */
};

/* Would kernel_timers_take look at who runs? Of USE_OWNER that is whom the record names. */
bool kernel_timers_asks_runner(const struct record *record);
/* Takes the next record of these kinds; others are passed over. 0 or -errno. */
int kernel_timers_take(struct kernel_timers *timers, const struct record *record,
		       const struct kernel_runner *runner);
/* Records were lost: what is pending may be so no more. */
void kernel_timers_lost(struct kernel_timers *timers);
/* No more comes: what was open is told. 0 or -errno. */
int kernel_timers_finish(struct kernel_timers *timers, uint64_t now_ns);

/* Ends or beginnings that did not fit together although nothing was lost. */
uint64_t kernel_timers_odd(const struct kernel_timers *timers);

#endif
