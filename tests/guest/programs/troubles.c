/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Uses timers as badly as `timersnoop stat` has findings for, and keeps an
 * account of it:
 *
 *	troubles [-o FILE] WHAT...
 *
 *	clean		nothing that there is a finding for, with every family
 *	rearm-storm	arms a timer STORM times, and it never expires
 *	too-short	values, and an interval, that are too short
 *	past		instants that have gone by
 *	overrun		periods that nobody takes in time
 *	signal-blocked	signals that wait: one is fetched, one never is
 *	signal-ignored	signals that are ignored
 *	calls-fail	calls that are refused, but for their values
 *	bad-value	calls that are refused for their values
 *	never-armed	timers that are made and deleted
 *	leak		timers that are never deleted
 *	zero-value	an interval without a value
 *	late		timers that expire while the CPU is idle, and while it is not
 *	wrong-clock	instants of another clock
 *	herd		timers that expire at one instant
 *	memory-changed	calls under which another thread changes the new value
 *	wait		prints "ready" and waits for a line on standard input
 *
 * The account is written at the end: a JSON object for each timer, and one for
 * the calls of each family that were for no timer; its keys are those of a row
 * of `stat`. What the program does not know is not there. A timer that was
 * stopped between two periods may have expired "_more" times than it tells.
 */
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/ioctl.h>

#include <linux/userfaultfd.h>

#include "account.h"

#define OWNS_MAX 64
#define ERRORS_MAX 8
#define STORM 120
#define LEAK 12
#define HERD 12
#define LATE 5
#define CHANGED 3

/* A timer of ours; or calls that were for none, when it is not known. */
struct own {
	enum family family;
	bool known;
	int id;
	clockid_t clock;
	int signo; /* 0: none */
	long timers, created, deleted, calls, failed;
	long arms, disarms, one_shot, periodic, absolute, replaced, gettimes, getoverruns;
	long expiries, more, overruns, taken, ignored;
	bool overruns_unknown;
	int64_t value_min, value_max, interval_min, interval_max; /* ns; 0: none */
	struct {
		int number;
		long count;
	} errors[ERRORS_MAX];
	bool waiting; /* armed, and it has not expired since */
};

static struct own owns[OWNS_MAX];
static int own_count;

static struct own *own(enum family family, bool known, int id)
{
	struct own *it = owns;

	for (; it < owns + own_count; it++)
		if (it->family == family && it->known == known && it->id == id)
			return it;
	expect(own_count < OWNS_MAX, "room for all timers");
	own_count++;
	*it = (struct own){ .family = family, .known = known, .id = id };
	return it;
}

static struct own *nobody(enum family family)
{
	return own(family, false, 0);
}

static void count_call(struct own *it, int error)
{
	int i = 0;

	it->calls++;
	if (!error)
		return;
	it->failed++;
	while (it->errors[i].count && it->errors[i].number != error)
		i++;
	expect(i < ERRORS_MAX, "room for all errors");
	it->errors[i].number = error;
	it->errors[i].count++;
}

/* Calls. */

static struct own *new_timer(clockid_t clock, int signo)
{
	struct sigevent event = { .sigev_notify = signo ? SIGEV_SIGNAL : SIGEV_NONE,
				  .sigev_signo = signo };
	struct own *it;
	int id;

	if (syscall(SYS_timer_create, clock, &event, &id))
		die("timer_create");
	it = own(POSIX, true, id);
	count_call(it, 0);
	it->timers++;
	it->created++;
	it->clock = clock;
	it->signo = signo;
	return it;
}

static struct own *new_fd(clockid_t clock)
{
	int fd = timerfd_create(clock, TFD_CLOEXEC);
	struct own *it;

	if (fd < 0)
		die("timerfd_create");
	it = own(FD, true, fd);
	count_call(it, 0);
	it->timers++;
	it->created++;
	it->clock = clock;
	return it;
}

static struct own *itimer_real(void)
{
	struct own *it = own(ITIMER, true, ITIMER_REAL);

	it->timers = 1;
	it->clock = CLOCK_MONOTONIC;
	it->signo = SIGALRM;
	return it;
}

static void remove_timer(struct own *it)
{
	it->deleted++;
	it->waiting = false;
	if (it->family == FD && close(it->id))
		die("close");
	if (it->family == FD)
		return;
	count_call(it, 0);
	if (syscall(SYS_timer_delete, it->id))
		die("timer_delete");
}

static long set_raw(const struct own *it, int flags, const void *new, void *old)
{
	if (it->family == ITIMER)
		return syscall(SYS_setitimer, it->id, new, old);
	return syscall(it->family == FD ? SYS_timerfd_settime : SYS_timer_settime, it->id, flags,
		       new, old);
}

static void note_range(int64_t *min, int64_t *max, int64_t ns)
{
	*min = *min && *min < ns ? *min : ns;
	*max = *max > ns ? *max : ns;
}

static void note_set(struct own *it, int flags, int64_t value, int64_t interval)
{
	count_call(it, 0);
	it->replaced += it->waiting;
	it->waiting = value;
	if (!value) {
		it->disarms++;
		return;
	}
	it->arms++;
	if (flags)
		it->absolute++;
	else
		note_range(&it->value_min, &it->value_max, value);
	if (interval) {
		it->periodic++;
		note_range(&it->interval_min, &it->interval_max, interval);
	} else {
		it->one_shot++;
	}
}

static void set(struct own *it, int flags, int64_t value, int64_t interval)
{
	const struct spec spec = spec_of(value, interval);
	int64_t words[4];

	store(it->family, ABI_64, words, &spec);
	if (set_raw(it, flags, words, NULL))
		die("a call that arms");
	note_set(it, flags, value, interval);
}

/* The kernel must have refused a call for this. */
static void refused_with(struct own *it, int error, long ret)
{
	expect(ret < 0 && errno == error, "a call is refused");
	count_call(it, error);
}

/* Expiries, as they are taken. */

static void expired(struct own *it, long overruns)
{
	it->expiries++;
	it->overruns += overruns;
	it->waiting = false;
}

static void took(const siginfo_t *info)
{
	struct own *it =
		info->si_code == SI_TIMER ? own(POSIX, true, info->si_timerid) : itimer_real();

	it->taken++;
	expired(it, info->si_code == SI_TIMER ? info->si_overrun : 0);
}

static sigset_t our_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGUSR2);
	sigaddset(&set, SIGALRM);
	return set;
}

/* Returns its overruns. */
static int fetch(void)
{
	const sigset_t set = our_signals();
	siginfo_t info;

	while (sigwaitinfo(&set, &info) < 0)
		expect(errno == EINTR, "sigwaitinfo");
	took(&info);
	return info.si_code == SI_TIMER ? info.si_overrun : 0;
}

static volatile sig_atomic_t handled;

/* It comes while we wait for it, and at no other time. */
static void handle(int signo, siginfo_t *info, void *unused)
{
	(void)signo;
	(void)unused;
	took(info);
	handled++;
}

static void wait_handled(int count)
{
	const int wanted = handled + count;
	sigset_t none;

	sigemptyset(&none);
	while (handled < wanted)
		sigsuspend(&none);
}

static uint64_t take(struct own *it)
{
	uint64_t count;

	if (read(it->id, &count, sizeof(count)) != sizeof(count))
		die("read of a timerfd");
	expired(it, (long)count - 1);
	return count;
}

/* Ends a periodic timer, which may just have expired once more. */
static void stop(struct own *it)
{
	const struct timespec at_once = { 0 };
	const sigset_t set_of_ours = our_signals();
	sigset_t pending;
	siginfo_t info;

	set(it, 0, 0, 0);
	sigpending(&pending);
	if (it->family == FD) {
		it->more = 1;
	} else if (sigismember(&pending, it->signo)) {
		/* The kernel may have taken it back, but it has expired. */
		if (sigtimedwait(&set_of_ours, &info, &at_once) > 0)
			took(&info);
		else
			it->expiries++;
	}
}

/* The troubles. */

static void clean(void)
{
	struct own *timer = new_timer(CLOCK_MONOTONIC, SIGUSR1), *fd = new_fd(CLOCK_REALTIME);
	struct own *real = itimer_real();
	struct itimerspec left;
	int i;

	set(timer, 0, 20 * MS, 0);
	wait_handled(1);
	set(timer, TIMER_ABSTIME, now(CLOCK_MONOTONIC) + SECOND / 2, 0);
	count_call(timer, syscall(SYS_timer_gettime, timer->id, &left) ? errno : 0);
	timer->gettimes++;
	wait_handled(1);
	count_call(timer, syscall(SYS_timer_getoverrun, timer->id) < 0 ? errno : 0);
	timer->getoverruns++;
	set(timer, 0, 50 * MS, 100 * MS);
	wait_handled(3);
	stop(timer);
	set(fd, 0, 20 * MS, 0);
	take(fd);
	set(fd, 0, 50 * MS, 100 * MS);
	for (i = 0; i < 3; i++)
		take(fd);
	stop(fd);
	set(real, 0, 20 * MS, 0);
	wait_handled(1);
	set(real, 0, 50 * MS, 100 * MS);
	real->overruns_unknown = true;
	wait_handled(3);
	stop(real);
	remove_timer(fd);
	remove_timer(timer);
}

static void rearm_storm(void)
{
	struct own *timer = new_timer(CLOCK_MONOTONIC, SIGUSR1);
	int i;

	for (i = 0; i < STORM; i++)
		set(timer, 0, 100 * SECOND, 0);
	set(timer, 0, 0, 0);
	remove_timer(timer);
}

static void too_short(void)
{
	struct own *timer = new_timer(CLOCK_MONOTONIC, SIGUSR1), *fd = new_fd(CLOCK_MONOTONIC);

	set(timer, 0, 10 * MS / 1000, 0);
	fetch();
	set(timer, 0, 1, 0);
	fetch();
	remove_timer(timer);
	/* It does not get as far as the first expiry. */
	set(fd, 0, 100 * SECOND, 1000);
	set(fd, 0, 0, 0);
	remove_timer(fd);
}

static void past(void)
{
	struct own *timer = new_timer(CLOCK_REALTIME, SIGUSR1);

	set(timer, TIMER_ABSTIME, now(CLOCK_REALTIME) - 20 * SECOND, 0);
	fetch();
	set(timer, TIMER_ABSTIME, now(CLOCK_REALTIME) - 10 * SECOND, 0);
	fetch();
	remove_timer(timer);
}

static void overrun(void)
{
	struct own *timer = new_timer(CLOCK_MONOTONIC, SIGUSR1), *fd = new_fd(CLOCK_MONOTONIC);

	set(timer, 0, 10 * MS, 10 * MS);
	nap(100 * MS);
	expect(fetch() >= 8, "overruns");
	while (fetch())
		;
	stop(timer);
	remove_timer(timer);
	set(fd, 0, 10 * MS, 10 * MS);
	nap(100 * MS);
	expect(take(fd) >= 9, "a count");
	while (take(fd) > 1)
		;
	stop(fd);
	remove_timer(fd);
}

static void signal_blocked(void)
{
	struct own *timer = new_timer(CLOCK_MONOTONIC, SIGUSR1);
	struct own *other = new_timer(CLOCK_MONOTONIC, SIGUSR2);
	const sigset_t all = our_signals();
	const struct timespec at_once = { 0 };

	set(timer, 0, 10 * MS, 0);
	nap(300 * MS);
	fetch();
	remove_timer(timer);
	set(other, 0, 10 * MS, 0);
	nap(300 * MS);
	other->expiries++;
	other->waiting = false;
	remove_timer(other);
	/* Nobody is to have it later. */
	sigtimedwait(&all, NULL, &at_once);
}

static void dispose(int signo, void (*disposition)(int))
{
	struct sigaction action = { .sa_handler = disposition };

	if (sigaction(signo, &action, NULL))
		die("sigaction");
}

static void signal_ignored(void)
{
	struct own *timer = new_timer(CLOCK_MONOTONIC, SIGUSR2);
	sigset_t set_of_it;
	int i;

	sigemptyset(&set_of_it);
	sigaddset(&set_of_it, SIGUSR2);
	dispose(SIGUSR2, SIG_IGN);
	sigprocmask(SIG_UNBLOCK, &set_of_it, NULL); /* or it counts as blocked */
	for (i = 0; i < 3; i++) {
		set(timer, 0, 10 * MS, 0);
		nap(100 * MS);
		timer->expiries++;
		timer->ignored++;
		timer->waiting = false;
	}
	sigprocmask(SIG_BLOCK, &set_of_it, NULL);
	dispose(SIGUSR2, SIG_DFL);
	remove_timer(timer);
}

static void calls_fail(void)
{
	struct own *timer = new_timer(CLOCK_MONOTONIC, SIGUSR1);
	const struct itimerspec spec = { .it_value = { 1, 0 } };
	int id;

	set(timer, 0, 100 * SECOND, 0);
	refused_with(timer, EFAULT, syscall(SYS_timer_settime, timer->id, 0, 16, NULL));
	refused_with(timer, EINVAL, syscall(SYS_timer_settime, timer->id, 0, NULL, NULL));
	remove_timer(timer);
	refused_with(nobody(POSIX), EINVAL, syscall(SYS_timer_settime, 0x7ffffff, 0, &spec, NULL));
	refused_with(nobody(POSIX), EINVAL, syscall(SYS_timer_delete, 0x7ffffff));
	refused_with(nobody(POSIX), EINVAL, syscall(SYS_timer_create, 77, NULL, &id));
	refused_with(nobody(FD), EBADF, syscall(SYS_timerfd_settime, -1, 0, &spec, NULL));
	refused_with(nobody(FD), EINVAL,
		     syscall(SYS_timerfd_settime, STDIN_FILENO, 0, &spec, NULL));
}

static void refuse_value(struct own *it, int64_t sec, int64_t nsec)
{
	const struct spec spec = { .value_sec = sec, .value_nsec = nsec };
	int64_t words[4];

	store(it->family, ABI_64, words, &spec);
	refused_with(it, EINVAL, set_raw(it, 0, words, NULL));
}

static void bad_value(void)
{
	struct own *timer = new_timer(CLOCK_MONOTONIC, SIGUSR1), *fd = new_fd(CLOCK_MONOTONIC);
	struct own *real = itimer_real();

	set(timer, 0, 100 * SECOND, 0);
	refuse_value(timer, 1, SECOND);
	refuse_value(timer, -1, 0);
	set(fd, 0, 100 * SECOND, 0);
	refuse_value(fd, 0, -1);
	set(real, 0, 100 * SECOND, 0);
	refuse_value(real, 1, SECOND);
	set(real, 0, 0, 0);
	remove_timer(fd);
	remove_timer(timer);
}

static void never_armed(void)
{
	struct own *timer = new_timer(CLOCK_MONOTONIC, SIGUSR1);

	remove_timer(timer);
}

static void leak(void)
{
	int i;

	for (i = 0; i < LEAK; i++)
		set(i % 3 ? new_timer(CLOCK_MONOTONIC, SIGUSR1) : new_fd(CLOCK_MONOTONIC), 0,
		    (100 + i) * SECOND, 0);
}

static void zero_value(void)
{
	struct own *timer = new_timer(CLOCK_MONOTONIC, SIGUSR1);

	set(timer, 0, 100 * SECOND, 0);
	set(timer, 0, 0, 10 * MS);
	set(timer, 0, 0, 20 * MS);
	remove_timer(timer);
}

static void late(void)
{
	struct own *timer = new_timer(CLOCK_MONOTONIC, SIGUSR1);
	cpu_set_t before, one;
	sigset_t pending;
	int i;

	/* The timer is of the CPU that armed it. */
	CPU_ZERO(&one);
	CPU_SET((int)sysconf(_SC_NPROCESSORS_ONLN) - 1, &one);
	if (sched_getaffinity(0, sizeof(before), &before) ||
	    sched_setaffinity(0, sizeof(one), &one))
		die("sched_setaffinity");
	for (i = 0; i < LATE; i++) {
		set(timer, 0, 30 * MS, 0);
		fetch();
		set(timer, 0, 10 * MS, 0);
		do
			sigpending(&pending);
		while (!sigismember(&pending, SIGUSR1));
		fetch();
	}
	sched_setaffinity(0, sizeof(before), &before);
	remove_timer(timer);
}

static void wrong_clock(void)
{
	struct own *timer = new_timer(CLOCK_REALTIME, SIGUSR1);

	/* Years ago, there. */
	set(timer, TIMER_ABSTIME, now(CLOCK_MONOTONIC) + SECOND, 0);
	fetch();
	set(timer, TIMER_ABSTIME, now(CLOCK_MONOTONIC) + 2 * SECOND, 0);
	fetch();
	remove_timer(timer);
	/* In years. */
	timer = new_timer(CLOCK_MONOTONIC, SIGUSR1);
	set(timer, TIMER_ABSTIME, now(CLOCK_REALTIME) + SECOND, 0);
	remove_timer(timer);
}

static void herd(void)
{
	const int64_t instant = now(CLOCK_MONOTONIC) + SECOND / 2;
	struct own *fds[HERD];
	int i;

	for (i = 0; i < HERD; i++) {
		fds[i] = new_fd(CLOCK_MONOTONIC);
		set(fds[i], TFD_TIMER_ABSTIME, instant, 0);
	}
	expect(now(CLOCK_MONOTONIC) < instant, "all are armed in time");
	for (i = 0; i < HERD; i++)
		take(fds[i]);
	for (i = 0; i < HERD; i++)
		remove_timer(fds[i]);
}

/*
 * The old value goes to memory that the kernel has to wait for (userfaultfd(2)):
 * it has copied the new value by then, and gets no further until that has changed.
 */
static struct itimerspec changing;
static void *slow_page;
static int slow_fd;

static void *give_pages(void *unused)
{
	struct uffd_msg message;

	while (read(slow_fd, &message, sizeof(message)) == sizeof(message)) {
		struct uffdio_zeropage zero = { .range = { (uintptr_t)slow_page, PAGE } };

		changing.it_value.tv_nsec++;
		if (ioctl(slow_fd, UFFDIO_ZEROPAGE, &zero))
			die("UFFDIO_ZEROPAGE");
	}
	return unused;
}

static void memory_changed(void)
{
	struct own *all[] = { new_timer(CLOCK_MONOTONIC, SIGUSR1), new_fd(CLOCK_MONOTONIC) };
	struct uffdio_register range = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	struct uffdio_api api = { .api = UFFD_API };
	pthread_t thread;
	int i;

	slow_page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	range.range.start = (uintptr_t)slow_page;
	range.range.len = PAGE;
	slow_fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
	if (slow_fd < 0 || ioctl(slow_fd, UFFDIO_API, &api) ||
	    ioctl(slow_fd, UFFDIO_REGISTER, &range) ||
	    pthread_create(&thread, NULL, give_pages, NULL))
		die("userfaultfd");
	for (i = 0; i < 2 * CHANGED; i++) {
		const int64_t value = 100 * SECOND + i * MS;

		changing = (struct itimerspec){ .it_value = { value / SECOND, value % SECOND } };
		if (madvise(slow_page, PAGE, MADV_DONTNEED) ||
		    set_raw(all[i % 2], 0, &changing, slow_page))
			die("a call that is slow");
		note_set(all[i % 2], 0, value, 0);
	}
	remove_timer(all[1]);
	remove_timer(all[0]);
}

static void wait_for_a_line(void)
{
	char byte;

	if (write(STDOUT_FILENO, "ready\n", 6) != 6)
		die("ready");
	while (read(STDIN_FILENO, &byte, 1) == 1 && byte != '\n')
		;
}

/* The account. */

static const char *errno_name(int number)
{
	switch (number) {
	case EINVAL:
		return "EINVAL";
	case EFAULT:
		return "EFAULT";
	case EBADF:
		return "EBADF";
	}
	expect(false, "an error with a name");
	return NULL;
}

static void add_names(struct line *line, const struct own *it)
{
	static const char *const families[] = { "posix", "timerfd", "itimer" };

	add(line, ",\"family\":\"%s\",\"timer\":", families[it->family]);
	if (!it->known) {
		add(line, "null,\"clock\":null,\"signal\":null");
		return;
	}
	if (it->family == ITIMER)
		add(line, "\"real\"");
	else
		add(line, "\"%s%d\"", it->family == FD ? "fd" : "", it->id);
	add(line, ",\"clock\":\"%s\",\"signal\":\"%s\"",
	    it->clock == CLOCK_REALTIME ? "CLOCK_REALTIME" : "CLOCK_MONOTONIC",
	    it->signo ? signal_name(it->signo) : "none");
}

static void add_errors(struct line *line, const struct own *it)
{
	int i;

	if (!it->failed) {
		add(line, ",\"errors\":null");
		return;
	}
	add(line, ",\"errors\":\"");
	for (i = 0; i < ERRORS_MAX && it->errors[i].count; i++)
		add(line, "%s%s:%ld", i ? "|" : "", errno_name(it->errors[i].number),
		    it->errors[i].count);
	add(line, "\"");
}

static void add_range(struct line *line, const char *key, int64_t min, int64_t max)
{
	if (max)
		add(line, ",\"%s\":{\"min\":%" PRId64 ",\"max\":%" PRId64 "}", key, min, max);
	else
		add(line, ",\"%s\":null", key);
}

static void tell(const struct own *it)
{
	struct line line;

	add_event(&line, "own");
	add_names(&line, it);
	add(&line, ",\"timers\":%ld,\"created\":%ld,\"deleted\":%ld,\"calls\":%ld,\"failed\":%ld",
	    it->timers, it->created, it->deleted, it->calls, it->failed);
	add_errors(&line, it);
	add(&line, ",\"arms\":%ld,\"disarms\":%ld,\"one_shot\":%ld,\"periodic\":%ld", it->arms,
	    it->disarms, it->one_shot, it->periodic);
	add(&line, ",\"absolute\":%ld,\"replaced\":%ld,\"gettimes\":%ld,\"getoverruns\":%ld",
	    it->absolute, it->replaced, it->gettimes, it->getoverruns);
	add(&line, ",\"expiries\":%ld,\"_more\":%ld", it->expiries, it->more);
	if (!it->overruns_unknown)
		add(&line, ",\"overruns\":%ld", it->overruns);
	add(&line, ",\"signals_taken\":%ld,\"signals_ignored\":%ld", it->taken, it->ignored);
	add_range(&line, "value_ns", it->value_min, it->value_max);
	add_range(&line, "interval_ns", it->interval_min, it->interval_max);
	put(&line);
}

int main(int argc, char **argv)
{
	static const struct deed deeds[] = {
		{ "clean", clean },
		{ "rearm-storm", rearm_storm },
		{ "too-short", too_short },
		{ "past", past },
		{ "overrun", overrun },
		{ "signal-blocked", signal_blocked },
		{ "signal-ignored", signal_ignored },
		{ "calls-fail", calls_fail },
		{ "bad-value", bad_value },
		{ "never-armed", never_armed },
		{ "leak", leak },
		{ "zero-value", zero_value },
		{ "late", late },
		{ "wrong-clock", wrong_clock },
		{ "herd", herd },
		{ "memory-changed", memory_changed },
		{ "wait", wait_for_a_line },
		{ NULL, NULL },
	};
	const struct sigaction action = { .sa_sigaction = handle, .sa_flags = SA_SIGINFO };
	const int first = open_account(argc, argv);
	const sigset_t all = our_signals();
	const struct own *it;

	if (sigprocmask(SIG_BLOCK, &all, NULL) || sigaction(SIGUSR1, &action, NULL) ||
	    sigaction(SIGALRM, &action, NULL))
		die("signals");
	perform(deeds, argv + first);
	for (it = owns; it < owns + own_count; it++)
		tell(it);
	return 0;
}
