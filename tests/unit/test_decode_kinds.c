/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records of every use, by the formats of real kernels. */
#include <CUnit/Basic.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "fixtures.h"
#include "raws.h"
#include "suites.h"
#include "timersnoop/decode.h"

#define TID 4242

static struct decoder *decoder;
static const char *series;
static struct raw raw;
static struct record record;

static int read_size(unsigned size)
{
	struct raw_event event = { .ts = 99, .cpu = 3, .size = size };
	uint8_t *copy = malloc(size ? size : 1); /* of just this size */
	int status;

	memcpy(copy, raw.bytes, size);
	event.data = copy;
	memset(&record, 0x5a, sizeof(record));
	status = decoder_read(decoder, &event, &record);
	free(copy);
	return status;
}

static void begin(const char *event)
{
	raw_begin(&raw, series, event, TID, 0xa5);
}

/* Reads it, and that it is refused when it is a byte too short. */
static void expect(enum probe_use use)
{
	CU_ASSERT_EQUAL_FATAL(read_size(raw.size), 1);
	CU_ASSERT_EQUAL(record.kind, use);
	CU_ASSERT_EQUAL(record.ts, 99);
	CU_ASSERT_EQUAL(record.cpu, 3);
	CU_ASSERT_EQUAL(record.tid, TID);
}

static void end(void)
{
	raw_end(&raw);
}

static void each_kernel(void (*test)(void))
{
	for (int i = 0; i < FIXTURE_SERIES; i++) {
		series = fixture_series[i];
		decoder = fixture_decoder(series);
		test();
		decoder_free(decoder);
	}
}

static bool has(const char *event)
{
	char *format = fixture_format(series, event);

	free(format);
	return format != NULL;
}

static void read_entries(void)
{
	begin("create_enter");
	raw_put(&raw, "clock", (uint32_t)-6);
	raw_put(&raw, "new", 0x7ffc00001000);
	raw_put(&raw, "old", 0x7ffc00002000);
	expect(USE_ENTRY);
	CU_ASSERT_EQUAL(record.event, EVENT_TIMER_CREATE);
	CU_ASSERT_EQUAL(record.entry.abi, ABI_64);
	CU_ASSERT_EQUAL(record.entry.clock, -6);
	CU_ASSERT_EQUAL(record.entry.new_ptr, 0x7ffc00001000);
	CU_ASSERT_EQUAL(record.entry.old_ptr, 0x7ffc00002000);
	/* what the call does not have */
	CU_ASSERT_EQUAL(record.entry.id, 0);
	CU_ASSERT_EQUAL(record.entry.flags, 0);
	CU_ASSERT_EQUAL(record.entry.seconds, 0);
	end();

	begin("fd_create_enter_ia32");
	raw_put(&raw, "clock", 9);
	raw_put(&raw, "flags", 0x80800);
	expect(USE_ENTRY);
	CU_ASSERT_EQUAL(record.event, EVENT_TIMERFD_CREATE);
	CU_ASSERT_EQUAL(record.entry.abi, ABI_32);
	CU_ASSERT_EQUAL(record.entry.clock, 9);
	CU_ASSERT_EQUAL(record.entry.flags, 0x80800);
	CU_ASSERT_EQUAL(record.entry.new_ptr, 0);
	end();

	begin("setitimer_enter_ia32_time32");
	raw_put(&raw, "id", 2);
	raw_put(&raw, "new", 0xfffff000);
	raw_put(&raw, "old", 0);
	expect(USE_ENTRY);
	CU_ASSERT_EQUAL(record.event, EVENT_SETITIMER);
	CU_ASSERT_EQUAL(record.entry.abi, ABI_32_TIME32);
	CU_ASSERT_EQUAL(record.entry.id, 2);
	CU_ASSERT_EQUAL(record.entry.new_ptr, 0xfffff000);
	CU_ASSERT_EQUAL(record.entry.old_ptr, 0);
	end();

	begin("alarm_enter");
	raw_put(&raw, "seconds", UINT32_MAX);
	expect(USE_ENTRY);
	CU_ASSERT_EQUAL(record.event, EVENT_ALARM);
	CU_ASSERT_EQUAL(record.entry.seconds, UINT32_MAX);
	CU_ASSERT_EQUAL(record.entry.id, 0);
	end();
}

static void entries(void)
{
	each_kernel(read_entries);
}

/* Every call's entry and return, by all ways in, is known as what it is. */
static void read_all_calls(void)
{
	struct probe_plan plan;

	fixture_plan(series, &fixture_everything, &plan);
	for (size_t i = 0; i < plan.probe_count; i++) {
		const struct meaning *means = &plan.probes[i].means;

		if (means->use != USE_ENTRY && means->use != USE_RETURN)
			continue;
		begin(plan.probes[i].event);
		if (means->use == USE_RETURN)
			raw_put(&raw, "ret", (uint64_t)-14);
		expect(means->use);
		CU_ASSERT_EQUAL(record.event, means->event);
		if (means->use == USE_RETURN) {
			CU_ASSERT_EQUAL(record.ret.abi, means->abi);
			CU_ASSERT_EQUAL(record.ret.ret, -14);
		} else {
			CU_ASSERT_EQUAL(record.entry.abi, means->abi);
		}
		end();
	}
}

static void all_calls(void)
{
	each_kernel(read_all_calls);
}

static void put_spec(const char *field)
{
	for (unsigned i = 0; i < 4; i++)
		raw_put_word(&raw, field, i, (int64_t)i - 2);
}

static void expect_spec(const struct itimerspec_seen *seen)
{
	CU_ASSERT_EQUAL(seen->from, FROM_KERNEL);
	CU_ASSERT_EQUAL(seen->interval.sec, -2);
	CU_ASSERT_EQUAL(seen->interval.nsec, -1);
	CU_ASSERT_EQUAL(seen->value.sec, 0);
	CU_ASSERT_EQUAL(seen->value.nsec, 1);
}

static void read_copies(void)
{
	begin("fd_settime_new");
	raw_put(&raw, "id", 5);
	raw_put(&raw, "flags", 3);
	put_spec("new");
	expect(USE_COPY);
	CU_ASSERT_EQUAL(record.event, EVENT_TIMERFD_SETTIME);
	CU_ASSERT_TRUE(record.copy.has_id && record.copy.has_flags);
	CU_ASSERT_EQUAL(record.copy.id, 5);
	CU_ASSERT_EQUAL(record.copy.flags, 3);
	CU_ASSERT_EQUAL(record.copy.old_at, -1);
	expect_spec(&record.copy.value);
	end();

	/* the old value will be 40 bytes above the stack pointer, when the return
	 * address is gone from it */
	begin("setitimer_new");
	raw_put(&raw, "id", 1);
	raw_put(&raw, "sp", 0xffffc90000001000);
	raw_put(&raw, "at", 0xffffc90000001030);
	put_spec("new");
	expect(USE_COPY);
	CU_ASSERT_EQUAL(record.event, EVENT_SETITIMER);
	CU_ASSERT_TRUE(record.copy.has_id);
	CU_ASSERT_FALSE(record.copy.has_flags);
	CU_ASSERT_EQUAL(record.copy.id, 1);
	CU_ASSERT_EQUAL(record.copy.old_at, 40);
	expect_spec(&record.copy.value);
	raw_put(&raw, "at", 0); /* NULL: it is not wanted */
	expect(USE_COPY);
	CU_ASSERT_EQUAL(record.copy.old_at, -1);
	raw_put(&raw, "at", 0xffffc90000000000); /* below: nowhere */
	expect(USE_COPY);
	CU_ASSERT_TRUE(record.copy.old_at < 0);
	end();

	begin("getitimer_at");
	raw_put(&raw, "id", 2);
	raw_put(&raw, "sp", 0xffffc90000001000);
	raw_put(&raw, "at", 0xffffc90000001008);
	expect(USE_OLD_AT);
	CU_ASSERT_EQUAL(record.event, EVENT_GETITIMER);
	CU_ASSERT_EQUAL(record.copy.id, 2);
	CU_ASSERT_EQUAL(record.copy.old_at, 0);
	end();
}

static void copies(void)
{
	each_kernel(read_copies);
}

static void read_stacks(void)
{
	static const char *const events[] = { "setitimer_old", "getitimer_value" };

	for (int i = 0; i < 2; i++) {
		begin(events[i]);
		for (unsigned word = 0; word < STACK_WORDS; word++)
			raw_put_word(&raw, "stack", word, (int64_t)word - 7);
		expect(USE_STACK);
		for (int word = 0; word < STACK_WORDS; word++)
			CU_ASSERT_EQUAL(record.stack[word], word - 7);
		end();
	}
	if (!has("waited"))
		return;
	begin("waited");
	raw_put(&raw, "ret", SIGUSR1);
	for (unsigned word = 0; word < STACK_WORDS; word++)
		raw_put_word(&raw, "stack", word, (int64_t)word - 7);
	expect(USE_WAITED);
	CU_ASSERT_EQUAL(record.waited.signo, SIGUSR1);
	for (int word = 0; word < STACK_WORDS; word++)
		CU_ASSERT_EQUAL(record.waited.stack[word], word - 7);
	end();
	begin("wait");
	raw_put(&raw, "sp", 0xffffc90000001000);
	raw_put(&raw, "at", 0xffffc90000001018);
	expect(USE_WAIT);
	CU_ASSERT_EQUAL(record.copy.old_at, 16);
	end();
}

static void stacks(void)
{
	each_kernel(read_stacks);
}

static void read_creations(void)
{
	begin("try_create_sigevent");
	raw_put(&raw, "clock", (uint32_t)-2);
	raw_put(&raw, "event", 0xffffc90000001000);
	raw_put(&raw, "value", UINT64_MAX - 1);
	raw_put(&raw, "signo", 10);
	raw_put(&raw, "notify", 4);
	raw_put(&raw, "thread", 4243);
	expect(USE_SIGEVENT);
	CU_ASSERT_EQUAL(record.create.clock, -2);
	CU_ASSERT_EQUAL(record.create.sigevent.from, FROM_KERNEL);
	CU_ASSERT_EQUAL(record.create.sigevent.value, UINT64_MAX - 1);
	CU_ASSERT_EQUAL(record.create.sigevent.signo, 10);
	CU_ASSERT_EQUAL(record.create.sigevent.notify, 4);
	CU_ASSERT_EQUAL(record.create.sigevent.tid, 4243);
	raw_put(&raw, "event", 0); /* NULL: what was read through it is garbage */
	expect(USE_SIGEVENT);
	CU_ASSERT_EQUAL(record.create.clock, -2);
	CU_ASSERT_EQUAL(record.create.sigevent.from, FROM_NONE);
	CU_ASSERT_EQUAL(record.create.sigevent.signo, 0);
	end();

	begin(has("create_id") ? "create_id" : "create_id_cpu");
	raw_put(&raw, "timer", 0xffff888000001000);
	raw_put(&raw, "id", INT32_MAX);
	expect(USE_MADE);
	CU_ASSERT_EQUAL(record.event, EVENT_TIMER_CREATE);
	CU_ASSERT_EQUAL(record.object.timer, 0xffff888000001000);
	CU_ASSERT_EQUAL(record.object.id, INT32_MAX);
	end();

	begin("anon_inode_getfile");
	raw_put(&raw, "timer", 0xffff888000002000);
	expect(USE_FILE);
	CU_ASSERT_EQUAL(record.event, EVENT_TIMERFD_CREATE);
	CU_ASSERT_EQUAL(record.object.timer, 0xffff888000002000);
	end();

	begin("release");
	raw_put(&raw, "timer", 0xffff888000002000);
	expect(USE_RELEASE);
	CU_ASSERT_EQUAL(record.object.timer, 0xffff888000002000);
	end();
}

static void creations(void)
{
	each_kernel(read_creations);
}

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
	begin("try_expire");
	raw_put(&raw, "timer", 0xffff888000001000);
	raw_put(&raw, "id", 7);
	raw_put(&raw, "clock", CLOCK_BOOTTIME);
	raw_put(&raw, "interval", 5000000);
	raw_put(&raw, "pid", 4243);
	put_hrtimer();
	expect(USE_EXPIRY);
	CU_ASSERT_EQUAL(record.event, EVENT_TIMER_EXPIRE);
	CU_ASSERT_EQUAL(record.timer.address, 0xffff888000001000);
	CU_ASSERT_TRUE(record.timer.has_id && record.timer.has_clock && record.timer.has_interval);
	CU_ASSERT_EQUAL(record.timer.id, 7);
	CU_ASSERT_EQUAL(record.timer.pid, 4243);
	CU_ASSERT_EQUAL(record.timer.clock, CLOCK_BOOTTIME);
	CU_ASSERT_EQUAL(record.timer.interval_ns, 5000000);
	expect_hrtimer();
	end();

	begin("expire_alarm"); /* of an alarm its hrtimer is not told */
	raw_put(&raw, "id", 7);
	raw_put(&raw, "clock", CLOCK_BOOTTIME_ALARM);
	put_hrtimer();
	expect(USE_EXPIRY);
	CU_ASSERT_EQUAL(record.timer.address, 0);
	expect_hrtimer();
	end();

	begin("try_expire_fd");
	raw_put(&raw, "timer", 0xffff888000001000);
	raw_put(&raw, "clock", CLOCK_MONOTONIC);
	raw_put(&raw, "interval", 0);
	put_hrtimer();
	expect(USE_EXPIRY);
	CU_ASSERT_EQUAL(record.event, EVENT_TIMERFD_EXPIRE);
	CU_ASSERT_FALSE(record.timer.has_id);
	CU_ASSERT_EQUAL(record.timer.pid, 0);
	CU_ASSERT_TRUE(record.timer.has_clock && record.timer.has_interval);
	CU_ASSERT_EQUAL(record.timer.interval_ns, 0);
	expect_hrtimer();
	end();

	begin("try_expire_real");
	raw_put(&raw, "timer", 0xffff888000001000);
	raw_put(&raw, "pid", 4243);
	raw_put(&raw, "interval", 5000000);
	put_hrtimer();
	expect(USE_EXPIRY);
	CU_ASSERT_EQUAL(record.event, EVENT_ITIMER_EXPIRE);
	CU_ASSERT_EQUAL(record.timer.pid, 4243);
	CU_ASSERT_FALSE(record.timer.has_id || record.timer.has_clock);
	CU_ASSERT_TRUE(record.timer.has_interval);
	expect_hrtimer();
	end();
}

static void expiries(void)
{
	each_kernel(read_expiries);
}

/* On CPU clocks there is no hrtimer: its place holds something else. */
static void read_queues(void)
{
	static const int32_t cpu_clocks[] = { -6, -2, CLOCK_PROCESS_CPUTIME_ID,
					      CLOCK_THREAD_CPUTIME_ID, (int32_t)(~4242U << 3 | 2) };

	begin("try_queue");
	raw_put(&raw, "id", 7);
	raw_put(&raw, "pid", 4243);
	if (strcmp(series, "7.2") != 0) {
		expect(USE_QUEUE);
		CU_ASSERT_FALSE(record.timer.has_asked || record.timer.has_clock ||
				record.timer.has_interval);
	} else {
		raw_put(&raw, "clock", CLOCK_TAI);
		put_hrtimer();
		expect(USE_QUEUE);
		expect_hrtimer();
		for (size_t i = 0; i < sizeof(cpu_clocks) / sizeof(cpu_clocks[0]); i++) {
			raw_put(&raw, "clock", (uint32_t)cpu_clocks[i]);
			expect(USE_QUEUE);
			CU_ASSERT_EQUAL(record.timer.clock, cpu_clocks[i]);
			CU_ASSERT_EQUAL(record.timer.has_asked,
					!timerspec_cpu_clock(cpu_clocks[i]));
		}
	}
	CU_ASSERT_EQUAL(record.timer.address, 0);
	CU_ASSERT_TRUE(record.timer.has_id);
	CU_ASSERT_EQUAL(record.timer.id, 7);
	CU_ASSERT_EQUAL(record.timer.pid, 4243);
	end();
}

static void queues(void)
{
	each_kernel(read_queues);
}

static void read_signals(void)
{
	begin("signal_generate");
	raw_put(&raw, "sig", SIGUSR1);
	raw_put(&raw, "code", (uint32_t)SI_TIMER);
	raw_put(&raw, "pid", 4243);
	raw_put(&raw, "group", 1);
	raw_put(&raw, "result", 2);
	raw_put_text(&raw, "comm", "app");
	expect(USE_SIGNAL);
	CU_ASSERT_EQUAL(record.signal.info.signo, SIGUSR1);
	CU_ASSERT_EQUAL(record.signal.info.code, SI_TIMER);
	CU_ASSERT_FALSE(record.signal.info.has_timer);
	CU_ASSERT_EQUAL(record.signal.pid, 4243);
	CU_ASSERT_TRUE(record.signal.group);
	CU_ASSERT_EQUAL(record.signal.result, 2);
	CU_ASSERT_EQUAL(memcmp(record.signal.comm, "app\0\0\0\0\0\0\0\0\0\0\0\0", 16), 0);
	raw_put(&raw, "group", 0);
	expect(USE_SIGNAL);
	CU_ASSERT_FALSE(record.signal.group);
	end();

	begin("signal_deliver");
	raw_put(&raw, "sig", SIGALRM);
	raw_put(&raw, "code", SI_KERNEL);
	raw_put(&raw, "sa_handler", 0x401000);
	expect(USE_DELIVER);
	CU_ASSERT_EQUAL(record.deliver.info.signo, SIGALRM);
	CU_ASSERT_EQUAL(record.deliver.info.code, SI_KERNEL);
	CU_ASSERT_FALSE(record.deliver.info.has_timer);
	CU_ASSERT_EQUAL(record.deliver.handler, 0x401000);
	end();
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
		begin(infos[i].event);
		raw_put(&raw, "sig", SIGUSR2);
		raw_put(&raw, "code", (uint32_t)SI_TIMER);
		raw_put(&raw, "id", 9);
		raw_put(&raw, "overrun", INT32_MAX);
		raw_put(&raw, "value", 0xfeedface00000001);
		expect(infos[i].use);
		CU_ASSERT_TRUE(record.info.has_timer);
		CU_ASSERT_EQUAL(record.info.signo, SIGUSR2);
		CU_ASSERT_EQUAL(record.info.code, SI_TIMER);
		CU_ASSERT_EQUAL(record.info.id, 9);
		CU_ASSERT_EQUAL(record.info.overrun, INT32_MAX);
		CU_ASSERT_EQUAL(record.info.value, 0xfeedface00000001);
		raw_put(&raw, "code", SI_KERNEL); /* which has nothing of the kind */
		expect(infos[i].use);
		CU_ASSERT_FALSE(record.info.has_timer);
		CU_ASSERT_EQUAL(record.info.id, 0);
		CU_ASSERT_EQUAL(record.info.value, 0);
		end();
	}
}

static void infos(void)
{
	each_kernel(read_infos);
}

static void read_events(void)
{
	begin("itimer_expire");
	raw_put(&raw, "which", 2);
	raw_put(&raw, "pid", 4243);
	expect(USE_ITIMER_EXPIRE);
	CU_ASSERT_EQUAL(record.itimer.which, 2);
	CU_ASSERT_EQUAL(record.itimer.pid, 4243);
	end();

	begin("hrtimer_start");
	raw_put(&raw, "hrtimer", 0xffff888000001000);
	raw_put(&raw, "expires", 5);
	raw_put(&raw, "softexpires", 4);
	expect(USE_HRTIMER_START);
	CU_ASSERT_EQUAL(record.hrtimer.address, 0xffff888000001000);
	CU_ASSERT_EQUAL(record.hrtimer.ns, 4);
	end();

	begin("hrtimer_expire_entry");
	raw_put(&raw, "hrtimer", 0xffff888000001000);
	raw_put(&raw, "now", (uint64_t)-6);
	expect(USE_HRTIMER_EXPIRE);
	CU_ASSERT_EQUAL(record.hrtimer.address, 0xffff888000001000);
	CU_ASSERT_EQUAL(record.hrtimer.ns, -6);
	end();

	begin("timers_gone");
	expect(USE_TIMERS_GONE);
	end();

	begin("sched_process_exit");
	raw_put(&raw, "pid", 4243);
	if (strcmp(series, "7.2") != 0) { /* older kernels do not say so */
		expect(USE_EXIT);
		CU_ASSERT_FALSE(record.task.last);
		end();
		return;
	}
	raw_put(&raw, "group_dead", 1);
	expect(USE_EXIT);
	CU_ASSERT_EQUAL(record.task.tid, 4243);
	CU_ASSERT_TRUE(record.task.last);
	raw_put(&raw, "group_dead", 0);
	expect(USE_EXIT);
	CU_ASSERT_FALSE(record.task.last);
	end();
}

static void events(void)
{
	each_kernel(read_events);
}

/* Every event of every plan, at every length: never a byte behind the record, nor is one that
 * is too short for its fields taken. */
static void read_any_length(void)
{
	struct probe_plan plan;

	fixture_plan(series, &fixture_everything, &plan);
	for (size_t i = 0; i < plan.probe_count + plan.event_count; i++) {
		int last = -EBADMSG;

		begin(i < plan.probe_count ? plan.probes[i].event
					   : plan.events[i - plan.probe_count].event);
		for (unsigned size = 0; size <= raw.size + 16; size++) {
			int status = read_size(size);

			CU_ASSERT_TRUE(status == -EBADMSG || status == 1);
			CU_ASSERT_TRUE(status >= last); /* long enough once, so ever after */
			last = status;
		}
		CU_ASSERT_EQUAL(read_size(7), -EBADMSG);
		CU_ASSERT_EQUAL(last, 1);
		end();
	}
}

static void any_length(void)
{
	each_kernel(read_any_length);
}

int suite_decode_kinds(void)
{
	CU_pSuite suite = CU_add_suite("decode_kinds", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, entries) || !CU_ADD_TEST(suite, all_calls) ||
	    !CU_ADD_TEST(suite, copies) || !CU_ADD_TEST(suite, stacks) ||
	    !CU_ADD_TEST(suite, creations) || !CU_ADD_TEST(suite, expiries) ||
	    !CU_ADD_TEST(suite, queues) || !CU_ADD_TEST(suite, signals) ||
	    !CU_ADD_TEST(suite, infos) || !CU_ADD_TEST(suite, events) ||
	    !CU_ADD_TEST(suite, any_length))
		return (int)CU_get_error();
	return 0;
}
