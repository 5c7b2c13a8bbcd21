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

struct timer_arm timers_make_arm(uint64_t ts, bool absolute, const struct itimerspec_seen *value)
{
	return (struct timer_arm){ .seen = true,
				   .start_ns = ts,
				   .absolute = absolute,
				   .value_ns = timerspec_ns(value->value),
				   .interval_ns = timerspec_ns(value->interval) };
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

	if (!call || !call->has_id || record->copy.value.from == FROM_NONE ||
	    (record->kind == USE_COPIED && call->event != record->event))
		return 0;
	timer = timer_table_get(timers->table, tasks_process(timers->tasks, record->tid),
				event_family(record->event),
				record->copy.has_id ? record->copy.id : call->timer_id);
	if (!timer)
		return -ENOMEM;
	/* TIMER_ABSTIME and TFD_TIMER_ABSTIME are the same bit. */
	timer->coming = timers_make_arm(
		record->ts, (record->copy.has_flags ? record->copy.flags : call->flags) & 1,
		&record->copy.value);
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
	bool idle;
};

/* `timer` is NULL for one that is not known, `seen` when only that it expired is. */
static void tell_expiry(struct timers *timers, const struct expiry *expiry,
			struct known_timer *timer, const struct record_timer *seen)
{
	struct occurrence occurrence = { .event = expiry->event,
					 .ts = expiry->ts,
					 .cpu = expiry->cpu,
					 .pid = expiry->pid,
					 .tid = expiry->pid,
					 .idle = expiry->idle,
					 .family = event_family(expiry->event) };

	if (timer) {
		occurrence.has_id = true;
		occurrence.id = timer->id;
		occurrence.traced = timers_traced(timer);
		occurrence.has_clock = timer->has_clock;
		occurrence.clock = timer->clock;
		occurrence.armed_by = note_expiry(timer, expiry->ts, seen);
		occurrence.past =
			occurrence.armed_by == ARMED_BY_USER && seen && seen->has_asked &&
			minus(seen->asked_ns, seen->ahead_ns) < (int64_t)timer->arm.start_ns;
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
	if (seen && seen->has_asked && !timers->scene.other_clock) {
		occurrence.has_asked = true;
		occurrence.asked_ns = seen->asked_ns;
		occurrence.asked_clock = seen->asked_clock;
		occurrence.late_ns =
			minus((int64_t)expiry->ts, minus(seen->asked_ns, seen->ahead_ns));
	}
	timers->receiver(timers->context, &occurrence);
}

static void learn_ahead(struct timers *timers, const struct record_timer *seen)
{
	if (seen->has_asked)
		timers_set_ahead(timers, seen->asked_clock, seen->ahead_ns);
}

static void note_cause(struct cpu *cpu, int32_t pid, int32_t id, int32_t target, uint64_t ts)
{
	cpu->expired = true;
	cpu->expired_pid = pid;
	cpu->expired_id = id;
	cpu->expired_target = target;
	cpu->expired_ns = ts;
}

void timers_tell_posix(struct timers *timers, const struct record *record,
		       struct known_timer *timer)
{
	const struct expiry expiry = { EVENT_TIMER_EXPIRE, record->ts, record->cpu, timer->pid,
				       record->tid == 0 };

	learn_ahead(timers, &record->timer);
	tell_expiry(timers, &expiry, timer, &record->timer);
}

int timers_get(struct timers *timers, int32_t tid, int32_t pid, enum timer_family family,
	       int32_t id, struct known_timer **timer)
{
	*timer = timer_table_find(timers->table, pid, family, id);
	if (*timer || (timers->scene.followed && !tasks_find(timers->tasks, tid)))
		return 0;
	*timer = timer_table_get(timers->table, pid, family, id);
	return *timer ? 0 : -ENOMEM;
}

int timers_find_posix(struct timers *timers, const struct record_timer *seen, int32_t *pid,
		      struct known_timer **timer)
{
	/* The thread that gets the signal may have ended: then the address tells. */
	*timer = tasks_find(timers->tasks, seen->pid)
			 ? NULL
			 : timer_table_at(timers->table, seen->address);
	if (*timer && (*timer)->family == TIMER_POSIX && (*timer)->id == seen->id) {
		*pid = (*timer)->pid;
		return 0;
	}
	*pid = tasks_process(timers->tasks, seen->pid);
	return timers_get(timers, seen->pid, *pid, TIMER_POSIX, seen->id, timer);
}

static int take_posix(struct timers *timers, const struct record *record)
{
	struct cpu *cpu = timers_cpu(timers, record->cpu);
	struct known_timer *timer;
	int32_t pid;
	int status = timers_find_posix(timers, &record->timer, &pid, &timer);

	if (status < 0 || !cpu)
		return -ENOMEM;
	note_cause(cpu, pid, record->timer.id, record->timer.pid, record->ts);
	if (!timer)
		return 0;
	timer->target = record->timer.pid;
	if (record->timer.address)
		timer_table_place(timers->table, timer, record->timer.address);
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
	timer->clock = timerspec_given_clock(existing->clock);
	if (existing->family != TIMER_FD || timerspec_zero(existing->timerfd.value))
		return 0;
	timer->expected = true;
	timers->expecting = true;
	timer->expected_ns = minus((int64_t)earliest_ns, -timerspec_ns(existing->timerfd.value));
	timer->expected_within_ns = (int64_t)(latest_ns - earliest_ns);
	timer->expected_interval_ns = timerspec_ns(existing->timerfd.interval);
	return 0;
}

struct search {
	const struct record_timer *seen;
	struct known_timer *found;
	size_t count;
};

/* The clocks are read by different means. */
#define READING_NS 1000LL
/* An expiry may be late by some of this. */
#define OVERDUE_NS NSEC_PER_SEC

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

/* It has expired, whichever of them it was: it is not waited for any more. */
static bool is_over(void *context, struct known_timer *timer)
{
	struct search search = { .seen = context };

	is_expected(&search, timer);
	if (search.count && !timer->expected_interval_ns)
		timer->expected = false;
	return false;
}

/* The one timerfd that was to expire then, of those that /proc told of. */
static struct known_timer *find_expected(struct timers *timers, const struct record *record)
{
	struct search search = { .seen = &record->timer };

	if (!timers->expecting || !record->timer.has_asked || !record->timer.has_clock ||
	    !record->timer.has_interval)
		return NULL;
	timer_table_walk(timers->table, is_expected, &search);
	/* Among those that are followed: somebody's, and nobody will be shown. */
	if (search.count > 1 && timers->scene.followed) {
		timers->missed++;
		timer_table_walk(timers->table, is_over, (void *)&record->timer);
	}
	if (search.count != 1)
		return NULL;
	search.found->expected = false;
	timer_table_place(timers->table, search.found, record->timer.address);
	return search.found;
}

void timers_stop_expecting(struct timers *timers, struct known_timer *timer, uint64_t ts)
{
	int64_t after = minus((int64_t)ts, timer->expected_ns);

	if (timer->expected && timers->scene.followed &&
	    after > timer->expected_within_ns + OVERDUE_NS)
		timers->missed++;
	timer->expected = false;
}

static bool is_overdue(void *context, struct known_timer *timer)
{
	struct timers *timers = context;

	timers_stop_expecting(timers, timer, timers->last_ns);
	return false;
}

void timers_count_overdue(struct timers *timers)
{
	if (timers->expecting)
		timer_table_walk(timers->table, is_overdue, timers);
}

static void take_fd(struct timers *timers, const struct record *record)
{
	struct known_timer *timer = timer_table_at(timers->table, record->timer.address);
	struct expiry expiry = { .event = EVENT_TIMERFD_EXPIRE,
				 .idle = record->tid == 0,
				 .ts = record->ts,
				 .cpu = record->cpu };

	if (timer && timer->family != TIMER_FD)
		timer = NULL;
	if (!timer)
		timer = find_expected(timers, record);
	learn_ahead(timers, &record->timer);
	if (timer)
		expiry.pid = timer->pid;
	tell_expiry(timers, &expiry, timer, &record->timer);
}

static int take_itimer(struct timers *timers, const struct record *record, int32_t which,
		       int32_t pid, const struct record_timer *seen)
{
	const struct expiry expiry = { EVENT_ITIMER_EXPIRE, record->ts, record->cpu, pid,
				       record->tid == 0 };
	struct known_timer *timer;
	int status = timers_get(timers, pid, pid, TIMER_ITIMER, which, &timer);

	if (status < 0 || !timer)
		return status;
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
	struct cpu *cpu = timers_cpu(timers, record->cpu);

	if (!cpu)
		return -ENOMEM;
	/* Where no probe tells of ITIMER_REAL, this one follows its hrtimer's expiry. */
	if (record->itimer.which == ITIMER_REAL)
		cpu->entered = false;
	return take_itimer(timers, record, record->itimer.which, record->itimer.pid, NULL);
}

int timers_take_expiry(struct timers *timers, const struct record *record)
{
	struct cpu *cpu = timers_cpu(timers, record->cpu);
	int status = 0;

	if (!cpu)
		return -ENOMEM;
	/* The alarms' own expiries are not told of. */
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

/* Of an alarm clock the address that is known is that of the alarm. */
static struct known_timer *timer_of_hrtimer(const struct timers *timers, uint64_t address)
{
	struct known_timer *timer = timer_table_at(timers->table, address);

	if (timer)
		return timer;
	timer = timer_table_at(timers->table, address - timers->scene.alarm_offset);
	return timer && timerspec_alarm_clock(timer->clock) ? timer : NULL;
}

/* The kernel arms an hrtimer: within a call that tells whose it is, or again. */
int timers_take_start(struct timers *timers, const struct record *record)
{
	const struct call *call = calls_open(timers->calls, record->tid);
	struct known_timer *timer = timer_of_hrtimer(timers, record->hrtimer.address);
	uint64_t address = record->hrtimer.address;

	if (call && !record->interrupt && call->arms &&
	    (call->has_id || call->event == EVENT_ALARM)) {
		timer = timer_table_get(timers->table, tasks_process(timers->tasks, record->tid),
					event_family(call->event), call->timer_id);
		if (!timer)
			return -ENOMEM;
		if (timer->has_clock && timerspec_alarm_clock(timer->clock))
			address -= timers->scene.alarm_offset;
		timer_table_place(timers->table, timer, address);
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
	struct known_timer *timer = timer_of_hrtimer(timers, record->hrtimer.address);
	struct cpu *cpu = timers_cpu(timers, record->cpu);

	if (!cpu)
		return -ENOMEM;
	cpu->entered = true;
	cpu->entered_ns = record->ts;
	cpu->entered_idle = record->tid == 0;
	cpu->address = timer ? timer->address : record->hrtimer.address;
	cpu->now_ns = record->hrtimer.ns;
	/* It may be armed anew on another CPU before more is seen of this one. */
	cpu->started = timer && timer->started;
	cpu->start_ns = timer ? timer->start_ns : 0;
	if (timer)
		timer->started = false;
	return 0;
}

static bool find_ahead(const struct timers *timers, int32_t clock, int64_t *ns)
{
	*ns = 0;
	if (clock == CLOCK_MONOTONIC)
		return true;
	if (clock < 0 || clock >= CLOCKS || !timers->ahead_known[clock])
		return false;
	*ns = timers->ahead_ns[clock];
	return true;
}

/* On which clock its hrtimer runs: a relative timer of CLOCK_REALTIME is one of
 * CLOCK_MONOTONIC to the kernel. */
static int32_t clock_of_arm(const struct known_timer *timer)
{
	bool absolute = timer->coming.seen ? timer->coming.absolute : timer->arm.absolute;

	if (!timer->has_clock || (timer->clock == CLOCK_REALTIME && !absolute))
		return CLOCK_MONOTONIC;
	return timerspec_base_clock(timer->clock);
}

/* Of POSIX timers the signal tells, which is sent just behind it. */
int timers_take_expired(struct timers *timers, const struct record *record)
{
	struct known_timer *timer = timer_of_hrtimer(timers, record->hrtimer.address);
	struct record_timer seen = { .has_asked = false };
	struct expiry expiry;

	/* It is not told which function it has: of a timerfd, a start came before. */
	if (!timer || timer->family != TIMER_FD || !timer->started)
		return 0;
	seen.asked_clock = clock_of_arm(timer);
	expiry =
		(struct expiry){ EVENT_TIMERFD_EXPIRE, record->ts, record->cpu, timer->pid, false };
	seen.asked_ns = timer->start_ns;
	seen.has_asked = timer->has_clock && find_ahead(timers, seen.asked_clock, &seen.ahead_ns);
	timer->started = false;
	tell_expiry(timers, &expiry, timer, &seen);
	return 0;
}

bool timers_clock_at(const struct timers *timers, int32_t clock, uint64_t ts, int64_t *ns)
{
	if (timers->scene.other_clock || !find_ahead(timers, timerspec_base_clock(clock), ns))
		return false;
	return !__builtin_add_overflow(*ns, (int64_t)ts, ns);
}

void timers_set_ahead(struct timers *timers, int32_t clock, int64_t ns)
{
	if (clock < 0 || clock >= CLOCKS)
		return;
	timers->ahead_known[clock] = true;
	timers->ahead_ns[clock] = ns;
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
				  cpu->entered_idle };
	seen.has_asked = cpu->started;
	seen.asked_ns = cpu->start_ns;
	seen.ahead_ns = minus(cpu->now_ns, (int64_t)cpu->entered_ns);
	if (seen.ahead_ns > SAME_CLOCK_NS || seen.ahead_ns < -SAME_CLOCK_NS) {
		seen.has_asked &= timer->has_clock;
		seen.asked_clock = timerspec_base_clock(timer->clock);
	} else if (timerspec_base_clock(timer->clock) == CLOCK_BOOTTIME) {
		/* The machine has not slept yet. */
		seen.asked_clock = clock_of_arm(timer);
	}
	if (timer->family == TIMER_POSIX)
		note_cause(cpu, timer->pid, timer->id, timer->target ? timer->target : timer->pid,
			   cpu->entered_ns);
	tell_expiry(timers, &expiry, timer, &seen);
	return 0;
}
