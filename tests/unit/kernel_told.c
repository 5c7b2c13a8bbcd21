/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel_told.h"

#include <CUnit/Basic.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define CPUS_MAX 16
#define OPEN_MAX 4096

struct kernel_timers *kt_timers;
struct kernel_scene kt_scene;
int64_t kt_now;
uint64_t kt_jiffies;
bool kt_selected;
int kt_status;
struct kt_change kt_seen[KT_SEEN_MAX];
size_t kt_count;
uint64_t kt_whats[KERNEL_WAKEUP + 1];
uint64_t kt_older;

static struct {
	int cpu;
	unsigned level;
	int32_t tids[CPUS_MAX];
} context;

/* Arms that began. */
static struct open_arm {
	uint64_t address, ts;
	enum kernel_mechanism mechanism;
} open_arms[OPEN_MAX];
static size_t open_count;

size_t kt_pending(uint64_t address)
{
	size_t count = 0;

	for (size_t i = 0; i < open_count; i++)
		count += open_arms[i].address == address;
	return count;
}

static void begin_arm(const struct kernel_arm *arm)
{
	CU_ASSERT_FATAL(open_count < OPEN_MAX);
	CU_ASSERT_FALSE(arm->older);
	open_arms[open_count++] = (struct open_arm){ arm->address, arm->ts, arm->mechanism };
	/* One that has left its queue may still be to be told. */
	CU_ASSERT_TRUE(kt_pending(arm->address) <= 2);
}

static void end_arm(const struct kernel_arm *arm)
{
	if (arm->older) {
		kt_older++;
		CU_ASSERT_EQUAL(arm->ts, 0);
		CU_ASSERT_EQUAL(arm->armer, ARMER_UNKNOWN);
		CU_ASSERT_FALSE(arm->selected || arm->has_timeout || arm->caller);
		return;
	}
	for (size_t i = 0; i < open_count; i++) {
		if (open_arms[i].address != arm->address || open_arms[i].ts != arm->ts ||
		    open_arms[i].mechanism != arm->mechanism)
			continue;
		open_arms[i] = open_arms[--open_count];
		return;
	}
	CU_FAIL("what ends has begun, and has not ended before");
}

static int receive(void *with, const struct kernel_change *change)
{
	CU_ASSERT_PTR_EQUAL(with, &kt_timers);
	kt_whats[change->what]++;
	if (change->what == KERNEL_STARTED)
		begin_arm(change->arm);
	if (change->what == KERNEL_REPLACED || change->what == KERNEL_CANCELLED ||
	    change->what == KERNEL_FIRED || change->what == KERNEL_VANISHED)
		end_arm(change->arm);
	/* Tests of many look at the sums alone. */
	if (kt_count < KT_SEEN_MAX) {
		kt_seen[kt_count].change = *change;
		if (change->arm)
			kt_seen[kt_count].arm = *change->arm;
		kt_seen[kt_count].change.arm = change->arm ? &kt_seen[kt_count].arm : NULL;
		kt_count++;
	}
	return kt_status;
}

static bool is_wrapper(void *with, uint64_t place)
{
	CU_ASSERT_PTR_EQUAL(with, &kt_scene);
	return place >= WRAPPERS;
}

static bool is_sleep(void *with, uint64_t function)
{
	CU_ASSERT_PTR_EQUAL(with, &kt_scene);
	return function == SLEEP;
}

void kt_prepare(void)
{
	kt_scene = (struct kernel_scene){ .tick_ns = JIFFY_NS,
					  .is_wrapper = is_wrapper,
					  .is_sleep = is_sleep,
					  .context = &kt_scene };
	memset(&context, 0, sizeof(context));
	memset(kt_whats, 0, sizeof(kt_whats));
	kt_now = BEGINNING;
	kt_jiffies = 4294900000;
	kt_selected = true;
	kt_older = kt_count = open_count = 0;
	kt_status = 0;
}

void kt_open(void)
{
	kt_timers = kernel_timers_new(&kt_scene, receive, &kt_timers);
	CU_ASSERT_PTR_NOT_NULL_FATAL(kt_timers);
}

void kt_begin(void)
{
	kt_prepare();
	kt_open();
}

void kt_end(uint64_t odd)
{
	expect("");
	CU_ASSERT_EQUAL(kernel_timers_finish(kt_timers, (uint64_t)kt_now), 0);
	expect("");
	CU_ASSERT_EQUAL(kernel_timers_odd(kt_timers), odd);
	kernel_timers_free(kt_timers);
}

void kt_end_quiet(void)
{
	kt_end(0);
	CU_ASSERT_EQUAL(open_count, 0);
}

/* --- records ------------------------------------------------------------------------- */

void in_task(int cpu, int32_t tid)
{
	context.cpu = cpu;
	context.level = 0;
	context.tids[cpu] = tid;
}

void in_soft(int cpu)
{
	context.cpu = cpu;
	context.level = 1;
}

void in_hard(int cpu)
{
	context.cpu = cpu;
	context.level = 2;
}

int feed_status(struct record record)
{
	struct kernel_runner runner = { .armer = context.level ? ARMER_INTERRUPT : ARMER_TASK,
					.selected = kt_selected };

	record.ts = (uint64_t)kt_now;
	kt_now += US;
	record.cpu = context.cpu;
	record.tid = context.tids[context.cpu];
	record.interrupt = context.level > 0;
	record.hard = context.level > 1;
	runner.who.pid = runner.who.tid = record.tid;
	snprintf(runner.who.comm, sizeof(runner.who.comm), "app%d", (int)record.tid);
	return kernel_timers_take(kt_timers, &record, &runner);
}

void feed_record(struct record record)
{
	CU_ASSERT_EQUAL(feed_status(record), 0);
}

struct record list_record(enum probe_use use, unsigned number)
{
	struct record record = { .kind = use };

	record.timer_list.address = TIMER(number);
	if (use == USE_TIMER_START || use == USE_TIMER_EXPIRE)
		record.timer_list.function = CALLBACK(number);
	record.timer_list.now = kt_jiffies;
	record.timer_list.expires = kt_jiffies + 10;
	return record;
}

void list_init(unsigned number)
{
	feed_record(list_record(USE_TIMER_INIT, number));
}

void list_start(unsigned number)
{
	feed_record(list_record(USE_TIMER_START, number));
}

void list_cancel(unsigned number)
{
	feed_record(list_record(USE_TIMER_CANCEL, number));
}

void list_enter(unsigned number)
{
	feed_record(list_record(USE_TIMER_EXPIRE, number));
}

void list_exit(unsigned number)
{
	feed_record(list_record(USE_TIMER_EXIT, number));
}

void list_fire(unsigned number)
{
	list_cancel(number);
	list_enter(number);
	list_exit(number);
}

struct record hr_record(enum probe_use use, unsigned number)
{
	struct record record = { .kind = use };

	record.hrtimer.address = TIMER(number);
	if (use == USE_HRTIMER_START || use == USE_HRTIMER_EXPIRE)
		record.hrtimer.function = CALLBACK(number);
	if (use == USE_HRTIMER_START) {
		record.hrtimer.ns = kt_now + 5 * MS;
		record.hrtimer.latest_ns = record.hrtimer.ns + 50 * US;
	}
	if (use == USE_HRTIMER_EXPIRE)
		record.hrtimer.ns = kt_now;
	return record;
}

void hr_init(unsigned number, int32_t clock, uint32_t mode)
{
	struct record record = hr_record(USE_HRTIMER_SETUP, number);

	record.hrtimer.clock = clock;
	record.hrtimer.mode = mode;
	feed_record(record);
}

void hr_start(unsigned number, int was)
{
	struct record record = hr_record(USE_HRTIMER_START, number);

	record.hrtimer.has_was_armed = was != NO_FIELD;
	record.hrtimer.was_armed = was > 0;
	feed_record(record);
}

void hr_cancel(unsigned number)
{
	feed_record(hr_record(USE_HRTIMER_CANCEL, number));
}

void hr_enter(unsigned number)
{
	feed_record(hr_record(USE_HRTIMER_EXPIRE, number));
}

void hr_exit(unsigned number)
{
	feed_record(hr_record(USE_HRTIMER_EXIT, number));
}

void hr_expired(unsigned number)
{
	feed_record(hr_record(USE_HRTIMER_EXPIRED, number));
}

void hr_fire(unsigned number)
{
	hr_enter(number);
	hr_exit(number);
}

void call_from(uint64_t place, unsigned number)
{
	struct record record = { .kind = USE_CALLER };

	record.caller.timer = number ? TIMER(number) : 0;
	record.caller.address = place;
	feed_record(record);
}

/* --- what was told ---------------------------------------------------------------------- */

struct text {
	char bytes[4096];
	size_t used;
};

static void add(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct text *text, const char *format, ...)
{
	va_list values;

	va_start(values, format);
	text->used += (size_t)vsnprintf(text->bytes + text->used, sizeof(text->bytes) - text->used,
					format, values);
	va_end(values);
	CU_ASSERT_FATAL(text->used < sizeof(text->bytes));
}

static void add_arm(struct text *text, const struct kernel_change *change)
{
	const struct kernel_arm *arm = change->arm;

	add(text, " %c%u", arm->mechanism == KERNEL_HRTIMER ? 'h' : 't',
	    (unsigned)((arm->address - TIMER(0)) / 0x100));
	if (change->what == KERNEL_MADE)
		return;
	if (!arm->function)
		add(text, " ?");
	if (arm->older)
		add(text, " older");
	if (change->what != KERNEL_STARTED && change->what != KERNEL_OWNED)
		return;
	if (arm->armer == ARMER_TASK)
		add(text, " by %d", (int)arm->who.pid);
	else
		add(text, " by %s", arm->armer == ARMER_INTERRUPT ? "irq" : "?");
	add(text, "%s%s%s", arm->replaces ? " replaces" : "", arm->rearmed ? " rearmed" : "",
	    arm->interrupt && arm->armer == ARMER_TASK ? " irq" : "");
}

static void add_change(struct text *text, const struct kernel_change *change)
{
	static const char *const names[] = {
		[KERNEL_MADE] = "made",           [KERNEL_STARTED] = "started",
		[KERNEL_REPLACED] = "replaced",   [KERNEL_CANCELLED] = "cancelled",
		[KERNEL_FIRED] = "fired",         [KERNEL_RAN] = "ran",
		[KERNEL_OWNED] = "owned",         [KERNEL_VANISHED] = "vanished",
		[KERNEL_TICK_STOP] = "tick stop", [KERNEL_BASE_IDLE] = "base idle",
		[KERNEL_CPU_IDLE] = "cpu idle",   [KERNEL_WAKEUP] = "woken up",
	};

	add(text, "%s%s", text->used ? "; " : "", names[change->what]);
	if (!change->arm)
		return;
	add_arm(text, change);
	if (change->what == KERNEL_FIRED)
		add(text, "%s%s", change->arm->immediate ? " immediate" : "",
		    change->migrated ? " moved" : "");
	if (change->what == KERNEL_RAN && !change->has_run)
		add(text, " open");
}

void expect_line(const char *file, unsigned line, const char *expected)
{
	struct text text = { "", 0 };
	bool same;

	for (size_t i = 0; i < kt_count; i++)
		add_change(&text, &kt_seen[i].change);
	kt_count = 0;
	same = strcmp(text.bytes, expected) == 0;
	if (!same)
		fprintf(stderr, "\n  %s:%u: %s\n  expected: %s", file, line, text.bytes, expected);
	CU_ASSERT_TRUE(same);
}

const struct kernel_arm *last_arm(void)
{
	static struct kernel_arm arm;

	CU_ASSERT_FATAL(kt_count > 0 && kt_seen[kt_count - 1].change.arm);
	arm = kt_seen[kt_count - 1].arm;
	return &arm;
}
