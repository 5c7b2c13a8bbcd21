/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/kernel_timers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "timersnoop/kernel_timers_parts.h"

/* Of timers that are not pending, so many are remembered, or more at most twice. */
#define IDLE_TIMERS_MAX 65536

struct kernel_timers *kernel_timers_new(const struct kernel_scene *scene, kernel_receiver *receiver,
					void *context)
{
	struct kernel_timers *timers = calloc(1, sizeof(*timers));

	if (!timers)
		return NULL;
	timers->scene = *scene;
	timers->receiver = receiver;
	timers->context = context;
	kernel_clocks_begin(&timers->clocks, scene->tick_ns, scene->ahead, scene->ahead_count);
	timers->clocks.no_times = scene->other_clock;
	timers->lossy = scene->partial;
	if (table_init(&timers->table) == 0)
		return timers;
	free(timers);
	return NULL;
}

void kernel_timers_free(struct kernel_timers *timers)
{
	if (!timers)
		return;
	table_free(&timers->table);
	kernel_callers_free(&timers->callers);
	free(timers->cpus);
	free(timers);
}

/* --- what is remembered ------------------------------------------------------------ */

static uint32_t hash_of(enum kernel_mechanism mechanism, uint64_t address)
{
	return table_hash((int32_t)(address >> 32), mechanism, (int32_t)address);
}

struct kernel_timer *kernel_timers_find(const struct kernel_timers *timers,
					enum kernel_mechanism mechanism, uint64_t address)
{
	uint32_t hash = hash_of(mechanism, address);

	for (struct link *link = *table_chain(&timers->table, hash); link; link = link->next) {
		struct kernel_timer *timer = (struct kernel_timer *)link;

		if (timer->address == address && timer->mechanism == mechanism)
			return timer;
	}
	return NULL;
}

/* Structures come and go: those that have been quiet for longest are forgotten. */
static void forget_some(struct kernel_timers *timers)
{
	uint64_t old = timers->uses - IDLE_TIMERS_MAX;

	for (size_t i = 0; i < timers->table.capacity; i++) {
		struct link **place = &timers->table.heads[i];

		while (*place) {
			struct kernel_timer *timer = (struct kernel_timer *)*place;
			struct link *link = *place;

			if (timer->pending || timer->leaving || timer->has_orphan ||
			    timer->used > old) {
				place = &link->next;
				continue;
			}
			*place = link->next;
			timers->table.count--;
			free(timer);
		}
	}
}

/* The timer, known or new; NULL when out of memory. */
static struct kernel_timer *get(struct kernel_timers *timers, enum kernel_mechanism mechanism,
				uint64_t address)
{
	struct kernel_timer *timer = kernel_timers_find(timers, mechanism, address);

	if (timer) {
		timer->used = ++timers->uses;
		return timer;
	}
	if (timers->table.count >= timers->forget_at) {
		if (timers->forget_at)
			forget_some(timers);
		timers->forget_at = timers->table.count + IDLE_TIMERS_MAX;
	}
	timer = calloc(1, sizeof(*timer));
	if (!timer)
		return NULL;
	timer->mechanism = mechanism;
	timer->address = address;
	timer->used = ++timers->uses;
	timer->arm = (struct kernel_arm){ .mechanism = mechanism, .address = address };
	if (table_add(&timers->table, &timer->link, hash_of(mechanism, address)) == 0)
		return timer;
	free(timer);
	return NULL;
}

/* What is known of a CPU; NULL when out of memory. */
static struct kernel_cpu *cpu_of(struct kernel_timers *timers, int cpu)
{
	size_t at = cpu < 0 ? 0 : (size_t)cpu, count = at + 1;
	struct kernel_cpu *larger;

	if (at < timers->cpu_count)
		return &timers->cpus[at];
	larger = realloc(timers->cpus, count * sizeof(*larger));
	if (!larger)
		return NULL;
	memset(larger + timers->cpu_count, 0, (count - timers->cpu_count) * sizeof(*larger));
	timers->cpus = larger;
	timers->cpu_count = count;
	return &timers->cpus[at];
}

/* --- what is told ------------------------------------------------------------------ */

int kernel_timers_tell(struct kernel_timers *timers, struct kernel_change *change,
		       enum kernel_what what, const struct kernel_arm *arm)
{
	change->what = what;
	change->arm = arm;
	return timers->receiver(timers->context, change);
}

struct kernel_change kernel_change_of(const struct record *record)
{
	return (struct kernel_change){ .ts = record->ts,
				       .cpu = record->cpu,
				       .tid = record->tid,
				       .interrupt = record->interrupt };
}

/* --- records ------------------------------------------------------------------------------ */

static bool is_about_timer(enum probe_use use, enum kernel_mechanism *mechanism)
{
	switch (use) {
	case USE_HRTIMER_START:
	case USE_HRTIMER_EXPIRE:
	case USE_HRTIMER_EXPIRED:
	case USE_HRTIMER_SETUP:
	case USE_HRTIMER_CANCEL:
	case USE_HRTIMER_EXIT:
		*mechanism = KERNEL_HRTIMER;
		return true;
	case USE_TIMER_INIT:
	case USE_TIMER_START:
	case USE_TIMER_CANCEL:
	case USE_TIMER_EXPIRE:
	case USE_TIMER_EXIT:
		*mechanism = KERNEL_TIMER_LIST;
		return true;
	default:
		return false;
	}
}

bool kernel_timers_asks_runner(const struct record *record)
{
	return record->kind == USE_HRTIMER_START || record->kind == USE_TIMER_START ||
	       record->kind == USE_OWNER;
}

static int take_idle(struct kernel_timers *timers, const struct record *record)
{
	struct kernel_change change = kernel_change_of(record);

	change.cpu = record->idle.cpu;
	change.idle = record->idle.idle;
	change.dependency = record->idle.dependency;
	return kernel_timers_tell(timers, &change,
				  record->kind == USE_TICK_STOP   ? KERNEL_TICK_STOP
				  : record->kind == USE_BASE_IDLE ? KERNEL_BASE_IDLE
								  : KERNEL_CPU_IDLE,
				  NULL);
}

/* Callbacks that are not seen to return, of those called until now. */
static int end_runs(struct kernel_timers *timers, uint64_t now_ns)
{
	int status = 0;

	timers->torn = false;
	for (size_t i = 0; i < timers->cpu_count && status == 0; i++) {
		struct kernel_cpu *cpu = &timers->cpus[i];

		for (unsigned at = 0; at < cpu->run_count && status == 0; at++)
			if (cpu->runs[at].change.ts <= now_ns)
				status = kernel_timers_tell(timers, &cpu->runs[at].change,
							    KERNEL_RAN, &cpu->runs[at].arm);
		cpu->run_count = 0;
		memset(cpu->returned, 0, sizeof(cpu->returned));
	}
	return status;
}

/* The callback that runs has told for whom it is. */
static int take_owner(struct kernel_timers *timers, const struct record *record,
		      const struct kernel_runner *owner)
{
	struct kernel_cpu *cpu = cpu_of(timers, record->cpu);
	struct kernel_run *run = cpu && cpu->run_count ? &cpu->runs[cpu->run_count - 1] : NULL;
	struct kernel_change change = kernel_change_of(record);
	struct kernel_timer *timer;

	if (!cpu)
		return -ENOMEM;
	if (!run || run->arm.address != record->owner.timer || run->arm.armer != ARMER_UNKNOWN)
		return 0;
	run->arm.armer = owner->armer;
	run->arm.who = owner->who;
	run->arm.selected = owner->selected;
	/* As which it may arm itself anew. */
	timer = kernel_timers_find(timers, run->arm.mechanism, run->arm.address);
	if (timer && timer->owner.armer == ARMER_UNKNOWN)
		timer->owner = run->arm;
	return kernel_timers_tell(timers, &change, KERNEL_OWNED, &run->arm);
}

int kernel_timers_take(struct kernel_timers *timers, const struct record *record,
		       const struct kernel_runner *runner)
{
	enum kernel_mechanism mechanism;
	struct kernel_timer *timer;
	struct kernel_cpu *cpu;
	int status;

	if (record->ts < timers->scene.since_ns)
		return 0;
	status = timers->torn ? end_runs(timers, record->ts) : 0;
	if (status < 0)
		return status;
	if (record->kind == USE_CALLER)
		return kernel_callers_note(&timers->callers, record, &timers->scene);
	if (record->kind == USE_TICK_STOP || record->kind == USE_BASE_IDLE ||
	    record->kind == USE_CPU_IDLE)
		return take_idle(timers, record);
	if (record->kind == USE_OWNER)
		return take_owner(timers, record, runner);
	if (!is_about_timer(record->kind, &mechanism))
		return 0;
	cpu = cpu_of(timers, record->cpu);
	timer = get(timers, mechanism,
		    mechanism == KERNEL_HRTIMER ? record->hrtimer.address
						: record->timer_list.address);
	if (!cpu || !timer)
		return -ENOMEM;
	return kernel_timer_take(timers, cpu, timer, record, runner);
}

void kernel_timers_lost(struct kernel_timers *timers)
{
	timers->lossy = timers->torn = true;
	kernel_callers_free(&timers->callers);
}

int kernel_timers_finish(struct kernel_timers *timers, uint64_t now_ns)
{
	int status = 0;

	for (size_t i = 0; i < timers->table.capacity; i++)
		for (struct link *link = timers->table.heads[i]; link && status == 0;
		     link = link->next)
			status = kernel_timer_settle(timers, (struct kernel_timer *)link);
	return status < 0 ? status : end_runs(timers, now_ns);
}

uint64_t kernel_timers_odd(const struct kernel_timers *timers)
{
	return timers->odd;
}
