/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makes every system call on timers in every form, so that no timer expires,
 * and keeps an account of it (see account.h):
 *
 *	everycall [-o FILE] WHAT...
 *
 *	calls		on every clock, with every sigevent and flag
 *	errors		refused in every way
 *	compat		by the 32-bit entries (entries.h)
 *	replace		timers that are armed, armed again, disarmed, deleted, closed
 */
#include "account.h"

#define SIGNAL_THREAD (SIGRTMIN + 2)

/* calls */

static void use_posix(enum abi abi, clockid_t clock, int id)
{
	const int64_t later = clock < 0 ? FAR : time_on(clock) / SECOND * SECOND + FAR;

	set_spec(POSIX, abi, id, 0, spec_of(FAR + 1, 0), true);
	gettime(POSIX, abi, id);
	set_spec(POSIX, abi, id, 0, spec_of(FAR, SECOND + 500), false);
	gettime(POSIX, abi, id);
	if (later < INT32_MAX * SECOND || abi != ABI_32_TIME32)
		set_spec(POSIX, abi, id, TIMER_ABSTIME, spec_of(later + 999999999, 1), true);
	getoverrun(abi, id);
	set_spec(POSIX, abi, id, 6, spec_of(0, 0), true);
	gettime(POSIX, abi, id);
}

static void calls_on(clockid_t clock)
{
	int id = try_timer(ABI_64, clock, &(struct event){ SIGEV_SIGNAL, SIGUSR1, 0x4d, 0 });

	expect(id >= 0 || may_be_absent(clock), "timer_create on every clock");
	if (id < 0)
		return;
	use_posix(ABI_64, clock, id);
	delete (ABI_64, id);
}

static void calls_posix(void)
{
	const struct event events[] = {
		{ SIGEV_SIGNAL, SIGUSR1, 0x4d, 0 },
		{ SIGEV_SIGNAL, SIGNAL_THREAD, 0, 0 },
		{ SIGEV_SIGNAL, SIGUSR2, UINT64_MAX, 0 },
		{ SIGEV_NONE, 0, 0, 0 },
		{ SIGEV_NONE, SIGUSR1, 0xdeadbeefcafe, 0 },
		{ SIGEV_THREAD, SIGUSR1, 0x123456789, 0 },
		{ SIGEV_THREAD_ID, SIGUSR1, 7, getpid() },
	};
	unsigned i;
	int id;

	for (i = 0; i < WALL_CLOCKS; i++)
		calls_on(wall_clocks[i]);
	calls_on(CLOCK_PROCESS_CPUTIME_ID);
	calls_on(CLOCK_THREAD_CPUTIME_ID);
	for (i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		id = try_timer(ABI_64, CLOCK_MONOTONIC, &events[i]);
		expect(id >= 0, "timer_create with every sigevent");
		gettime(POSIX, ABI_64, id);
	}
	id = try_timer(ABI_64, CLOCK_MONOTONIC, NULL);
	use_posix(ABI_64, CLOCK_MONOTONIC, id);
}

/* CPU time of a task that is named: another process, ourselves, a thread. */
static void calls_cpu_clocks(void)
{
	const struct event event = { SIGEV_SIGNAL, SIGUSR1, 1, 0 };
	const pid_t child = fork();
	const unsigned tasks[][2] = { { (unsigned)child, 2 },
				      { (unsigned)getpid(), 2 },
				      { (unsigned)getpid(), 6 } };
	unsigned i;

	if (!child) {
		pause();
		_exit(0);
	}
	for (i = 0; i < 3; i++) {
		clockid_t clock = (clockid_t)(~tasks[i][0] << 3 | tasks[i][1]);
		int id = try_timer(ABI_64, clock, &event);

		expect(id >= 0, "timer_create on a task's clock");
		use_posix(ABI_64, clock, id);
		delete (ABI_64, id);
	}
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

static void use_timerfd(enum abi abi, clockid_t clock, int fd)
{
	const int64_t later = time_on(clock) / SECOND * SECOND + FAR;

	set_spec(FD, abi, fd, 0, spec_of(FAR + 1, 0), true);
	gettime(FD, abi, fd);
	set_spec(FD, abi, fd, 0, spec_of(FAR, SECOND + 500), false);
	if (later < INT32_MAX * SECOND || abi != ABI_32_TIME32)
		set_spec(FD, abi, fd, TFD_TIMER_ABSTIME, spec_of(later, 999999999), true);
	gettime(FD, abi, fd);
	if (clock == CLOCK_REALTIME && abi != ABI_32_TIME32)
		set_spec(FD, abi, fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET,
			 spec_of(later, 0), true);
	set_spec(FD, abi, fd, 0, spec_of(0, 0), true);
}

static void calls_timerfd(void)
{
	const unsigned flags[] = { 0, TFD_CLOEXEC, TFD_NONBLOCK, TFD_CLOEXEC | TFD_NONBLOCK };
	unsigned i;
	int fd;

	for (i = 0; i < FD_CLOCKS; i++) {
		fd = try_fd(ABI_64, wall_clocks[i], flags[i % 4]);
		expect(fd >= 0 || may_be_absent(wall_clocks[i]), "timerfd_create on every clock");
		if (fd < 0)
			continue;
		use_timerfd(ABI_64, wall_clocks[i], fd);
		/* half of them stay open; the others give their number to the next */
		if (i % 2)
			close_fd(fd);
	}
}

static void use_itimer(enum abi abi, int which)
{
	gettime(ITIMER, abi, which);
	set_spec(ITIMER, abi, which, 0, spec_of(FAR + 7000, 0), false);
	gettime(ITIMER, abi, which);
	set_spec(ITIMER, abi, which, 0, spec_of(FAR + 999999000, SECOND + 5000), true);
	set_spec(ITIMER, abi, which, 0, spec_of(0, SECOND), true);
	set_spec(ITIMER, abi, which, 0, spec_of(0, 0), true);
}

static void use_alarm(enum abi abi)
{
#ifdef SYS_alarm
	expect(set_alarm(abi, 100000) == 0, "no alarm before");
	expect(set_alarm(abi, 50000) >= 99990, "seconds that were left");
	set_spec(ITIMER, abi, ITIMER_REAL, 0, spec_of(300 * SECOND, SECOND), true);
	expect(set_alarm(abi, 200) >= 290, "seconds that were left of setitimer's");
	gettime(ITIMER, abi, ITIMER_REAL);
	expect(set_alarm(abi, 0) >= 190, "seconds that were left");
	expect(set_alarm(abi, 0) == 0, "no alarm any more");
#else
	(void)abi;
#endif
}

static void calls(void)
{
	int which;

	calls_posix();
	calls_cpu_clocks();
	calls_timerfd();
	for (which = ITIMER_REAL; which <= ITIMER_PROF; which++)
		use_itimer(ABI_64, which);
	use_alarm(ABI_64);
}

/* errors */

/* Bad pointers: nothing there, and what cannot be written. */
static const uint64_t nowhere[] = { 8, 0x8000000000000000, UINT64_MAX };

static void errors_create(void)
{
	const struct event good = { SIGEV_SIGNAL, SIGUSR1, 1, 0 },
			   bad[] = { { 99, SIGUSR1, 2, 0 },
				     { SIGEV_SIGNAL, 0, 3, 0 },
				     { SIGEV_SIGNAL, 65, 4, 0 },
				     { SIGEV_THREAD_ID, SIGUSR1, 5, 1 },
				     { SIGEV_THREAD_ID, SIGUSR1, 6, -1 } };
	uint64_t words[8];
	struct create call = { .clock = CLOCK_MONOTONIC };
	unsigned i;
	int id;

	for (i = 0; i < 5; i++)
		expect(try_timer(ABI_64, CLOCK_MONOTONIC, &bad[i]) == -EINVAL, "bad sigevent");
	try_timer(ABI_64, 12345, &good);
	try_timer(ABI_64, CLOCK_MONOTONIC_RAW, &good);
	try_timer(ABI_64, 12345, NULL);
	store_event(ABI_64, words, &good);
	for (i = 0; i < 3; i++) {
		call.event = nowhere[i];
		call.id = (uintptr_t)&id;
		call.seen = NULL;
		expect(create(&call) == -EFAULT, "sigevent that is not there");
		/* made, and deleted again by the kernel */
		call.event = i ? (uintptr_t)words : 0;
		call.id = nowhere[i];
		call.seen = i ? &good : NULL;
		expect(create(&call) == -EFAULT, "id that has nowhere to go");
	}
}

static void errors_values(enum family family, int id)
{
	static const struct spec bad[] = {
		{ 0, 0, 1, 2000000000 }, { 0, 0, 1, 1000000000 }, { 0, -1000, 1, 0 },
		{ 0, 0, -1, 0 },         { -1, 0, 1, 0 },
	};
	unsigned i;

	for (i = 0; i < 5; i++)
		expect(set_spec(family, ABI_64, id, 0, bad[i], i & 1) == -EINVAL, "bad times");
}

/* A timer that takes no pointer of ours, and one that does not exist. */
static void errors_of(enum family family, int id, int absent)
{
	struct spec spec = { 0, 0, 100, 5000 }, bytes;
	struct set call = { .family = family, .id = id };
	unsigned i;

	store(family, ABI_64, &bytes, &spec);
	errors_values(family, id);
	for (i = 0; i < 3; i++) {
		call.new = nowhere[i];
		expect(settime(&call) == -EFAULT, "new value that is not there");
		gettime_into(family, ABI_64, id, nowhere[i]);
	}
	call.id = absent;
	call.new = (uintptr_t)&bytes;
	call.seen = &spec;
	expect(settime(&call) < 0, "timer that is not there");
	gettime(family, ABI_64, absent);
	gettime(family, ABI_64, -1);
}

static void errors(void)
{
	int id = timer(CLOCK_MONOTONIC, SIGUSR1, 0), fd = timerfd(CLOCK_MONOTONIC);

	errors_create();
	errors_of(POSIX, id, id + 1000);
	getoverrun(ABI_64, id + 1000);
	getoverrun(ABI_64, -1);
	delete (ABI_64, id + 1000);
	delete (ABI_64, id);
	delete (ABI_64, id);
	try_fd(ABI_64, CLOCK_PROCESS_CPUTIME_ID, 0);
	try_fd(ABI_64, 12345, TFD_CLOEXEC);
	try_fd(ABI_64, CLOCK_MONOTONIC, 0x10);
	errors_of(FD, fd, 999);
	set_spec(FD, ABI_64, fd, 0x80000000, spec_of(FAR, 0), true);
	/* a file that is no timerfd */
	set_spec(FD, ABI_64, account, 0, spec_of(FAR, 0), true);
	gettime(FD, ABI_64, account);
	errors_of(ITIMER, ITIMER_REAL, 3);
	disarm(ITIMER, ITIMER_REAL);
}

/* compat */

static void compat_of(enum abi abi)
{
	const struct event event = { SIGEV_SIGNAL, SIGUSR1, 0x80000001, 0 },
			   thread = { SIGEV_THREAD_ID, SIGUSR2, 7, getpid() },
			   bad = { 99, SIGUSR1, 5, 0 };
	int id = try_timer(abi, CLOCK_MONOTONIC, &event), fd, which;

	use_posix(abi, CLOCK_MONOTONIC, id);
	delete (abi, id);
	delete (abi, id);
	getoverrun(abi, id);
	gettime(POSIX, abi, id);
	try_timer(abi, CLOCK_REALTIME, &thread);
	try_timer(abi, CLOCK_MONOTONIC, NULL);
	try_timer(abi, CLOCK_MONOTONIC, &bad);
	fd = try_fd(abi, CLOCK_REALTIME, TFD_CLOEXEC);
	use_timerfd(abi, CLOCK_REALTIME, fd);
	close_fd(fd);
	gettime(FD, abi, fd);
	for (which = ITIMER_REAL; which <= ITIMER_PROF; which++)
		use_itimer(abi, which);
	gettime(ITIMER, abi, 3);
	use_alarm(abi);
}

static void compat(void)
{
	char *const elsewhere[] = { "everycall32", "-o", (char *)account_path, "compat", NULL };

	if (reaches_narrow()) {
		compat_of(ABI_32);
		compat_of(ABI_32_TIME32);
	} else {
		expect(leave_to(elsewhere[0], elsewhere, 0), "32-bit calls of another program");
	}
	/* and the program's own behind them */
	use_posix(ABI_PLAIN, CLOCK_MONOTONIC, timer(CLOCK_MONOTONIC, SIGUSR1, 0));
}

/* replace */

static void replace(void)
{
	int id = timer(CLOCK_MONOTONIC, SIGUSR1, 1), fd = timerfd(CLOCK_MONOTONIC), i;

	for (i = 0; i < 2; i++) {
		arm(POSIX, id, 0, FAR, 0);
		arm(POSIX, id, 0, FAR, FAR);
		disarm(POSIX, id);
		disarm(POSIX, id);
		arm(FD, fd, 0, FAR, 0);
		arm(FD, fd, 0, FAR, FAR);
		disarm(FD, fd);
		arm(ITIMER, ITIMER_REAL, 0, FAR, 0);
		arm(ITIMER, ITIMER_REAL, 0, FAR, FAR);
		disarm(ITIMER, ITIMER_REAL);
	}
	/* ended while they are armed */
	arm(POSIX, id, 0, FAR, 0);
	delete (ABI_64, id);
	arm(FD, fd, 0, FAR, FAR);
	close_fd(fd);
	timer(CLOCK_MONOTONIC, SIGUSR1, 2); /* never armed, never deleted */
}

int main(int argc, char **argv)
{
	static const struct deed deeds[] = { { "calls", calls },
					     { "errors", errors },
					     { "compat", compat },
					     { "replace", replace },
					     { NULL, NULL } };
	int first = open_account(argc, argv);

	perform(deeds, argv + first);
	return 0;
}
