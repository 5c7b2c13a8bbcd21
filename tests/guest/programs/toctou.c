/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sets timers from a struct that another thread may keep changing:
 *
 *	toctou race|quiet N
 *
 *	race	the other thread changes the new value, and the old one's place,
 *		all the time
 *	quiet	it changes something else
 *
 * N calls of timer_settime, timerfd_settime and setitimer in turn. In one call of
 * SLOW the old value goes to memory that the kernel has to wait for
 * (userfaultfd(2)), until the other thread has made a change: of those calls it is
 * certain that the new value changes between the kernel's copy and the return.
 *
 * Prints one JSON object: "calls"; "slow", how many of them were such; "slow_ptr",
 * their old_ptr.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096
#define SLOW 16
#define FAR 100000 /* seconds: nothing expires */

/* Of all three calls: interval and value, seconds and ns or us. */
struct spec {
	_Atomic int64_t interval_sec, interval_part, value_sec, value_part;
};

static struct spec new_value = { .value_sec = FAR }, old_value, elsewhere;
static atomic_ulong changes;
static void *slow_page;
static bool race;

static void die(const char *what)
{
	fprintf(stderr, "toctou: %s: %s\n", what, strerror(errno));
	exit(99);
}

/* Whatever it writes is a valid time. */
static void *change(void *unused)
{
	struct spec *spec = race ? &new_value : &elsewhere;

	for (;;) {
		unsigned long count = atomic_fetch_add(&changes, 1) + 1;

		spec->value_part = (int64_t)(count % 1000000);
		spec->interval_sec = (int64_t)(count % 1000);
		if (race)
			old_value.value_part = (int64_t)(count % 1000000);
	}
	return unused;
}

/* Gives the kernel the page that it waits for, when two changes were made whole. */
static void *give_pages(void *context)
{
	const int fd = *(const int *)context;
	struct uffd_msg message;

	while (read(fd, &message, sizeof(message)) == sizeof(message)) {
		struct uffdio_zeropage zero = { .range = { (uintptr_t)slow_page, PAGE } };
		unsigned long before = changes;

		while (changes < before + 2)
			sched_yield();
		if (ioctl(fd, UFFDIO_ZEROPAGE, &zero))
			die("UFFDIO_ZEROPAGE");
	}
	die("userfaultfd");
	return NULL;
}

static void prepare_slow_page(void)
{
	static int fd;
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	pthread_t thread;

	slow_page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	range.range.start = (uintptr_t)slow_page;
	range.range.len = PAGE;
	fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
	if (fd < 0 || ioctl(fd, UFFDIO_API, &api) || ioctl(fd, UFFDIO_REGISTER, &range) ||
	    pthread_create(&thread, NULL, give_pages, &fd))
		die("userfaultfd");
}

static long call(long round, int id, int timerfd, void *old)
{
	switch (round % 3) {
	case 0:
		return syscall(SYS_timer_settime, id, 0, &new_value, old);
	case 1:
		return syscall(SYS_timerfd_settime, timerfd, 0, &new_value, old);
	default:
		return syscall(SYS_setitimer, ITIMER_REAL, &new_value, old);
	}
}

int main(int argc, char **argv)
{
	struct sigevent event = { .sigev_notify = SIGEV_NONE };
	long calls, slow = 0, round;
	int id, timerfd;
	pthread_t thread;

	if (argc != 3 || (strcmp(argv[1], "race") != 0 && strcmp(argv[1], "quiet") != 0))
		return 99;
	race = !strcmp(argv[1], "race");
	calls = atol(argv[2]);
	timerfd = timerfd_create(CLOCK_MONOTONIC, 0);
	if (timerfd < 0 || syscall(SYS_timer_create, CLOCK_MONOTONIC, &event, &id))
		die("no timers");
	prepare_slow_page();
	if (pthread_create(&thread, NULL, change, NULL))
		die("pthread_create");
	for (round = 0; round < calls; round++) {
		bool is_slow = round % SLOW == SLOW - 1;

		if (is_slow && madvise(slow_page, PAGE, MADV_DONTNEED))
			die("madvise");
		slow += is_slow;
		if (call(round, id, timerfd, is_slow ? slow_page : (void *)&old_value))
			die("a call");
	}
	printf("{\"calls\":%ld,\"slow\":%ld,\"slow_ptr\":\"0x%" PRIxPTR "\"}\n", calls, slow,
	       (uintptr_t)slow_page);
	return 0;
}
