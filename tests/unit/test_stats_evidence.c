/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What findings are made of, just below and just above each bound. */
#include <CUnit/Basic.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>

#include "seen_stats.h"
#include "suites.h"

#define DAY_NS (24 * 3600 * NSEC_PER_SEC)
#define SHORT_NS (50 * US)
#define LATE_NS (10 * MS)
#define BLOCKED_NS (100 * MS)
#define UNARMED_NS NSEC_PER_SEC

static void create(int32_t id, int32_t clock)
{
	struct call call = feed_creation(EVENT_TIMER_CREATE, id, clock);

	call.sigevent = (struct sigevent_seen){ FROM_KERNEL, 0, SIGUSR1, SIGEV_SIGNAL, 0 };
	feed_take(FEED_PID, call);
}

/* Of the only row there is. */
static const struct stat_evidence *seen(void)
{
	return &seen_rows(BY_TIMER, 1)->evidence;
}

static void too_short(void)
{
	static const struct {
		int32_t clock;
		int64_t value, interval;
		bool absolute;
		int64_t tick;
		int64_t shortest; /* 0: not too short */
	} cases[] = {
		{ CLOCK_MONOTONIC, SHORT_NS - 1, 0, false, 4 * MS, SHORT_NS - 1 },
		{ CLOCK_MONOTONIC, SHORT_NS, 0, false, 4 * MS, 0 },
		{ CLOCK_MONOTONIC, MS, SHORT_NS - 1, false, 4 * MS, SHORT_NS - 1 },
		{ CLOCK_MONOTONIC, MS, SHORT_NS, false, 4 * MS, 0 },
		{ CLOCK_MONOTONIC, 2, 3, false, 4 * MS, 2 },
		{ CLOCK_MONOTONIC, 3, 2, false, 4 * MS, 2 },
		{ CLOCK_MONOTONIC, 1, 0, true, 4 * MS, 0 },
		{ CLOCK_MONOTONIC, 1, SHORT_NS - 1, true, 4 * MS, SHORT_NS - 1 },
		{ CLOCK_PROCESS_CPUTIME_ID, 4 * MS - 1, 0, false, 4 * MS, 4 * MS - 1 },
		{ CLOCK_PROCESS_CPUTIME_ID, 4 * MS, 0, false, 4 * MS, 0 },
		{ CLOCK_THREAD_CPUTIME_ID, MS, 4 * MS - 1, false, 4 * MS, MS },
		{ -6, 4 * MS - 1, 0, false, 4 * MS, 4 * MS - 1 },
		/* no tick is known, or it is shorter than what is short anyway */
		{ CLOCK_THREAD_CPUTIME_ID, SHORT_NS, 0, false, 0, 0 },
		{ CLOCK_THREAD_CPUTIME_ID, SHORT_NS - 1, 0, false, 0, SHORT_NS - 1 },
		{ CLOCK_THREAD_CPUTIME_ID, SHORT_NS - 1, 0, false, 1000, SHORT_NS - 1 },
		{ CLOCK_THREAD_CPUTIME_ID, SHORT_NS, 0, false, 1000, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct call call;

		seen_begin();
		seen_scene.tick_ns = cases[i].tick;
		create(1, cases[i].clock);
		call = feed_setting(EVENT_TIMER_SETTIME, 1, cases[i].value, cases[i].interval);
		call.flags = cases[i].absolute;
		feed_take(FEED_PID, call);
		CU_ASSERT_EQUAL(seen()->too_short, cases[i].shortest != 0);
		CU_ASSERT_EQUAL(seen()->shortest_ns, cases[i].shortest);
		seen_end();
	}
}

/* Of itimers two count CPU time; the shortest of several is kept. */
static void too_short_itimers(void)
{
	static const struct {
		int32_t which;
		int64_t value;
		uint64_t count;
	} cases[] = {
		{ ITIMER_REAL, SHORT_NS, 0 },  { ITIMER_REAL, SHORT_NS - 1, 1 },
		{ ITIMER_VIRTUAL, 4 * MS, 0 }, { ITIMER_VIRTUAL, 4 * MS - 1, 1 },
		{ ITIMER_PROF, 4 * MS, 0 },    { ITIMER_PROF, 4 * MS - 1, 1 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		seen_begin();
		seen_scene.tick_ns = 4 * MS;
		feed_take(FEED_PID,
			  feed_setting(EVENT_SETITIMER, cases[i].which, cases[i].value, 0));
		CU_ASSERT_EQUAL(seen()->too_short, cases[i].count);
		seen_end();
	}
	seen_begin();
	feed_settime(1, 300, 0);
	feed_settime(1, 100, 0);
	feed_settime(1, 200, 0);
	CU_ASSERT_TRUE(seen()->too_short == 3 && seen()->shortest_ns == 100);
	seen_end();
}

/* Arms timer 1 for this instant of its clock. */
static void arm_at(int64_t instant, int64_t interval)
{
	struct call call = feed_setting(EVENT_TIMER_SETTIME, 1, 0, interval);

	call.flags = TIMER_ABSTIME;
	call.new_value.value = feed_spec(instant);
	feed_take(FEED_PID, call);
}

static void past(void)
{
	static const struct {
		int32_t clock;
		int64_t off;
		int64_t longest; /* 0: not in the past */
	} cases[] = {
		{ CLOCK_MONOTONIC, 0, 0 },  { CLOCK_MONOTONIC, 1, 0 },
		{ CLOCK_MONOTONIC, -1, 1 }, { CLOCK_REALTIME, -1, 1 },
		{ CLOCK_REALTIME, 0, 0 },   { CLOCK_MONOTONIC, -900 * MS, 900 * MS },
		{ CLOCK_BOOTTIME, -1, 0 }, /* nobody knows its time */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool real = cases[i].clock == CLOCK_REALTIME;

		seen_begin();
		create(1, cases[i].clock);
		arm_at((int64_t)feed_now + (real ? seen_wall_ns : 0) + cases[i].off, 0);
		CU_ASSERT_EQUAL(seen()->past, cases[i].longest != 0);
		CU_ASSERT_EQUAL(seen()->longest_past_ns, cases[i].longest);
		CU_ASSERT_EQUAL(seen()->wrong_clock, 0);
		seen_end();
	}
	/* neither without its clock, nor without any */
	seen_begin();
	arm_at((int64_t)feed_now - 5 * US, 0);
	CU_ASSERT_TRUE(seen()->past == 0 && seen_rows(BY_TIMER, 1)->absolute == 1);
	seen_end();
	seen_begin();
	seen_scene.clock_at = NULL;
	create(1, CLOCK_MONOTONIC);
	arm_at((int64_t)feed_now - 5 * US, 0);
	CU_ASSERT_EQUAL(seen()->past, 0);
	seen_end();
	/* the longest of several */
	seen_begin();
	create(1, CLOCK_MONOTONIC);
	arm_at((int64_t)feed_now - 5 * US, 0);
	arm_at((int64_t)feed_now - 7 * US, 0);
	arm_at((int64_t)feed_now - 6 * US, 0);
	CU_ASSERT_TRUE(seen()->past == 3 && seen()->longest_past_ns == 7 * US);
	seen_end();
}

static void wrong_clock(void)
{
	static const struct {
		int32_t clock;
		int64_t off;  /* of the instant, from its clock's time */
		int64_t wall; /* from the instant to CLOCK_REALTIME */
		uint64_t wrong, past;
	} cases[] = {
		/* far from CLOCK_MONOTONIC, but not farther than makes sense */
		{ CLOCK_MONOTONIC, 30 * DAY_NS, 0, 0, 0 },
		{ CLOCK_MONOTONIC, 30 * DAY_NS + 1, 0, 1, 0 },
		{ CLOCK_MONOTONIC, 30 * DAY_NS + 1, DAY_NS, 1, 0 },
		{ CLOCK_MONOTONIC, 30 * DAY_NS + 1, -DAY_NS, 1, 0 },
		{ CLOCK_MONOTONIC, 30 * DAY_NS + 1, DAY_NS + 1, 0, 0 },
		{ CLOCK_MONOTONIC, 30 * DAY_NS + 1, -DAY_NS - 1, 0, 0 },
	};
	int64_t now;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		seen_begin();
		create(1, cases[i].clock);
		seen_wall_ns = cases[i].off + cases[i].wall;
		arm_at((int64_t)feed_now + cases[i].off, 0);
		CU_ASSERT_EQUAL(seen()->wrong_clock, cases[i].wrong);
		CU_ASSERT_EQUAL(seen()->past, cases[i].past);
		CU_ASSERT_TRUE(!cases[i].wrong || seen()->right_clock == CLOCK_REALTIME);
		seen_end();
	}
	/* the other way round: within a day of CLOCK_MONOTONIC, or just past */
	for (int i = 0; i < 2; i++) {
		seen_begin();
		create(1, CLOCK_REALTIME);
		now = (int64_t)feed_now;
		arm_at(now + DAY_NS + i, 0);
		CU_ASSERT_EQUAL(seen()->wrong_clock, i == 0);
		CU_ASSERT_EQUAL(seen()->past, i == 1);
		if (i == 0)
			CU_ASSERT_EQUAL(seen()->right_clock, CLOCK_MONOTONIC)
		else
			CU_ASSERT_EQUAL(seen()->longest_past_ns, seen_wall_ns - DAY_NS - 1);
		seen_end();
	}
}

/* Times that no sum or difference of two fits. */
static void extreme_instants(void)
{
	seen_begin();
	create(1, CLOCK_REALTIME);
	arm_at(INT64_MAX, 0);
	CU_ASSERT_TRUE(seen()->past == 0 && seen()->wrong_clock == 0);
	/* the kernel takes none of these, but a recording may tell of one */
	struct call call = feed_setting(EVENT_TIMER_SETTIME, 1, 0, 0);

	call.flags = TIMER_ABSTIME;
	call.new_value.value = (struct timerspec){ INT64_MIN, 1 };
	feed_take(FEED_PID, call);
	CU_ASSERT_TRUE(seen()->past == 1 && seen()->longest_past_ns == INT64_MAX);
	seen_end();
}

static struct occurrence expiry_late(int64_t late_ns)
{
	struct occurrence expiry =
		feed_expiry(EVENT_TIMER_EXPIRE, 1, (int64_t)feed_now + 5 * MS, 0);

	expiry.ts = (uint64_t)(expiry.asked_ns + late_ns);
	expiry.late_ns = late_ns;
	return expiry;
}

static void late(void)
{
	struct occurrence expiry;

	seen_begin();
	create(1, CLOCK_MONOTONIC);
	feed_settime(1, 5 * MS, 0);
	feed_occur(expiry_late(LATE_NS));
	CU_ASSERT_EQUAL(seen()->late, 0);
	feed_settime(1, 5 * MS, 0);
	feed_occur(expiry_late(LATE_NS + 1));
	CU_ASSERT_TRUE(seen()->late == 1 && seen()->late_idle == 0);
	expiry = expiry_late(LATE_NS + 1);
	expiry.idle = true;
	feed_occur(expiry);
	CU_ASSERT_TRUE(seen()->late == 2 && seen()->late_idle == 1);
	expiry = expiry_late(LATE_NS);
	expiry.idle = true;
	feed_occur(expiry);
	expiry = expiry_late(LATE_NS + 1);
	expiry.has_asked = false;
	feed_occur(expiry);
	CU_ASSERT_TRUE(seen()->late == 2 && seen()->late_idle == 1);
	seen_end();
}

/* One that was armed too late is not served late. */
static void late_after_past(void)
{
	struct occurrence expiry = expiry_late(LATE_NS + 1);

	seen_begin();
	create(1, CLOCK_MONOTONIC);
	expiry.past = true;
	expiry.idle = true;
	feed_occur(expiry);
	CU_ASSERT_TRUE(seen()->late == 0 && seen()->late_idle == 0);
	expiry.past = false;
	feed_occur(expiry);
	CU_ASSERT_TRUE(seen()->late == 1 && seen()->late_idle == 1);
	seen_end();
}

static void generate(enum signal_result result)
{
	struct occurrence signal = feed_expiry(EVENT_SIGNAL_GENERATE, 1, (int64_t)feed_now, 0);

	signal.result = result;
	signal.ts = feed_now;
	feed_occur(signal);
}

static void deliver(bool has_after, int64_t after_ns)
{
	struct occurrence signal = feed_expiry(EVENT_SIGNAL_DELIVER, 1, (int64_t)feed_now, 0);

	signal.result = SIGNAL_HANDLER;
	signal.has_after = has_after;
	signal.after_ns = after_ns;
	feed_occur(signal);
}

static void blocked(void)
{
	seen_begin();
	create(1, CLOCK_MONOTONIC);
	feed_settime(1, 5 * MS, 0);
	generate(SIGNAL_DELIVERED);
	deliver(true, BLOCKED_NS);
	CU_ASSERT_EQUAL(seen()->blocked, 0);
	deliver(true, BLOCKED_NS + 1);
	CU_ASSERT_TRUE(seen()->blocked == 1 && seen()->longest_blocked_ns == BLOCKED_NS + 1);
	deliver(true, BLOCKED_NS + 3);
	deliver(true, BLOCKED_NS + 2);
	deliver(false, BLOCKED_NS + 9);
	CU_ASSERT_TRUE(seen()->blocked == 3 && seen()->longest_blocked_ns == BLOCKED_NS + 3);
	/* it has been delivered: nothing is left that waits */
	feed_now += 2 * BLOCKED_NS;
	seen_finish();
	CU_ASSERT_EQUAL(seen()->blocked, 3);
	seen_end();
}

/* A signal that is never delivered waits until its timer, or all, has ended. */
static void blocked_to_the_end(void)
{
	static const struct {
		enum signal_result result;
		int64_t waits;
		uint64_t count;
	} cases[] = {
		{ SIGNAL_DELIVERED, BLOCKED_NS, 0 },
		{ SIGNAL_DELIVERED, BLOCKED_NS + 1, 1 },
		{ SIGNAL_IGNORED, BLOCKED_NS + 1, 0 },
		{ SIGNAL_LOST, BLOCKED_NS + 1, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (int ending = 0; ending < 3; ending++) {
			uint64_t sent;

			seen_begin();
			create(1, CLOCK_MONOTONIC);
			generate(cases[i].result);
			sent = feed_now;
			feed_now += MS;
			generate(SIGNAL_PENDING);
			generate(SIGNAL_DELIVERED == cases[i].result ? SIGNAL_DELIVERED
								     : SIGNAL_PENDING);
			feed_now = sent + (uint64_t)cases[i].waits;
			if (ending == 0)
				feed_now -= 10 * US;
			if (ending == 0)
				feed_simple(EVENT_TIMER_DELETE, 1, 0);
			else if (ending == 1)
				lives_exit(feed_lives, FEED_PID, feed_now);
			else
				seen_finish();
			CU_ASSERT_EQUAL(seen()->blocked, cases[i].count);
			CU_ASSERT_EQUAL(seen()->longest_blocked_ns,
					cases[i].count ? cases[i].waits : 0);
			seen_end();
		}
}

static void unarmed_and_undeleted(void)
{
	enum { DELETED, OPEN, EXITED, EXECUTED };
	static const struct {
		int ending;
		bool arms;
		int64_t age; /* when tracing ends */
		uint64_t unarmed, undeleted;
	} cases[] = {
		{ DELETED, true, 0, 0, 0 },
		{ DELETED, false, 0, 1, 0 },
		{ OPEN, true, UNARMED_NS, 0, 1 },
		{ OPEN, false, UNARMED_NS, 1, 1 },
		{ OPEN, false, 9 * UNARMED_NS, 1, 1 },
		{ OPEN, false, UNARMED_NS - 1, 0, 1 }, /* it may yet be armed */
		{ EXITED, true, 0, 0, 1 },
		{ EXITED, false, 0, 1, 1 },
		{ EXECUTED, true, 0, 0, 0 },
		{ EXECUTED, false, 0, 1, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t made;

		seen_begin();
		made = feed_now;
		create(1, CLOCK_MONOTONIC);
		feed_settime(1, 0, 0); /* no arm */
		if (cases[i].arms)
			feed_settime(1, 5 * MS, 0);
		if (cases[i].ending == DELETED)
			feed_simple(EVENT_TIMER_DELETE, 1, 0);
		if (cases[i].ending == EXITED)
			lives_exit(feed_lives, FEED_PID, feed_now);
		if (cases[i].ending == EXECUTED)
			lives_exec(feed_lives, FEED_PID, feed_now);
		if (cases[i].age)
			feed_now = made + (uint64_t)cases[i].age;
		seen_finish();
		CU_ASSERT_EQUAL(seen()->unarmed, cases[i].unarmed);
		CU_ASSERT_EQUAL(seen()->undeleted, cases[i].undeleted);
		seen_end();
	}
}

/* Without the call that may have armed it, or that deletes it, nobody knows. */
static void unarmed_by_events(void)
{
	static const struct {
		uint32_t lacking;
		uint64_t unarmed, undeleted;
	} cases[] = {
		{ 0, 1, 1 },
		{ EVENT_BIT(EVENT_TIMER_SETTIME), 0, 1 },
		{ EVENT_BIT(EVENT_TIMERFD_SETTIME), 1, 1 },
		{ EVENT_BIT(EVENT_SETITIMER), 1, 1 },
		{ EVENT_BIT(EVENT_ALARM), 1, 1 },
		{ EVENT_BIT(EVENT_TIMER_DELETE), 1, 0 },
		{ EVENTS_EXPIRE | EVENT_BIT(EVENT_TIMER_GETTIME), 1, 1 },
		{ EVENTS_ALL & ~EVENT_BIT(EVENT_TIMER_CREATE), 0, 0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		seen_begin();
		seen_scene.events = EVENTS_ALL & ~cases[i].lacking;
		stats_reset(seen_stats);
		create(1, CLOCK_MONOTONIC);
		feed_now += UNARMED_NS;
		seen_finish();
		CU_ASSERT_EQUAL(seen()->unarmed, cases[i].unarmed);
		CU_ASSERT_EQUAL(seen()->undeleted, cases[i].undeleted);
		seen_end();
	}
}

static void unarmed_by_kind(void)
{
	/* its id is used again: the one before was not left */
	seen_begin();
	create(1, CLOCK_MONOTONIC);
	create(1, CLOCK_MONOTONIC);
	feed_now += UNARMED_NS;
	seen_finish();
	CU_ASSERT_TRUE(seen()->unarmed == 2 && seen()->undeleted == 1);
	seen_end();
	/* what was lost may have armed it */
	seen_begin();
	create(1, CLOCK_MONOTONIC);
	lives_lost(feed_lives);
	feed_now += UNARMED_NS;
	seen_finish();
	CU_ASSERT_TRUE(seen()->unarmed == 0 && seen()->undeleted == 1);
	seen_end();
	/* nobody saw these being made */
	seen_begin();
	feed_simple(EVENT_TIMER_GETTIME, 1, 0);
	seen_finish();
	CU_ASSERT_TRUE(seen()->unarmed == 0 && seen()->undeleted == 0);
	seen_end();
	/* timerfds are closed */
	for (int closed = 0; closed < 2; closed++) {
		seen_begin();
		feed_take(FEED_PID, feed_creation(EVENT_TIMERFD_CREATE, 3, CLOCK_MONOTONIC));
		if (closed)
			lives_closed(feed_lives, FEED_PID, 3, feed_now);
		else
			feed_now += UNARMED_NS;
		seen_finish();
		CU_ASSERT_EQUAL(seen()->undeleted, !closed);
		CU_ASSERT_EQUAL(seen()->unarmed, 1);
		seen_end();
	}
}

static void zero_value(void)
{
	struct call call;

	seen_begin();
	feed_settime(1, 0, 0);
	feed_settime(1, 1, 1);
	CU_ASSERT_EQUAL(seen()->zero_value, 0);
	feed_settime(1, 0, 1);
	CU_ASSERT_EQUAL(seen()->zero_value, 1);
	call = feed_setting(EVENT_TIMER_SETTIME, 1, 0, 1);
	call.ret = -EINVAL; /* refused ones disarm nothing */
	feed_take(FEED_PID, call);
	CU_ASSERT_EQUAL(seen()->zero_value, 1);
	call.ret = -EFAULT; /* but for those that could not write their old value */
	feed_take(FEED_PID, call);
	CU_ASSERT_EQUAL(seen()->zero_value, 2);
	seen_end();
	seen_begin();
	feed_take(FEED_PID, feed_setting(EVENT_SETITIMER, ITIMER_REAL, 0, 5 * MS));
	CU_ASSERT_EQUAL(seen()->zero_value, 1);
	call = feed_call(EVENT_ALARM, 0);
	feed_take(FEED_PID, call); /* alarm(0) */
	call = feed_call(EVENT_SETITIMER, ITIMER_REAL);
	call.new_ptr = 0;
	feed_take(FEED_PID, call);
	CU_ASSERT_TRUE(seen()->zero_value == 1 && seen_rows(BY_TIMER, 1)->disarms == 3);
	seen_end();
}

static void when_armed(void)
{
	uint64_t first;

	seen_begin();
	create(1, CLOCK_MONOTONIC);
	CU_ASSERT_TRUE(seen()->first_arm_ns == 0 && seen()->last_arm_ns == 0);
	first = feed_now;
	feed_settime(1, 5 * MS, 0);
	CU_ASSERT_TRUE(seen()->first_arm_ns == first && seen()->last_arm_ns == first);
	feed_now += 7 * MS;
	feed_settime(1, 5 * MS, 0);
	feed_settime(1, 0, 0);
	CU_ASSERT_EQUAL(seen()->first_arm_ns, first);
	CU_ASSERT_EQUAL(seen()->last_arm_ns, first + 7 * MS + 10 * US);
	seen_end();
}

static void memory_changed(void)
{
	struct call call;

	seen_begin();
	call = feed_setting(EVENT_TIMER_SETTIME, 1, 5 * MS, 0);
	feed_take(FEED_PID, call);
	CU_ASSERT_EQUAL(seen()->changed, 0);
	call.changed = CHANGED_NEW_AFTER | CHANGED_OLD_AFTER;
	feed_take(FEED_PID, call);
	CU_ASSERT_EQUAL(seen()->changed, 1);
	seen_end();
}

/* Evidence of two is the evidence of each. */
static void together(void)
{
	const struct stat_evidence *all;

	seen_begin();
	create(1, CLOCK_MONOTONIC);
	create(2, CLOCK_MONOTONIC);
	feed_settime(1, 100, 0);
	feed_settime(2, 90, 0);
	feed_settime(1, 80, 0);
	arm_at((int64_t)feed_now - 7, 0);
	feed_occur(expiry_late(LATE_NS + 1));
	feed_occur(expiry_late(LATE_NS + 1));
	deliver(true, BLOCKED_NS + 5);
	feed_settime(2, 0, 1);
	feed_simple(EVENT_TIMER_GETTIME, 2, -EFAULT);
	seen_finish();
	all = &seen_rows(BY_PROCESS, 1)->evidence;
	CU_ASSERT_TRUE(all->too_short == 3 && all->shortest_ns == 80);
	CU_ASSERT_TRUE(all->past == 1 && all->longest_past_ns == 7);
	CU_ASSERT_TRUE(all->late == 2 && all->zero_value == 1 && all->blocked == 1);
	CU_ASSERT_TRUE(all->longest_blocked_ns == BLOCKED_NS + 5);
	CU_ASSERT_TRUE(all->undeleted == 2 && all->unarmed == 0);
	CU_ASSERT_TRUE(all->first_arm_ns == 1000 * MS + 20 * US);
	CU_ASSERT_TRUE(all->last_arm_ns == 1000 * MS + 50 * US);
	CU_ASSERT_STRING_EQUAL(all->fault, "curr_value points where nothing can be written");
	CU_ASSERT_TRUE(all->has_fault && all->fault_errno == EFAULT);
	seen_end();
}

int suite_stats_evidence(void)
{
	CU_pSuite suite = CU_add_suite("stats_evidence", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, too_short) || !CU_ADD_TEST(suite, too_short_itimers) ||
	    !CU_ADD_TEST(suite, past) || !CU_ADD_TEST(suite, wrong_clock) ||
	    !CU_ADD_TEST(suite, extreme_instants) || !CU_ADD_TEST(suite, late) ||
	    !CU_ADD_TEST(suite, late_after_past) || !CU_ADD_TEST(suite, blocked) ||
	    !CU_ADD_TEST(suite, blocked_to_the_end) || !CU_ADD_TEST(suite, unarmed_and_undeleted) ||
	    !CU_ADD_TEST(suite, unarmed_by_events) || !CU_ADD_TEST(suite, unarmed_by_kind) ||
	    !CU_ADD_TEST(suite, zero_value) || !CU_ADD_TEST(suite, when_armed) ||
	    !CU_ADD_TEST(suite, memory_changed) ||

	    !CU_ADD_TEST(suite, together))
		return (int)CU_get_error();
	return 0;
}
