/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Much of one kind at once. Each sets a timer, its own, to a time that it never reaches; what
 * there is to know of it is in the new value.
 *
 *	storm timers N		N timers, then all of them are set, with the seconds 1, 2, ... N
 *	storm threads N		N threads that are all there before the first calls; each sets
 *				its timer to as many seconds as its number
 *	storm execs N		N times, the program executes itself; each has set a timer before,
 *				to as many seconds as are still to come
 *	storm names N		a thread that takes N names, "name-1" on, and sets its timer under
 *				each, to as many seconds as the number in it
 *	storm forks N		N processes, one after the other, each of which sets a timer
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static pthread_barrier_t all_there;

static void die(const char *what)
{
	perror(what);
	_exit(99);
}

static int make_timer(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_NONE };
	int id;

	if (syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &id) < 0)
		die("timer_create");
	return id;
}

static void set(int id, long seconds)
{
	const struct itimerspec value = { .it_value = { 100000 + seconds, 0 } };

	if (syscall(SYS_timer_settime, id, 0, &value, NULL) < 0)
		die("timer_settime");
}

static void timers(long count)
{
	int *ids = calloc((size_t)count, sizeof(*ids));
	/* Each takes a place among the signals that may be queued. */
	const struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };

	if (!ids || setrlimit(RLIMIT_SIGPENDING, &all) < 0)
		die("timers");
	for (long i = 0; i < count; i++)
		ids[i] = make_timer();
	for (long i = 0; i < count; i++)
		set(ids[i], i + 1);
	free(ids);
}

static void *thread(void *number)
{
	int id = make_timer();

	pthread_barrier_wait(&all_there);
	set(id, (long)number);
	return NULL;
}

static void threads(long count)
{
	pthread_t *made = calloc((size_t)count, sizeof(*made));
	pthread_attr_t small;

	if (!made || pthread_barrier_init(&all_there, NULL, (unsigned)count))
		die("threads");
	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 65536);
	for (long i = 0; i < count; i++)
		if (pthread_create(&made[i], &small, thread, (void *)(i + 1)))
			die("pthread_create");
	for (long i = 0; i < count; i++)
		pthread_join(made[i], NULL);
	free(made);
}

static void execs(char **argv, long count)
{
	char left[24];

	if (!count)
		return;
	set(make_timer(), count);
	snprintf(left, sizeof(left), "%ld", count - 1);
	argv[2] = left;
	execv("/proc/self/exe", argv);
	die("exec");
}

static void names(long count)
{
	int id = make_timer();

	for (int i = 1; i <= count; i++) {
		char name[17];

		snprintf(name, sizeof(name), "name-%d", i);
		prctl(PR_SET_NAME, name);
		set(id, i);
	}
}

static void forks(long count)
{
	for (long i = 1; i <= count; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			set(make_timer(), i);
			_exit(0);
		}
		if (pid < 0 || waitpid(pid, NULL, 0) < 0)
			die("fork");
	}
}

int main(int argc, char **argv)
{
	long count = argc > 2 ? atol(argv[2]) : 0;

	if (argc < 3)
		return 99;
	if (strcmp(argv[1], "timers") == 0)
		timers(count);
	else if (strcmp(argv[1], "threads") == 0)
		threads(count);
	else if (strcmp(argv[1], "execs") == 0)
		execs(argv, count);
	else if (strcmp(argv[1], "names") == 0)
		names(count);
	else if (strcmp(argv[1], "forks") == 0)
		forks(count);
	else
		return 99;
	return 0;
}
