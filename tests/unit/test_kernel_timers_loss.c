/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kernel's timers whose beginning or end was not seen. */
#include <CUnit/Basic.h>
#include <errno.h>
#include <time.h>

#include "kernel_told.h"
#include "suites.h"

/* timer_cancel does not tell the callback: what comes later does. */
static void ends_of_older_timer_list_timers(void)
{
	kt_begin();
	in_soft(1);
	list_cancel(1);
	list_enter(1);
	expect("fired t1 older");
	CU_ASSERT_EQUAL(kt_older, 1);
	list_exit(1);
	expect("ran t1 older");
	list_cancel(1);
	list_enter(1);
	list_exit(1);
	expect("fired t1 older; ran t1 older");
	/* cancelled; the next arm tells */
	in_task(1, 10);
	list_cancel(2);
	list_exit(9);
	expect("");
	list_start(2);
	CU_ASSERT_EQUAL(kt_seen[0].arm.function, CALLBACK(2));
	expect("cancelled t2 older; started t2 by 10");
	/* the next expiry does */
	list_cancel(3);
	list_exit(9);
	in_soft(1);
	list_cancel(3);
	list_enter(3);
	expect("cancelled t3 older; fired t3 older");
	list_exit(3);
	expect("ran t3 older");
	/* it is made anew, so nobody will */
	in_task(1, 10);
	list_cancel(4);
	list_init(4);
	expect("cancelled t4 ? older; made t4");
	list_start(4);
	expect("started t4 by 10");
	/* armed anew */
	list_cancel(5);
	list_start(5);
	CU_ASSERT_EQUAL(kt_seen[0].arm.function, CALLBACK(5));
	expect("replaced t5 older; started t5 by 10 replaces");
	/* cancelled twice: of both nothing more comes */
	list_cancel(6);
	list_cancel(6);
	expect("");
	CU_ASSERT_EQUAL(kernel_timers_finish(kt_timers, (uint64_t)kt_now), 0);
	expect("cancelled t6 ? older");
	kt_end(0);
}

static void older_and_armed_elsewhere(void)
{
	kt_begin();
	in_soft(1);
	list_cancel(1);
	in_task(0, 10);
	list_start(1);
	in_soft(1);
	list_enter(1);
	expect("started t1 by 10; fired t1 older");
	list_exit(1);
	expect("ran t1 older");
	list_cancel(2);
	in_task(0, 10);
	list_start(2);
	in_soft(1);
	list_exit(9);
	CU_ASSERT_EQUAL(last_arm()->function, CALLBACK(2));
	expect("started t2 by 10; cancelled t2 older");
	kt_end(0);
}

static void ends_of_older_hrtimers(void)
{
	kt_begin();
	in_hard(1);
	hr_enter(1);
	expect("fired h1 older");
	CU_ASSERT_FALSE(kt_seen[0].change.has_late || kt_seen[0].change.has_beyond ||
			kt_seen[0].change.has_jiffies || kt_seen[0].change.migrated);
	hr_exit(1);
	hr_start(1, 0);
	expect("ran h1 older; started h1 by irq rearmed");
	hr_start(2, 1);
	CU_ASSERT_EQUAL(kt_seen[0].arm.function, CALLBACK(2));
	expect("replaced h2 older; started h2 by irq replaces");
	hr_cancel(3);
	expect("");
	hr_start(3, 0);
	expect("cancelled h3 older; started h3 by irq");
	hr_cancel(4);
	hr_init(4, CLOCK_MONOTONIC, 0);
	expect("cancelled h4 ? older; made h4");
	hr_cancel(5);
	hr_enter(5);
	expect("cancelled h5 older; fired h5 older");
	hr_exit(5);
	expect("ran h5 older");
	CU_ASSERT_EQUAL(kt_older, 6);
	kt_end(0);
}

/* hrtimer_start need not tell the function: what told it once is kept. */
static void functions_that_are_not_told(void)
{
	struct record record = hr_record(USE_HRTIMER_START, 1);

	kt_begin();
	in_task(1, 10);
	record.hrtimer.function = 0;
	feed_record(record);
	expect("started h1 ? by 10");
	in_hard(1);
	hr_enter(1);
	CU_ASSERT_EQUAL(last_arm()->function, CALLBACK(1));
	expect("fired h1");
	hr_exit(1);
	feed_record(record);
	CU_ASSERT_EQUAL(last_arm()->function, CALLBACK(1));
	/* the callback is the one that is called */
	record = hr_record(USE_HRTIMER_EXPIRE, 1);
	record.hrtimer.function = CALLBACK(7);
	feed_record(record);
	CU_ASSERT_EQUAL(last_arm()->function, CALLBACK(7));
	expect("ran h1; started h1 by 10 rearmed irq; fired h1");
	hr_exit(1);
	expect("ran h1");
	hr_init(1, CLOCK_MONOTONIC, 0);
	record = hr_record(USE_HRTIMER_EXPIRE, 1);
	record.hrtimer.function = 0;
	feed_record(record);
	expect("made h1; fired h1 ? older");
	hr_exit(1);
	expect("ran h1 ? older");
	kt_end_quiet();
}

/* Begun twice, and not ended between. */
static void ends_that_were_not_seen(void)
{
	for (int lost = 0; lost < 2; lost++) {
		kt_begin();
		if (lost)
			kernel_timers_lost(kt_timers);
		in_task(1, 10);
		list_start(1);
		list_start(1);
		expect("started t1 by 10; vanished t1; started t1 by 10");
		list_init(1);
		expect("vanished t1; made t1");
		hr_start(2, 0);
		hr_start(2, 0);
		expect("started h2 by 10; vanished h2; started h2 by 10");
		hr_init(2, CLOCK_MONOTONIC, 0);
		expect("vanished h2; made h2");
		hr_start(3, NO_FIELD);
		hr_start(3, NO_FIELD);
		expect("started h3 by 10; vanished h3; started h3 by 10");
		CU_ASSERT_EQUAL(kt_whats[KERNEL_VANISHED], 5);
		kt_end(lost ? 0 : 5);
	}
}

/* It is armed where it left its queue by then, twice: the second time tells that it had ended. */
static void armed_twice_elsewhere(void)
{
	kt_begin();
	in_task(1, 10);
	list_start(1);
	in_soft(1);
	list_cancel(1);
	in_task(0, 11);
	list_start(1);
	list_start(1);
	expect("started t1 by 10; started t1 by 11; vanished t1; started t1 by 11");
	in_soft(1);
	list_enter(1);
	list_exit(1);
	expect("fired t1; ran t1");
	CU_ASSERT_EQUAL(kt_pending(TIMER(1)), 1);
	kt_end(1);
}

/* From then on nothing is odd; what was open before may have ended. */
static void after_a_loss(void)
{
	int64_t called;

	kt_begin();
	in_task(1, 10);
	hr_start(1, 0);
	in_hard(1);
	called = kt_now;
	hr_enter(1);
	expect("started h1 by 10; fired h1");
	kernel_timers_lost(kt_timers);
	expect("");
	kt_now += 3600 * 1000 * MS;
	hr_exit(2);
	CU_ASSERT_EQUAL(kt_seen[0].change.ts, (uint64_t)called);
	expect("ran h1 open");
	/* Whose return that is, nobody knows. */
	hr_exit(1);
	expect("");
	hr_start(1, 0);
	expect("started h1 by 10 rearmed irq");
	hr_enter(1);
	kernel_timers_lost(kt_timers);
	in_hard(0);
	hr_start(1, 0);
	expect("fired h1; ran h1 open; started h1 by irq");
	in_hard(1);
	hr_start(1, 1);
	expect("replaced h1; started h1 by irq replaces");
	/* what returned before it is not told of */
	hr_fire(1);
	kernel_timers_lost(kt_timers);
	hr_start(1, 0);
	expect("fired h1; ran h1; started h1 by irq");
	kt_end(0);
}

/* Its expiry was seen, and neither its leaving nor whether it was on this CPU. */
static void expiry_without_leaving(void)
{
	kt_begin();
	in_task(1, 10);
	list_start(1);
	in_soft(1);
	list_enter(1);
	list_exit(1);
	expect("started t1 by 10; fired t1; ran t1");
	list_start(1);
	list_cancel(1);
	in_soft(0);
	list_enter(1);
	expect("started t1 by irq; cancelled t1; fired t1 older");
	list_exit(1);
	expect("ran t1 older");
	kt_end_quiet();
}

static void before_tracing_began(void)
{
	kt_prepare();
	kt_scene.since_ns = (uint64_t)kt_now + 2 * US;
	kt_open();
	in_task(1, 10);
	list_start(1);
	feed_record((struct record){ .kind = USE_TICK_STOP });
	call_from(0x1234, 2);
	list_start(2);
	CU_ASSERT_EQUAL(last_arm()->caller, 0x1234);
	expect("started t2 by 10");
	kt_end(0);
	kt_prepare();
	kt_scene.since_ns = (uint64_t)kt_now + 3 * US;
	kt_open();
	in_task(1, 10);
	list_start(1);
	list_cancel(1);
	call_from(0x1234, 2);
	list_start(2);
	CU_ASSERT_EQUAL(last_arm()->caller, 0);
	expect("started t2 by 10");
	kt_end(0);
}

/* A callback that runs when tracing stops; what began behind that time is not told. */
static void callbacks_that_run_last(void)
{
	uint64_t end;

	kt_begin();
	in_hard(1);
	hr_enter(1);
	end = (uint64_t)kt_now;
	in_soft(3);
	list_cancel(2);
	list_enter(2);
	kt_now += US;
	list_cancel(3);
	list_enter(3);
	expect("fired h1 older; fired t2 older; fired t3 older");
	CU_ASSERT_EQUAL(kernel_timers_finish(kt_timers, end + US), 0);
	CU_ASSERT_FALSE(kt_seen[0].change.has_run);
	CU_ASSERT_EQUAL(kt_seen[0].change.ts, end - US);
	expect("ran h1 older open; ran t2 older open");
	kt_end_quiet();
}

/* More callbacks than can nest: the first ones are as good as over. */
static void too_many_nested(void)
{
	kt_begin();
	in_hard(1);
	for (unsigned i = 1; i <= 20; i++)
		hr_enter(i);
	kt_count = 0;
	for (unsigned i = 20; i >= 1; i--)
		hr_exit(i);
	CU_ASSERT_EQUAL(kt_whats[KERNEL_RAN], 8);
	expect("ran h20 older; ran h19 older; ran h18 older; ran h17 older; ran h16 older; "
	       "ran h15 older; ran h14 older; ran h13 older");
	/* a return ends those that it was interrupted by */
	hr_enter(1);
	hr_enter(2);
	hr_exit(1);
	hr_exit(2);
	expect("fired h1 older; fired h2 older; ran h1 older");
	kt_end_quiet();
}

/* A CPU's number may be any that a recording has, and more leave queues than contexts nest. */
static void many_that_leave(void)
{
	kt_begin();
	for (unsigned i = 1; i <= 6; i++) {
		in_task(3, 100 + (int)i);
		list_start(i);
		list_cancel(i);
	}
	expect("started t1 by 101; started t2 by 102; started t3 by 103; started t4 by 104; "
	       "started t5 by 105; cancelled t1; started t6 by 106; cancelled t2");
	CU_ASSERT_EQUAL(kernel_timers_finish(kt_timers, (uint64_t)kt_now), 0);
	CU_ASSERT_EQUAL(kt_count, 4);
	kt_count = 0;
	/* the same again and again */
	for (int i = 0; i < 10; i++) {
		in_task(i % 4, 101);
		list_start(7);
		in_soft(i % 4);
		list_cancel(7);
	}
	CU_ASSERT_EQUAL(kt_whats[KERNEL_STARTED], 16);
	CU_ASSERT_EQUAL(kt_whats[KERNEL_CANCELLED], 6 + 9);
	kt_count = 0;
	CU_ASSERT_EQUAL(kernel_timers_finish(kt_timers, (uint64_t)kt_now), 0);
	expect("cancelled t7");
	kt_end_quiet();
}

static void strange_cpus(void)
{
	const struct kernel_runner runner = { .armer = ARMER_TASK };
	struct record record = list_record(USE_TIMER_START, 1);

	kt_begin();
	record.ts = BEGINNING;
	record.cpu = -1;
	CU_ASSERT_EQUAL(kernel_timers_take(kt_timers, &record, &runner), 0);
	record.kind = USE_TIMER_CANCEL;
	record.cpu = 8191;
	CU_ASSERT_EQUAL(kernel_timers_take(kt_timers, &record, &runner), 0);
	record.kind = USE_TIMER_EXPIRE;
	CU_ASSERT_EQUAL(kernel_timers_take(kt_timers, &record, &runner), 0);
	expect("started t1 by 0; fired t1 moved");
	record.kind = USE_TIMER_EXIT;
	record.cpu = -5;
	CU_ASSERT_EQUAL(kernel_timers_take(kt_timers, &record, &runner), 0);
	record.cpu = 8191;
	CU_ASSERT_EQUAL(kernel_timers_take(kt_timers, &record, &runner), 0);
	expect("ran t1");
	kt_end_quiet();
}

/* What the receiver says ends all, wherever it is told. */
static void failing_receiver(void)
{
	kt_begin();
	for (unsigned i = 1; i <= 4; i++) {
		in_task(3, 100 + (int)i);
		list_start(i);
		list_cancel(i);
	}
	kt_count = 0;
	kt_status = -ENOMEM;
	in_task(3, 105);
	CU_ASSERT_EQUAL(feed_status(list_record(USE_TIMER_CANCEL, 1)), -ENOMEM);
	CU_ASSERT_EQUAL(kt_whats[KERNEL_CANCELLED], 1);
	in_task(3, 102);
	CU_ASSERT_EQUAL(feed_status(list_record(USE_TIMER_EXIT, 9)), -ENOMEM);
	in_task(3, 103);
	CU_ASSERT_EQUAL(feed_status(list_record(USE_TIMER_START, 3)), -ENOMEM);
	in_task(3, 104);
	CU_ASSERT_EQUAL(feed_status(list_record(USE_TIMER_INIT, 4)), -ENOMEM);
	CU_ASSERT_EQUAL(feed_status(list_record(USE_TIMER_EXPIRE, 5)), -ENOMEM);
	CU_ASSERT_EQUAL(feed_status(list_record(USE_TIMER_EXIT, 5)), -ENOMEM);
	CU_ASSERT_EQUAL(feed_status(hr_record(USE_HRTIMER_EXPIRE, 6)), -ENOMEM);
	kernel_timers_lost(kt_timers);
	CU_ASSERT_EQUAL(feed_status(hr_record(USE_HRTIMER_EXIT, 9)), -ENOMEM);
	CU_ASSERT_EQUAL(feed_status((struct record){ .kind = USE_CPU_IDLE }), -ENOMEM);
	kt_status = 0;
	hr_start(7, 0);
	kt_status = -ENOMEM;
	CU_ASSERT_EQUAL(feed_status(hr_record(USE_HRTIMER_EXPIRED, 7)), -ENOMEM);
	CU_ASSERT_EQUAL(feed_status(hr_record(USE_HRTIMER_EXPIRE, 8)), -ENOMEM);
	CU_ASSERT_EQUAL(kernel_timers_finish(kt_timers, (uint64_t)kt_now), -ENOMEM);
	kernel_timers_free(kt_timers);
	kernel_timers_free(NULL);
}

/* Callbacks of older timers tell whose they are. */
static void owners_of_older_timers(void)
{
	struct record owner = { .kind = USE_OWNER, .owner = { .timer = TIMER(1), .pid = 10 } };
	struct kernel_runner runner = { .armer = ARMER_TASK,
					.who = { .pid = 10, .tid = 11, .comm = "slept" },
					.selected = true };

	kt_begin();
	in_hard(1);
	hr_enter(1);
	expect("fired h1 older");
	owner.ts = (uint64_t)kt_now;
	owner.cpu = 1;
	owner.interrupt = owner.hard = true;
	/* of another timer, on another CPU, or where nothing runs */
	owner.owner.timer = TIMER(2);
	CU_ASSERT_EQUAL(kernel_timers_take(kt_timers, &owner, &runner), 0);
	owner.owner.timer = TIMER(1);
	owner.cpu = 3;
	CU_ASSERT_EQUAL(kernel_timers_take(kt_timers, &owner, &runner), 0);
	expect("");
	owner.cpu = 1;
	CU_ASSERT_EQUAL(kernel_timers_take(kt_timers, &owner, &runner), 0);
	CU_ASSERT_TRUE(last_arm()->selected);
	CU_ASSERT_STRING_EQUAL(last_arm()->who.comm, "slept");
	CU_ASSERT_EQUAL(kt_seen[0].change.cpu, 1);
	expect("owned h1 older by 10");
	/* once is enough */
	CU_ASSERT_EQUAL(kernel_timers_take(kt_timers, &owner, &runner), 0);
	expect("");
	hr_exit(1);
	CU_ASSERT_EQUAL(last_arm()->who.pid, 10);
	CU_ASSERT_EQUAL(last_arm()->armer, ARMER_TASK);
	hr_start(1, 0);
	CU_ASSERT_TRUE(last_arm()->selected);
	expect("ran h1 older; started h1 by 10 rearmed irq");
	hr_cancel(1);
	expect("cancelled h1");
	/* what was armed since is known, whatever its callback says */
	in_task(1, 12);
	hr_start(1, 0);
	in_hard(1);
	hr_enter(1);
	CU_ASSERT_EQUAL(kernel_timers_take(kt_timers, &owner, &runner), 0);
	hr_exit(1);
	expect("started h1 by 12; fired h1; ran h1");
	kt_status = -ENOMEM;
	CU_ASSERT_EQUAL(feed_status(hr_record(USE_HRTIMER_EXPIRE, 1)), -ENOMEM);
	CU_ASSERT_EQUAL(kernel_timers_take(kt_timers, &owner, &runner), -ENOMEM);
	kt_count = 0;
	kt_status = 0;
	hr_exit(1);
	kt_count = 0;
	kt_end_quiet();
}

/* Of some CPUs only: what was missed was not lost, and is not odd. */
static void some_cpus(void)
{
	kt_prepare();
	kt_scene.partial = true;
	kt_open();
	in_task(1, 10);
	list_start(1);
	list_start(1);
	expect("started t1 by 10; vanished t1; started t1 by 10");
	in_hard(1);
	hr_enter(2);
	list_exit(9);
	/* nothing was lost, so it runs */
	hr_exit(2);
	expect("fired h2 older; ran h2 older");
	kt_end(0);
}

/* What is not about these timers. */
static void other_records(void)
{
	struct record record = { .kind = USE_TICK_STOP };

	kt_begin();
	in_task(1, 0);
	for (int use = 0; use < USE_COUNT; use++) {
		bool other = use < USE_HRTIMER_START || use > USE_OTHER_IRQ || use == USE_RELEASE ||
			     use == USE_TIMER_IRQ || use == USE_OTHER_IRQ;

		record = (struct record){ .kind = (enum probe_use)use };
		if (other || use == USE_OWNER)
			feed_record(record);
		CU_ASSERT_EQUAL(kernel_timers_asks_runner(&record),
				use == USE_HRTIMER_START || use == USE_TIMER_START ||
					use == USE_OWNER);
	}
	expect("");
	record = (struct record){ .kind = USE_TICK_STOP,
				  .idle = { .cpu = 5, .idle = false, .dependency = 4 } };
	feed_record(record);
	CU_ASSERT_EQUAL(kt_seen[0].change.cpu, 5);
	CU_ASSERT_FALSE(kt_seen[0].change.idle);
	CU_ASSERT_EQUAL(kt_seen[0].change.dependency, 4);
	CU_ASSERT_PTR_NULL(kt_seen[0].change.arm);
	record.kind = USE_BASE_IDLE;
	record.idle.idle = true;
	feed_record(record);
	record.kind = USE_CPU_IDLE;
	feed_record(record);
	CU_ASSERT_TRUE(kt_seen[1].change.idle && kt_seen[2].change.idle);
	expect("tick stop; base idle; cpu idle");
	kt_end_quiet();
}

int suite_kernel_timers_loss(void)
{
	CU_pSuite suite = CU_add_suite("kernel_timers_loss", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, ends_of_older_timer_list_timers) ||
	    !CU_ADD_TEST(suite, older_and_armed_elsewhere) ||
	    !CU_ADD_TEST(suite, ends_of_older_hrtimers) ||
	    !CU_ADD_TEST(suite, functions_that_are_not_told) ||
	    !CU_ADD_TEST(suite, ends_that_were_not_seen) ||
	    !CU_ADD_TEST(suite, armed_twice_elsewhere) || !CU_ADD_TEST(suite, after_a_loss) ||
	    !CU_ADD_TEST(suite, expiry_without_leaving) ||
	    !CU_ADD_TEST(suite, before_tracing_began) ||
	    !CU_ADD_TEST(suite, callbacks_that_run_last) || !CU_ADD_TEST(suite, too_many_nested) ||
	    !CU_ADD_TEST(suite, many_that_leave) || !CU_ADD_TEST(suite, strange_cpus) ||
	    !CU_ADD_TEST(suite, failing_receiver) || !CU_ADD_TEST(suite, owners_of_older_timers) ||
	    !CU_ADD_TEST(suite, some_cpus) || !CU_ADD_TEST(suite, other_records))
		return (int)CU_get_error();
	return 0;
}
