/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <CUnit/Basic.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "timersnoop/procfs.h"

#include "suites.h"

static const char *const odd_names[] = {
	"plain",           "a b",           "new\nline", "ends in\n", "a) S 1 (b",
	"fifteen-bytes-x", "\\n\t\x1b[31m", "\xff\xfe",  "",          "\nTgid:\t1",
};

#define ODD_NAMES (sizeof(odd_names) / sizeof(odd_names[0]))

struct thread {
	pthread_t handle;
	const char *name;
	int32_t tid;
	bool seen;
};

static struct thread threads[ODD_NAMES];
static pthread_barrier_t named, finish;

static void *thread_main(void *arg)
{
	struct thread *thread = arg;

	thread->tid = gettid();
	prctl(PR_SET_NAME, thread->name);
	pthread_barrier_wait(&named);
	pthread_barrier_wait(&finish);
	return NULL;
}

static void start_threads(void)
{
	pthread_barrier_init(&named, NULL, ODD_NAMES + 1);
	pthread_barrier_init(&finish, NULL, ODD_NAMES + 1);
	for (size_t i = 0; i < ODD_NAMES; i++) {
		threads[i] = (struct thread){ .name = odd_names[i] };
		CU_ASSERT_EQUAL_FATAL(
			pthread_create(&threads[i].handle, NULL, thread_main, &threads[i]), 0);
	}
	pthread_barrier_wait(&named);
}

static void stop_threads(void)
{
	pthread_barrier_wait(&finish);
	for (size_t i = 0; i < ODD_NAMES; i++)
		pthread_join(threads[i].handle, NULL);
	pthread_barrier_destroy(&named);
	pthread_barrier_destroy(&finish);
}

static void one_task(void)
{
	struct procfs_task task;

	start_threads();
	for (size_t i = 0; i < ODD_NAMES; i++) {
		CU_ASSERT_EQUAL_FATAL(procfs_task(threads[i].tid, &task), 0);
		CU_ASSERT_EQUAL(task.tid, threads[i].tid);
		CU_ASSERT_EQUAL(task.tgid, getpid());
		CU_ASSERT_EQUAL(task.uid, getuid());
		CU_ASSERT_STRING_EQUAL(task.comm, odd_names[i]);
	}
	stop_threads();
}

static int note_thread(void *context, const struct procfs_task *task)
{
	size_t *count = context;

	++*count;
	for (size_t i = 0; i < ODD_NAMES; i++)
		if (threads[i].tid == task->tid) {
			threads[i].seen = true;
			CU_ASSERT_EQUAL(task->tgid, getpid());
			CU_ASSERT_STRING_EQUAL(task->comm, odd_names[i]);
		}
	return 0;
}

static void check_all_seen(int32_t pid)
{
	size_t count = 0;

	for (size_t i = 0; i < ODD_NAMES; i++)
		threads[i].seen = false;
	CU_ASSERT_EQUAL(procfs_threads(pid, note_thread, &count), 0);
	CU_ASSERT_TRUE(count >= ODD_NAMES + 1);
	for (size_t i = 0; i < ODD_NAMES; i++)
		CU_ASSERT_TRUE(threads[i].seen);
}

static void threads_of_a_process(void)
{
	start_threads();
	check_all_seen(getpid());
	check_all_seen(threads[3].tid); /* any thread names its process */
	stop_threads();
}

static void threads_of_all(void)
{
	start_threads();
	check_all_seen(0);
	stop_threads();
}

static int stop_at_third(void *context, const struct procfs_task *task)
{
	int *count = context;

	(void)task;
	return ++*count == 3 ? -ESRCH : 0;
}

static void callback_stops(void)
{
	int count = 0;

	start_threads();
	CU_ASSERT_EQUAL(procfs_threads(getpid(), stop_at_third, &count), -ESRCH);
	CU_ASSERT_EQUAL(count, 3);
	count = 0;
	CU_ASSERT_EQUAL(procfs_threads(0, stop_at_third, &count), -ESRCH);
	CU_ASSERT_EQUAL(count, 3);
	stop_threads();
}

static void nobody_there(void)
{
	struct procfs_task task;
	size_t count = 0;
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	CU_ASSERT_TRUE_FATAL(pid > 0);
	waitpid(pid, NULL, 0);
	CU_ASSERT_EQUAL(procfs_task(pid, &task), -ESRCH);
	CU_ASSERT_EQUAL(procfs_threads(pid, note_thread, &count), -ESRCH);
	CU_ASSERT_EQUAL(procfs_task(0, &task), -ESRCH);
	CU_ASSERT_EQUAL(procfs_task(-1, &task), -ESRCH);
	CU_ASSERT_EQUAL(procfs_task(INT32_MAX, &task), -ESRCH);
	CU_ASSERT_EQUAL(procfs_threads(INT32_MAX, note_thread, &count), -ESRCH);
	CU_ASSERT_EQUAL(count, 0);
}

static void *short_lived(void *stop)
{
	while (!__atomic_load_n((bool *)stop, __ATOMIC_RELAXED)) {
		pid_t pid = fork();

		if (!pid)
			_exit(0);
		if (pid > 0)
			waitpid(pid, NULL, 0);
	}
	return NULL;
}

/* Processes that end while they are listed are no error. */
static void vanishing(void)
{
	bool stop = false;
	size_t count = 0;
	pthread_t handle;

	CU_ASSERT_EQUAL_FATAL(pthread_create(&handle, NULL, short_lived, &stop), 0);
	for (int i = 0; i < 50; i++)
		CU_ASSERT_EQUAL(procfs_threads(0, note_thread, &count), 0);
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	pthread_join(handle, NULL);
	CU_ASSERT_TRUE(count > 50);
}

static void other_user(void)
{
	struct procfs_task task;
	int ready[2];
	char byte;
	pid_t pid;

	if (geteuid())
		return;
	CU_ASSERT_EQUAL_FATAL(pipe(ready), 0);
	pid = fork();
	if (!pid) {
		/* The real one counts, not the effective one. */
		if (setresuid(65534, 0, 0) || write(ready[1], "", 1) != 1)
			_exit(1);
		pause();
		_exit(0);
	}
	CU_ASSERT_EQUAL(read(ready[0], &byte, 1), 1);
	CU_ASSERT_EQUAL(procfs_task(pid, &task), 0);
	CU_ASSERT_EQUAL(task.uid, 65534);
	CU_ASSERT_EQUAL(task.tgid, pid);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(ready[0]);
	close(ready[1]);
}

int suite_procfs(void)
{
	CU_pSuite suite = CU_add_suite("procfs", NULL, NULL);

	if (!suite || !CU_ADD_TEST(suite, one_task) || !CU_ADD_TEST(suite, threads_of_a_process) ||
	    !CU_ADD_TEST(suite, threads_of_all) || !CU_ADD_TEST(suite, callback_stops) ||
	    !CU_ADD_TEST(suite, nobody_there) || !CU_ADD_TEST(suite, vanishing) ||
	    !CU_ADD_TEST(suite, other_user))
		return CU_get_error();
	return 0;
}
