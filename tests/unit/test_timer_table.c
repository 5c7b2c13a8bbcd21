/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <CUnit/Basic.h>
#include <stdlib.h>

#include "suites.h"
#include "timersnoop/timer_table.h"

static struct timer_table *table;

static void begin(void)
{
	table = timer_table_new();
	CU_ASSERT_PTR_NOT_NULL_FATAL(table);
}

static struct known_timer *get(int32_t pid, enum timer_family family, int32_t id)
{
	struct known_timer *timer = timer_table_get(table, pid, family, id);

	CU_ASSERT_PTR_NOT_NULL_FATAL(timer);
	CU_ASSERT_EQUAL(timer->pid, pid);
	CU_ASSERT_EQUAL(timer->family, family);
	CU_ASSERT_EQUAL(timer->id, id);
	return timer;
}

static void by_key(void)
{
	struct known_timer *timer;

	begin();
	CU_ASSERT_PTR_NULL(timer_table_find(table, 10, TIMER_POSIX, 1));
	timer = get(10, TIMER_POSIX, 1);
	CU_ASSERT_FALSE(timer->arm.seen || timer->coming.seen || timer->ours || timer->expired ||
			timer->pending || timer->started);
	CU_ASSERT_EQUAL(timer->address, 0);
	CU_ASSERT_PTR_EQUAL(get(10, TIMER_POSIX, 1), timer);
	CU_ASSERT_PTR_EQUAL(timer_table_find(table, 10, TIMER_POSIX, 1), timer);
	CU_ASSERT_PTR_NULL(timer_table_find(table, 10, TIMER_FD, 1));
	CU_ASSERT_PTR_NULL(timer_table_find(table, 11, TIMER_POSIX, 1));
	CU_ASSERT_PTR_NULL(timer_table_find(table, 10, TIMER_POSIX, -1));
	get(-1, TIMER_ITIMER, INT32_MIN);
	get(0, TIMER_FD, INT32_MAX);
	timer_table_forget(table, timer);
	CU_ASSERT_PTR_NULL(timer_table_find(table, 10, TIMER_POSIX, 1));
	CU_ASSERT_PTR_NOT_NULL(timer_table_find(table, 0, TIMER_FD, INT32_MAX));
	timer_table_free(table);
	timer_table_free(NULL);
}

#define PIDS 300 /* 4096 apart: in one bucket of pids */
#define IDS 20

/* Many, forgotten in another order than they came. */
static void many(void)
{
	size_t left;

	begin();
	for (int32_t pid = 1; pid <= PIDS; pid++)
		for (int32_t id = 0; id < IDS; id++)
			timer_table_place(table, get(pid * 4096, (enum timer_family)(id % 3), id),
					  (uint64_t)(pid * IDS + id) * 64);
	for (int32_t pid = 1; pid <= PIDS; pid += 2)
		for (int32_t id = IDS - 1; id >= 0; id -= 2)
			timer_table_forget(table,
					   timer_table_find(table, pid * 4096,
							    (enum timer_family)(id % 3), id));
	for (int32_t pid = 1; pid <= PIDS; pid++) {
		left = 0;
		for (const struct known_timer *timer = timer_table_of_pid(table, pid * 4096); timer;
		     timer = timer->next_of_pid)
			left += timer->pid == pid * 4096;
		CU_ASSERT_EQUAL(left, pid % 2 ? IDS / 2 : IDS);
		for (int32_t id = 0; id < IDS; id++) {
			const struct known_timer *timer = timer_table_find(
				table, pid * 4096, (enum timer_family)(id % 3), id);

			CU_ASSERT_EQUAL(timer != NULL, pid % 2 == 0 || id % 2 == 0);
			CU_ASSERT_PTR_EQUAL(timer_table_at(table, (uint64_t)(pid * IDS + id) * 64),
					    timer);
		}
	}
	CU_ASSERT_PTR_NULL(timer_table_of_pid(table, 5));
	timer_table_free(table);
}

/* An address is that of one timer: of the last that was placed there. */
static void by_address(void)
{
	struct known_timer *one, *two;

	begin();
	one = get(10, TIMER_POSIX, 1);
	two = get(10, TIMER_POSIX, 2);
	CU_ASSERT_PTR_NULL(timer_table_at(table, 0x1000));
	timer_table_place(table, one, 0x1000);
	timer_table_place(table, one, 0x1000);
	CU_ASSERT_PTR_EQUAL(timer_table_at(table, 0x1000), one);
	timer_table_place(table, one, 0x2000);
	CU_ASSERT_PTR_NULL(timer_table_at(table, 0x1000));
	CU_ASSERT_PTR_EQUAL(timer_table_at(table, 0x2000), one);
	timer_table_place(table, two, 0x2000);
	CU_ASSERT_PTR_EQUAL(timer_table_at(table, 0x2000), two);
	CU_ASSERT_EQUAL(one->address, 0);
	timer_table_place(table, two, 0);
	CU_ASSERT_PTR_NULL(timer_table_at(table, 0x2000));
	CU_ASSERT_PTR_NULL(timer_table_at(table, 0));
	timer_table_place(table, one, 0);
	timer_table_place(table, two, 0x1000);
	timer_table_forget(table, two);
	CU_ASSERT_PTR_NULL(timer_table_at(table, 0x1000));
	timer_table_free(table);
}

static bool count_some(void *context, struct known_timer *timer)
{
	int *left = context;

	CU_ASSERT_TRUE(timer->id >= 0 && timer->id < 10);
	return --*left == 0;
}

/* Each once, until it is said to be enough. */
static void walked(void)
{
	int left = 3;

	begin();
	for (int32_t id = 0; id < 10; id++)
		get(id * 7, TIMER_FD, id);
	timer_table_walk(table, count_some, &left);
	CU_ASSERT_EQUAL(left, 0);
	left = 100;
	timer_table_walk(table, count_some, &left);
	CU_ASSERT_EQUAL(left, 90);
	timer_table_free(table);
}

int suite_timer_table(void)
{
	CU_pSuite suite = CU_add_suite("timer_table", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, by_key) || !CU_ADD_TEST(suite, many) ||
	    !CU_ADD_TEST(suite, by_address) || !CU_ADD_TEST(suite, walked))
		return (int)CU_get_error();
	return 0;
}
