/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 *	crowd THREADS CALLS	that many threads, one after the other; each sets a timer
 *				that does not exist, and is refused, so often
 *	crowd -t MICROSECONDS CALLS
 *				two threads at once set one timer to so short a time, so often
 *				each, and it expires meanwhile
 *
 * Prints how many calls there were, and how many of them were refused.
 */
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

struct task {
	int id;
	struct itimerspec value;
	long calls;
};

static long refused;

static void *set(void *argument)
{
	const struct task *task = argument;

	for (long i = 0; i < task->calls; i++)
		if (syscall(SYS_timer_settime, task->id, 0, &task->value, NULL) < 0)
			__sync_fetch_and_add(&refused, 1);
	return NULL;
}

static void start(pthread_t *thread, struct task *task)
{
	if (pthread_create(thread, NULL, set, task) != 0) {
		perror("crowd: pthread_create");
		exit(99);
	}
}

int main(int argc, char **argv)
{
	bool together = argc > 1 && strcmp(argv[1], "-t") == 0;
	struct sigevent ignored = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	long threads, calls;
	pthread_t one, other;
	struct task task;

	if (argc != (together ? 4 : 3))
		return 99;
	threads = atol(argv[together ? 2 : 1]);
	calls = atol(argv[together ? 3 : 2]);
	task = (struct task){ .id = 4242, .value.it_value.tv_sec = 1, .calls = calls };
	if (together) {
		signal(SIGUSR1, SIG_IGN);
		if (syscall(SYS_timer_create, CLOCK_MONOTONIC, &ignored, &task.id) < 0)
			return 99;
		task.value.it_value = (struct timespec){ 0, threads * 1000 };
		start(&one, &task);
		start(&other, &task);
		pthread_join(one, NULL);
		pthread_join(other, NULL);
		printf("%ld %ld\n", 2 * calls, refused);
		return 0;
	}
	for (long i = 0; i < threads; i++) {
		start(&one, &task);
		pthread_join(one, NULL);
	}
	printf("%ld %ld\n", threads * calls, refused);
	return 0;
}
