/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the fields of calls, expiries, signals and losses are. */
#include <CUnit/Basic.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#include "outs.h"
#include "suites.h"
#include "timersnoop/event_fields.h"

static char found[4096];

static size_t put_value(char *at, size_t size, const struct field *field,
			const struct field_value *value)
{
	switch (field->kind) {
	case FIELD_COUNT:
		return (size_t)snprintf(at, size, " %s=%llu", field->name,
					(unsigned long long)value->count);
	case FIELD_ADDRESS:
		return (size_t)snprintf(at, size, " %s=%#llx", field->name,
					(unsigned long long)value->count);
	case FIELD_TEXT:
		return (size_t)snprintf(at, size, " %s='%s'", field->name, value->text);
	default:
		return (size_t)snprintf(at, size, " %s=%lld", field->name,
					(long long)value->number);
	}
}

/* " name=value" of each field that is known, from the one called `from` on. */
static void expect_fields(const struct event_row *row, const char *from, const char *expected)
{
	size_t used = 0;
	bool begun = false;

	found[0] = '\0';
	for (size_t i = 0; i < event_fields.count; i++) {
		const struct field *field = &event_fields.fields[i];
		struct field_value value;

		begun |= strcmp(field->name, from) == 0;
		field_get(field, row, &value);
		if (begun && value.known)
			used += put_value(found + used, sizeof(found) - used, field, &value);
	}
	CU_ASSERT_STRING_EQUAL(found, expected);
	if (strcmp(found, expected) != 0)
		fprintf(stderr, "\n  found:    %s\n  expected: %s\n", found, expected);
}

static void expect_of_call(const struct call *call, const char *from, const char *expected)
{
	const struct event_row row = { .style = &plain, .caller = &app, .call = call };

	expect_fields(&row, from, expected);
}

static void expect_of_occurrence(const struct occurrence *occurrence, const char *expected)
{
	const struct event_row row = { .style = &plain, .caller = &app, .occurrence = occurrence };

	expect_fields(&row, "timer_id", expected);
}

static void settime(void)
{
	struct call call = with_old();

	expect_of_call(
		&call, "event",
		" event='timer_settime' time='2026-11-21T12:00:00.123456789Z' "
		"mono_ns=100123456789 cpu=1 pid=4242 tid=4242 comm='app' timer_id=0 flags=1 "
		"flag_names='TIMER_ABSTIME' abi='64' time_bits=64 new_ptr=0x7ffc12345678 "
		"old_ptr=0x7ffc12345698 new_value_sec=2 new_value_nsec=750 new_interval_sec=1 "
		"new_interval_nsec=500 new_from='kernel' old_value_sec=0 old_value_nsec=997866370 "
		"old_interval_sec=0 old_interval_nsec=500 old_from='kernel' ret=0 "
		"duration_ns=1234 timer='0' family='posix' value_ns=2000000750 "
		"new_interval_ns=1000000500 old_value_ns=997866370 old_interval_ns=500 failed=0 "
		"absolute=1 periodic=1");
	call = refused();
	expect_of_call(&call, "ret",
		       " ret=-22 error='EINVAL' duration_ns=1234 timer='-1' family='posix' "
		       "value_ns=-3000000000 new_interval_ns=-9223372036854775808 failed=1 "
		       "absolute=0 periodic=1");
	/* what disarms is not periodic */
	call = usual;
	call.new_value = (struct itimerspec_seen){ FROM_KERNEL, { 1, 0 }, { 0, 0 } };
	call.changed = CHANGED_NEW_BEFORE;
	expect_of_call(&call, "changed",
		       " changed='new_before_copy' timer='0' family='posix' value_ns=0 "
		       "new_interval_ns=1000000000 failed=0 absolute=0 periodic=0");
	call.changed = 0;
	call.user_after.from = FROM_USER;
	expect_of_call(&call, "sigev_value",
		       " changed='' timer='0' family='posix' value_ns=0 "
		       "new_interval_ns=1000000000 failed=0 absolute=0 periodic=0");
}

static void halves(void)
{
	struct call call = without_return();

	expect_of_call(&call, "ret",
		       " incomplete='return' timer='0' family='posix' value_ns=10000000 "
		       "new_interval_ns=0 absolute=0 periodic=0");
	call = without_entry();
	expect_of_call(&call, "new_from",
		       " new_from='kernel' ret=0 incomplete='entry' timer='0' family='posix' "
		       "value_ns=10000000 new_interval_ns=0 failed=0 absolute=0 periodic=0");
	call = bare(CALL_NO_ENTRY | CALL_NO_RETURN);
	expect_of_call(&call, "timer_id", " incomplete='entry|return' family='posix'");
	call.missing = CALL_NO_COPY;
	expect_of_call(&call, "incomplete", " incomplete='copy' family='posix' failed=0");
}

static void other_calls(void)
{
	struct call call = created(EVENT_TIMER_CREATE, 3);

	expect_of_call(&call, "ret",
		       " ret=0 duration_ns=1234 clock='CLOCK_MONOTONIC' clock_id=1 "
		       "sigevent_ptr=0x7ffc12345678 sigevent_notify='SIGEV_SIGNAL' "
		       "sigevent_signo=10 sigevent_value=0x4d sigevent_from='kernel' timer='3' "
		       "family='posix' failed=0");
	call = created(EVENT_TIMERFD_CREATE, 5);
	expect_of_call(&call, "timer_id",
		       " flags=0 flag_names='' abi='64' time_bits=64 ret=5 duration_ns=1234 fd=5 "
		       "clock='CLOCK_MONOTONIC' clock_id=1 timer='fd5' family='timerfd' failed=0");
	call = whole(EVENT_ALARM);
	call.seconds = 7;
	call.abi = ABI_32_TIME32;
	call.new_value = (struct itimerspec_seen){ FROM_KERNEL, { 0, 0 }, { 7, 0 } };
	expect_of_call(&call, "abi",
		       " abi='32' time_bits=32 new_value_sec=7 new_value_nsec=0 "
		       "new_interval_sec=0 new_interval_nsec=0 new_from='kernel' ret=0 "
		       "duration_ns=1234 which='ITIMER_REAL' seconds=7 timer='real' "
		       "family='itimer' value_ns=7000000000 new_interval_ns=0 failed=0 absolute=0 "
		       "periodic=0");
	call = whole(EVENT_TIMER_GETOVERRUN);
	call.ret = 9;
	expect_of_call(&call, "ret",
		       " ret=9 duration_ns=1234 overrun=9 timer='0' family='posix' failed=0");
	call = whole(EVENT_GETITIMER);
	call.timer_id = ITIMER_PROF;
	call.old_value = (struct itimerspec_seen){ FROM_KERNEL, { 0, 0 }, { 1, 5 } };
	expect_of_call(&call, "which",
		       " which='ITIMER_PROF' timer='prof' family='itimer' old_value_ns=1000000005 "
		       "old_interval_ns=0 failed=0");
}

static void occurrences(void)
{
	struct occurrence occurrence = { .event = EVENT_TIMER_EXPIRE,
					 .ts = START_NS,
					 .family = TIMER_POSIX,
					 .has_id = true,
					 .id = 2,
					 .has_clock = true,
					 .clock = CLOCK_REALTIME,
					 .has_asked = true,
					 .asked_ns = 5,
					 .asked_clock = CLOCK_MONOTONIC,
					 .late_ns = -7,
					 .has_interval = true,
					 .interval_ns = 3000000,
					 .armed_by = ARMED_BY_USER };

	expect_of_occurrence(&occurrence,
			     " timer_id=2 clock='CLOCK_REALTIME' clock_id=0 asked_ns=5 "
			     "asked_clock='CLOCK_MONOTONIC' late_ns=-7 interval_ns=3000000 "
			     "armed_by='user' timer='2' family='posix' periodic=1");
	occurrence = (struct occurrence){ .event = EVENT_TIMERFD_EXPIRE, .family = TIMER_FD };
	expect_of_occurrence(&occurrence, " family='timerfd'");
	occurrence = (struct occurrence){ .event = EVENT_SIGNAL_DELIVER,
					  .family = TIMER_ITIMER,
					  .has_id = true,
					  .tid = 4243,
					  .signo = SIGALRM,
					  .result = SIGNAL_HANDLER,
					  .has_after = true,
					  .after_ns = 12,
					  .has_overrun = true,
					  .overrun = 3,
					  .sigev_value = 0x4d };
	expect_of_occurrence(&occurrence,
			     " which='ITIMER_REAL' signo=14 signal='SIGALRM' result='handler' "
			     "target_tid=4243 after_ns=12 overrun=3 sigev_value=0x4d timer='real' "
			     "family='itimer'");
	occurrence = (struct occurrence){ .event = EVENT_SIGNAL_GENERATE,
					  .signo = SIGUSR1,
					  .result = SIGNAL_PENDING };
	expect_of_occurrence(&occurrence,
			     " signo=10 signal='SIGUSR1' result='pending' family='posix'");
}

/* What is lost is of nobody; nor has a thread that is not known a name. */
static void nobody(void)
{
	struct out_style style = plain;
	struct loss loss = { .cpu = 3, .counted = true, .records = 12, .ts = START_NS };
	struct event_row row = { .style = &style, .loss = &loss };
	struct caller unknown = { .tid = 77 };

	expect_fields(&row, "event",
		      " event='lost' time='2026-11-21T12:00:00.123456789Z' mono_ns=100123456789 "
		      "cpu=3 lost=12");
	loss = (struct loss){ .cpu = 3 };
	expect_fields(&row, "event", " event='lost' cpu=3");
	style.no_wall = true;
	row = (struct event_row){ .style = &style, .caller = &unknown, .call = &usual };
	expect_fields(&row, "interval_ns",
		      " timer='0' family='posix' value_ns=10000000 new_interval_ns=0 failed=0 "
		      "absolute=0 periodic=0");
	CU_ASSERT_PTR_NULL(strstr(found, "comm"));
	for (size_t i = 0; i < event_fields.count; i++) {
		const struct field *field = &event_fields.fields[i];
		struct field_value value;

		field_get(field, &row, &value);
		if (!strcmp(field->name, "time") || !strcmp(field->name, "pid") ||
		    !strcmp(field->name, "comm"))
			CU_ASSERT_FALSE(value.known);
	}
}

static bool ends_with_ns(const char *name)
{
	size_t length = strlen(name);

	return length > 3 && strcmp(name + length - 3, "_ns") == 0;
}

static void table(void)
{
	struct fields_chosen chosen;
	struct error err;

	for (size_t i = 0; i < event_fields.count; i++) {
		const struct field *field = &event_fields.fields[i];

		/* whatever people write for it means this one */
		CU_ASSERT_PTR_EQUAL(fields_find(&event_fields, field->name, strlen(field->name)),
				    field);
		CU_ASSERT_EQUAL(field->kind == FIELD_DURATION, ends_with_ns(field->name));
		CU_ASSERT_TRUE(field->what && *field->what);
	}
	CU_ASSERT_PTR_EQUAL(event_columns.list[52], fields_find(&event_fields, "changed", 7));
	CU_ASSERT_EQUAL(fields_choose(&chosen, &event_fields, "value,late,comm", "--fields", &err),
			0);
	CU_ASSERT_STRING_EQUAL(chosen.list[0]->name, "value_ns");
	CU_ASSERT_STRING_EQUAL(chosen.list[1]->name, "late_ns");
	CU_ASSERT_EQUAL(
		fields_choose(&chosen, &event_fields, "value,pid,value_ns", "--fields", &err),
		-EINVAL);
	CU_ASSERT_STRING_EQUAL(err.text, "--fields has 'value_ns' twice");
}

int suite_event_fields(void)
{
	CU_pSuite suite = CU_add_suite("event_fields", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, settime) || !CU_ADD_TEST(suite, halves) ||
	    !CU_ADD_TEST(suite, other_calls) || !CU_ADD_TEST(suite, occurrences) ||
	    !CU_ADD_TEST(suite, nobody) || !CU_ADD_TEST(suite, table))
		return (int)CU_get_error();
	return 0;
}
