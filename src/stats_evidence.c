/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What findings are made of: which calls and expiries are worth a second look. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>

#include "timersnoop/life.h"
#include "timersnoop/stats_parts.h"

/* An instant makes sense on a clock whose time is no further away; and none on
 * one whose time is that far away. */
#define NEAR_NS (24LL * 3600 * NSEC_PER_SEC)
#define FAR_NS (30 * NEAR_NS)
/* A timer that was just made may yet be armed. */
#define UNARMED_NS NSEC_PER_SEC

static bool counts_cpu_time(const struct life *life)
{
	if (life->family == TIMER_ITIMER)
		return life->id != ITIMER_REAL;
	return life->has_clock && timerspec_cpu_clock(life->clock);
}

static void note_short(struct stat_row *row, const struct stats_scene *scene,
		       const struct life *life)
{
	struct stat_evidence *evidence = &row->evidence;
	int64_t least = scene->limits->short_ns;
	int64_t asked = INT64_MAX;

	/* These expire with a tick, whatever they were asked for. */
	if (counts_cpu_time(life) && scene->tick_ns > least)
		least = scene->tick_ns;
	if (!life->absolute)
		asked = life->value_ns;
	if (life->periodic && life->interval_ns < asked)
		asked = life->interval_ns;
	if (asked >= least)
		return;
	if (!evidence->too_short++ || asked < evidence->shortest_ns)
		evidence->shortest_ns = asked;
}

static bool is_within(int64_t one, int64_t other, int64_t apart)
{
	int64_t difference;

	if (__builtin_sub_overflow(one, other, &difference))
		return false;
	return difference <= apart && difference >= -apart;
}

/* A clock that such an instant is of, other than its own; -1: none. */
static int32_t clock_of_instant(const struct stats_scene *scene, const struct life *life,
				uint64_t ts)
{
	static const int32_t clocks[] = { CLOCK_REALTIME, CLOCK_MONOTONIC };
	int64_t now;

	for (size_t i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++)
		if (scene->clock_at(scene->context, clocks[i], ts, &now) &&
		    is_within(life->value_ns, now, NEAR_NS))
			return clocks[i];
	return -1;
}

static void note_instant(struct stat_row *row, const struct stats_scene *scene,
			 const struct life_change *change)
{
	const struct life *life = change->life;
	struct stat_evidence *evidence = &row->evidence;
	uint64_t ts = change->call->start_ns;
	int64_t now, ago;
	int32_t clock;

	if (!life->absolute || !life->has_clock || !scene->clock_at ||
	    !scene->clock_at(scene->context, life->clock, ts, &now))
		return;
	if (__builtin_sub_overflow(now, life->value_ns, &ago))
		ago = INT64_MAX;
	clock = is_within(life->value_ns, now, FAR_NS) ? -1 : clock_of_instant(scene, life, ts);
	if (clock >= 0) {
		evidence->right_clock =
			evidence->wrong_clock++ && evidence->right_clock != clock ? -1 : clock;
	} else if (ago > 0) {
		evidence->past++;
		if (ago > evidence->longest_past_ns)
			evidence->longest_past_ns = ago;
	}
}

static void note_arm(struct stat_row *row, struct stat_state *state,
		     const struct stats_scene *scene, const struct life_change *change)
{
	struct stat_evidence *evidence = &row->evidence;
	uint64_t ts = change->call->start_ns;

	state->arms++;
	if (!evidence->first_arm_ns || ts < evidence->first_arm_ns)
		evidence->first_arm_ns = ts;
	if (ts > evidence->last_arm_ns)
		evidence->last_arm_ns = ts;
	note_short(row, scene, change->life);
	note_instant(row, scene, change);
}

static void note_blocked(struct stat_row *row, const struct stats_scene *scene, int64_t ns)
{
	struct stat_evidence *evidence = &row->evidence;

	if (ns <= scene->limits->blocked_ns)
		return;
	evidence->blocked++;
	if (ns > evidence->longest_blocked_ns)
		evidence->longest_blocked_ns = ns;
}

static void note_occurrence(struct stat_row *row, struct stat_state *state,
			    const struct stats_scene *scene, const struct occurrence *occurrence)
{
	switch (occurrence->event) {
	case EVENT_SIGNAL_GENERATE:
		if (occurrence->result == SIGNAL_DELIVERED && !state->waiting_since &&
		    scene->events & EVENT_BIT(EVENT_SIGNAL_DELIVER))
			state->waiting_since = occurrence->ts;
		break;
	case EVENT_SIGNAL_DELIVER:
		if (occurrence->has_after)
			note_blocked(row, scene, occurrence->after_ns);
		state->waiting_since = 0;
		break;
	default:
		/* One that was armed too late is not served late. */
		if (occurrence->has_asked && !occurrence->past &&
		    occurrence->late_ns > scene->limits->late_ns) {
			row->evidence.late++;
			row->evidence.late_idle += occurrence->idle;
		}
		break;
	}
}

static void note_end(struct stat_row *row, struct stat_state *state,
		     const struct stats_scene *scene, const struct life *life, uint64_t now_ns)
{
	uint64_t end_ns = life->end_ns ? life->end_ns : now_ns;

	if (state->waiting_since && end_ns > state->waiting_since)
		note_blocked(row, scene, (int64_t)(end_ns - state->waiting_since));
	if (state->created && !state->arms && !life->incomplete &&
	    stat_knows(FIGURE_SETS, scene->events, true, life->family) &&
	    (life->end != END_OPEN || now_ns - life->born_ns >= UNARMED_NS))
		row->evidence.unarmed++;
	if (state->created && (life->end == END_OPEN || life->end == END_EXIT) &&
	    stat_knows(FIGURE_DELETED, scene->events, true, life->family))
		row->evidence.undeleted++;
	*state = (struct stat_state){ .arms = 0 };
}

void stat_evidence_change(struct stat_row *row, struct stat_state *state,
			  const struct stats_scene *scene, const struct life_change *change,
			  uint64_t now_ns)
{
	const struct call *call = change->call;

	if (change->over)
		note_end(row, state, scene, change->life, now_ns);
	else if (change->occurrence)
		note_occurrence(row, state, scene, change->occurrence);
	else if (call->event == EVENT_TIMER_CREATE || call->event == EVENT_TIMERFD_CREATE)
		*state = (struct stat_state){ .created = true };
	else if (change->life->arms)
		note_arm(row, state, scene, change);
	else if (change->life->disarms && call->new_value.from != FROM_NONE &&
		 !timerspec_zero(call->new_value.interval))
		row->evidence.zero_value++;
}

static bool is_bad_value(const struct call *call)
{
	const struct itimerspec_seen *seen = &call->new_value;

	if (call->ret != -EINVAL)
		return false;
	/* The kernel checks it while it copies it, where it is not seen. */
	if (call->event == EVENT_SETITIMER)
		return call->has_pointers && call->new_ptr && call->has_id &&
		       (uint32_t)call->timer_id < 3;
	return seen->from != FROM_NONE &&
	       (!timerspec_valid(seen->value) || !timerspec_valid(seen->interval));
}

/* Which argument a call was refused for, as far as its arguments tell. */
static void name_fault(const struct call *call, char *text, size_t size)
{
	bool sets = call->event == EVENT_TIMER_SETTIME || call->event == EVENT_TIMERFD_SETTIME ||
		    call->event == EVENT_SETITIMER;
	bool fd = event_family(call->event) == TIMER_FD;
	bool has_pointers = call->has_pointers;

	text[0] = '\0';
	if (call->ret == -EFAULT && sets && call->new_value.from == FROM_NONE)
		snprintf(text, size, "new_value points where nothing can be read");
	else if (call->ret == -EFAULT && call->event == EVENT_TIMER_CREATE)
		snprintf(text, size, "sevp or timerid points where nothing is");
	else if (call->ret == -EFAULT)
		snprintf(text, size, "%s points where nothing can be written",
			 sets ? "old_value" : "curr_value");
	else if (call->ret == -EINVAL && sets && has_pointers && !call->new_ptr &&
		 call->event != EVENT_SETITIMER)
		snprintf(text, size, "new_value is NULL");
	else if (call->ret == -EINVAL && call->event == EVENT_TIMERFD_SETTIME && call->has_args &&
		 call->flags & ~(uint32_t)(TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET))
		snprintf(text, size, "flags 0x%x has unknown bits", call->flags);
	else if (call->ret == -EINVAL && call->event == EVENT_TIMERFD_CREATE && call->has_args &&
		 call->flags & ~(uint32_t)(TFD_CLOEXEC | TFD_NONBLOCK))
		snprintf(text, size, "flags 0x%x has unknown bits", call->flags);
	else if (call->ret == -EINVAL &&
		 (call->event == EVENT_TIMER_CREATE || call->event == EVENT_TIMERFD_CREATE))
		snprintf(text, size, "%s", fd ? "its clock" : "its clock, or its sigevent");
	else if ((call->ret == -EINVAL || call->ret == -EBADF) && call->has_id)
		snprintf(text, size,
			 event_family(call->event) == TIMER_POSIX ? "there is no timer %d"
			 : fd                                     ? "descriptor %d is no timerfd"
								  : "there is no itimer %d",
			 call->timer_id);
}

int32_t stat_errno(const struct call *call)
{
	/* MAX_ERRNO, linux/err.h; a recording may say anything. */
	return call->ret >= -4095 ? (int32_t)-call->ret : 0;
}

void stat_evidence_call(struct stat_row *row, const struct call *call)
{
	struct stat_evidence *evidence = &row->evidence;

	evidence->changed += call->changed != 0;
	if (!life_refused(call))
		return;
	if (is_bad_value(call)) {
		evidence->bad_values++;
		return;
	}
	evidence->has_fault = true;
	evidence->fault_event = call->event;
	evidence->fault_ns = call->end_ns;
	evidence->fault_errno = stat_errno(call);
	name_fault(call, evidence->fault, sizeof(evidence->fault));
}
