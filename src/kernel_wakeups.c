/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/kernel_wakeups.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Of one wakeup; more expire at once only where thousands do. */
#define ALONGSIDE_MAX 64

/* What has ended an idle period, as far as is known. */
enum stage {
	STAGE_IDLE,      /* nothing has */
	STAGE_TIMER_IRQ, /* an interrupt of the clock event device, for whatever timer */
	STAGE_OTHER_IRQ,
	STAGE_TICK, /* the hrtimer of the tick */
	STAGE_TIMER,
};

struct idle_cpu {
	bool open;     /* it is idle, or what woke it is still being found out */
	bool periodic; /* STAGE_TICK: it goes on by itself, so it is due for its own sake */
	enum stage stage;
	uint64_t since, woken; /* trace clock; woken: 0: not yet */
	struct kernel_arm arm; /* of the cause */
	struct kernel_arm alongside[ALONGSIDE_MAX];
	unsigned alongside_count;
};

struct kernel_wakeups {
	kernel_receiver *receiver;
	void *context;
	struct idle_cpu *cpus;
	size_t count;
	bool tells_timer_irqs; /* this kernel has records of them */
};

struct kernel_wakeups *kernel_wakeups_new(kernel_receiver *receiver, void *context)
{
	struct kernel_wakeups *wakeups = calloc(1, sizeof(*wakeups));

	if (!wakeups)
		return NULL;
	wakeups->receiver = receiver;
	wakeups->context = context;
	return wakeups;
}

void kernel_wakeups_free(struct kernel_wakeups *wakeups)
{
	if (!wakeups)
		return;
	free(wakeups->cpus);
	free(wakeups);
}

/* NULL when out of memory. */
static struct idle_cpu *cpu_of(struct kernel_wakeups *wakeups, int cpu)
{
	size_t at = cpu < 0 ? 0 : (size_t)cpu, count = at + 1;
	struct idle_cpu *larger;

	if (at < wakeups->count)
		return &wakeups->cpus[at];
	larger = realloc(wakeups->cpus, count * sizeof(*larger));
	if (!larger)
		return NULL;
	memset(larger + wakeups->count, 0, (count - wakeups->count) * sizeof(*larger));
	wakeups->cpus = larger;
	wakeups->count = count;
	return &wakeups->cpus[at];
}

static enum kernel_waker waker_of(const struct idle_cpu *cpu)
{
	switch (cpu->stage) {
	case STAGE_TIMER:
		return WAKER_TIMER;
	case STAGE_TICK:
		return WAKER_TICK;
	case STAGE_IDLE:
		return WAKER_NONE;
	default:
		return WAKER_OTHER;
	}
}

static int tell_alongside(struct kernel_wakeups *wakeups, const struct idle_cpu *cpu, int at)
{
	struct kernel_change change = { .what = KERNEL_WAKEUP,
					.ts = cpu->woken,
					.cpu = at,
					.interrupt = true,
					.alongside = true };
	int status = 0;

	for (unsigned i = 0; i < cpu->alongside_count && status == 0; i++) {
		change.arm = &cpu->alongside[i];
		status = wakeups->receiver(wakeups->context, &change);
	}
	return status;
}

static int close_period(struct kernel_wakeups *wakeups, struct idle_cpu *cpu, int at)
{
	bool timer = cpu->stage == STAGE_TIMER || cpu->stage == STAGE_TICK;
	const struct kernel_change change = {
		.what = KERNEL_WAKEUP,
		.ts = cpu->woken,
		.cpu = at,
		.interrupt = true,
		.waker = waker_of(cpu),
		.arm = timer ? &cpu->arm : NULL,
		.idle_ns = cpu->woken > cpu->since
				   ? (int64_t)((cpu->woken - cpu->since) & INT64_MAX)
				   : 0,
	};
	int status;

	if (!cpu->open)
		return 0;
	cpu->open = false;
	/* It still is. */
	if (!cpu->woken)
		return 0;
	status = wakeups->receiver(wakeups->context, &change);
	return status < 0 ? status : tell_alongside(wakeups, cpu, at);
}

static int take_idle(struct kernel_wakeups *wakeups, struct idle_cpu *cpu,
		     const struct record *record)
{
	int status;

	if (!record->idle.idle) {
		if (cpu->open && !cpu->woken)
			cpu->woken = record->ts;
		return 0;
	}
	status = close_period(wakeups, cpu, record->cpu);
	cpu->open = true;
	cpu->periodic = false;
	cpu->stage = STAGE_IDLE;
	cpu->since = record->ts;
	cpu->woken = 0;
	cpu->alongside_count = 0;
	return status;
}

int kernel_wakeups_record(struct kernel_wakeups *wakeups, const struct record *record)
{
	bool irq = record->kind == USE_TIMER_IRQ || record->kind == USE_OTHER_IRQ;
	/* A CPU tells of itself alone, and the number in the record may be anything. */
	struct idle_cpu *cpu = cpu_of(wakeups, record->cpu);

	if (!cpu)
		return -ENOMEM;
	wakeups->tells_timer_irqs |= record->kind == USE_TIMER_IRQ;
	if (record->kind == USE_CPU_IDLE)
		return take_idle(wakeups, cpu, record);
	/* Something else than the idle task runs there. */
	if (cpu->open && record->tid)
		return close_period(wakeups, cpu, record->cpu);
	if (!cpu->open || !irq || cpu->stage != STAGE_IDLE)
		return 0;
	cpu->stage = record->kind == USE_TIMER_IRQ ? STAGE_TIMER_IRQ : STAGE_OTHER_IRQ;
	if (!cpu->woken)
		cpu->woken = record->ts;
	return 0;
}

static void go_alongside(struct idle_cpu *cpu, const struct kernel_arm *arm)
{
	if (cpu->alongside_count < ALONGSIDE_MAX)
		cpu->alongside[cpu->alongside_count++] = *arm;
}

static void be_cause(struct idle_cpu *cpu, enum stage stage, const struct kernel_change *change)
{
	if (cpu->stage == STAGE_TICK)
		go_alongside(cpu, &cpu->arm);
	cpu->stage = stage;
	cpu->arm = *change->arm;
	if (!cpu->woken)
		cpu->woken = change->ts;
}

/* May a timer that expires now have been what the CPU woke up for? */
static bool may_be_cause(const struct kernel_wakeups *wakeups, const struct idle_cpu *cpu,
			 const struct kernel_change *change, bool hard)
{
	bool hrtimer = change->arm->mechanism == KERNEL_HRTIMER;

	switch (cpu->stage) {
	case STAGE_IDLE:
		return hard;
	case STAGE_TIMER_IRQ:
		return hrtimer || !(change->arm->flags & TIMER_FLAG_DEFERRABLE);
	case STAGE_OTHER_IRQ:
		/* Elsewhere timers' interrupts are like others. */
		return hard && !wakeups->tells_timer_irqs;
	case STAGE_TICK:
		return hrtimer || (!cpu->periodic && !(change->arm->flags & TIMER_FLAG_DEFERRABLE));
	default:
		return false;
	}
}

static void own(struct kernel_arm *arm, const struct kernel_arm *owned)
{
	if (arm->address != owned->address || arm->mechanism != owned->mechanism)
		return;
	arm->armer = owned->armer;
	arm->who = owned->who;
	arm->selected = owned->selected;
}

/* Whose timer it is, of one that has expired. */
static void take_owner(struct idle_cpu *cpu, const struct kernel_arm *owned)
{
	if (cpu->stage == STAGE_TIMER || cpu->stage == STAGE_TICK)
		own(&cpu->arm, owned);
	for (unsigned i = 0; i < cpu->alongside_count; i++)
		own(&cpu->alongside[i], owned);
}

int kernel_wakeups_change(struct kernel_wakeups *wakeups, const struct kernel_change *change,
			  bool hard, bool tick)
{
	struct idle_cpu *cpu;

	if (!change->arm || change->tid)
		return 0;
	cpu = cpu_of(wakeups, change->cpu);
	if (!cpu)
		return -ENOMEM;
	if (!cpu->open)
		return 0;
	if (change->what == KERNEL_OWNED) {
		take_owner(cpu, change->arm);
		return 0;
	}
	if (change->what == KERNEL_STARTED) {
		cpu->periodic |= tick && change->arm->rearmed && cpu->stage == STAGE_TICK;
		return 0;
	}
	if (change->what != KERNEL_FIRED || change->arm->immediate)
		return 0;
	if (may_be_cause(wakeups, cpu, change, hard))
		be_cause(cpu, tick ? STAGE_TICK : STAGE_TIMER, change);
	else
		go_alongside(cpu, change->arm);
	return 0;
}

void kernel_wakeups_lost(struct kernel_wakeups *wakeups)
{
	for (size_t i = 0; i < wakeups->count; i++)
		wakeups->cpus[i].open = false;
}

int kernel_wakeups_finish(struct kernel_wakeups *wakeups)
{
	int status = 0;

	for (size_t i = 0; i < wakeups->count && status == 0; i++)
		status = close_period(wakeups, &wakeups->cpus[i], (int)i);
	return status;
}
