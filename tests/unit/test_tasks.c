/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <CUnit/Basic.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "short_memory.h"
#include "suites.h"
#include "timersnoop/tasks.h"

#define NOBODY UINT32_MAX /* the uid of a task that nobody told of */

static struct tasks *tasks;

static void begin(void)
{
	tasks = tasks_new();
	CU_ASSERT_PTR_NOT_NULL_FATAL(tasks);
}

static void learn(int32_t tid, int32_t tgid, uint32_t uid, const char *comm)
{
	struct task task = { .tid = tid, .tgid = tgid, .uid = uid };

	snprintf(task.comm, sizeof(task.comm), "%s", comm);
	CU_ASSERT_EQUAL(tasks_learn(tasks, &task), 0);
}

/* A record of the running task `by` that tells of `tid`. */
static struct record about(enum probe_use kind, int32_t by, int32_t tid, const char *comm)
{
	struct record record = { .kind = kind, .tid = by, .task = { .tid = tid } };

	snprintf(record.task.comm, sizeof(record.task.comm), "%s", comm);
	return record;
}

static void take(struct record record)
{
	CU_ASSERT_EQUAL(tasks_record(tasks, &record), 0);
}

static void new_task(int32_t by, int32_t tid, bool thread, const char *comm)
{
	struct record record = about(USE_NEW_TASK, by, tid, comm);

	record.task.thread = thread;
	take(record);
}

static void creds(int32_t by, uint32_t uid)
{
	struct record record = about(USE_CREDS, by, 0, "");

	record.task.uid = uid;
	take(record);
}

static void expect(int32_t tid, int32_t tgid, uint32_t uid, const char *comm)
{
	const struct task *task = tasks_find(tasks, tid);

	CU_ASSERT_PTR_NOT_NULL_FATAL(task);
	CU_ASSERT_EQUAL(task->tid, tid);
	CU_ASSERT_EQUAL(task->tgid, tgid);
	CU_ASSERT_EQUAL(task->uid, uid);
	CU_ASSERT_STRING_EQUAL(task->comm, comm);
}

static void learned(void)
{
	begin();
	CU_ASSERT_PTR_NULL(tasks_find(tasks, 1));
	learn(1, 1, 0, "init");
	learn(INT32_MAX, 7, 1000, "fifteen-bytes-x");
	expect(1, 1, 0, "init");
	expect(INT32_MAX, 7, 1000, "fifteen-bytes-x");
	learn(1, 1, 5, "other");
	expect(1, 1, 5, "other");
	/* no task has these */
	learn(0, 0, 0, "swapper");
	learn(-1, 1, 0, "x");
	CU_ASSERT_PTR_NULL(tasks_find(tasks, 0));
	CU_ASSERT_PTR_NULL(tasks_find(tasks, -1));
	take(about(USE_EXIT, 0, 0, ""));
	take(about(USE_EXIT, -1, -1, ""));
	expect(1, 1, 5, "other");
	tasks_free(tasks);
	tasks_free(NULL);
}

static void new_tasks(void)
{
	begin();
	learn(10, 10, 1000, "app");
	new_task(10, 11, true, "app");
	new_task(11, 12, true, "app"); /* by a thread that is not the first */
	new_task(11, 20, false, "app");
	new_task(20, 21, true, "app");
	expect(11, 10, 1000, "app");
	expect(12, 10, 1000, "app");
	expect(20, 20, 1000, "app");
	expect(21, 20, 1000, "app");
	/* of a parent that nobody told of */
	new_task(99, 100, true, "x");
	expect(100, 0, NOBODY, "x");
	new_task(99, 101, false, "x");
	expect(101, 101, NOBODY, "x");
	tasks_free(tasks);
}

/* Threads are in the PID namespace of their process; of others records do not tell. */
static void namespaces(void)
{
	const struct procfs_task inside = { .tid = 10, .tgid = 10, .ns_tid = 1, .ns_tgid = 1 };
	const struct procfs_task outside = { .tid = 20, .tgid = 20 };
	struct task task = tasks_seen(&inside);

	begin();
	CU_ASSERT_TRUE(task.ns_known && task.ns_tid == 1 && task.ns_tgid == 1);
	CU_ASSERT_EQUAL(tasks_learn(tasks, &task), 0);
	task = tasks_seen(&outside);
	CU_ASSERT_EQUAL(tasks_learn(tasks, &task), 0);
	new_task(10, 11, true, "thread");
	new_task(10, 12, false, "child");
	new_task(20, 21, true, "thread");
	new_task(20, 22, false, "child");
	CU_ASSERT_EQUAL(tasks_find(tasks, 11)->ns_tgid, 1);
	CU_ASSERT_FALSE(tasks_find(tasks, 11)->ns_known);
	CU_ASSERT_EQUAL(tasks_find(tasks, 12)->ns_tgid, 0);
	CU_ASSERT_FALSE(tasks_find(tasks, 12)->ns_known);
	CU_ASSERT_TRUE(tasks_find(tasks, 21)->ns_known);
	CU_ASSERT_FALSE(tasks_find(tasks, 22)->ns_known);
	tasks_free(tasks);
}

static void renames(void)
{
	begin();
	learn(10, 10, 1000, "app");
	new_task(10, 11, true, "app");
	take(about(USE_RENAME, 11, 11, "worker"));
	take(about(USE_RENAME, 10, 11, "worker-2")); /* by another thread */
	expect(10, 10, 1000, "app");
	expect(11, 10, 1000, "worker-2");
	take(about(USE_RENAME, 50, 50, "new"));
	expect(50, 50, NOBODY, "new");
	tasks_free(tasks);
}

static void exec_of_a_process(void)
{
	begin();
	learn(10, 10, 1000, "sh");
	new_task(10, 11, false, "sh");
	take(about(USE_RENAME, 11, 11, "ls"));
	take(about(USE_EXEC, 11, 11, ""));
	expect(11, 11, 1000, "ls");
	expect(10, 10, 1000, "sh");
	tasks_free(tasks);
}

/*
 * Thread 12 of process 10 calls execve: all others die, it takes over the id of
 * the process, and so its records come from 10.
 */
static void exec_of_a_thread(void)
{
	begin();
	learn(10, 10, 1000, "app");
	new_task(10, 11, true, "app");
	new_task(10, 12, true, "worker");
	creds(12, 1001);
	take(about(USE_EXIT, 11, 11, ""));
	take(about(USE_EXIT, 10, 10, ""));
	CU_ASSERT_PTR_NULL(tasks_find(tasks, 10));
	take(about(USE_RENAME, 10, 10, "ls"));
	take(about(USE_EXEC, 10, 12, ""));
	expect(10, 10, 1001, "ls");
	CU_ASSERT_PTR_NULL(tasks_find(tasks, 11));
	CU_ASSERT_PTR_NULL(tasks_find(tasks, 12));
	/* its number is used again */
	new_task(10, 12, false, "ls");
	expect(12, 12, 1001, "ls");
	tasks_free(tasks);
}

/* Its rename was lost: what is known of the thread is better than nothing. */
static void exec_alone(void)
{
	begin();
	learn(10, 10, 1000, "app");
	new_task(10, 12, true, "worker");
	take(about(USE_EXIT, 10, 10, ""));
	take(about(USE_EXEC, 10, 12, ""));
	CU_ASSERT_PTR_NOT_NULL_FATAL(tasks_find(tasks, 10));
	CU_ASSERT_EQUAL(tasks_find(tasks, 10)->tgid, 10);
	CU_ASSERT_EQUAL(tasks_find(tasks, 10)->uid, 1000);
	CU_ASSERT_PTR_NULL(tasks_find(tasks, 12));
	/* of one that nobody told of */
	take(about(USE_EXEC, 70, 71, ""));
	expect(70, 70, NOBODY, "");
	/* a thread of an unknown process becomes a process */
	new_task(99, 100, true, "x");
	take(about(USE_EXEC, 100, 100, ""));
	expect(100, 100, NOBODY, "x");
	tasks_free(tasks);
}

static void exits(void)
{
	begin();
	learn(10, 10, 1000, "app");
	new_task(10, 11, true, "app");
	/* the first thread may end before others: they stay in its process */
	take(about(USE_EXIT, 10, 10, ""));
	CU_ASSERT_PTR_NULL(tasks_find(tasks, 10));
	expect(11, 10, 1000, "app");
	new_task(11, 12, true, "app");
	expect(12, 10, 1000, "app");
	take(about(USE_EXIT, 10, 10, ""));
	take(about(USE_EXIT, 11, 11, ""));
	CU_ASSERT_PTR_NULL(tasks_find(tasks, 11));
	/* a number that is used again, of another process */
	learn(30, 30, 0, "cron");
	new_task(30, 11, false, "cron");
	expect(11, 11, 0, "cron");
	tasks_free(tasks);
}

static void new_creds(void)
{
	begin();
	learn(10, 10, 0, "login");
	new_task(10, 11, true, "login");
	creds(10, 1000);
	expect(10, 10, 1000, "login");
	expect(11, 10, 0, "login"); /* a thread has its own */
	new_task(10, 12, false, "login");
	expect(12, 12, 1000, "login");
	creds(77, 5); /* unknown: nothing else is known of it */
	CU_ASSERT_PTR_NULL(tasks_find(tasks, 77));
	tasks_free(tasks);
}

/* A process's timers go with its last thread, and with exec, behind which it lives on. */
static void timers_gone(void)
{
	begin();
	learn(10, 10, 0, "app");
	new_task(10, 11, true, "app");
	CU_ASSERT_FALSE(tasks_find(tasks, 10)->timers_gone);
	take(about(USE_TIMERS_GONE, 11, 0, ""));
	CU_ASSERT_TRUE(tasks_find(tasks, 11)->timers_gone);
	CU_ASSERT_FALSE(tasks_find(tasks, 10)->timers_gone);
	expect(11, 10, 0, "app");
	take(about(USE_TIMERS_GONE, 10, 0, ""));
	take(about(USE_RENAME, 10, 10, "ls"));
	CU_ASSERT_TRUE(tasks_find(tasks, 10)->timers_gone);
	take(about(USE_EXEC, 10, 10, ""));
	CU_ASSERT_FALSE(tasks_find(tasks, 10)->timers_gone);
	expect(10, 10, 0, "ls");
	/* its children have theirs */
	take(about(USE_TIMERS_GONE, 10, 0, ""));
	new_task(10, 30, false, "ls");
	CU_ASSERT_FALSE(tasks_find(tasks, 30)->timers_gone);
	take(about(USE_TIMERS_GONE, 77, 0, "")); /* unknown */
	CU_ASSERT_PTR_NULL(tasks_find(tasks, 77));
	tasks_free(tasks);
}

static int count_task(void *context, const struct task *task)
{
	(void)task;
	return ++*(int *)context == 2 ? 7 : 0;
}

static void walked(void)
{
	int count = 0;

	begin();
	CU_ASSERT_EQUAL(tasks_walk(tasks, count_task, &count), 0);
	learn(1, 1, 0, "init");
	CU_ASSERT_EQUAL(tasks_walk(tasks, count_task, &count), 0);
	CU_ASSERT_EQUAL(count, 1);
	learn(5, 5, 0, "other");
	CU_ASSERT_EQUAL(tasks_walk(tasks, count_task, &count), 7);
	CU_ASSERT_EQUAL(count, 2);
	tasks_free(tasks);
}

static void records_of_calls(void)
{
	static const enum probe_use kinds[] = { USE_ENTRY, USE_COPY, USE_USER, USE_OLD,
						USE_RETURN };

	begin();
	learn(10, 10, 0, "app");
	for (int i = 0; i < 5; i++)
		take(about(kinds[i], 10, 10, "x"));
	expect(10, 10, 0, "app");
	tasks_free(tasks);
}

static void many(void)
{
	const int32_t most = 100000;
	int wrong = 0;

	begin();
	for (int32_t tid = 1; tid <= most; tid++)
		learn(tid, tid / 3 + 1, (uint32_t)tid, "many");
	for (int32_t tid = 1; tid <= most; tid++) {
		const struct task *task = tasks_find(tasks, tid);

		wrong += !task || task->tid != tid || task->tgid != tid / 3 + 1;
	}
	CU_ASSERT_EQUAL(wrong, 0);
	for (int32_t tid = 1; tid <= most; tid += 2)
		take(about(USE_EXIT, tid, tid, ""));
	for (int32_t tid = 1; tid <= most; tid++)
		wrong += (tasks_find(tasks, tid) != NULL) != (tid % 2 == 0);
	CU_ASSERT_EQUAL(wrong, 0);
	CU_ASSERT_PTR_NULL(tasks_find(tasks, most + 1));
	tasks_free(tasks);
}

#define MODEL_TIDS 3000

/* The same in the simplest way there is. */
static struct task model[MODEL_TIDS];

static int compare_with_model(void)
{
	int wrong = 0;

	for (int32_t tid = 1; tid < MODEL_TIDS; tid++) {
		const struct task *task = tasks_find(tasks, tid);

		if (!model[tid].tid)
			wrong += task != NULL;
		else
			wrong += !task || task->tid != tid || task->tgid != model[tid].tgid ||
				 task->uid != model[tid].uid ||
				 strcmp(task->comm, model[tid].comm) != 0;
	}
	return wrong;
}

static void random_step(uint32_t number)
{
	int32_t by = 1 + (int32_t)(number >> 4) % (MODEL_TIDS - 1);
	int32_t tid = 1 + (int32_t)(number >> 17) % (MODEL_TIDS - 1);
	struct task *task = &model[tid], *parent = &model[by];
	bool thread = number & 8;
	char comm[16];

	snprintf(comm, sizeof(comm), "c%u", number % 1000);
	if (number % 8 < 3) {
		/* chains of neighbours in the table break where one is taken out */
		take(about(USE_EXIT, tid, tid, ""));
		task->tid = 0;
	} else if (number % 8 < 5 && tid != by) {
		new_task(by, tid, thread, comm);
		*task = (struct task){ .tid = tid,
				       .tgid = !thread       ? tid
					       : parent->tid ? parent->tgid
							     : 0,
				       .uid = parent->tid ? parent->uid : NOBODY };
		strcpy(task->comm, comm);
	} else if (number % 8 == 5) {
		take(about(USE_RENAME, tid, tid, comm));
		if (!task->tid)
			*task = (struct task){ .tid = tid, .tgid = tid, .uid = NOBODY };
		strcpy(task->comm, comm);
	} else if (number % 8 == 6) {
		learn(tid, by, number, comm);
		*task = (struct task){ .tid = tid, .tgid = by, .uid = number };
		strcpy(task->comm, comm);
	} else if (task->tid) {
		creds(tid, number);
		task->uid = number;
	}
}

static void random_changes(void)
{
	uint32_t seed = 42;

	begin();
	memset(model, 0, sizeof(model));
	for (int i = 0; i < 200000; i++) {
		seed ^= seed << 13;
		seed ^= seed >> 17;
		seed ^= seed << 5;
		random_step(seed);
		if (i % 5000 == 0)
			CU_ASSERT_EQUAL_FATAL(compare_with_model(), 0);
	}
	CU_ASSERT_EQUAL(compare_with_model(), 0);
	tasks_free(tasks);
}

/* Each time that it has to grow there is no memory at first: nobody is learned then, and nobody
 * lost. */
static void short_of_memory(void)
{
	int32_t tid;
	unsigned failures = 0;

	begin();
	for (tid = 1; tid <= 5000; tid++) {
		const struct task task = { .tid = tid, .tgid = tid };
		int status;

		short_memory_begin(0);
		status = tasks_learn(tasks, &task);
		if (short_memory_end()) {
			failures++;
			CU_ASSERT_EQUAL_FATAL(status, -ENOMEM);
			CU_ASSERT_PTR_NULL(tasks_find(tasks, tid));
			status = tasks_learn(tasks, &task);
		}
		CU_ASSERT_EQUAL(status, 0);
	}
	CU_ASSERT(failures > 2);
	while (--tid > 0)
		CU_ASSERT_PTR_NOT_NULL(tasks_find(tasks, tid));
	tasks_free(tasks);
}

int suite_tasks(void)
{
	CU_pSuite suite = CU_add_suite("tasks", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, learned) || !CU_ADD_TEST(suite, new_tasks) ||
	    !CU_ADD_TEST(suite, namespaces) || !CU_ADD_TEST(suite, renames) ||
	    !CU_ADD_TEST(suite, exec_of_a_process) || !CU_ADD_TEST(suite, exec_of_a_thread) ||
	    !CU_ADD_TEST(suite, exec_alone) || !CU_ADD_TEST(suite, exits) ||
	    !CU_ADD_TEST(suite, new_creds) || !CU_ADD_TEST(suite, walked) ||
	    !CU_ADD_TEST(suite, timers_gone) || !CU_ADD_TEST(suite, records_of_calls) ||
	    !CU_ADD_TEST(suite, many) || !CU_ADD_TEST(suite, random_changes) ||
	    !CU_ADD_TEST(suite, short_of_memory))
		return (int)CU_get_error();
	return 0;
}
