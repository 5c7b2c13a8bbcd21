/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records of the kernel's own timers and of idle CPUs, by the formats of real kernels. */
#include <CUnit/Basic.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "decodes.h"
#include "fixtures.h"
#include "suites.h"

#define ADDRESS 0xffff888000001000ULL
#define FUNCTION 0xffffffff81234560ULL

static bool is_series(const char *one, const char *other)
{
	return strcmp(series, one) == 0 || strcmp(series, other) == 0;
}

static void read_setups(void)
{
	const char *event = strcmp(series, "7.2") == 0 ? "hrtimer_setup" : "hrtimer_init";

	CU_ASSERT_FALSE(has("hrtimer_init") && has("hrtimer_setup"));
	begin_raw(event);
	raw_put(&raw, "hrtimer", ADDRESS);
	raw_put(&raw, "clockid", (uint32_t)-2);
	raw_put(&raw, "mode", HRTIMER_MODE_RELATIVE | HRTIMER_MODE_SOFT);
	expect_read(USE_HRTIMER_SETUP);
	CU_ASSERT_EQUAL(record.hrtimer.address, ADDRESS);
	CU_ASSERT_EQUAL(record.hrtimer.clock, -2);
	CU_ASSERT_EQUAL(record.hrtimer.mode, HRTIMER_MODE_RELATIVE | HRTIMER_MODE_SOFT);
	CU_ASSERT_EQUAL(record.hrtimer.function, 0);
	CU_ASSERT_FALSE(record.hrtimer.has_was_armed);
	raw_put(&raw, "clockid", CLOCK_TAI);
	expect_read(USE_HRTIMER_SETUP);
	CU_ASSERT_EQUAL(record.hrtimer.clock, CLOCK_TAI);
	end_raw();
}

static void setups(void)
{
	each_kernel(read_setups);
}

static void read_hrtimer_starts(void)
{
	begin_raw("hrtimer_start");
	raw_put(&raw, "hrtimer", ADDRESS);
	raw_put(&raw, "function", FUNCTION);
	raw_put(&raw, "softexpires", (uint64_t)INT64_MIN);
	raw_put(&raw, "expires", INT64_MAX);
	raw_put(&raw, "mode", 0x0a);
	expect_read(USE_HRTIMER_START);
	CU_ASSERT_EQUAL(record.hrtimer.address, ADDRESS);
	CU_ASSERT_EQUAL(record.hrtimer.function, FUNCTION);
	CU_ASSERT_EQUAL(record.hrtimer.ns, INT64_MIN);
	CU_ASSERT_EQUAL(record.hrtimer.latest_ns, INT64_MAX);
	CU_ASSERT_EQUAL(record.hrtimer.mode, 0x0a);
	CU_ASSERT_EQUAL(record.hrtimer.has_was_armed, strcmp(series, "5.10") != 0);
	if (record.hrtimer.has_was_armed) {
		for (unsigned was = 0; was < 2; was++) {
			raw_put(&raw, "was_armed", was);
			expect_read(USE_HRTIMER_START);
			CU_ASSERT_EQUAL(record.hrtimer.was_armed, was);
		}
	} else {
		CU_ASSERT_FALSE(record.hrtimer.was_armed);
	}
	end_raw();
}

static void hrtimer_starts(void)
{
	each_kernel(read_hrtimer_starts);
}

static void expect_hrtimer(const char *event, enum probe_use use)
{
	begin_raw(event);
	raw_put(&raw, "hrtimer", ADDRESS);
	expect_read(use);
	CU_ASSERT_EQUAL(record.hrtimer.address, ADDRESS);
	CU_ASSERT_EQUAL(record.hrtimer.function, 0);
	CU_ASSERT_EQUAL(record.hrtimer.ns, 0);
	end_raw();
}

static void read_hrtimer_ends(void)
{
	expect_hrtimer("hrtimer_cancel", USE_HRTIMER_CANCEL);
	expect_hrtimer("hrtimer_expire_exit", USE_HRTIMER_EXIT);
	CU_ASSERT_EQUAL(has("hrtimer_start_expired"), strcmp(series, "7.2") == 0);
	if (has("hrtimer_start_expired"))
		expect_hrtimer("hrtimer_start_expired", USE_HRTIMER_EXPIRED);
	begin_raw("hrtimer_expire_entry");
	raw_put(&raw, "hrtimer", ADDRESS);
	raw_put(&raw, "now", 1700000000000000001);
	raw_put(&raw, "function", FUNCTION);
	expect_read(USE_HRTIMER_EXPIRE);
	CU_ASSERT_EQUAL(record.hrtimer.address, ADDRESS);
	CU_ASSERT_EQUAL(record.hrtimer.ns, 1700000000000000001);
	CU_ASSERT_EQUAL(record.hrtimer.function, FUNCTION);
	end_raw();
}

static void hrtimer_ends(void)
{
	each_kernel(read_hrtimer_ends);
}

static void read_timer_starts(void)
{
	begin_raw("timer_start");
	raw_put(&raw, "timer", ADDRESS);
	raw_put(&raw, "function", FUNCTION);
	raw_put(&raw, "expires", UINT64_MAX - 1);
	raw_put(&raw, "now", 4294892296);
	raw_put(&raw, "flags", 0xffc80001);
	expect_read(USE_TIMER_START);
	CU_ASSERT_EQUAL(record.timer_list.address, ADDRESS);
	CU_ASSERT_EQUAL(record.timer_list.function, FUNCTION);
	CU_ASSERT_EQUAL(record.timer_list.expires, UINT64_MAX - 1);
	CU_ASSERT_EQUAL(record.timer_list.now, 4294892296);
	CU_ASSERT_EQUAL(record.timer_list.flags, 0xffc80001);
	CU_ASSERT_EQUAL(record.timer_list.has_bucket, is_series("6.12", "7.2"));
	if (record.timer_list.has_bucket) {
		raw_put(&raw, "bucket_expiry", 4294892352);
		expect_read(USE_TIMER_START);
		CU_ASSERT_EQUAL(record.timer_list.bucket, 4294892352);
	}
	end_raw();
}

static void timer_starts(void)
{
	each_kernel(read_timer_starts);
}

static void expect_timer(const char *event, enum probe_use use)
{
	begin_raw(event);
	raw_put(&raw, "timer", ADDRESS);
	expect_read(use);
	CU_ASSERT_EQUAL(record.timer_list.address, ADDRESS);
	CU_ASSERT_EQUAL(record.timer_list.function, 0);
	CU_ASSERT_FALSE(record.timer_list.has_bucket);
	end_raw();
}

static void read_timer_ends(void)
{
	expect_timer("timer_init", USE_TIMER_INIT);
	expect_timer("timer_cancel", USE_TIMER_CANCEL);
	expect_timer("timer_expire_exit", USE_TIMER_EXIT);
	begin_raw("timer_expire_entry");
	raw_put(&raw, "timer", ADDRESS);
	raw_put(&raw, "function", FUNCTION);
	raw_put(&raw, "now", 4294892296);
	expect_read(USE_TIMER_EXPIRE);
	CU_ASSERT_EQUAL(record.timer_list.address, ADDRESS);
	CU_ASSERT_EQUAL(record.timer_list.function, FUNCTION);
	CU_ASSERT_EQUAL(record.timer_list.now, 4294892296);
	end_raw();
}

static void timer_ends(void)
{
	each_kernel(read_timer_ends);
}

/* Who arms a timer, and whose it is. */
static void read_probes(void)
{
	begin_raw("caller_mod_timer");
	raw_put(&raw, "timer", ADDRESS);
	raw_put(&raw, "caller", FUNCTION);
	expect_read(USE_CALLER);
	CU_ASSERT_EQUAL(record.caller.timer, ADDRESS);
	CU_ASSERT_EQUAL(record.caller.address, FUNCTION);
	end_raw();
	/* its timer is on its stack */
	begin_raw("caller_schedule_timeout");
	raw_put(&raw, "caller", FUNCTION);
	expect_read(USE_CALLER);
	CU_ASSERT_EQUAL(record.caller.timer, 0);
	CU_ASSERT_EQUAL(record.caller.address, FUNCTION);
	end_raw();
	begin_raw("try_owner_it_real_fn");
	raw_put(&raw, "timer", ADDRESS);
	raw_put(&raw, "pid", 4243);
	expect_read(USE_OWNER);
	CU_ASSERT_EQUAL(record.owner.timer, ADDRESS);
	CU_ASSERT_EQUAL(record.owner.pid, 4243);
	raw_put(&raw, "pid", (uint32_t)-1);
	expect_read(USE_OWNER);
	CU_ASSERT_EQUAL(record.owner.pid, -1);
	end_raw();
}

static void probes(void)
{
	each_kernel(read_probes);
}

static void read_idle(void)
{
	begin_raw("tick_stop");
	raw_put(&raw, "success", 1);
	raw_put(&raw, "dependency", 0);
	expect_read(USE_TICK_STOP);
	CU_ASSERT_EQUAL(record.idle.cpu, 3); /* that of the record */
	CU_ASSERT_TRUE(record.idle.idle);
	CU_ASSERT_EQUAL(record.idle.dependency, 0);
	raw_put(&raw, "success", 0);
	raw_put(&raw, "dependency", 0x14);
	expect_read(USE_TICK_STOP);
	CU_ASSERT_FALSE(record.idle.idle);
	CU_ASSERT_EQUAL(record.idle.dependency, 0x14);
	end_raw();
	begin_raw("cpu_idle");
	raw_put(&raw, "cpu_id", 77);
	for (uint32_t state = 0; state < 10; state++) {
		raw_put(&raw, "state", state);
		expect_read(USE_CPU_IDLE);
		CU_ASSERT_EQUAL(record.idle.cpu, 77);
		CU_ASSERT_TRUE(record.idle.idle);
	}
	raw_put(&raw, "state", UINT32_MAX); /* PWR_EVENT_EXIT */
	expect_read(USE_CPU_IDLE);
	CU_ASSERT_FALSE(record.idle.idle);
	end_raw();
	CU_ASSERT_EQUAL(has("timer_base_idle"), is_series("6.12", "7.2"));
	if (!has("timer_base_idle"))
		return;
	begin_raw("timer_base_idle");
	raw_put(&raw, "cpu", 5);
	for (unsigned idle = 0; idle < 2; idle++) {
		raw_put(&raw, "is_idle", idle);
		expect_read(USE_BASE_IDLE);
		CU_ASSERT_EQUAL(record.idle.cpu, 5);
		CU_ASSERT_EQUAL(record.idle.idle, idle);
		CU_ASSERT_EQUAL(record.idle.dependency, 0);
	}
	end_raw();
}

static void idle_cpus(void)
{
	each_kernel(read_idle);
}

/* Soft interrupts are no hard ones, and NMIs are. */
static void read_interrupts(void)
{
	static const struct {
		const char *event;
		enum probe_use use;
	} events[] = { { "local_timer_entry", USE_TIMER_IRQ },
		       { "reschedule_entry", USE_OTHER_IRQ },
		       { "call_function_entry", USE_OTHER_IRQ },
		       { "call_function_single_entry", USE_OTHER_IRQ },
		       { "irq_work_entry", USE_OTHER_IRQ },
		       { "irq_handler_entry", USE_OTHER_IRQ },
		       { "timer_start", USE_TIMER_START },
		       { "hrtimer_cancel", USE_HRTIMER_CANCEL } };

	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		begin_raw(events[i].event);
		for (unsigned flags = 0; flags < 256; flags++) {
			raw_put(&raw, "common_flags", flags);
			expect_read(events[i].use);
			CU_ASSERT_EQUAL(record.hard, (flags & 0x48) != 0);
			CU_ASSERT_EQUAL(record.interrupt, (flags & 0x58) != 0);
		}
		end_raw();
	}
}

static void interrupts(void)
{
	each_kernel(read_interrupts);
}

/* Never a byte behind the record, nor is one that is too short taken. */
static void read_any_length(void)
{
	static struct probe_plan plan;

	fixture_plan(series, &fixture_kernel, &plan);
	for (size_t i = 0; i < plan.probe_count + plan.event_count; i++) {
		int last = -EBADMSG;

		begin_raw(i < plan.probe_count ? plan.probes[i].event
					       : plan.events[i - plan.probe_count].event);
		for (unsigned size = 0; size <= raw.size + 16; size++) {
			int status = read_size(size);

			CU_ASSERT_TRUE(status == -EBADMSG || status == 1);
			CU_ASSERT_TRUE(status >= last);
			last = status;
		}
		CU_ASSERT_EQUAL(read_size(7), -EBADMSG);
		CU_ASSERT_EQUAL(last, 1);
		end_raw();
	}
}

static void any_length(void)
{
	each_kernel(read_any_length);
}

/* A format in which the field has a name that nobody asks for; NULL: it has no such field. */
static char *without_field(const char *event, const char *field)
{
	char name[40], *format = fixture_format(series, event), *at;

	CU_ASSERT_PTR_NOT_NULL_FATAL(format);
	snprintf(name, sizeof(name), " %s;\toffset", field);
	at = strstr(format, name);
	if (at) {
		at[strlen(field)] = '_';
		return format;
	}
	free(format);
	return NULL;
}

/* What a record cannot be told without, its event must have; other fields may be missing. */
static void read_missing_fields(void)
{
	static const struct {
		const char *event, *field;
		enum probe_use use;
		bool needed;
	} fields[] = {
		{ "hrtimer_cancel", "hrtimer", USE_HRTIMER_CANCEL, true },
		{ "hrtimer_expire_exit", "hrtimer", USE_HRTIMER_EXIT, true },
		{ "hrtimer_expire_entry", "hrtimer", USE_HRTIMER_EXPIRE, true },
		{ "hrtimer_expire_entry", "now", USE_HRTIMER_EXPIRE, true },
		{ "hrtimer_expire_entry", "function", USE_HRTIMER_EXPIRE, false },
		{ "hrtimer_start", "hrtimer", USE_HRTIMER_START, true },
		{ "hrtimer_start", "softexpires", USE_HRTIMER_START, true },
		{ "hrtimer_start", "function", USE_HRTIMER_START, false },
		{ "hrtimer_start", "expires", USE_HRTIMER_START, false },
		{ "hrtimer_start", "mode", USE_HRTIMER_START, false },
		{ "hrtimer_start", "was_armed", USE_HRTIMER_START, false },
		{ "timer_init", "timer", USE_TIMER_INIT, true },
		{ "timer_start", "timer", USE_TIMER_START, true },
		{ "timer_start", "function", USE_TIMER_START, true },
		{ "timer_start", "expires", USE_TIMER_START, true },
		{ "timer_start", "now", USE_TIMER_START, true },
		{ "timer_start", "flags", USE_TIMER_START, true },
		{ "timer_start", "bucket_expiry", USE_TIMER_START, false },
		{ "timer_cancel", "timer", USE_TIMER_CANCEL, true },
		{ "timer_expire_entry", "timer", USE_TIMER_EXPIRE, true },
		{ "timer_expire_entry", "function", USE_TIMER_EXPIRE, true },
		{ "timer_expire_entry", "now", USE_TIMER_EXPIRE, true },
		{ "timer_expire_exit", "timer", USE_TIMER_EXIT, true },
		{ "caller_mod_timer", "timer", USE_CALLER, false },
		{ "caller_mod_timer", "caller", USE_CALLER, true },
		{ "try_owner_it_real_fn", "timer", USE_OWNER, true },
		{ "try_owner_it_real_fn", "pid", USE_OWNER, true },
		{ "tick_stop", "success", USE_TICK_STOP, true },
		{ "tick_stop", "dependency", USE_TICK_STOP, true },
		{ "cpu_idle", "state", USE_CPU_IDLE, true },
		{ "cpu_idle", "cpu_id", USE_CPU_IDLE, true },
		{ "local_timer_entry", "vector", USE_TIMER_IRQ, false },
	};

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		const struct meaning means = { .use = fields[i].use };
		struct decoder *decoder = decoder_new(8);
		char *format = without_field(fields[i].event, fields[i].field), quoted[40];
		struct error err;

		snprintf(quoted, sizeof(quoted), "'%s'", fields[i].field);
		if (format) {
			CU_ASSERT_EQUAL(decoder_add(decoder, &means, "timer", format, &err),
					fields[i].needed ? -EINVAL : 0);
			if (fields[i].needed)
				CU_ASSERT_PTR_NOT_NULL(strstr(err.text, quoted));
		}
		free(format);
		decoder_free(decoder);
	}
}

static void missing_fields(void)
{
	each_kernel(read_missing_fields);
}

int suite_decode_kernel(void)
{
	CU_pSuite suite = CU_add_suite("decode_kernel", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, setups) || !CU_ADD_TEST(suite, hrtimer_starts) ||
	    !CU_ADD_TEST(suite, hrtimer_ends) || !CU_ADD_TEST(suite, timer_starts) ||
	    !CU_ADD_TEST(suite, timer_ends) || !CU_ADD_TEST(suite, probes) ||
	    !CU_ADD_TEST(suite, idle_cpus) || !CU_ADD_TEST(suite, interrupts) ||
	    !CU_ADD_TEST(suite, any_length) || !CU_ADD_TEST(suite, missing_fields))
		return (int)CU_get_error();
	return 0;
}
