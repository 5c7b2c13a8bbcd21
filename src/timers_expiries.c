/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What arms a timer, and when it expires. */
#include <errno.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

#include "timersnoop/timers_parts.h"

/* Times of the kernel's records may be anything. */
static int64_t minus(int64_t a, int64_t b)
{
	int64_t difference;

	if (__builtin_sub_overflow(a, b, &difference))
		return a < 0 ? INT64_MIN : INT64_MAX;
	return difference;
}

static int64_t to_ns(struct timerspec ts)
{
	int64_t ns;

	if (__builtin_mul_overflow(ts.sec, NSEC_PER_SEC, &ns) ||
	    __builtin_add_overflow(ns, ts.nsec, &ns))
		return INT64_MAX; /* the kernel's KTIME_MAX */
	return ns;
}

struct timer_arm timers_make_arm(uint64_t ts, bool absolute, const struct itimerspec_seen *value)
{
	return (struct timer_arm){ .seen = true,
				   .start_ns = ts,
				   .absolute = absolute,
				   .value_ns = to_ns(value->value),
				   .interval_ns = to_ns(value->interval) };
}

void timers_activate(struct known_timer *timer)
{
	timer->arm = timer->coming;
	timer->coming.seen = false;
}

/* The kernel has its copy: from here on the timer may expire by it, even
 * before the call returns. */
int timers_take_copy(struct timers *timers, const struct record *record)
{
	const struct call *call = calls_open(timers->calls, record->tid);
	struct known_timer *timer;

	if (!call || !call->has_id)
		return 0;
	timer = timer_table_get(timers->table, timers_process(timers, record->tid),
				event_family(record->event),
				record->copy.has_id ? record->copy.id : call->timer_id);
	if (!timer)
		return -ENOMEM;
	/* TIMER_ABSTIME and TFD_TIMER_ABSTIME are the same bit. */
	timer->coming = timers_make_arm(record->ts, record->copy.flags & 1, &record->copy.value);
	return 0;
}

/* Could this expiry be the one that the call under way asked for? */
static bool fits_coming(const struct known_timer *timer, const struct record_timer *seen)
{
	const struct timer_arm *coming = &timer->coming;

	if (!coming->seen || !coming->value_ns)
		return false;
	if (!seen || !seen->has_asked)
		return !timer->arm.seen || !timer->arm.value_ns ||
		       (timer->arm.expiries && !timer->arm.interval_ns);
	if (coming->absolute)
		return seen->asked_ns == coming->value_ns;
	return minus(minus(seen->asked_ns, seen->ahead_ns), coming->value_ns) >=
	       (int64_t)coming->start_ns;
}

static enum armed_by who_armed(const struct known_timer *timer, const struct record_timer *seen)
{
	int64_t apart;

	if (timer->arm.seen && timer->arm.value_ns) {
		if (!timer->arm.expiries)
			return ARMED_BY_USER;
		return timer->arm.interval_ns ? ARMED_BY_KERNEL : ARMED_UNKNOWN;
	}
	/* Its call was not seen: but this may be the next period after the last. */
	if (!seen || !timer->expired || !timer->has_asked || !seen->has_asked ||
	    seen->interval_ns <= 0)
		return ARMED_UNKNOWN;
	apart = minus(seen->asked_ns, timer->asked_ns);
	return apart > 0 && apart % seen->interval_ns == 0 ? ARMED_BY_KERNEL : ARMED_UNKNOWN;
}

/* Notes an expiry of a timer that is known; says who armed it. */
static enum armed_by note_expiry(struct known_timer *timer, uint64_t ts,
				 const struct record_timer *seen)
{
	enum armed_by armed_by;

	if (fits_coming(timer, seen))
		timers_activate(timer);
	armed_by = who_armed(timer, seen);
	timer->arm.expiries++;
	timer->expired = true;
	timer->expiry_ns = ts;
	timer->has_asked = seen && seen->has_asked;
	timer->asked_ns = seen ? seen->asked_ns : 0;
	return armed_by;
}

/* Where and when an expiry was seen. */
struct expiry {
	enum event event;
	uint64_t ts;
	int cpu;
	int32_t pid;
	int32_t tid; /* who gets the signal */
};

/* `timer` is NULL for one that is not known, `seen` when only that it expired is. */
static void tell_expiry(struct timers *timers, const struct expiry *expiry,
			struct known_timer *timer, const struct record_timer *seen)
{
	struct occurrence occurrence = { .event = expiry->event,
					 .ts = expiry->ts,
					 .cpu = expiry->cpu,
					 .pid = expiry->pid,
					 .tid = expiry->tid,
					 .family = event_family(expiry->event) };

	if (timer) {
		occurrence.has_id = true;
		occurrence.id = timer->id;
		occurrence.traced = timers_traced(timer);
		occurrence.has_clock = timer->has_clock;
		occurrence.clock = timer->clock;
		occurrence.armed_by = note_expiry(timer, expiry->ts, seen);
		occurrence.has_interval = timer->arm.seen;
		occurrence.interval_ns = timer->arm.interval_ns;
	}
	if (seen && seen->has_clock) {
		occurrence.has_clock = true;
		occurrence.clock = seen->clock;
	}
	if (seen && seen->has_interval) {
		occurrence.has_interval = true;
		occurrence.interval_ns = seen->interval_ns;
	}
	if (seen && seen->has_asked) {
		occurrence.has_asked = true;
		occurrence.asked_ns = seen->asked_ns;
		occurrence.asked_clock = seen->asked_clock;
		occurrence.late_ns =
			minus((int64_t)expiry->ts, minus(seen->asked_ns, seen->ahead_ns));
	}
	timers->receiver(timers->context, &occurrence);
}

static void note_cause(struct cpu *cpu, int32_t pid, int32_t id, uint64_t ts)
{
	cpu->expired = true;
	cpu->expired_pid = pid;
	cpu->expired_id = id;
	cpu->expired_ns = ts;
}

void timers_tell_posix(struct timers *timers, const struct record *record,
		       struct known_timer *timer)
{
	const struct expiry expiry = { EVENT_TIMER_EXPIRE, record->ts, record->cpu, timer->pid,
				       record->timer.pid };

	tell_expiry(timers, &expiry, timer, &record->timer);
}

static int take_posix(struct timers *timers, const struct record *record)
{
	int32_t pid = timers_process(timers, record->timer.pid);
	struct known_timer *timer =
		timer_table_get(timers->table, pid, TIMER_POSIX, record->timer.id);
	struct cpu *cpu = timers_cpu(timers, record->cpu);

	if (!timer || !cpu)
		return -ENOMEM;
	timer->target = record->timer.pid;
	if (record->timer.address)
		timer_table_place(timers->table, timer, record->timer.address);
	note_cause(cpu, pid, timer->id, record->ts);
	timers_tell_posix(timers, record, timer);
	return 0;
}

int timers_existing(struct timers *timers, int32_t pid, const struct procfs_timer *existing,
		    uint64_t earliest_ns, uint64_t latest_ns)
{
	struct known_timer *timer =
		timer_table_get(timers->table, pid, existing->family, existing->id);

	if (!timer)
		return -ENOMEM;
	timer->ours = true;
	timer->has_clock = true;
	timer->clock = existing->clock;
	if (existing->family != TIMER_FD || timerspec_zero(existing->timerfd.value))
		return 0;
	timer->expected = true;
	timer->expected_ns = minus((int64_t)earliest_ns, -to_ns(existing->timerfd.value));
	timer->expected_within_ns = (int64_t)(latest_ns - earliest_ns);
	timer->expected_interval_ns = to_ns(existing->timerfd.interval);
	return 0;
}

struct search {
	const struct record_timer *seen;
	struct known_timer *found;
	size_t count;
};

/* The clocks are read by different means. */
#define READING_NS 1000

static bool is_expected(void *context, struct known_timer *timer)
{
	struct search *search = context;
	const struct record_timer *seen = search->seen;
	int64_t after =
		minus(minus(seen->asked_ns, seen->ahead_ns), timer->expected_ns - READING_NS);

	if (!timer->expected || timer->clock != seen->clock ||
	    timer->expected_interval_ns != seen->interval_ns)
		return false;
	if (timer->expected_interval_ns > 0 && after >= 0)
		after %= timer->expected_interval_ns;
	if (after < 0 || after > timer->expected_within_ns + 2 * READING_NS)
		return false;
	search->found = timer;
	return ++search->count > 1;
}

/* The one timerfd that was to expire then, of those that /proc told of. */
static struct known_timer *find_expected(struct timers *timers, const struct record *record)
{
	struct search search = { .seen = &record->timer };

	if (!record->timer.has_asked || !record->timer.has_clock || !record->timer.has_interval)
		return NULL;
	timer_table_walk(timers->table, is_expected, &search);
	if (search.count != 1)
		return NULL;
	search.found->expected = false;
	timer_table_place(timers->table, search.found, record->timer.address);
	return search.found;
}

static void take_fd(struct timers *timers, const struct record *record)
{
	struct known_timer *timer = timer_table_at(timers->table, record->timer.address);
	struct expiry expiry = { .event = EVENT_TIMERFD_EXPIRE,
				 .ts = record->ts,
				 .cpu = record->cpu };

	if (timer && timer->family != TIMER_FD)
		timer = NULL;
	if (!timer)
		timer = find_expected(timers, record);
	if (timer)
		expiry.pid = expiry.tid = timer->pid;
	tell_expiry(timers, &expiry, timer, &record->timer);
}

static int take_itimer(struct timers *timers, const struct record *record, int32_t which,
		       int32_t pid, const struct record_timer *seen)
{
	const struct expiry expiry = { EVENT_ITIMER_EXPIRE, record->ts, record->cpu, pid, pid };
	struct known_timer *timer = timer_table_get(timers->table, pid, TIMER_ITIMER, which);

	if (!timer)
		return -ENOMEM;
	if (which == ITIMER_REAL) {
		timer->has_clock = true;
		timer->clock = CLOCK_MONOTONIC;
	}
	if (seen && seen->address)
		timer_table_place(timers->table, timer, seen->address);
	tell_expiry(timers, &expiry, timer, seen);
	return 0;
}

int timers_take_itimer(struct timers *timers, const struct record *record)
{
	return take_itimer(timers, record, record->itimer.which, record->itimer.pid, NULL);
}

int timers_take_expiry(struct timers *timers, const struct record *record)
{
	struct cpu *cpu = timers_cpu(timers, record->cpu);
	int status = 0;

	if (!cpu)
		return -ENOMEM;
	/* Of an alarm's hrtimer nobody has told. */
	if (cpu->entered && cpu->address != record->timer.address)
		status = timers_settle_expiry(timers, record->cpu);
	cpu->entered = false;
	if (status < 0)
		return status;
	switch (record->event) {
	case EVENT_TIMERFD_EXPIRE:
		take_fd(timers, record);
		return 0;
	case EVENT_ITIMER_EXPIRE:
		return take_itimer(timers, record, ITIMER_REAL, record->timer.pid, &record->timer);
	default:
		return take_posix(timers, record);
	}
}

/* --- by tracepoints alone --------------------------------------------------- */

/* The kernel arms an hrtimer: within a call that tells whose it is, or again. */
int timers_take_start(struct timers *timers, const struct record *record)
{
	const struct call *call = calls_open(timers->calls, record->tid);
	struct known_timer *timer = timer_table_at(timers->table, record->hrtimer.address);

	if (call && !record->interrupt && call->arms &&
	    (call->has_id || call->event == EVENT_ALARM)) {
		timer = timer_table_get(timers->table, timers_process(timers, record->tid),
					event_family(call->event), call->timer_id);
		if (!timer)
			return -ENOMEM;
		timer_table_place(timers->table, timer, record->hrtimer.address);
		timer->expected = false;
	}
	if (timer) {
		timer->started = true;
		timer->start_ns = record->hrtimer.ns;
	}
	return 0;
}

int timers_take_entered(struct timers *timers, const struct record *record)
{
	struct cpu *cpu = timers_cpu(timers, record->cpu);

	if (!cpu)
		return -ENOMEM;
	cpu->entered = true;
	cpu->entered_ns = record->ts;
	cpu->address = record->hrtimer.address;
	cpu->now_ns = record->hrtimer.ns;
	return 0;
}

/* Clocks are set, but hardly to within this of CLOCK_MONOTONIC. */
#define SAME_CLOCK_NS (NSEC_PER_SEC / 10)

int timers_settle_expiry(struct timers *timers, int number)
{
	static const enum event events[TIMER_FAMILIES] = { EVENT_TIMER_EXPIRE, EVENT_TIMERFD_EXPIRE,
							   EVENT_ITIMER_EXPIRE };
	struct cpu *cpu = (size_t)number < timers->cpu_count ? &timers->cpus[number] : NULL;
	struct record_timer seen = { .asked_clock = CLOCK_MONOTONIC };
	struct known_timer *timer;
	struct expiry expiry;

	if (!cpu || !cpu->entered)
		return 0;
	cpu->entered = false;
	timer = timer_table_at(timers->table, cpu->address);
	if (!timer) {
		timers->missed++;
		return 0;
	}
	expiry = (struct expiry){ events[timer->family], cpu->entered_ns, number, timer->pid,
				  timer->target ? timer->target : timer->pid };
	seen.has_asked = timer->started;
	seen.asked_ns = timer->start_ns;
	seen.ahead_ns = minus(cpu->now_ns, (int64_t)cpu->entered_ns);
	if (seen.ahead_ns > SAME_CLOCK_NS || seen.ahead_ns < -SAME_CLOCK_NS)
		seen.asked_clock = timer->clock;
	timer->started = false;
	if (timer->family == TIMER_POSIX)
		note_cause(cpu, timer->pid, timer->id, cpu->entered_ns);
	tell_expiry(timers, &expiry, timer, &seen);
	return 0;
}
