/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/life.h"

#include <errno.h>
#include <signal.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>

/* The trace clock and the one that armed a timer differ by less. */
#define CLOCKS_APART_NS 100

void life_begin(struct life_state *state)
{
	state->life.last_getoverrun = -1;
	if (state->life.family == TIMER_ITIMER && state->life.id == ITIMER_REAL) {
		state->life.has_clock = true;
		state->life.clock = CLOCK_MONOTONIC;
	}
}

void life_free(struct life_state *state)
{
	distribution_free(&state->life.late);
	distribution_free(&state->life.observed);
	distribution_free(&state->life.signal_after);
}

void life_clear(struct life_state *state)
{
	struct life *life = &state->life;

	life->arms = life->disarms = life->one_shot = life->periodic = life->absolute = 0;
	life->failed = life->gettimes = life->getoverruns = life->replaced = 0;
	life->expiries = life->rearmed = life->overruns = 0;
	for (int result = 0; result < SIGNAL_RESULTS; result++)
		life->signals[result] = 0;
	distribution_clear(&life->late);
	distribution_clear(&life->observed);
	distribution_clear(&life->signal_after);
}

/* The timer starts anew, or is stopped. */
static void reset(struct life_state *state)
{
	state->armed = false;
	state->waiting = false;
	state->first.known = false;
	state->last.known = false;
}

void life_lost(struct life_state *state)
{
	state->life.incomplete = true;
	state->waiting = false;
	state->first.known = false;
	state->last.known = false;
}

static void learn_sigevent(struct life *life, const struct call *call)
{
	if (call->sigevent.from != FROM_NONE) {
		life->sigevent = call->sigevent;
	} else if (call->has_pointers && !call->new_ptr) {
		life->sigevent = (struct sigevent_seen){ .from = FROM_KERNEL,
							 .value = (uint32_t)life->id,
							 .signo = SIGALRM,
							 .notify = SIGEV_SIGNAL };
	} else {
		return;
	}
	life->has_sigevent = true;
}

void life_created(struct life_state *state, const struct call *call)
{
	struct life *life = &state->life;

	life->origin = ORIGIN_CREATED;
	life->born_ns = call->start_ns;
	life->created_tid = call->tid;
	if (call->missing)
		life->incomplete = true;
	if (call->has_args) {
		life->has_clock = true;
		life->clock = call->clock;
	}
	if (life->family == TIMER_POSIX)
		learn_sigevent(life, call);
}

static void existing_timerfd(struct life_state *state, const struct procfs_timer *timer)
{
	struct life *life = &state->life;
	bool periodic = !timerspec_zero(timer->timerfd.interval);

	/* A periodic one whose expiry was not read yet has no time left. */
	if (life->has_value ||
	    (timerspec_zero(timer->timerfd.value) && !(periodic && timer->timerfd.ticks)))
		return;
	state->armed = true;
	life->has_value = true;
	life->value_ns = timerspec_ns(timer->timerfd.value);
	life->interval_ns = timerspec_ns(timer->timerfd.interval);
}

void life_existed(struct life_state *state, const struct procfs_timer *timer)
{
	struct life *life = &state->life;

	if (!life->has_clock && life->family != TIMER_ITIMER) {
		life->has_clock = true;
		life->clock = timerspec_given_clock(timer->clock);
	}
	if (life->family == TIMER_FD)
		existing_timerfd(state, timer);
	if (life->family != TIMER_POSIX || life->has_sigevent)
		return;
	life->has_sigevent = true;
	life->sigevent = (struct sigevent_seen){ .from = FROM_KERNEL,
						 .value = timer->posix.sigev_value,
						 .signo = timer->posix.signo,
						 .notify = timer->posix.notify };
	if (timer->posix.notify & SIGEV_THREAD_ID)
		life->sigevent.tid = timer->posix.target;
}

/* What an accepted call asked for; false when that was not seen. */
static bool asked_for(const struct call *call, struct itimerspec_seen *new_value)
{
	*new_value = call->new_value;
	if (new_value->from != FROM_NONE)
		return true;
	*new_value = (struct itimerspec_seen){ .from = FROM_KERNEL };
	if (call->event == EVENT_ALARM) {
		new_value->value.sec = call->seconds;
		return call->has_args;
	}
	/* setitimer(2) takes none at all for zero. */
	return call->event == EVENT_SETITIMER && call->has_pointers && !call->new_ptr;
}

/* The flag is 1 as TIMER_ABSTIME too. */
static bool is_absolute(const struct call *call)
{
	return event_family(call->event) != TIMER_ITIMER && (call->flags & TFD_TIMER_ABSTIME);
}

/*
 * Did the arm that this call asks for make the last first expiry, before the
 * call returned? Expiries of the arm before it can come that late too.
 */
static bool expired_early(const struct life_state *state, const struct call *call, int64_t value_ns)
{
	const struct life_expiry *first = &state->first;
	int64_t asked_ns;

	if (!first->known || first->ts < call->start_ns || first->ts > call->end_ns)
		return false;
	if (!first->has_asked)
		return !state->first_claimed;
	if (is_absolute(call))
		/* In a time namespace the instant is another than was asked for. */
		return first->asked_ns == value_ns ||
		       (first->armed_by == ARMED_BY_USER && !state->first_claimed);
	asked_ns = first->asked_ns;
	if (first->asked_clock != CLOCK_MONOTONIC)
		asked_ns = (int64_t)(first->ts - (uint64_t)first->late_ns);
	return asked_ns > value_ns &&
	       (uint64_t)asked_ns - (uint64_t)value_ns + CLOCKS_APART_NS >= call->start_ns;
}

/* Has the last arm not expired before this call? */
static bool replaces(const struct life_state *state, const struct call *call)
{
	const struct life *life = &state->life;

	if (!state->waiting || state->first.known)
		return false;
	if (!life->has_sigevent || life->sigevent.notify != SIGEV_NONE)
		return true;
	/* The kernel only computes what is left of a timer that tells nobody. */
	if (state->absolute)
		return life->clock == CLOCK_MONOTONIC && (int64_t)call->start_ns < life->value_ns;
	return (int64_t)(call->start_ns - state->armed_ns) < life->value_ns;
}

static void take_arm(struct life_state *state, const struct call *call,
		     const struct itimerspec_seen *new_value)
{
	struct life *life = &state->life;
	int64_t value_ns = timerspec_ns(new_value->value);
	bool periodic = !timerspec_zero(new_value->interval);
	bool early = expired_early(state, call, value_ns);

	if (early)
		state->first.known = false;
	life->replaced += replaces(state, call);
	if (!early)
		reset(state);
	state->armed = periodic || !early;
	state->waiting = !early;
	state->armed_ns = call->start_ns;
	state->absolute = is_absolute(call);
	life->arms++;
	life->one_shot += !periodic;
	life->periodic += periodic;
	life->absolute += state->absolute;
	life->has_value = true;
	life->value_ns = value_ns;
	life->interval_ns = timerspec_ns(new_value->interval);
}

static void take_settime(struct life_state *state, const struct call *call)
{
	struct itimerspec_seen new_value;

	if ((call->missing & CALL_NO_RETURN) || !asked_for(call, &new_value)) {
		state->life.incomplete = true;
		reset(state);
	} else if (timerspec_zero(new_value.value)) {
		state->life.replaced += replaces(state, call);
		state->life.disarms++;
		reset(state);
	} else {
		take_arm(state, call, &new_value);
	}
}

bool life_refused(const struct call *call)
{
	return !(call->missing & CALL_NO_RETURN) && call->ret < 0 && call->event != EVENT_ALARM;
}

void life_call(struct life_state *state, const struct call *call)
{
	struct life *life = &state->life;
	bool returned = !(call->missing & CALL_NO_RETURN);

	if (call->missing)
		life->incomplete = true;
	if (life_refused(call)) {
		life->failed++;
		if (calls_set_anyhow(call))
			take_settime(state, call);
		return;
	}
	switch (call->event) {
	case EVENT_TIMER_SETTIME:
	case EVENT_TIMERFD_SETTIME:
	case EVENT_SETITIMER:
	case EVENT_ALARM:
		take_settime(state, call);
		return;
	case EVENT_TIMER_GETTIME:
	case EVENT_TIMERFD_GETTIME:
	case EVENT_GETITIMER:
		life->gettimes += returned;
		return;
	case EVENT_TIMER_GETOVERRUN:
		life->getoverruns += returned;
		if (returned)
			life->last_getoverrun = call->ret;
		return;
	default:
		return;
	}
}

/* Periods since the last expiry of the same periodic arm; 0 when it is of another. */
static uint64_t periods_since(const struct life_expiry *last, const struct life_expiry *now)
{
	bool certain = now->armed_by == ARMED_BY_KERNEL;
	int64_t apart;

	if (!last->known || now->interval_ns <= 0 || last->interval_ns != now->interval_ns ||
	    now->armed_by == ARMED_BY_USER)
		return 0;
	if (!last->has_asked || !now->has_asked)
		return 1;
	if (__builtin_sub_overflow(now->asked_ns, last->asked_ns, &apart))
		return 0;
	if (!certain && (apart <= 0 || apart % now->interval_ns))
		return 0;
	return apart < now->interval_ns ? 1 : (uint64_t)(apart / now->interval_ns);
}

static int take_expiry(struct life_state *state, const struct occurrence *occurrence)
{
	struct life *life = &state->life;
	struct life_expiry now = {
		.known = true,
		.has_asked = occurrence->has_asked,
		.ts = occurrence->ts,
		.asked_ns = occurrence->asked_ns,
		.late_ns = occurrence->late_ns,
		.asked_clock = occurrence->asked_clock,
		.armed_by = occurrence->armed_by,
	};
	uint64_t periods;
	bool again;

	if (occurrence->has_interval)
		now.interval_ns = occurrence->interval_ns;
	else if (state->armed)
		now.interval_ns = life->interval_ns;
	if (occurrence->has_interval && !life->has_value) {
		life->has_interval = true;
		life->interval_ns = occurrence->interval_ns;
	}
	periods = periods_since(&state->last, &now);
	life->expiries++;
	life->rearmed += now.armed_by == ARMED_BY_KERNEL;
	again = periods || now.armed_by == ARMED_BY_KERNEL;
	/* A second first one, or one that follows from none: the arm that is known has expired. */
	if (again != state->first.known)
		state->waiting = false;
	if (!again) {
		state->first = now;
		state->first_claimed =
			now.armed_by == ARMED_BY_USER ? state->waiting : state->armed;
	}
	state->armed = now.interval_ns > 0;
	if (periods && life->family != TIMER_POSIX)
		life->overruns += periods - 1;
	if (periods && distribution_add(&life->observed,
					(int64_t)(now.ts - state->last.ts) / (int64_t)periods) < 0)
		return -ENOMEM;
	state->last = now;
	return now.has_asked ? distribution_add(&life->late, now.late_ns) : 0;
}

static int take_signal(struct life *life, const struct occurrence *occurrence)
{
	if (occurrence->result < SIGNAL_RESULTS)
		life->signals[occurrence->result]++;
	if (occurrence->event != EVENT_SIGNAL_DELIVER)
		return 0;
	if (life->family == TIMER_POSIX && occurrence->has_overrun && occurrence->overrun > 0)
		life->overruns += (uint64_t)occurrence->overrun;
	return occurrence->has_after ? distribution_add(&life->signal_after, occurrence->after_ns)
				     : 0;
}

int life_occurrence(struct life_state *state, const struct occurrence *occurrence)
{
	struct life *life = &state->life;

	if (occurrence->event == EVENT_SIGNAL_GENERATE || occurrence->event == EVENT_SIGNAL_DELIVER)
		return take_signal(life, occurrence);
	if (occurrence->has_clock && !life->has_clock && life->family != TIMER_ITIMER) {
		life->has_clock = true;
		life->clock = occurrence->clock;
	}
	return take_expiry(state, occurrence);
}
