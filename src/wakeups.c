/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/wakeups.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "timersnoop/clocks.h"
#include "timersnoop/timerspec.h"

/* The first ones are always there; processes and then pipes follow. */
enum { POLL_SIGNAL, POLL_OUTPUT, POLL_COMMAND, POLL_CLOCK, POLL_FIXED };

struct wakeups {
	struct pollfd *fds;
	size_t processes; /* pidfds behind the fixed ones */
	size_t alive;     /* of them, still running */
	size_t pipes;
	size_t absent; /* pipes left out, of CPUs that are not there */
	bool watch_processes;
	uint64_t deadline_ns;
	int64_t tick_ns;
	int urgent_fd; /* an epoll of all but pipes and output */
};

/*
 * A CPU that is not online has no ring buffer, and poll() on its pipe returns at
 * once with an error. Its pipe is left out then, and looked at this often in
 * case the CPU has come up.
 */
#define ABSENT_CPU_PAUSE_NS NSEC_PER_SEC

/* Whatever would end us and leave probes behind, and can be waited for. */
static bool ends_programs(int number)
{
	static const int signals[] = { SIGINT,  SIGTERM, SIGHUP,    SIGQUIT, SIGUSR1,
				       SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGXCPU,
				       SIGIO,   SIGPWR,  SIGSTKFLT };

	if (number >= SIGRTMIN && number <= SIGRTMAX)
		return true;
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (signals[i] == number)
			return true;
	return false;
}

/*
 * Blocks the ones that end programs and makes errors of the two that tell of
 * output which cannot be written. 0 or -errno.
 */
static int take_signals(sigset_t *taken, struct launch_signals *before)
{
	const struct sigaction standard = { .sa_handler = SIG_DFL };
	const struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct sigaction action;

	sigemptyset(taken);
	sigemptyset(&before->ignored);
	for (int number = 1; number <= SIGRTMAX; number++) {
		bool written = number == SIGPIPE || number == SIGXFSZ;
		bool ignored;

		/* The C library keeps a few real-time signals for itself. */
		if (sigaction(number, NULL, &action) < 0 || (!ends_programs(number) && !written))
			continue;
		ignored = action.sa_handler == SIG_IGN;
		if (ignored)
			sigaddset(&before->ignored, number);
		if (written)
			sigaction(number, &ignore, NULL);
		if (written || (ignored && number == SIGHUP))
			continue;
		/* An ignored signal would not become pending. */
		sigaction(number, &standard, NULL);
		sigaddset(taken, number);
	}
	return sigprocmask(SIG_BLOCK, taken, &before->mask) < 0 ? -errno : 0;
}

static int watch(int epoll_fd, int fd)
{
	struct epoll_event event = { .events = EPOLLIN };

	return fd < 0 || epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

static int open_fds(struct wakeups *wakeups, struct launch_signals *before)
{
	sigset_t taken;
	int status = take_signals(&taken, before);

	if (status < 0)
		return status;
	wakeups->fds[POLL_SIGNAL].fd = signalfd(-1, &taken, SFD_CLOEXEC | SFD_NONBLOCK);
	wakeups->fds[POLL_SIGNAL].events = POLLIN;
	wakeups->urgent_fd = epoll_create1(EPOLL_CLOEXEC);
	if (wakeups->fds[POLL_SIGNAL].fd < 0 || wakeups->urgent_fd < 0)
		return -errno;
	return watch(wakeups->urgent_fd, wakeups->fds[POLL_SIGNAL].fd);
}

int wakeups_new(struct wakeups **out, struct launch_signals *before, struct error *err)
{
	struct wakeups *wakeups = calloc(1, sizeof(*wakeups));
	int status;

	*out = NULL;
	if (wakeups)
		wakeups->fds = calloc(POLL_FIXED, sizeof(*wakeups->fds));
	if (!wakeups || !wakeups->fds) {
		free(wakeups);
		return error_errno(err, ENOMEM, "signals");
	}
	for (int i = 0; i < POLL_FIXED; i++)
		wakeups->fds[i].fd = -1;
	wakeups->urgent_fd = -1;
	status = open_fds(wakeups, before);
	if (status < 0) {
		wakeups_free(wakeups);
		return error_errno(err, -status, "cannot receive signals");
	}
	*out = wakeups;
	return 0;
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

void wakeups_free(struct wakeups *wakeups)
{
	if (!wakeups)
		return;
	close_fd(wakeups->urgent_fd);
	close_fd(wakeups->fds[POLL_SIGNAL].fd);
	close_fd(wakeups->fds[POLL_CLOCK].fd);
	for (size_t i = 0; i < wakeups->processes; i++)
		close_fd(wakeups->fds[POLL_FIXED + i].fd);
	free(wakeups->fds);
	free(wakeups);
}

int wakeups_urgent_fd(const struct wakeups *wakeups)
{
	return wakeups->urgent_fd;
}

int wakeups_signal_fd(const struct wakeups *wakeups)
{
	return wakeups->fds[POLL_SIGNAL].fd;
}

static struct pollfd *grow(struct wakeups *wakeups, size_t more)
{
	size_t held = POLL_FIXED + wakeups->processes + wakeups->pipes;
	struct pollfd *fds = realloc(wakeups->fds, (held + more) * sizeof(*fds));

	if (!fds)
		return NULL;
	wakeups->fds = fds;
	return fds + held;
}

int wakeups_add_capture(struct wakeups *wakeups, const struct capture *capture)
{
	struct pollfd *fds;
	size_t count;

	capture_cpus(capture, &count);
	fds = grow(wakeups, count);
	if (!fds)
		return -ENOMEM;
	capture_poll(capture, fds);
	wakeups->pipes = count;
	return 0;
}

void wakeups_add_output(struct wakeups *wakeups, int fd)
{
	/* Only errors are waited for: a pipe whose last reader has gone. */
	wakeups->fds[POLL_OUTPUT] = (struct pollfd){ .fd = fd };
}

void wakeups_add_command(struct wakeups *wakeups, int pidfd)
{
	wakeups->fds[POLL_COMMAND] = (struct pollfd){ .fd = pidfd, .events = POLLIN };
	watch(wakeups->urgent_fd, pidfd);
}

int wakeups_add_process(struct wakeups *wakeups, int32_t pid)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd *place;

	wakeups->watch_processes = true;
	if (fd < 0)
		return -errno;
	place = grow(wakeups, 1);
	if (!place) {
		close(fd);
		return -ENOMEM;
	}
	*place = (struct pollfd){ .fd = fd, .events = POLLIN };
	watch(wakeups->urgent_fd, fd);
	wakeups->processes++;
	wakeups->alive++;
	return 0;
}

void wakeups_set_tick(struct wakeups *wakeups, int64_t tick_ns)
{
	wakeups->tick_ns = tick_ns;
}

int wakeups_watch_clock(struct wakeups *wakeups)
{
	/* It never expires, and is cancelled when the clock is set: timerfd_create(2). */
	const struct itimerspec never = { .it_value = { .tv_sec = INT32_MAX } };
	int fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);

	if (fd < 0)
		return -errno;
	wakeups->fds[POLL_CLOCK] = (struct pollfd){ .fd = fd, .events = POLLIN };
	return timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL) < 0
		       ? -errno
		       : 0;
}

void wakeups_set_deadline(struct wakeups *wakeups, uint64_t deadline_ns)
{
	wakeups->deadline_ns = deadline_ns;
}

/* How long to sleep: NULL for ever. */
static struct timespec *timeout(const struct wakeups *wakeups, int64_t longest_ns,
				struct timespec *time)
{
	int64_t left = longest_ns;

	if (wakeups->deadline_ns) {
		uint64_t now = clocks_now();
		int64_t to_deadline =
			now < wakeups->deadline_ns ? (int64_t)(wakeups->deadline_ns - now) : 0;

		if (left < 0 || to_deadline < left)
			left = to_deadline;
	}
	if (left < 0)
		return NULL;
	*time = (struct timespec){ left / NSEC_PER_SEC, left % NSEC_PER_SEC };
	return time;
}

static int ended_processes(struct wakeups *wakeups)
{
	for (size_t i = 0; i < wakeups->processes; i++) {
		struct pollfd *fd = &wakeups->fds[POLL_FIXED + i];

		if (fd->fd < 0 || !fd->revents)
			continue;
		close(fd->fd);
		fd->fd = -1;
		wakeups->alive--;
	}
	if (!wakeups->watch_processes || wakeups->alive)
		return 0;
	wakeups->watch_processes = false;
	return WAKE_GONE;
}

static int ready_pipes(struct wakeups *wakeups)
{
	struct pollfd *pipes = &wakeups->fds[POLL_FIXED + wakeups->processes];
	int why = 0;

	for (size_t i = 0; i < wakeups->pipes; i++) {
		if (pipes[i].revents & POLLIN) {
			why |= WAKE_DATA;
		} else if (pipes[i].revents) {
			pipes[i].fd = -1 - pipes[i].fd; /* poll() passes negative ones over */
			wakeups->absent++;
		}
	}
	return why;
}

static void look_at_absent(struct wakeups *wakeups)
{
	struct pollfd *pipes = &wakeups->fds[POLL_FIXED + wakeups->processes];

	for (size_t i = 0; i < wakeups->pipes; i++)
		if (pipes[i].fd < 0)
			pipes[i].fd = -1 - pipes[i].fd;
	wakeups->absent = 0;
}

static int reasons(struct wakeups *wakeups, bool with_pipes)
{
	struct pollfd *fds = wakeups->fds;
	int why = ended_processes(wakeups);

	if (fds[POLL_SIGNAL].revents)
		why |= WAKE_SIGNAL;
	if (fds[POLL_OUTPUT].revents & (POLLERR | POLLHUP)) {
		fds[POLL_OUTPUT].fd = -1;
		why |= WAKE_CLOSED;
	}
	if (fds[POLL_CLOCK].revents) {
		uint64_t expiries;

		/* ECANCELED; the next time it is set will be told as well */
		if (read(fds[POLL_CLOCK].fd, &expiries, sizeof(expiries)) > 0)
			fds[POLL_CLOCK].fd = -1 - fds[POLL_CLOCK].fd;
	}
	if (fds[POLL_COMMAND].revents) {
		fds[POLL_COMMAND].fd = -1;
		why |= WAKE_COMMAND;
	}
	if (with_pipes)
		why |= ready_pipes(wakeups);
	if (wakeups->deadline_ns && clocks_now() >= wakeups->deadline_ns)
		why |= WAKE_DEADLINE;
	return why;
}

int wakeups_wait(struct wakeups *wakeups, int64_t longest_ns)
{
	bool with_pipes = longest_ns < 0;
	size_t count = POLL_FIXED + wakeups->processes + (with_pipes ? wakeups->pipes : 0);
	struct timespec time;

	if (with_pipes && wakeups->tick_ns)
		longest_ns = wakeups->tick_ns;
	if (with_pipes && wakeups->absent)
		longest_ns = ABSENT_CPU_PAUSE_NS;
	/* -p of processes that had all ended before they were watched. */
	if (wakeups->watch_processes && !wakeups->alive)
		longest_ns = 0;
	for (;;) {
		int ready = ppoll(wakeups->fds, count, timeout(wakeups, longest_ns, &time), NULL);

		if (ready == 0 && with_pipes)
			look_at_absent(wakeups);
		if (ready >= 0)
			return reasons(wakeups, with_pipes);
		if (errno != EINTR)
			return -errno;
	}
}

int wakeups_signal(struct wakeups *wakeups, int *from_terminal)
{
	struct signalfd_siginfo info;

	if (read(wakeups->fds[POLL_SIGNAL].fd, &info, sizeof(info)) != sizeof(info))
		return 0;
	*from_terminal = info.ssi_code == SI_KERNEL;
	return (int)info.ssi_signo;
}
