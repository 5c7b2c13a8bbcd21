/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a record does to one timer: its arms, and how they end. */
#include <string.h>
#include <time.h>

#include "timersnoop/kernel_timers_parts.h"

/* --- what is told ------------------------------------------------------------------ */

/* An arm from before tracing: of its timer no more is known than its function. */
static struct kernel_arm older_arm(const struct kernel_timer *timer)
{
	return (struct kernel_arm){ .mechanism = timer->mechanism,
				    .address = timer->address,
				    .function = timer->function,
				    .older = true };
}

/* A cancellation of which nobody knew whose callback it was: it is now, or never. */
static int tell_orphan(struct kernel_timers *timers, struct kernel_timer *timer)
{
	struct kernel_arm arm = older_arm(timer);

	if (!timer->has_orphan)
		return 0;
	timer->has_orphan = false;
	return kernel_timers_tell(timers, &timer->orphan, KERNEL_CANCELLED, &arm);
}

static int tell_cancelled(struct kernel_timers *timers, struct kernel_timer *timer,
			  struct kernel_change *change, const struct kernel_arm *arm)
{
	if (arm->function)
		return kernel_timers_tell(timers, change, KERNEL_CANCELLED, arm);
	timer->has_orphan = true;
	timer->orphan = *change;
	return 0;
}

/* It is pending, but as it seems it is no more. */
static int tell_vanished(struct kernel_timers *timers, struct kernel_timer *timer,
			 struct kernel_change *change)
{
	timer->pending = false;
	timers->odd += !timers->lossy;
	return kernel_timers_tell(timers, change, KERNEL_VANISHED, &timer->arm);
}

static int learn_function(struct kernel_timers *timers, struct kernel_timer *timer,
			  uint64_t function)
{
	if (!function)
		return 0;
	timer->function = function;
	if (!timer->left_arm.function)
		timer->left_arm.function = function;
	return tell_orphan(timers, timer);
}

/* --- a timer that has left its queue ---------------------------------------------- */

static unsigned level_of(const struct record *record)
{
	return record->hard ? 2 : record->interrupt ? 1 : 0;
}

/* It was cancelled: whatever came next on that CPU was not its callback, nor its next arm. */
static int settle(struct kernel_timers *timers, struct kernel_timer *timer)
{
	if (!timer->leaving)
		return 0;
	timer->leaving = false;
	return tell_cancelled(timers, timer, &timer->left, &timer->left_arm);
}

static bool is_over(const struct kernel_leave *leave, const struct record *record)
{
	unsigned level = level_of(record);

	if (level != leave->level)
		return level < leave->level;
	return level || record->tid == leave->tid;
}

/*
 * What has left its queue on this CPU and is followed by a record of the same
 * context, or of the one below it, was cancelled: but for `except`, which the record is of.
 */
static int settle_cpu(struct kernel_timers *timers, struct kernel_cpu *cpu,
		      const struct record *record, const struct kernel_timer *except)
{
	unsigned kept = 0;
	int status = 0;

	for (unsigned i = 0; i < cpu->leave_count; i++) {
		struct kernel_leave *leave = &cpu->leaves[i];
		struct kernel_timer *timer =
			kernel_timers_find(timers, leave->mechanism, leave->address);

		if (!timer || !timer->leaving || timer->left.cpu != record->cpu)
			continue;
		if (timer != except && is_over(leave, record)) {
			if (status == 0)
				status = settle(timers, timer);
			continue;
		}
		cpu->leaves[kept++] = *leave;
	}
	cpu->leave_count = kept;
	return status;
}

static int leave(struct kernel_timers *timers, struct kernel_cpu *cpu, struct kernel_timer *timer,
		 const struct record *record)
{
	struct kernel_leave *place;
	int status = settle(timers, timer);

	if (status < 0)
		return status;
	/* More contexts than these do not nest. */
	if (cpu->leave_count == KERNEL_LEAVES_MAX) {
		struct kernel_timer *first = kernel_timers_find(timers, cpu->leaves[0].mechanism,
								cpu->leaves[0].address);

		status = first ? settle(timers, first) : 0;
		memmove(cpu->leaves, cpu->leaves + 1, --cpu->leave_count * sizeof(cpu->leaves[0]));
	}
	place = &cpu->leaves[cpu->leave_count++];
	*place = (struct kernel_leave){ .mechanism = timer->mechanism,
					.address = timer->address,
					.tid = record->tid,
					.level = level_of(record) };
	timer->leaving = true;
	timer->left = kernel_change_of(record);
	timer->left_level = place->level;
	timer->left_arm = timer->pending ? timer->arm : older_arm(timer);
	timer->pending = false;
	return status;
}

/* Did this context just take it out of its queue? */
static bool left_here(const struct kernel_timer *timer, const struct record *record)
{
	return timer->leaving && timer->left.cpu == record->cpu &&
	       timer->left_level == level_of(record) &&
	       (timer->left_level || timer->left.tid == record->tid);
}

/* --- arms ---------------------------------------------------------------------------- */

/* Which of the callbacks that run on a CPU is this timer's, from 1 on; 0: none. */
static unsigned find_run(const struct kernel_cpu *cpu, const struct kernel_timer *timer)
{
	unsigned at = cpu->run_count;

	while (at && (cpu->runs[at - 1].arm.address != timer->address ||
		      cpu->runs[at - 1].arm.mechanism != timer->mechanism))
		at--;
	return at;
}

static void set_armer(struct kernel_timers *timers, const struct kernel_cpu *cpu,
		      struct kernel_timer *timer, struct kernel_arm *arm,
		      const struct record *record, const struct kernel_runner *runner)
{
	arm->interrupt = record->interrupt;
	/* Only hrtimers are armed anew by what their callbacks return. */
	arm->rearmed =
		find_run(cpu, timer) || (timer->mechanism == KERNEL_HRTIMER && timer->address &&
					 cpu->returned[level_of(record)] == timer->address);
	arm->caller = kernel_callers_take(
		&timers->callers, record, timer->address,
		timers->scene.is_sleep &&
			timers->scene.is_sleep(timers->scene.context, arm->function));
	if (!record->interrupt) {
		arm->armer = runner->armer;
		arm->who = runner->who;
		arm->selected = runner->selected;
		timer->owner = *arm;
		return;
	}
	/* What its callback does is for whom it was armed. */
	if (arm->rearmed && timer->owner.armer == ARMER_TASK) {
		arm->armer = ARMER_TASK;
		arm->who = timer->owner.who;
		arm->selected = timer->owner.selected;
		return;
	}
	arm->armer = ARMER_INTERRUPT;
	arm->selected = runner->selected;
}

static void arm_timer_list(struct kernel_timers *timers, struct kernel_arm *arm,
			   const struct record *record)
{
	uint64_t expires = record->timer_list.expires;
	int64_t ns;

	kernel_clocks_jiffy(&timers->clocks, record->timer_list.now, record->ts);
	arm->expires = expires;
	arm->flags = record->timer_list.flags;
	arm->due = record->timer_list.has_bucket
			   ? record->timer_list.bucket
			   : kernel_clocks_due(expires, arm->flags >> TIMER_FLAG_PLACE_SHIFT);
	arm->timeout_jiffies = (int64_t)(expires - record->timer_list.now);
	arm->has_timeout =
		timers->clocks.tick_ns &&
		!__builtin_mul_overflow(arm->timeout_jiffies, timers->clocks.tick_ns, &ns);
	arm->timeout_ns = arm->has_timeout ? ns : 0;
}

static size_t clock_of(const struct kernel_timers *timers, const struct kernel_timer *timer,
		       int64_t ns, uint64_t ts)
{
	size_t index;

	if (timer->has_clock && kernel_clocks_find(&timers->clocks, timer->clock, &index))
		return index;
	return kernel_clocks_guess(&timers->clocks, ns, ts);
}

static void arm_hrtimer(struct kernel_timers *timers, const struct kernel_timer *timer,
			struct kernel_arm *arm, const struct record *record)
{
	int64_t now;

	arm->asked_ns = record->hrtimer.ns;
	arm->latest_ns = record->hrtimer.latest_ns;
	arm->mode = record->hrtimer.mode;
	if (timers->scene.other_clock)
		return;
	now = kernel_clocks_ahead(&timers->clocks,
				  clock_of(timers, timer, arm->asked_ns, record->ts));
	arm->has_timeout = true;
	arm->timeout_ns =
		kernel_clocks_minus(kernel_clocks_minus(arm->asked_ns, now), (int64_t)record->ts);
}

/* What was there before this arm. */
static int end_before(struct kernel_timers *timers, struct kernel_timer *timer,
		      const struct record *record, bool *replaces)
{
	struct kernel_change change = kernel_change_of(record);
	bool hrtimer = timer->mechanism == KERNEL_HRTIMER;
	bool told = hrtimer && record->hrtimer.has_was_armed;
	bool was_armed = told && record->hrtimer.was_armed;
	struct kernel_arm older;
	int status = 0;

	*replaces = was_armed;
	if (!told && left_here(timer, record)) {
		timer->leaving = false;
		*replaces = true;
		return kernel_timers_tell(timers, &change, KERNEL_REPLACED, &timer->left_arm);
	}
	/* Of the others it may have left to expire, and its callback is still to be called. */
	if (hrtimer)
		status = settle(timers, timer);
	if (status == 0 && timer->pending && !was_armed)
		status = tell_vanished(timers, timer, &change);
	if (status < 0 || !was_armed)
		return status;
	older = older_arm(timer);
	return kernel_timers_tell(timers, &change, KERNEL_REPLACED,
				  timer->pending ? &timer->arm : &older);
}

static int start(struct kernel_timers *timers, struct kernel_cpu *cpu, struct kernel_timer *timer,
		 const struct record *record, const struct kernel_runner *runner)
{
	bool hrtimer = timer->mechanism == KERNEL_HRTIMER;
	struct kernel_change change = kernel_change_of(record);
	bool replaces = false;
	int status = learn_function(
		timers, timer, hrtimer ? record->hrtimer.function : record->timer_list.function);

	if (status == 0)
		status = end_before(timers, timer, record, &replaces);
	if (status < 0)
		return status;
	timer->arm = (struct kernel_arm){ .mechanism = timer->mechanism,
					  .address = timer->address,
					  .function = timer->function,
					  .ts = record->ts,
					  .cpu = record->cpu,
					  .replaces = replaces };
	if (hrtimer)
		arm_hrtimer(timers, timer, &timer->arm, record);
	else
		arm_timer_list(timers, &timer->arm, record);
	set_armer(timers, cpu, timer, &timer->arm, record, runner);
	timer->pending = true;
	return kernel_timers_tell(timers, &change, KERNEL_STARTED, &timer->arm);
}

/* What was armed just now had expired by then: it is not queued, and whoever armed it knows. */
static int expired(struct kernel_timers *timers, struct kernel_timer *timer,
		   const struct record *record)
{
	struct kernel_change change = kernel_change_of(record);

	/* Of an arm that was filtered out. */
	if (!timer->pending)
		return 0;
	timer->pending = false;
	timer->arm.immediate = true;
	return kernel_timers_tell(timers, &change, KERNEL_FIRED, &timer->arm);
}

/* As POSIX has it, setting the clock is nothing to relative timers of CLOCK_REALTIME: the
 * kernel makes them of CLOCK_MONOTONIC (__hrtimer_setup()). */
static int32_t clock_in_use(const struct record *record)
{
	return record->hrtimer.clock == CLOCK_REALTIME &&
			       record->hrtimer.mode & HRTIMER_MODE_RELATIVE
		       ? CLOCK_MONOTONIC
		       : record->hrtimer.clock;
}

static int made(struct kernel_timers *timers, struct kernel_timer *timer,
		const struct record *record)
{
	struct kernel_change change = kernel_change_of(record);
	int status = settle(timers, timer);

	if (status == 0)
		status = tell_orphan(timers, timer);
	if (status == 0 && timer->pending)
		status = tell_vanished(timers, timer, &change);
	timer->function = 0;
	timer->owner = (struct kernel_arm){ .armer = ARMER_UNKNOWN };
	timer->has_clock = timer->mechanism == KERNEL_HRTIMER;
	timer->clock = timer->has_clock ? clock_in_use(record) : 0;
	timer->arm = (struct kernel_arm){ .mechanism = timer->mechanism,
					  .address = timer->address,
					  .mode = timer->has_clock ? record->hrtimer.mode : 0 };
	return status < 0 ? status : kernel_timers_tell(timers, &change, KERNEL_MADE, &timer->arm);
}

static int cancel(struct kernel_timers *timers, struct kernel_cpu *cpu, struct kernel_timer *timer,
		  const struct record *record)
{
	struct kernel_change change = kernel_change_of(record);
	struct kernel_arm arm;

	if (timer->mechanism == KERNEL_TIMER_LIST || !timers->tells_was_armed)
		return leave(timers, cpu, timer, record);
	arm = timer->pending ? timer->arm : older_arm(timer);
	timer->pending = false;
	return tell_cancelled(timers, timer, &change, &arm);
}

/* --- expiries -------------------------------------------------------------------------- */

static void late_timer_list(struct kernel_timers *timers, struct kernel_change *change,
			    const struct kernel_arm *arm, const struct record *record)
{
	int64_t asked, due;

	kernel_clocks_jiffy(&timers->clocks, record->timer_list.now, record->ts);
	if (arm->older)
		return;
	change->has_jiffies = true;
	change->late_jiffies = (int64_t)(record->timer_list.now - arm->expires);
	change->has_late = kernel_clocks_jiffy_at(&timers->clocks, arm->expires, &asked);
	if (change->has_late)
		change->late_ns = kernel_clocks_minus((int64_t)record->ts, asked);
	change->has_beyond = kernel_clocks_jiffy_at(&timers->clocks, arm->due, &due);
	if (change->has_beyond)
		change->beyond_ns = kernel_clocks_minus((int64_t)record->ts, due);
}

static void late_hrtimer(struct kernel_timers *timers, struct kernel_timer *timer,
			 struct kernel_change *change, const struct kernel_arm *arm,
			 const struct record *record)
{
	size_t clock = clock_of(timers, timer, record->hrtimer.ns, record->ts);
	int64_t now;

	if (timers->scene.other_clock)
		return;
	kernel_clocks_seen(&timers->clocks, clock, record->hrtimer.ns, record->ts);
	if (arm->older)
		return;
	now = (int64_t)(record->ts + (uint64_t)kernel_clocks_ahead(&timers->clocks, clock));
	change->has_late = change->has_beyond = true;
	change->late_ns = kernel_clocks_minus(now, arm->asked_ns);
	change->beyond_ns = kernel_clocks_minus(now, arm->latest_ns);
}

static void begin_running(struct kernel_cpu *cpu, const struct kernel_change *change,
			  const struct kernel_arm *arm)
{
	struct kernel_run *run;

	/* Whoever is below was never seen to return. */
	if (cpu->run_count == KERNEL_RUNS_MAX)
		memmove(cpu->runs, cpu->runs + 1, --cpu->run_count * sizeof(cpu->runs[0]));
	run = &cpu->runs[cpu->run_count++];
	run->change = *change;
	run->arm = *arm;
}

static int expire(struct kernel_timers *timers, struct kernel_cpu *cpu, struct kernel_timer *timer,
		  const struct record *record)
{
	bool hrtimer = timer->mechanism == KERNEL_HRTIMER;
	struct kernel_change change = kernel_change_of(record);
	struct kernel_arm arm;
	int status = learn_function(
		timers, timer, hrtimer ? record->hrtimer.function : record->timer_list.function);

	/* What leaves to expire does so where it expires; hrtimers do not even tell. */
	if (status == 0 && timer->leaving && (hrtimer || timer->left.cpu != record->cpu))
		status = settle(timers, timer);
	arm = timer->leaving ? timer->left_arm : timer->pending ? timer->arm : older_arm(timer);
	/* The callback is the one that is called, whatever it was when it was armed. */
	arm.function = timer->function;
	if (timer->leaving)
		timer->leaving = false;
	else
		timer->pending = false;
	if (hrtimer)
		late_hrtimer(timers, timer, &change, &arm, record);
	else
		late_timer_list(timers, &change, &arm, record);
	change.migrated = !arm.older && arm.cpu != record->cpu;
	begin_running(cpu, &change, &arm);
	return status < 0 ? status : kernel_timers_tell(timers, &change, KERNEL_FIRED, &arm);
}

static int end_running(struct kernel_timers *timers, struct kernel_cpu *cpu,
		       struct kernel_timer *timer, const struct record *record)
{
	unsigned at = find_run(cpu, timer);
	struct kernel_run run;

	cpu->returned[level_of(record)] = timer->address;
	if (!at)
		return 0;
	run = cpu->runs[at - 1];
	cpu->run_count = at - 1;
	run.change.has_run = true;
	run.change.run_ns = kernel_clocks_minus((int64_t)record->ts, (int64_t)run.change.ts);
	return kernel_timers_tell(timers, &run.change, KERNEL_RAN, &run.arm);
}

/* --- records ------------------------------------------------------------------------------ */

static int take(struct kernel_timers *timers, struct kernel_cpu *cpu, struct kernel_timer *timer,
		const struct record *record, const struct kernel_runner *runner)
{
	switch (record->kind) {
	case USE_HRTIMER_SETUP:
	case USE_TIMER_INIT:
		return made(timers, timer, record);
	case USE_HRTIMER_CANCEL:
	case USE_TIMER_CANCEL:
		return cancel(timers, cpu, timer, record);
	case USE_HRTIMER_EXPIRE:
	case USE_TIMER_EXPIRE:
		return expire(timers, cpu, timer, record);
	case USE_HRTIMER_EXIT:
	case USE_TIMER_EXIT:
		return end_running(timers, cpu, timer, record);
	case USE_HRTIMER_EXPIRED:
		return expired(timers, timer, record);
	default:
		timers->tells_was_armed |=
			timer->mechanism == KERNEL_HRTIMER && record->hrtimer.has_was_armed;
		return start(timers, cpu, timer, record, runner);
	}
}

int kernel_timer_take(struct kernel_timers *timers, struct kernel_cpu *cpu,
		      struct kernel_timer *timer, const struct record *record,
		      const struct kernel_runner *runner)
{
	bool exit = record->kind == USE_HRTIMER_EXIT;
	int status = settle_cpu(timers, cpu, record, timer);

	if (status == 0)
		status = take(timers, cpu, timer, record, runner);
	/* Those that had interrupted this context are over. */
	for (unsigned level = level_of(record) + exit; level < KERNEL_LEVELS; level++)
		cpu->returned[level] = 0;
	return status;
}

int kernel_timer_settle(struct kernel_timers *timers, struct kernel_timer *timer)
{
	int status = settle(timers, timer);

	return status < 0 ? status : tell_orphan(timers, timer);
}
