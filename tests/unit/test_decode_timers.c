/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records of what the kernel does by itself, by the formats of real kernels. */
#include <CUnit/Basic.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "decodes.h"
#include "suites.h"

static void put_hrtimer(void)
{
	raw_put(&raw, "asked", 1700000000000000001);
	raw_put(&raw, "ahead", 1600000000000000000);
	raw_put(&raw, "base", 0);
}

static void expect_hrtimer(void)
{
	CU_ASSERT_TRUE(record.timer.has_asked);
	CU_ASSERT_EQUAL(record.timer.asked_ns, 1700000000000000001);
	CU_ASSERT_EQUAL(record.timer.ahead_ns, 1600000000000000000);
	CU_ASSERT_EQUAL(record.timer.asked_clock, CLOCK_REALTIME);
}

static void read_expiries(void)
{
	begin_raw("try_expire");
	raw_put(&raw, "timer", 0xffff888000001000);
	raw_put(&raw, "id", 7);
	raw_put(&raw, "clock", CLOCK_BOOTTIME);
	raw_put(&raw, "interval", 5000000);
	raw_put(&raw, "pid", 4243);
	put_hrtimer();
	expect_read(USE_EXPIRY);
	CU_ASSERT_EQUAL(record.event, EVENT_TIMER_EXPIRE);
	CU_ASSERT_EQUAL(record.timer.address, 0xffff888000001000);
	CU_ASSERT_TRUE(record.timer.has_id && record.timer.has_clock && record.timer.has_interval);
	CU_ASSERT_EQUAL(record.timer.id, 7);
	CU_ASSERT_EQUAL(record.timer.pid, 4243);
	CU_ASSERT_EQUAL(record.timer.clock, CLOCK_BOOTTIME);
	CU_ASSERT_EQUAL(record.timer.interval_ns, 5000000);
	expect_hrtimer();
	end_raw();

	begin_raw("expire_alarm"); /* the alarm's own address, and its hrtimer's time */
	raw_put(&raw, "timer", 0xffff888000001080);
	raw_put(&raw, "id", 7);
	raw_put(&raw, "clock", CLOCK_BOOTTIME_ALARM);
	put_hrtimer();
	expect_read(USE_EXPIRY);
	CU_ASSERT_EQUAL(record.timer.address, 0xffff888000001080);
	CU_ASSERT_EQUAL(record.timer.clock, CLOCK_BOOTTIME_ALARM);
	expect_hrtimer();
	end_raw();

	begin_raw("try_expire_fd");
	raw_put(&raw, "timer", 0xffff888000001000);
	raw_put(&raw, "clock", CLOCK_MONOTONIC);
	raw_put(&raw, "interval", 0);
	put_hrtimer();
	expect_read(USE_EXPIRY);
	CU_ASSERT_EQUAL(record.event, EVENT_TIMERFD_EXPIRE);
	CU_ASSERT_FALSE(record.timer.has_id);
	CU_ASSERT_EQUAL(record.timer.pid, 0);
	CU_ASSERT_TRUE(record.timer.has_clock && record.timer.has_interval);
	CU_ASSERT_EQUAL(record.timer.interval_ns, 0);
	expect_hrtimer();
	end_raw();

	begin_raw("try_expire_real");
	raw_put(&raw, "timer", 0xffff888000001000);
	raw_put(&raw, "pid", 4243);
	raw_put(&raw, "interval", 5000000);
	put_hrtimer();
	expect_read(USE_EXPIRY);
	CU_ASSERT_EQUAL(record.event, EVENT_ITIMER_EXPIRE);
	CU_ASSERT_EQUAL(record.timer.pid, 4243);
	CU_ASSERT_FALSE(record.timer.has_id || record.timer.has_clock);
	CU_ASSERT_TRUE(record.timer.has_interval);
	expect_hrtimer();
	end_raw();
}

static void expiries(void)
{
	each_kernel(read_expiries);
}

/* On CPU clocks there is no hrtimer: its place holds something else. */
static void read_queues(void)
{
	static const int32_t another = (int32_t)(~4242U << 3 | 2);
	static const struct {
		int32_t clock, given;
	} cpu_clocks[] = {
		{ -6, CLOCK_PROCESS_CPUTIME_ID },
		{ -2, CLOCK_THREAD_CPUTIME_ID },
		{ CLOCK_PROCESS_CPUTIME_ID, CLOCK_PROCESS_CPUTIME_ID },
		{ CLOCK_THREAD_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID },
		{ another, another },
	};

	begin_raw("try_queue");
	raw_put(&raw, "id", 7);
	raw_put(&raw, "pid", 4243);
	if (strcmp(series, "7.2") != 0) {
		expect_read(USE_QUEUE);
		CU_ASSERT_FALSE(record.timer.has_asked || record.timer.has_clock ||
				record.timer.has_interval);
	} else {
		raw_put(&raw, "clock", CLOCK_TAI);
		put_hrtimer();
		expect_read(USE_QUEUE);
		expect_hrtimer();
		for (size_t i = 0; i < sizeof(cpu_clocks) / sizeof(cpu_clocks[0]); i++) {
			raw_put(&raw, "clock", (uint32_t)cpu_clocks[i].clock);
			expect_read(USE_QUEUE);
			CU_ASSERT_EQUAL(record.timer.clock, cpu_clocks[i].given);
			CU_ASSERT_FALSE(record.timer.has_asked);
		}
	}
	CU_ASSERT_EQUAL(record.timer.address, 0);
	CU_ASSERT_TRUE(record.timer.has_id);
	CU_ASSERT_EQUAL(record.timer.id, 7);
	CU_ASSERT_EQUAL(record.timer.pid, 4243);
	end_raw();
}

static void queues(void)
{
	each_kernel(read_queues);
}

/* Of an alarm clock the hrtimer is that of the alarm, which lies in the same place. */
static void queues_of_alarms(void)
{
	static const struct {
		int32_t clock;
		bool alarm;
	} cases[] = { { CLOCK_REALTIME, false },
		      { CLOCK_BOOTTIME_ALARM, true },
		      { CLOCK_BOOTTIME, false },
		      { CLOCK_REALTIME_ALARM, true },
		      { CLOCK_MONOTONIC, false } };

	begin_raw("try_queue");
	if (strcmp(series, "7.2") != 0) {
		end_raw();
		return;
	}
	put_hrtimer();
	raw_put(&raw, "alarm_asked", (uint64_t)-5);
	raw_put(&raw, "alarm_ahead", 77);
	raw_put(&raw, "alarm_base", CLOCK_BOOTTIME);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		raw_put(&raw, "clock", (uint32_t)cases[i].clock);
		expect_read(USE_QUEUE);
		CU_ASSERT_EQUAL(record.timer.clock, cases[i].clock);
		if (!cases[i].alarm) {
			expect_hrtimer();
			continue;
		}
		CU_ASSERT_TRUE(record.timer.has_asked);
		CU_ASSERT_EQUAL(record.timer.asked_ns, -5);
		CU_ASSERT_EQUAL(record.timer.ahead_ns, 77);
		CU_ASSERT_EQUAL(record.timer.asked_clock, CLOCK_BOOTTIME);
	}
	end_raw();
}

static void alarms(void)
{
	each_kernel(queues_of_alarms);
}

/* What came from an interrupt, by TRACE_FLAG_* of the kernel. */
static void read_interrupts(void)
{
	static const struct {
		uint8_t flags;
		bool interrupt;
	} cases[] = { { 0, false },    { 0x01, false }, /* IRQS_OFF */
		      { 0x04, false },                  /* NEED_RESCHED */
		      { 0x08, true },                   /* HARDIRQ */
		      { 0x10, true },                   /* SOFTIRQ */
		      { 0x20, false },                  /* PREEMPT_RESCHED */
		      { 0x40, true },                   /* NMI */
		      { 0x80, false },                  /* BH_OFF */
		      { 0xa7, false }, { 0xff, true } };
	static const struct {
		const char *event;
		enum probe_use use;
	} events[] = { { "signal_generate", USE_SIGNAL },
		       { "try_expire", USE_EXPIRY },
		       { "hrtimer_start", USE_HRTIMER_START },
		       { "fd_create_enter", USE_ENTRY } };

	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		begin_raw(events[i].event);
		for (size_t j = 0; j < sizeof(cases) / sizeof(cases[0]); j++) {
			raw_put(&raw, "common_flags", cases[j].flags);
			expect_read(events[i].use);
			CU_ASSERT_EQUAL(record.interrupt, cases[j].interrupt);
		}
		end_raw();
	}
}

static void interrupts(void)
{
	each_kernel(read_interrupts);
}

static void read_signals(void)
{
	begin_raw("signal_generate");
	raw_put(&raw, "sig", SIGUSR1);
	raw_put(&raw, "code", (uint32_t)SI_TIMER);
	raw_put(&raw, "pid", 4243);
	raw_put(&raw, "group", 1);
	raw_put(&raw, "result", 2);
	expect_read(USE_SIGNAL);
	CU_ASSERT_EQUAL(record.signal.info.signo, SIGUSR1);
	CU_ASSERT_EQUAL(record.signal.info.code, SI_TIMER);
	CU_ASSERT_FALSE(record.signal.info.has_timer);
	CU_ASSERT_EQUAL(record.signal.pid, 4243);
	CU_ASSERT_TRUE(record.signal.group);
	CU_ASSERT_EQUAL(record.signal.result, 2);
	raw_put(&raw, "group", 0);
	expect_read(USE_SIGNAL);
	CU_ASSERT_FALSE(record.signal.group);
	end_raw();

	begin_raw("signal_deliver");
	raw_put(&raw, "sig", SIGALRM);
	raw_put(&raw, "code", SI_KERNEL);
	raw_put(&raw, "sa_handler", 0x401000);
	expect_read(USE_DELIVER);
	CU_ASSERT_EQUAL(record.deliver.info.signo, SIGALRM);
	CU_ASSERT_EQUAL(record.deliver.info.code, SI_KERNEL);
	CU_ASSERT_FALSE(record.deliver.info.has_timer);
	CU_ASSERT_EQUAL(record.deliver.handler, 0x401000);
	end_raw();
}

static void signals(void)
{
	each_kernel(read_signals);
}

static void read_infos(void)
{
	static const struct {
		const char *event;
		enum probe_use use;
	} infos[] = { { "signal_setup_done", USE_HANDLED },
		      { "signalfd_copyinfo", USE_SIGNALFD },
		      { "copy_siginfo_to_user", USE_FETCHED },
		      { "copy_siginfo_to_external32", USE_FETCHED } };

	for (size_t i = 0; i < sizeof(infos) / sizeof(infos[0]); i++) {
		if (!has(infos[i].event))
			continue;
		begin_raw(infos[i].event);
		raw_put(&raw, "sig", SIGUSR2);
		raw_put(&raw, "code", (uint32_t)SI_TIMER);
		raw_put(&raw, "id", 9);
		raw_put(&raw, "overrun", INT32_MAX);
		raw_put(&raw, "value", 0xfeedface00000001);
		expect_read(infos[i].use);
		CU_ASSERT_TRUE(record.info.has_timer);
		CU_ASSERT_EQUAL(record.info.signo, SIGUSR2);
		CU_ASSERT_EQUAL(record.info.code, SI_TIMER);
		CU_ASSERT_EQUAL(record.info.id, 9);
		CU_ASSERT_EQUAL(record.info.overrun, INT32_MAX);
		CU_ASSERT_EQUAL(record.info.value, 0xfeedface00000001);
		raw_put(&raw, "code", SI_KERNEL); /* which has nothing of the kind */
		expect_read(infos[i].use);
		CU_ASSERT_FALSE(record.info.has_timer);
		CU_ASSERT_EQUAL(record.info.id, 0);
		CU_ASSERT_EQUAL(record.info.value, 0);
		end_raw();
	}
}

static void infos(void)
{
	each_kernel(read_infos);
}

static void read_events(void)
{
	begin_raw("itimer_expire");
	raw_put(&raw, "which", 2);
	raw_put(&raw, "pid", 4243);
	expect_read(USE_ITIMER_EXPIRE);
	CU_ASSERT_EQUAL(record.itimer.which, 2);
	CU_ASSERT_EQUAL(record.itimer.pid, 4243);
	end_raw();

	begin_raw("hrtimer_start");
	raw_put(&raw, "hrtimer", 0xffff888000001000);
	raw_put(&raw, "expires", 5);
	raw_put(&raw, "softexpires", 4);
	expect_read(USE_HRTIMER_START);
	CU_ASSERT_EQUAL(record.hrtimer.address, 0xffff888000001000);
	CU_ASSERT_EQUAL(record.hrtimer.ns, 4);
	end_raw();

	begin_raw("hrtimer_expire_entry");
	raw_put(&raw, "hrtimer", 0xffff888000001000);
	raw_put(&raw, "now", (uint64_t)-6);
	expect_read(USE_HRTIMER_EXPIRE);
	CU_ASSERT_EQUAL(record.hrtimer.address, 0xffff888000001000);
	CU_ASSERT_EQUAL(record.hrtimer.ns, -6);
	end_raw();

	if (has("hrtimer_start_expired")) { /* of which nothing but the address is told */
		begin_raw("hrtimer_start_expired");
		raw_put(&raw, "hrtimer", 0xffff888000001000);
		expect_read(USE_HRTIMER_EXPIRED);
		CU_ASSERT_EQUAL(record.hrtimer.address, 0xffff888000001000);
		CU_ASSERT_EQUAL(record.hrtimer.ns, 0);
		end_raw();
	}

	begin_raw("timers_gone");
	expect_read(USE_TIMERS_GONE);
	end_raw();

	begin_raw("sched_process_exit");
	raw_put(&raw, "pid", 4243);
	if (strcmp(series, "7.2") != 0) { /* older kernels do not say so */
		expect_read(USE_EXIT);
		CU_ASSERT_FALSE(record.task.last);
		end_raw();
		return;
	}
	raw_put(&raw, "group_dead", 1);
	expect_read(USE_EXIT);
	CU_ASSERT_EQUAL(record.task.tid, 4243);
	CU_ASSERT_TRUE(record.task.last);
	raw_put(&raw, "group_dead", 0);
	expect_read(USE_EXIT);
	CU_ASSERT_FALSE(record.task.last);
	end_raw();
}

static void events(void)
{
	each_kernel(read_events);
}

int suite_decode_timers(void)
{
	CU_pSuite suite = CU_add_suite("decode_timers", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, expiries) || !CU_ADD_TEST(suite, queues) ||
	    !CU_ADD_TEST(suite, alarms) || !CU_ADD_TEST(suite, interrupts) ||
	    !CU_ADD_TEST(suite, signals) || !CU_ADD_TEST(suite, infos) ||
	    !CU_ADD_TEST(suite, events))
		return (int)CU_get_error();
	return 0;
}
