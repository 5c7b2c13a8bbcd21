/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <CUnit/Basic.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>

#include "feed.h"
#include "suites.h"

#define CHILD 50

static void take_fork(int32_t parent, int32_t child)
{
	struct caller who = feed_caller(child, "child");

	CU_ASSERT_EQUAL(lives_fork(feed_lives, parent, &who, feed_now), 0);
}

static void existing(struct procfs_timer timer)
{
	struct caller who = feed_caller(FEED_PID, "old");

	CU_ASSERT_EQUAL(lives_existing(feed_lives, &who, &timer, feed_now), 0);
}

static void create(enum event event, int32_t id)
{
	feed_take(FEED_PID, feed_creation(event, id, CLOCK_TAI));
}

static void nothing(void)
{
	feed_begin();
	feed_end(0);
	lives_free(NULL);
	/* freed without being told */
	feed_begin();
	feed_settime(1, 5, 5);
	feed_expire(1, 5, 5, ARMED_BY_USER);
	lives_free(feed_lives);
	CU_ASSERT_EQUAL(told_count, 0);
}

static void replaced_ids(void)
{
	uint64_t second;

	feed_begin();
	create(EVENT_TIMERFD_CREATE, 3);
	feed_now += 5 * MS;
	second = feed_now;
	create(EVENT_TIMERFD_CREATE, 3);
	CU_ASSERT_EQUAL(told_count, 1);
	create(EVENT_TIMER_CREATE, 3); /* another family */
	feed_end(3);
	CU_ASSERT_TRUE(told[0].end == END_REPLACED && told[0].end_ns == second);
	CU_ASSERT_TRUE(told[1].family == TIMER_POSIX && told[1].end == END_OPEN);
	CU_ASSERT_TRUE(told[2].family == TIMER_FD && told[2].born_ns == second);
}

static void forks(void)
{
	struct occurrence expiry;

	feed_begin();
	create(EVENT_TIMERFD_CREATE, 3);
	create(EVENT_TIMERFD_CREATE, 4);
	create(EVENT_TIMER_CREATE, 0);
	feed_take(FEED_PID, feed_setting(EVENT_SETITIMER, ITIMER_REAL, 5, 5));
	feed_take(FEED_PID, feed_setting(EVENT_TIMERFD_SETTIME, 3, 5 * MS, 5 * MS));
	lives_closed(feed_lives, FEED_PID, 4, feed_now);
	take_fork(FEED_PID, CHILD);
	take_fork(FEED_PID, FEED_PID);
	take_fork(0, 60);
	take_fork(70, 71);
	expiry = feed_expiry(EVENT_TIMERFD_EXPIRE, 3, (int64_t)feed_now, 0);
	expiry.pid = CHILD;
	feed_occur(expiry);
	take_fork(CHILD, CHILD + 1); /* the child's child */
	lives_exit(feed_lives, CHILD, feed_now);
	feed_end(6);
	CU_ASSERT_TRUE(told[1].pid == CHILD && told[1].family == TIMER_FD && told[1].id == 3);
	CU_ASSERT_TRUE(told[1].origin == ORIGIN_INHERITED && told[1].inherited_from == FEED_PID);
	CU_ASSERT_STRING_EQUAL(told[1].comm, "child");
	CU_ASSERT_TRUE(told[1].has_clock && told[1].clock == CLOCK_TAI);
	CU_ASSERT_TRUE(told[1].arms == 0 && told[1].expiries == 1 && !told[1].has_value);
	CU_ASSERT_TRUE(told[1].end == END_EXIT && told[1].end_ns == feed_now);
	CU_ASSERT_TRUE(told[3].pid == FEED_PID && told[3].arms == 1 && told[3].expiries == 0);
	CU_ASSERT_TRUE(told[5].pid == CHILD + 1 && told[5].inherited_from == CHILD);
}

/* The exit of the process that had the number before was lost. */
static void reused_pid(void)
{
	feed_begin();
	feed_take(CHILD, feed_setting(EVENT_SETITIMER, ITIMER_REAL, 5, 5));
	take_fork(FEED_PID, CHILD);
	CU_ASSERT_EQUAL(told_count, 1);
	feed_take(CHILD, feed_setting(EVENT_SETITIMER, ITIMER_REAL, 5, 5));
	feed_end(2);
	CU_ASSERT_TRUE(told[0].end == END_EXIT && told[0].incomplete);
	CU_ASSERT_TRUE(told[1].end == END_OPEN && told[1].arms == 1 && !told[1].incomplete);
}

static void execs(void)
{
	struct call call;

	feed_begin();
	create(EVENT_TIMER_CREATE, 0);
	create(EVENT_TIMER_CREATE, 1);
	create(EVENT_TIMERFD_CREATE, 3);
	call = feed_creation(EVENT_TIMERFD_CREATE, 4, CLOCK_TAI);
	call.flags = TFD_CLOEXEC;
	feed_take(FEED_PID, call);
	feed_take(FEED_PID, feed_setting(EVENT_ALARM, 0, 5, 0));
	take_fork(FEED_PID, CHILD);
	lives_exec(feed_lives, CHILD, feed_now);
	CU_ASSERT_TRUE_FATAL(told_count == 1 && told[0].id == 4 && told[0].end == END_EXEC);
	lives_exec(feed_lives, FEED_PID, feed_now);
	CU_ASSERT_TRUE_FATAL(told_count == 3 && told[1].id == 0 && told[2].id == 1);
	CU_ASSERT_TRUE(told[2].end == END_EXEC && told[2].end_ns == feed_now);
	lives_exit(feed_lives, FEED_PID, feed_now);
	CU_ASSERT_EQUAL(told_count, 6);
	lives_exit(feed_lives, FEED_PID, feed_now);
	feed_end(7);
	CU_ASSERT_TRUE(told[6].pid == CHILD && told[6].id == 3 && told[6].end == END_OPEN);
}

static void existing_timers(void)
{
	const struct procfs_timer thread = { .family = TIMER_POSIX,
					     .id = 1,
					     .clock = -6,
					     .posix = { SIGEV_THREAD_ID, 34, 77, 0x1234 } };
	struct procfs_timer process = { .family = TIMER_POSIX,
					.id = 2,
					.posix = { SIGEV_SIGNAL, 10, FEED_PID, 5 } };
	struct procfs_timer fd = { .family = TIMER_FD, .id = 3, .clock = CLOCK_BOOTTIME };

	feed_begin();
	existing(thread);
	existing(process);
	existing(fd);
	fd.id = 4;
	fd.timerfd.value = feed_spec(1500 * MS);
	fd.timerfd.interval = feed_spec(2 * MS);
	existing(fd);
	feed_take(FEED_PID, feed_setting(EVENT_TIMERFD_SETTIME, 4, 0, 0));
	feed_simple(EVENT_TIMER_GETTIME, 5, 0);
	process.id = 5;
	existing(process);
	feed_end(5);
	CU_ASSERT_TRUE(told[0].origin == ORIGIN_EXISTED && told[0].born_ns == 1000 * MS);
	CU_ASSERT_STRING_EQUAL(told[0].comm, "old");
	CU_ASSERT_TRUE(told[0].has_clock && told[0].clock == 2 && told[0].has_sigevent);
	CU_ASSERT_TRUE(told[0].sigevent.notify == SIGEV_THREAD_ID && told[0].sigevent.tid == 77);
	CU_ASSERT_TRUE(told[0].sigevent.signo == 34 && told[0].sigevent.value == 0x1234);
	CU_ASSERT_TRUE(told[0].sigevent.from == FROM_KERNEL && told[1].sigevent.tid == 0);
	CU_ASSERT_TRUE(told[2].origin == ORIGIN_EXISTED && told[2].gettimes == 1);
	CU_ASSERT_TRUE(told[2].has_sigevent);
	CU_ASSERT_TRUE(told[3].id == 3 && !told[3].has_value && !told[3].has_sigevent);
	CU_ASSERT_TRUE(told[4].has_value && told[4].value_ns == 1500 * MS);
	CU_ASSERT_TRUE(told[4].interval_ns == 2 * MS && told[4].arms == 0);
	CU_ASSERT_TRUE(told[4].disarms == 1 && told[4].replaced == 0);
}

/* What /proc tells of closing by exec counts for a child, which has its own descriptors. */
static void existing_and_executed(void)
{
	struct procfs_timer fd = { .family = TIMER_FD, .id = 3 };

	feed_begin();
	fd.timerfd.cloexec = true;
	existing(fd);
	fd.id = 4;
	fd.timerfd.cloexec = false;
	existing(fd);
	take_fork(FEED_PID, CHILD);
	lives_exec(feed_lives, CHILD, feed_now);
	CU_ASSERT_TRUE_FATAL(told_count == 1 && told[0].pid == CHILD && told[0].id == 3);
	CU_ASSERT_TRUE(told[0].end == END_EXEC && told[0].end_ns == feed_now);
	/* of the process itself its closing tells */
	lives_exec(feed_lives, FEED_PID, feed_now);
	CU_ASSERT_EQUAL(told_count, 1);
	feed_end(4);
	CU_ASSERT_TRUE(told[3].pid == CHILD && told[3].id == 4 && told[3].end == END_OPEN);
}

/* /proc was read while the stream went on: events before that come after it. */
static void existing_before_the_stream(void)
{
	const struct procfs_timer posix = { .family = TIMER_POSIX, .id = 1 };
	const struct procfs_timer fd = { .family = TIMER_FD, .id = 3 };

	feed_begin();
	feed_now += 100 * MS;
	existing(posix);
	existing(fd);
	feed_now -= 100 * MS;
	feed_simple(EVENT_TIMER_DELETE, 1, 0);
	lives_closed(feed_lives, FEED_PID, 3, feed_now);
	lives_exec(feed_lives, FEED_PID, feed_now);
	take_fork(FEED_PID, CHILD); /* it had none then */
	take_fork(1, FEED_PID);
	lives_exit(feed_lives, FEED_PID, feed_now - 1);
	CU_ASSERT_EQUAL(told_count, 0);
	create(EVENT_TIMERFD_CREATE, 3);
	CU_ASSERT_EQUAL(told_count, 0);
	lives_closed(feed_lives, FEED_PID, 3, feed_now);
	CU_ASSERT_EQUAL(told_count, 1);
	CU_ASSERT_TRUE(told[0].origin == ORIGIN_CREATED && told[0].end == END_CLOSED);
	feed_now += 100 * MS;
	create(EVENT_TIMER_CREATE, 1);
	feed_end(3);
	CU_ASSERT_TRUE(told[1].origin == ORIGIN_EXISTED && told[1].end == END_REPLACED);
	CU_ASSERT_TRUE(told[2].origin == ORIGIN_CREATED && told[2].end == END_OPEN);
}

static void losses(void)
{
	int64_t armed;

	feed_begin();
	create(EVENT_TIMER_CREATE, 1);
	create(EVENT_TIMER_CREATE, 2);
	feed_settime(2, 5 * MS, 0);
	feed_settime(1, 5 * MS, 5 * MS);
	armed = (int64_t)feed_now - 5 * US;
	feed_expire(1, armed + 5 * MS, 5 * MS, ARMED_BY_USER);
	lives_lost(feed_lives);
	feed_expire(1, armed + 20 * MS, 5 * MS, ARMED_BY_KERNEL);
	feed_settime(2, 5 * MS, 0); /* the expiry may be lost */
	create(EVENT_TIMER_CREATE, 3);
	feed_settime(4, 5, 0);
	feed_end(4);
	CU_ASSERT_TRUE(told[0].incomplete && told[0].observed.count == 0);
	CU_ASSERT_TRUE(told[1].incomplete && told[1].replaced == 0);
	CU_ASSERT_FALSE(told[2].incomplete);
	CU_ASSERT_TRUE(told[3].incomplete);
}

static void names(void)
{
	struct caller who = feed_caller(FEED_PID, "renamed");
	struct call call;

	feed_begin();
	create(EVENT_TIMER_CREATE, 1);
	call = feed_call(EVENT_TIMER_GETTIME, 1);
	CU_ASSERT_EQUAL(lives_call(feed_lives, &who, &call), 0);
	feed_expire(1, (int64_t)feed_now, 0, ARMED_BY_USER); /* by one without a name */
	CU_ASSERT_STRING_EQUAL(feed_end(1)->comm, "renamed");
}

static int64_t previous;
static int wrong;

static void in_order(void *context, const struct life *life)
{
	int64_t key = (int64_t)life->pid << 32 | (int64_t)life->family << 24 | life->id;

	(void)context;
	wrong += life->arms != (life->end == END_OPEN) || life->end == END_REPLACED;
	if (life->end == END_OPEN) {
		wrong += key <= previous;
		previous = key;
	}
	told_count++;
}

#define PROCESSES 300
#define TIMERS 100

static void many(void)
{
	struct caller who = feed_caller(1, "many");
	size_t refused = 0;

	feed_begin();
	lives_free(feed_lives);
	feed_lives = lives_new(in_order, NULL);
	CU_ASSERT_PTR_NOT_NULL_FATAL(feed_lives);
	previous = -1;
	wrong = 0;
	for (int32_t i = 0; i < PROCESSES * TIMERS; i++) {
		/* in an order of their own: 7919 is prime */
		int32_t at = (int32_t)((int64_t)i * 7919 % (PROCESSES * TIMERS));
		struct call call = feed_creation(at % 2 ? EVENT_TIMER_CREATE : EVENT_TIMERFD_CREATE,
						 at % TIMERS, CLOCK_TAI);

		who.pid = 1 + at / TIMERS;
		refused += lives_call(feed_lives, &who, &call) != 0;
		call = feed_setting(at % 2 ? EVENT_TIMER_SETTIME : EVENT_TIMERFD_SETTIME,
				    at % TIMERS, 5, 5);
		if (who.pid % 3)
			refused += lives_call(feed_lives, &who, &call) != 0;
	}
	CU_ASSERT_TRUE(refused == 0 && told_count == 0);
	for (int32_t pid = 3; pid <= PROCESSES; pid += 3)
		lives_exit(feed_lives, pid, feed_now);
	CU_ASSERT_EQUAL(told_count, PROCESSES / 3 * TIMERS);
	feed_end(PROCESSES * TIMERS);
	CU_ASSERT_EQUAL(wrong, 0);
}

int suite_lives(void)
{
	CU_pSuite suite = CU_add_suite("lives", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, nothing) || !CU_ADD_TEST(suite, replaced_ids) ||
	    !CU_ADD_TEST(suite, forks) || !CU_ADD_TEST(suite, reused_pid) ||
	    !CU_ADD_TEST(suite, execs) || !CU_ADD_TEST(suite, existing_timers) ||
	    !CU_ADD_TEST(suite, existing_and_executed) ||
	    !CU_ADD_TEST(suite, existing_before_the_stream) || !CU_ADD_TEST(suite, losses) ||
	    !CU_ADD_TEST(suite, names) || !CU_ADD_TEST(suite, many))
		return (int)CU_get_error();
	return 0;
}
