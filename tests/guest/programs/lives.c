/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Lives with timers that expire, and keeps an account of it (see account.h):
 *
 *	lives [-o FILE] WHAT...
 *
 *	periodic	a timer that expires again and again, for a time while its
 *			signal is blocked
 *	hurried		one so fast that it expires again while its signal is fetched
 *	ignored		one whose signal is ignored, and later is not
 *	signals		every way to get a signal, or none
 *	threads		signals for one thread; SIGEV_THREAD
 *	clocks		on every clock: relative, absolute, in the past
 *	timerfds	the same for timerfds, with reads that return counts
 *	itimers		setitimer and alarm
 *	endings		processes that exit, die, execute and fork with timers armed
 *	older		makes some timers, prints "ready", waits for a line, or the
 *			end, on standard input, and then uses them
 */
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <ucontext.h>

#include "account.h"

#define SIGNAL_THREAD (SIGRTMIN + 2)

/* Signals. All of ours are blocked but where they are waited for. */

static volatile sig_atomic_t handled;
static volatile int last_overrun;
static volatile int enough = INT_MAX; /* so many handled, see burn_until_handled() */

static void told(const char *how, const siginfo_t *info, int64_t at)
{
	struct line line;

	add_event(&line, "handled");
	add(&line, ",\"how\":\"%s\",\"signo\":%d,\"si_code\":%d", how, info->si_signo,
	    info->si_code);
	if (info->si_code == SI_TIMER)
		add(&line, ",\"timer_id\":%d,\"overrun\":%d,\"sigev_value\":\"0x%" PRIx64 "\"",
		    info->si_timerid, info->si_overrun, (uint64_t)info->si_value.sival_ptr);
	else
		add(&line, ",\"which\":\"%s\"",
		    info->si_signo == SIGPROF     ? "ITIMER_PROF"
		    : info->si_signo == SIGVTALRM ? "ITIMER_VIRTUAL"
						  : "ITIMER_REAL");
	add(&line, ",\"_mono\":%" PRId64, at);
	put(&line);
	last_overrun = info->si_code == SI_TIMER ? info->si_overrun : 0;
}

static void handle(int signo, siginfo_t *info, void *interrupted)
{
	ucontext_t *context = interrupted;
	const int64_t at = now(CLOCK_MONOTONIC);
	const int saved = errno;

	told("handler", info, at);
	if (info->si_code == SI_TIMER)
		expect(getoverrun(ABI_64, info->si_timerid) == info->si_overrun,
		       "timer_getoverrun is si_overrun");
	if (++handled >= enough)
		sigaddset(&context->uc_sigmask, signo);
	errno = saved;
}

static sigset_t one_signal(int signo)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signo);
	return set;
}

/* SIG_IGN or SIG_DFL */
static void on_signal(int signo, void (*disposition)(int))
{
	struct sigaction action = { .sa_handler = disposition };

	if (sigaction(signo, &action, NULL))
		die("sigaction");
}

static void handle_signal(int signo)
{
	struct sigaction action = { .sa_sigaction = handle, .sa_flags = SA_SIGINFO | SA_RESTART };

	if (sigaction(signo, &action, NULL))
		die("sigaction");
}

static void prepare_signals(void)
{
	const int signals[] = { SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGNAL_THREAD };
	sigset_t set;
	unsigned i;

	sigemptyset(&set);
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		sigaddset(&set, signals[i]);
		handle_signal(signals[i]);
	}
	sigprocmask(SIG_BLOCK, &set, NULL);
}

static void unblock(int signo, bool really)
{
	sigset_t set = one_signal(signo);

	pthread_sigmask(really ? SIG_UNBLOCK : SIG_BLOCK, &set, NULL);
}

/* Until so many more were handled. */
static void wait_handled(int signo, int count)
{
	const int wanted = handled + count;
	sigset_t mask;

	pthread_sigmask(SIG_BLOCK, NULL, &mask);
	sigdelset(&mask, signo);
	while (handled < wanted)
		sigsuspend(&mask);
}

/*
 * Where a signal takes longer than the timer's period, as under strace in an emulated
 * machine, each has overruns: this is how long to wait for one that has not.
 */
#define PATIENCE (3 * SECOND)

static void wait_without_overruns(int signo)
{
	const int64_t end = now(CLOCK_MONOTONIC) + PATIENCE;

	do
		wait_handled(signo, 1);
	while (last_overrun && now(CLOCK_MONOTONIC) < end);
}

/*
 * Until so many signals of a CPU clock were handled. What the handler takes of that clock may
 * be more than the timer's period: then nothing else runs, until it blocks the signal itself.
 */
static void burn_until_handled(int signo, int count)
{
	enough = handled + count;
	unblock(signo, true);
	while (handled < enough)
		;
	unblock(signo, false);
	enough = INT_MAX;
}

static void fetch_by_sigwait(int signo)
{
	sigset_t set = one_signal(signo);
	siginfo_t info;

	while (sigwaitinfo(&set, &info) < 0)
		expect(errno == EINTR, "sigwaitinfo");
	told("sigwait", &info, now(CLOCK_MONOTONIC));
}

static void fetch_by_signalfd(int signo)
{
	sigset_t set = one_signal(signo);
	int fd = signalfd(-1, &set, SFD_CLOEXEC);
	struct signalfd_siginfo from;
	siginfo_t info = { 0 };

	if (fd < 0 || read(fd, &from, sizeof(from)) != sizeof(from))
		die("signalfd");
	info.si_signo = (int)from.ssi_signo;
	info.si_code = from.ssi_code;
	info.si_timerid = (int)from.ssi_tid;
	info.si_overrun = (int)from.ssi_overrun;
	info.si_value.sival_ptr = (void *)(uintptr_t)from.ssi_ptr;
	told("signalfd", &info, now(CLOCK_MONOTONIC));
	close(fd);
}

/* What a timer that is now disarmed left pending: the kernel may take it back. */
static void fetch_leftover(int id, int signo)
{
	const struct timespec at_once = { 0 };
	sigset_t set = one_signal(signo), pending;
	struct line line;
	siginfo_t info;

	sigpending(&pending);
	if (!sigismember(&pending, signo))
		return;
	if (sigtimedwait(&set, &info, &at_once) == signo) {
		told("sigwait", &info, now(CLOCK_MONOTONIC));
		return;
	}
	add_event(&line, "leftover");
	add(&line, ",\"timer_id\":%d,\"_mono\":%" PRId64, id, now(CLOCK_MONOTONIC));
	put(&line);
}

/* periodic */

static void periodic(void)
{
	int id = timer(CLOCK_MONOTONIC, SIGUSR1, 0x4d);

	arm(POSIX, id, 0, 3 * MS, 5 * MS);
	wait_handled(SIGUSR1, 20);
	/* it is blocked meanwhile */
	nap(60 * MS);
	wait_handled(SIGUSR1, 1);
	/* One more period at least has gone by, whenever the nap began. */
	expect(last_overrun >= 9, "overruns while blocked");
	wait_without_overruns(SIGUSR1);
	disarm(POSIX, id);
	fetch_leftover(id, SIGUSR1);
	delete (ABI_64, id);
}

/* hurried */

/* The kernel arms it again before it hands over the signal, and that takes a while. */
static void hurried(void)
{
	int id = timer(CLOCK_MONOTONIC, SIGUSR1, 0xfa57), i;

	arm(POSIX, id, 0, MS, MS / 10);
	for (i = 0; i < 150; i++)
		fetch_by_sigwait(SIGUSR1);
	disarm(POSIX, id);
	fetch_leftover(id, SIGUSR1);
	delete (ABI_64, id);
}

/* ignored */

static void ignored(void)
{
	int id = timer(CLOCK_MONOTONIC, SIGUSR2, 0x5e);

	on_signal(SIGUSR2, SIG_IGN);
	unblock(SIGUSR2, true); /* or it counts as blocked */
	arm(POSIX, id, 0, 3 * MS, 5 * MS);
	nap(60 * MS);
	gettime(POSIX, ABI_64, id);
	getoverrun(ABI_64, id);
	unblock(SIGUSR2, false);
	handle_signal(SIGUSR2);
	wait_without_overruns(SIGUSR2);
	disarm(POSIX, id);
	fetch_leftover(id, SIGUSR2);
	delete (ABI_64, id);
}

/* signals */

static void signals(void)
{
	int id = timer(CLOCK_MONOTONIC, SIGUSR1, 0xfeedface), i;
	int default_id = try_timer(ABI_64, CLOCK_MONOTONIC, NULL);
	int silent = try_timer(ABI_64, CLOCK_MONOTONIC, &(struct event){ SIGEV_NONE, 0, 0, 0 });

	for (i = 0; i < 3; i++) {
		arm(POSIX, id, 0, MS, 0);
		wait_handled(SIGUSR1, 1);
		arm(POSIX, id, 0, MS, 0);
		fetch_by_sigwait(SIGUSR1);
		arm(POSIX, id, 0, MS, 0);
		fetch_by_signalfd(SIGUSR1);
		/* it expires while nobody looks, and only then is it fetched */
		arm(POSIX, id, 0, 100, 0);
		nap(2 * MS);
		fetch_by_sigwait(SIGUSR1);
	}
	arm(POSIX, default_id, 0, MS, 0);
	wait_handled(SIGALRM, 1);
	/* its process has nobody to tell */
	arm(POSIX, silent, 0, MS, MS);
	nap(5 * MS);
	gettime(POSIX, ABI_64, silent);
	delete (ABI_64, silent);
	delete (ABI_64, default_id);
}

/* threads */

#define THREAD_SIGNALS 4

struct worker {
	pthread_t thread;
	int tid, id;
	int ready[2]; /* a pipe */
};

static void *receive(void *context)
{
	struct worker *worker = context;
	int i;

	worker->tid = (int)syscall(SYS_gettid);
	worker->id =
		try_timer(ABI_64, CLOCK_MONOTONIC,
			  &(struct event){ SIGEV_THREAD_ID, SIGNAL_THREAD, 0x7d, worker->tid });
	if (write(worker->ready[1], "", 1) != 1)
		die("pipe");
	for (i = 0; i < THREAD_SIGNALS; i++) {
		fetch_by_sigwait(SIGNAL_THREAD);
		arm(POSIX, worker->id, 0, MS, 0);
		wait_handled(SIGNAL_THREAD, 1);
		if (i < THREAD_SIGNALS - 1)
			arm(POSIX, worker->id, 0, 2 * MS, 0);
	}
	return NULL;
}

static int notified[2]; /* a pipe */

static void notify(union sigval value)
{
	if (value.sival_int != 77 || write(notified[1], "", 1) != 1)
		die("notify");
}

static void add_part(struct line *line, const char *event)
{
	add_event(line, event);
	add(line, ",\"_part\":true,\"ret\":0");
}

/* libc makes this timer, with a thread of its own that waits for its signal. */
static void libc_thread(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_THREAD };
	struct itimerspec soon = { .it_value = { 0, MS } };
	struct line line;
	timer_t id;
	char byte;
	int i;

	event.sigev_notify_function = notify;
	event.sigev_value.sival_int = 77;
	if (pipe(notified) || timer_create(CLOCK_MONOTONIC, &event, &id))
		die("SIGEV_THREAD");
	add_part(&line, "timer_create");
	add_clock(&line, CLOCK_MONOTONIC);
	put(&line);
	for (i = 0; i < 3; i++) {
		if (timer_settime(id, 0, &soon, NULL))
			die("timer_settime");
		add_part(&line, "timer_settime");
		add_spec(&line, "new", &(struct spec){ 0, 0, 0, MS });
		put(&line);
		if (read(notified[0], &byte, 1) != 1)
			die("pipe");
	}
	timer_delete(id);
	add_part(&line, "timer_delete");
	put(&line);
}

static void threads(void)
{
	struct worker worker = { 0 };
	char byte;

	if (pipe(worker.ready) || pthread_create(&worker.thread, NULL, receive, &worker) ||
	    read(worker.ready[0], &byte, 1) != 1)
		die("threads");
	/* armed here, and received there */
	arm(POSIX, worker.id, 0, MS, 0);
	pthread_join(worker.thread, NULL);
	delete (ABI_64, worker.id);
	libc_thread();
}

/* clocks */

static void expire_on(clockid_t clock)
{
	int id = try_timer(ABI_64, clock, &(struct event){ SIGEV_SIGNAL, SIGUSR1, 0xc10c, 0 });

	expect(id >= 0 || may_be_absent(clock), "timer_create on every clock");
	if (id < 0)
		return;
	arm(POSIX, id, 0, 2 * MS, 0);
	wait_handled(SIGUSR1, 1);
	arm(POSIX, id, TIMER_ABSTIME, time_on(clock) + 10 * MS, 0);
	wait_handled(SIGUSR1, 1);
	arm(POSIX, id, TIMER_ABSTIME, time_on(clock) - SECOND, 0);
	wait_handled(SIGUSR1, 1);
	/* periods from a moment in the past: most of them are overruns */
	arm(POSIX, id, TIMER_ABSTIME, time_on(clock) - SECOND, 100 * MS);
	wait_handled(SIGUSR1, 1);
	expect(last_overrun >= 9, "overruns from the past");
	disarm(POSIX, id);
	fetch_leftover(id, SIGUSR1);
	delete (ABI_64, id);
}

static void expire_cpu(clockid_t clock)
{
	int id = timer(clock, SIGUSR1, 0xcb);

	arm(POSIX, id, 0, 5 * MS, 0);
	burn_until_handled(SIGUSR1, 1);
	arm(POSIX, id, TIMER_ABSTIME, now(clock) + 5 * MS, 0);
	burn_until_handled(SIGUSR1, 1);
	arm(POSIX, id, TIMER_ABSTIME, 1, 0);
	burn_until_handled(SIGUSR1, 1);
	delete (ABI_64, id);
}

static void all_clocks(void)
{
	unsigned i;

	for (i = 0; i < WALL_CLOCKS; i++)
		expire_on(wall_clocks[i]);
	expire_cpu(CLOCK_PROCESS_CPUTIME_ID);
	expire_cpu(CLOCK_THREAD_CPUTIME_ID);
	expire_cpu((clockid_t)(~(unsigned)getpid() << 3 | 2));
}

/* timerfds */

static uint64_t take(int fd)
{
	struct line line;
	uint64_t count;

	if (read(fd, &count, sizeof(count)) != sizeof(count))
		die("read of a timerfd");
	add_event(&line, "read");
	add(&line, ",\"fd\":%d,\"count\":%" PRIu64 ",\"_mono\":%" PRId64, fd, count,
	    now(CLOCK_MONOTONIC));
	put(&line);
	return count;
}

static void take_without_overruns(int fd)
{
	const int64_t end = now(CLOCK_MONOTONIC) + PATIENCE;

	while (take(fd) > 1 && now(CLOCK_MONOTONIC) < end)
		;
}

static int expire_timerfd(clockid_t clock)
{
	int fd = try_fd(ABI_64, clock, 0), i;

	expect(fd >= 0 || may_be_absent(clock), "timerfd_create on every clock");
	if (fd < 0)
		return fd;
	arm(FD, fd, 0, 2 * MS, 0);
	expect(take(fd) == 1, "one expiry");
	arm(FD, fd, TFD_TIMER_ABSTIME, time_on(clock) + 10 * MS, 0);
	take(fd);
	arm(FD, fd, TFD_TIMER_ABSTIME, time_on(clock) - SECOND, 0);
	expect(take(fd) == 1, "one expiry");
	arm(FD, fd, 0, 3 * MS, 5 * MS);
	for (i = 0; i < 5; i++)
		take(fd);
	nap(40 * MS);
	expect(take(fd) >= 4, "a count");
	take_without_overruns(fd);
	disarm(FD, fd);
	return fd;
}

static void timerfds(void)
{
	struct pollfd poll_fd = { .events = POLLIN };
	int fds[FD_CLOCKS], i;

	for (i = 0; i < FD_CLOCKS; i++)
		fds[i] = expire_timerfd(wall_clocks[i]);
	/* an expiry that nobody reads */
	arm(FD, fds[0], 0, MS, 0);
	poll_fd.fd = fds[0];
	poll(&poll_fd, 1, -1);
	for (i = 0; i < FD_CLOCKS; i++)
		if (fds[i] >= 0)
			close_fd(fds[i]);
}

/* itimers */

static void itimers(void)
{
	arm(ITIMER, ITIMER_REAL, 0, 3 * MS, 5 * MS);
	wait_handled(SIGALRM, 8);
	nap(30 * MS);
	wait_handled(SIGALRM, 1);
	disarm(ITIMER, ITIMER_REAL);
	fetch_leftover(ITIMER_REAL, SIGALRM);
	arm(ITIMER, ITIMER_REAL, 0, 2 * MS, 0);
	fetch_by_sigwait(SIGALRM);
	arm(ITIMER, ITIMER_VIRTUAL, 0, 8 * MS, 0);
	burn_until_handled(SIGVTALRM, 1);
	arm(ITIMER, ITIMER_PROF, 0, 8 * MS, 8 * MS);
	burn_until_handled(SIGPROF, 3);
	disarm(ITIMER, ITIMER_PROF);
	fetch_leftover(ITIMER_PROF, SIGPROF);
#ifdef SYS_alarm
	set_alarm(ABI_64, 1);
	wait_handled(SIGALRM, 1);
	expect(set_alarm(ABI_64, 0) == 0, "no alarm any more");
#else
	arm(ITIMER, ITIMER_REAL, 0, SECOND, 0);
	wait_handled(SIGALRM, 1);
#endif
}

/* endings */

/* One of each; a negative id in their place means not that one. */
static void arm_all(int posix, int fd)
{
	if (posix >= 0)
		arm(POSIX, posix, 0, FAR, 0);
	arm(FD, fd, 0, FAR, SECOND);
	arm(ITIMER, ITIMER_REAL, 0, FAR, 0);
}

static void exit_armed(void)
{
	arm_all(timer(CLOCK_MONOTONIC, SIGUSR1, 3), timerfd(CLOCK_MONOTONIC));
	_exit(0);
}

/* A signal that nobody handles: there is no siginfo_t either. */
static void die_of_signal(void)
{
	int id = timer(CLOCK_MONOTONIC, SIGUSR1, 0xdead);
	struct line line;

	on_signal(SIGUSR1, SIG_DFL);
	arm(POSIX, id, 0, MS, 0);
	add_event(&line, "handled");
	add(&line, ",\"how\":\"default\",\"signo\":%d,\"timer_id\":%d", SIGUSR1, id);
	put(&line);
	/* pending by then; what kills at once is delivered as SIGKILL, if at all */
	nap(5 * MS);
	unblock(SIGUSR1, true);
	for (;;)
		pause();
}

/* What the fork left, and what it did not. */
static void use_inherited(int posix, int fd)
{
	expect(gettime(POSIX, ABI_64, posix) == -EINVAL, "POSIX timers are not inherited");
	expect(!gettime(FD, ABI_64, fd), "timerfds are inherited");
	expect(!gettime(ITIMER, ABI_64, ITIMER_REAL), "getitimer");
	_exit(0);
}

static void execute(void)
{
	int posix = timer(CLOCK_MONOTONIC, SIGUSR1, 4), fd = timerfd(CLOCK_MONOTONIC);
	int closed = try_fd(ABI_64, CLOCK_REALTIME, TFD_CLOEXEC);
	char posix_text[16], fd_text[16], closed_text[16];

	arm_all(posix, fd);
	arm(FD, closed, 0, FAR, 0);
	snprintf(posix_text, sizeof(posix_text), "%d", posix);
	snprintf(fd_text, sizeof(fd_text), "%d", fd);
	snprintf(closed_text, sizeof(closed_text), "%d", closed);
	note("exec");
	execl("/proc/self/exe", "lives", "-o", account_path, "executed", posix_text, fd_text,
	      closed_text, NULL);
	die("exec");
}

/* The program that it executes. */
static void executed(int posix, int fd, int closed)
{
	expect(gettime(POSIX, ABI_64, posix) == -EINVAL, "exec ends POSIX timers");
	expect(!gettime(FD, ABI_64, fd), "exec leaves timerfds");
	expect(gettime(FD, ABI_64, closed) == -EBADF, "exec closes some files");
	expect(!gettime(ITIMER, ABI_64, ITIMER_REAL), "getitimer");
	timer(CLOCK_MONOTONIC, SIGUSR1, 5);
	disarm(ITIMER, ITIMER_REAL);
	_exit(0);
}

static void in_child(void (*what)(void), int expected)
{
	pid_t child = fork();
	int status;

	if (!child)
		what();
	if (child < 0 || waitpid(child, &status, 0) != child || status != expected)
		die("a child");
}

static int inherited_posix, inherited_fd;

static void be_heir(void)
{
	use_inherited(inherited_posix, inherited_fd);
}

static void endings(void)
{
	in_child(exit_armed, 0);
	in_child(die_of_signal, SIGUSR1);
	in_child(execute, 0);
	inherited_posix = timer(CLOCK_MONOTONIC, SIGUSR1, 6);
	inherited_fd = timerfd(CLOCK_BOOTTIME);
	arm_all(inherited_posix, inherited_fd);
	in_child(be_heir, 0);
	disarm(ITIMER, ITIMER_REAL);
	delete (ABI_64, inherited_posix);
	close_fd(inherited_fd);
}

/* older */

static void older(void)
{
	int id = timer(CLOCK_MONOTONIC, SIGUSR1, 0x01d), fd = timerfd(CLOCK_BOOTTIME);
	int unused = try_timer(ABI_64, CLOCK_REALTIME, &(struct event){ SIGEV_NONE, 0, 0, 0 });

	expect(unused >= 0, "timer_create");
	/* These expire while they are watched, but nobody watched their arming. */
	arm(POSIX, id, 0, 3 * MS, 20 * MS);
	arm(FD, fd, 0, 3 * MS, 20 * MS);
	arm(POSIX, unused, 0, FAR, 0);
	arm(ITIMER, ITIMER_REAL, 0, FAR, 0);
	note("ready");
	puts("ready");
	fflush(stdout);
	while (getchar() != '\n' && !feof(stdin))
		;
	wait_without_overruns(SIGUSR1);
	wait_handled(SIGUSR1, 2);
	take_without_overruns(fd);
	gettime(POSIX, ABI_64, id);
	gettime(ITIMER, ABI_64, ITIMER_REAL);
	disarm(POSIX, id);
	fetch_leftover(id, SIGUSR1);
	arm(POSIX, id, 0, 2 * MS, 0);
	wait_handled(SIGUSR1, 1);
	disarm(FD, fd);
	delete (ABI_64, id);
	close_fd(fd);
	id = timer(CLOCK_MONOTONIC, SIGUSR1, 0x2e3);
}

int main(int argc, char **argv)
{
	static const struct deed deeds[] = {
		{ "periodic", periodic }, { "hurried", hurried }, { "ignored", ignored },
		{ "signals", signals },   { "threads", threads }, { "clocks", all_clocks },
		{ "timerfds", timerfds }, { "itimers", itimers }, { "endings", endings },
		{ "older", older },       { NULL, NULL },
	};
	int first = open_account(argc, argv);

	prepare_signals();
	if (argc - first == 4 && !strcmp(argv[first], "executed"))
		executed(atoi(argv[first + 1]), atoi(argv[first + 2]), atoi(argv[first + 3]));
	perform(deeds, argv + first);
	return 0;
}
