/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Many of the kernel's timers: in memory, and at random, as kernels do it. */
#include <CUnit/Basic.h>
#include <string.h>
#include <time.h>

#include "kernel_told.h"
#include "suites.h"
#include "timersnoop/kernel_timers_parts.h"

/* Addresses that are used once: what is still to come to an end is kept. */
static void forgotten(void)
{
	enum { PENDING = 1000, PASSING = 400000 };

	kt_begin();
	for (unsigned i = 1; i <= PENDING; i++) {
		in_task(1, 10);
		if (i % 2)
			hr_start(i, 0);
		else
			list_start(i);
	}
	in_task(1, 11);
	list_start(PENDING + 1);
	list_cancel(PENDING + 1); /* it is not known why */
	in_task(1, 12);
	list_cancel(PENDING + 2); /* nor whose it is */
	list_exit(PENDING + 3);
	in_task(2, 13);
	for (unsigned i = 0; i < PASSING; i++) {
		list_init(2 * PENDING + i);
		/* one that is used now and then */
		if (i % 10000 == 0) {
			in_hard(2);
			hr_start(PENDING + 5, 0);
			hr_fire(PENDING + 5);
			in_task(2, 13);
		}
		kt_count = 0;
	}
	CU_ASSERT_EQUAL(kt_whats[KERNEL_MADE], PASSING);
	CU_ASSERT_TRUE(kt_timers->table.count <= 2 * 65536 + PENDING + 5);
	CU_ASSERT_TRUE(kt_timers->table.count >= 65536);
	CU_ASSERT_PTR_NOT_NULL(kernel_timers_find(kt_timers, KERNEL_HRTIMER, TIMER(PENDING + 5)));
	CU_ASSERT_PTR_NULL(kernel_timers_find(kt_timers, KERNEL_TIMER_LIST, TIMER(PENDING + 3)));
	for (unsigned i = 1; i <= PENDING; i++) {
		in_hard(1);
		if (i % 2)
			hr_fire(i);
		in_soft(1);
		if (i % 2 == 0)
			list_fire(i);
		kt_count = 0;
	}
	CU_ASSERT_EQUAL(kt_older, 0);
	in_task(1, 11);
	list_start(PENDING + 1);
	list_start(PENDING + 2);
	expect("replaced t1001; started t1001 by 11 replaces; cancelled t1002 older; "
	       "started t1002 by 11");
	CU_ASSERT_EQUAL(kt_older, 1);
	kt_end(0);
}

/* Those that were used last are known. */
static void remembered(void)
{
	kt_begin();
	in_task(1, 10);
	for (unsigned i = 1; i <= 131072; i++) {
		list_init(i);
		kt_count = 0;
	}
	CU_ASSERT_EQUAL(kt_timers->table.count, 131072);
	list_init(2);
	list_init(131073);
	CU_ASSERT_EQUAL(kt_timers->table.count, 65536 + 1);
	CU_ASSERT_PTR_NULL(kernel_timers_find(kt_timers, KERNEL_TIMER_LIST, TIMER(1)));
	CU_ASSERT_PTR_NOT_NULL(kernel_timers_find(kt_timers, KERNEL_TIMER_LIST, TIMER(2)));
	CU_ASSERT_PTR_NULL(kernel_timers_find(kt_timers, KERNEL_TIMER_LIST, TIMER(65537)));
	CU_ASSERT_PTR_NOT_NULL(kernel_timers_find(kt_timers, KERNEL_TIMER_LIST, TIMER(65538)));
	/* one that is known anew is another one */
	list_init(1);
	kt_count = 0;
	kt_end_quiet();
}

/* What differs in its mechanism alone is found as itself. */
static void twins(void)
{
	kt_begin();
	in_task(1, 10);
	for (unsigned i = 1; i <= 2000; i++) {
		list_start(i);
		hr_start(i, 0);
		hr_cancel(i);
		list_cancel(i);
		kt_count = 0;
	}
	CU_ASSERT_EQUAL(kernel_timers_finish(kt_timers, (uint64_t)kt_now), 0);
	kt_count = 0;
	CU_ASSERT_EQUAL(kt_whats[KERNEL_CANCELLED], 4000);
	CU_ASSERT_EQUAL(kt_whats[KERNEL_VANISHED], 0);
	CU_ASSERT_EQUAL(kt_timers->table.count, 4000);
	kt_end_quiet();
}

/* --- at random --------------------------------------------------------------------------- */

#define CPUS 3
#define LEVELS 3
#define TIMERS 4 /* of each mechanism */
#define STEPS_MAX 16

struct step {
	enum probe_use use;
	unsigned timer;
	bool locked; /* the next step comes at once: its lock is held, and interrupts are off */
};

/* A timer as it is. */
struct model {
	bool pending, detached, locked;
	uint64_t armed_ns, detached_ns;
};

static struct {
	unsigned seed;
	bool told;                       /* hrtimer_start has was_armed */
	bool certain;                    /* what is cancelled is so for sure */
	struct model timers[2 * TIMERS]; /* first those of timer_list */
	unsigned level[CPUS];
	int32_t tid[CPUS];
	struct step steps[CPUS][LEVELS][STEPS_MAX];
	unsigned first[CPUS][LEVELS], last[CPUS][LEVELS];
	bool off[CPUS]; /* no interrupts */
	uint64_t started, replaced, cancelled, fired;
} sim;

static unsigned pick(unsigned count)
{
	sim.seed = sim.seed * 1103515245 + 12345;
	return (sim.seed >> 16) % count;
}

static void plan_step(int cpu, enum probe_use use, unsigned timer, bool locked)
{
	unsigned level = sim.level[cpu];

	CU_ASSERT_FATAL(sim.last[cpu][level] < STEPS_MAX);
	sim.steps[cpu][level][sim.last[cpu][level]++] = (struct step){ use, timer, locked };
}

static bool is_hrtimer(unsigned timer)
{
	return timer >= TIMERS;
}

static void plan_arm(int cpu, unsigned timer)
{
	struct model *model = &sim.timers[timer];
	bool leaves = model->pending && !(is_hrtimer(timer) && sim.told);

	if (model->locked || (model->detached && model->pending))
		return;
	model->locked = true;
	sim.started++;
	sim.replaced += model->pending;
	if (leaves)
		plan_step(cpu, is_hrtimer(timer) ? USE_HRTIMER_CANCEL : USE_TIMER_CANCEL, timer,
			  true);
	plan_step(cpu, is_hrtimer(timer) ? USE_HRTIMER_START : USE_TIMER_START, timer, false);
}

static void plan_cancel(int cpu, unsigned timer)
{
	struct model *model = &sim.timers[timer];

	if (!model->pending || model->locked || model->detached)
		return;
	model->locked = true;
	sim.cancelled++;
	plan_step(cpu, is_hrtimer(timer) ? USE_HRTIMER_CANCEL : USE_TIMER_CANCEL, timer,
		  sim.certain);
	if (sim.certain)
		plan_step(cpu, USE_TIMER_EXIT, 2 * TIMERS, false);
}

static void plan_expiry(int cpu, unsigned timer)
{
	struct model *model = &sim.timers[timer];

	if (!model->pending || model->locked || model->detached)
		return;
	sim.fired++;
	if (is_hrtimer(timer)) {
		model->locked = true;
		plan_step(cpu, USE_HRTIMER_EXPIRE, timer, false);
		plan_step(cpu, USE_HRTIMER_EXIT, timer, false);
		return;
	}
	model->locked = model->detached = true;
	plan_step(cpu, USE_TIMER_CANCEL, timer, false);
	plan_step(cpu, USE_TIMER_EXPIRE, timer, false);
	plan_step(cpu, USE_TIMER_EXIT, timer, false);
}

static void go_to(int cpu)
{
	if (sim.level[cpu] == 0)
		in_task(cpu, sim.tid[cpu]);
	else if (sim.level[cpu] == 1)
		in_soft(cpu);
	else
		in_hard(cpu);
}

static void expect_fired(uint64_t armed_ns)
{
	CU_ASSERT_FATAL(kt_count > 0);
	CU_ASSERT_EQUAL(kt_seen[kt_count - 1].change.what, KERNEL_FIRED);
	CU_ASSERT_EQUAL(kt_seen[kt_count - 1].arm.ts, armed_ns);
}

/* The record of a step, and what it does. */
static void do_step(int cpu, const struct step *step)
{
	struct model none = { .pending = false };
	struct model *model = step->timer < 2 * TIMERS ? &sim.timers[step->timer] : &none;
	int was = sim.told ? model->pending : NO_FIELD;
	unsigned number = step->timer + 1;

	go_to(cpu);
	sim.off[cpu] = step->locked;
	kt_count = 0;
	switch (step->use) {
	case USE_TIMER_START:
	case USE_HRTIMER_START:
		model->armed_ns = (uint64_t)kt_now;
		model->pending = true;
		model->locked = false;
		if (step->use == USE_TIMER_START)
			list_start(number);
		else
			hr_start(number, was);
		break;
	case USE_TIMER_CANCEL:
	case USE_HRTIMER_CANCEL:
		if (model->detached)
			model->detached_ns = model->armed_ns;
		/* it may be armed elsewhere once it has left */
		model->locked = step->locked && step[1].timer == step->timer;
		model->pending = false;
		if (step->use == USE_TIMER_CANCEL)
			list_cancel(number);
		else
			hr_cancel(number);
		break;
	case USE_TIMER_EXPIRE:
		list_enter(number);
		model->detached = false;
		expect_fired(model->detached_ns);
		if (!pick(3))
			plan_arm(cpu, step->timer);
		break;
	case USE_HRTIMER_EXPIRE:
		hr_enter(number);
		model->pending = model->locked = false;
		expect_fired(model->armed_ns);
		break;
	case USE_HRTIMER_EXIT:
		hr_exit(number);
		if (pick(2) && !model->pending)
			plan_arm(cpu, step->timer);
		break;
	default:
		list_exit(number);
		break;
	}
}

/* Something to do for the context that a CPU is in. */
static void plan_some(int cpu)
{
	unsigned timer = pick(2 * TIMERS);

	sim.first[cpu][sim.level[cpu]] = sim.last[cpu][sim.level[cpu]] = 0;
	switch (pick(8)) {
	case 0:
		plan_cancel(cpu, timer);
		break;
	case 1:
	case 2:
	case 3:
	case 4:
		if (sim.level[cpu] == (is_hrtimer(timer) ? 1 + timer % 2 : 1))
			plan_expiry(cpu, timer);
		break;
	default:
		plan_arm(cpu, timer);
		break;
	}
}

static void go_on(int cpu)
{
	unsigned level = sim.level[cpu];

	if (!sim.off[cpu] && level < 2 && !pick(4)) {
		sim.level[cpu] += 1 + (!level && pick(2));
		sim.first[cpu][sim.level[cpu]] = sim.last[cpu][sim.level[cpu]] = 0;
		return;
	}
	if (sim.first[cpu][level] < sim.last[cpu][level]) {
		do_step(cpu, &sim.steps[cpu][level][sim.first[cpu][level]++]);
		return;
	}
	if (level && pick(2)) {
		/* to what was interrupted: a task may be by a hard one */
		sim.level[cpu] = level == 2 && sim.first[cpu][1] < sim.last[cpu][1] ? 1 : 0;
		return;
	}
	if (!level && !pick(8))
		sim.tid[cpu] = 10 + (int32_t)pick(5);
	plan_some(cpu);
}

/* What is under way is done. */
static void come_to_an_end(void)
{
	for (int cpu = 0; cpu < CPUS; cpu++)
		for (int level = LEVELS; level-- > 0;) {
			sim.level[cpu] = (unsigned)level;
			while (sim.first[cpu][level] < sim.last[cpu][level])
				do_step(cpu, &sim.steps[cpu][level][sim.first[cpu][level]++]);
			sim.first[cpu][level] = sim.last[cpu][level] = 0;
		}
	kt_count = 0;
	CU_ASSERT_EQUAL(kernel_timers_finish(kt_timers, (uint64_t)kt_now), 0);
	kt_count = 0;
}

static void run(unsigned seed, bool told, bool certain)
{
	memset(&sim, 0, sizeof(sim));
	sim.seed = seed;
	sim.told = told;
	sim.certain = certain;
	kt_begin();
	if (told) {
		/* what these tell is known from the first one on */
		in_task(0, 1);
		hr_start(100, 0);
		hr_cancel(100);
		sim.started++;
		sim.cancelled++;
	}
	for (int i = 0; i < 1200; i++)
		go_on((int)pick(CPUS));
	come_to_an_end();
	CU_ASSERT_EQUAL(kt_whats[KERNEL_STARTED], sim.started);
	CU_ASSERT_EQUAL(kt_whats[KERNEL_FIRED], sim.fired);
	CU_ASSERT_EQUAL(kt_whats[KERNEL_RAN], sim.fired);
	CU_ASSERT_EQUAL(kt_whats[KERNEL_CANCELLED] + kt_whats[KERNEL_REPLACED],
			sim.cancelled + sim.replaced);
	if (certain)
		CU_ASSERT_EQUAL(kt_whats[KERNEL_REPLACED], sim.replaced);
	CU_ASSERT_EQUAL(kt_whats[KERNEL_VANISHED], 0);
	CU_ASSERT_EQUAL(kt_older, 0);
	for (unsigned i = 0; i < 2 * TIMERS; i++)
		CU_ASSERT_EQUAL(kt_pending(TIMER(i + 1)), sim.timers[i].pending);
	CU_ASSERT_EQUAL(kernel_timers_odd(kt_timers), 0);
	kernel_timers_free(kt_timers);
}

static void at_random(void)
{
	for (unsigned i = 0; i < 800; i++)
		run(i, i & 1, i & 2);
}

int suite_kernel_timers_many(void)
{
	CU_pSuite suite = CU_add_suite("kernel_timers_many", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, forgotten) || !CU_ADD_TEST(suite, remembered) ||
	    !CU_ADD_TEST(suite, twins) || !CU_ADD_TEST(suite, at_random))
		return (int)CU_get_error();
	return 0;
}
