/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 *	churn ROUNDS MILLISECONDS TIMERS ACCOUNT
 *
 * Processes that come and go: one each MILLISECONDS, ROUNDS times. Each makes, sets, reads
 * and deletes TIMERS timers, and waits for one that expires; has a thread that ends with a
 * timerfd armed; sets an itimer; and executes this program again, which sets a timer and ends
 * with it armed. What was called how often is in the file ACCOUNT while it runs, and is
 * printed in the end, "EVENT COUNT" a line.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum call { CREATE, SET, GET, DELETE, FD_CREATE, FD_SET_TIME, ITIMER, CALLS };

static const char *const names[CALLS] = { "timer_create", "timer_settime",  "timer_gettime",
					  "timer_delete", "timerfd_create", "timerfd_settime",
					  "setitimer" };

static uint64_t *made; /* shared by all of them */

static void die(const char *what)
{
	fprintf(stderr, "churn: %s: %s\n", what, strerror(errno));
	_exit(99);
}

static long count(enum call call, long result)
{
	__sync_fetch_and_add(&made[call], 1);
	if (result < 0)
		die(names[call]);
	return result;
}

static void open_account(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);

	if (fd < 0 || ftruncate(fd, CALLS * sizeof(*made)) < 0)
		die(path);
	made = mmap(NULL, CALLS * sizeof(*made), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (made == MAP_FAILED)
		die("mmap");
	close(fd);
}

/* The kernel's id of it. */
static int make_timer(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
	int id = -1;

	count(CREATE, syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &id));
	return id;
}

static void set_timer(int id, long ns)
{
	struct itimerspec value = { .it_value = { ns ? 0 : 100000, ns } };

	count(SET, syscall(SYS_timer_settime, id, 0, &value, NULL));
}

static void *in_thread(void *unused)
{
	struct itimerspec value = { .it_value = { 100000, 0 } };
	int fd = (int)count(FD_CREATE, timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC));

	count(FD_SET_TIME, timerfd_settime(fd, 0, &value, NULL));
	return unused;
}

static void use_timers(long timers)
{
	struct itimerspec value;
	sigset_t set;
	int id;

	for (long i = 0; i < timers; i++) {
		id = make_timer();
		set_timer(id, 0);
		count(GET, syscall(SYS_timer_gettime, id, &value));
		count(DELETE, syscall(SYS_timer_delete, id));
	}
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	set_timer(make_timer(), 1000000);
	if (sigwaitinfo(&set, NULL) != SIGUSR1)
		die("sigwaitinfo");
}

static void run_child(long timers, char *path)
{
	char *const again[] = { "churn", path, NULL };
	struct itimerval later = { .it_value = { 3600, 0 } };
	pthread_t thread;

	use_timers(timers);
	errno = pthread_create(&thread, NULL, in_thread, NULL);
	if (errno || (errno = pthread_join(thread, NULL)))
		die("thread");
	count(ITIMER, setitimer(ITIMER_REAL, &later, NULL));
	execv("/proc/self/exe", again);
	die("exec");
}

static void wait_until(struct timespec *at, long ms)
{
	at->tv_nsec += ms % 1000 * 1000000;
	at->tv_sec += ms / 1000 + at->tv_nsec / 1000000000;
	at->tv_nsec %= 1000000000;
	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, at, NULL) == EINTR)
		;
}

static void run_rounds(char **argv)
{
	long rounds = atol(argv[1]), ms = atol(argv[2]), timers = atol(argv[3]);
	struct timespec at;
	int status;

	clock_gettime(CLOCK_MONOTONIC, &at);
	for (long i = 0; i < rounds; i++) {
		pid_t child = fork();

		if (child == 0)
			run_child(timers, argv[4]);
		if (child < 0 || waitpid(child, &status, 0) != child)
			die("child");
		if (status)
			_exit(99);
		wait_until(&at, ms);
	}
}

int main(int argc, char **argv)
{
	if (argc != 2 && argc != 5)
		return 2;
	open_account(argv[argc - 1]);
	if (argc == 2) {
		set_timer(make_timer(), 0);
		return 0;
	}
	run_rounds(argv);
	for (int i = 0; i < CALLS; i++)
		printf("%s %llu\n", names[i], (unsigned long long)made[i]);
	return 0;
}
