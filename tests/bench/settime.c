/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the benchmark traces: timer_settime calls, and what a call takes.
 *
 *	settime LOAD CALLS [THREADS]
 *
 *	null	arms one timer again and again, without asking for the old value
 *	old	the same, asking for it
 *	mix	rounds of 16 calls on a timer of their own: creates it, arms it with
 *		and without asking, lets it expire and takes its signal, has a call
 *		refused, disarms and deletes it
 *	threads	as null, in THREADS threads (default 32) with a timer each
 *	seconds	as null, but CALLS is the time in seconds, in THREADS processes
 *
 * One line of JSON is appended to the file $BENCH_RESULT, else to standard output.
 * Times are those of CLOCK_MONOTONIC, in ns.
 */
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROUND 16
#define MANY 256

static volatile sig_atomic_t expired;

static int64_t now(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return time.tv_sec * 1000000000LL + time.tv_nsec;
}

/* glibc's wrappers look at what a timer is, which is none of our business. */

static int create(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	int id;

	if (syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &id) != 0) {
		perror("settime: timer_create");
		exit(1);
	}
	return id;
}

static long arm(int id, const struct itimerspec *value, struct itimerspec *old)
{
	return syscall(SYS_timer_settime, id, 0, value, old);
}

static void arm_again(long calls, bool ask)
{
	const struct itimerspec hour = { .it_value = { 3600, 0 } };
	struct itimerspec old;
	const int id = create();

	for (long i = 0; i < calls; i++)
		arm(id, &hour, ask ? &old : NULL);
	syscall(SYS_timer_delete, id);
}

static void on_signal(int signal)
{
	(void)signal;
	expired++;
}

static void mixed_round(void)
{
	const struct itimerspec hour = { .it_value = { 3600, 0 } }, none = { 0 };
	const struct itimerspec soon = { .it_value = { 0, 1000 } };
	const struct itimerspec wrong = { .it_value = { 0, 1000000000 } };
	const sig_atomic_t before = expired;
	struct itimerspec old;
	const int id = create();

	for (int i = 0; i < ROUND - 3; i++)
		arm(id, &hour, i % 2 ? &old : NULL);
	arm(id, &soon, NULL);
	while (expired == before)
		;
	syscall(SYS_timer_gettime, id, &old);
	arm(id, &wrong, NULL);
	arm(id, &none, NULL);
	syscall(SYS_timer_delete, id);
}

static void *thread_main(void *calls)
{
	arm_again((long)(intptr_t)calls, false);
	return NULL;
}

/* Returns how many calls that were. */
static long in_threads(long calls, int threads)
{
	pthread_t thread[MANY];
	const long each = calls / threads;
	pthread_attr_t attributes;

	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 64 << 10);
	for (int i = 0; i < threads; i++)
		if (pthread_create(&thread[i], &attributes, thread_main, (void *)(intptr_t)each))
			exit(1);
	for (int i = 0; i < threads; i++)
		pthread_join(thread[i], NULL);
	return each * threads;
}

static long for_seconds(long seconds)
{
	const int64_t end = now(CLOCK_MONOTONIC) + seconds * 1000000000LL;
	long calls = 0;

	/* Without a pause that would be seen: the clock is read in the vDSO. */
	for (; now(CLOCK_MONOTONIC) < end; calls += 100) {
		const struct itimerspec hour = { .it_value = { 3600, 0 } };
		static int id = -1;

		if (id < 0)
			id = create();
		for (int i = 0; i < 100; i++)
			arm(id, &hour, NULL);
	}
	return calls;
}

/* The processes tell their calls by a pipe. */
static long in_processes(long seconds, int processes)
{
	long calls = 0, one;
	int told[2];

	if (pipe(told) != 0)
		exit(1);
	for (int i = 0; i < processes; i++)
		if (fork() == 0) {
			one = for_seconds(seconds);
			_exit(write(told[1], &one, sizeof(one)) != sizeof(one));
		}
	close(told[1]);
	while (read(told[0], &one, sizeof(one)) == sizeof(one))
		calls += one;
	while (wait(NULL) > 0)
		;
	return calls;
}

static long perform(const char *load, long calls, int threads)
{
	if (strcmp(load, "null") == 0 || strcmp(load, "old") == 0) {
		arm_again(calls, load[0] == 'o');
	} else if (strcmp(load, "mix") == 0) {
		calls = calls / ROUND * ROUND;
		for (long i = 0; i < calls; i += ROUND)
			mixed_round();
	} else if (strcmp(load, "threads") == 0) {
		calls = in_threads(calls, threads);
	} else if (strcmp(load, "seconds") == 0) {
		calls = in_processes(calls, threads);
	} else {
		fprintf(stderr, "settime: no load '%s'\n", load);
		exit(2);
	}
	return calls;
}

int main(int argc, char **argv)
{
	const char *path = getenv("BENCH_RESULT");
	const int threads = argc > 3 ? atoi(argv[3]) : 32;
	int64_t begin, end, cpu;
	long calls;
	FILE *out;

	if (argc < 3 || atol(argv[2]) < 1 || threads < 1 || threads > MANY)
		return 2;
	signal(SIGUSR1, on_signal);
	begin = now(CLOCK_MONOTONIC);
	cpu = now(CLOCK_PROCESS_CPUTIME_ID);
	calls = perform(argv[1], atol(argv[2]), threads);
	cpu = now(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	end = now(CLOCK_MONOTONIC);
	out = path ? fopen(path, "a") : stdout;
	if (!out)
		return 1;
	fprintf(out,
		"{\"load\":\"%s\",\"calls\":%ld,\"begin\":%lld,\"end\":%lld,\"cpu\":%lld,"
		"\"expired\":%d}\n",
		argv[1], calls, (long long)begin, (long long)end, (long long)cpu, (int)expired);
	return fclose(out) != 0;
}
