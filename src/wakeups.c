/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "timersnoop/wakeups.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "timersnoop/timerspec.h"

/* The first three are always there; processes and then pipes follow. */
enum { POLL_SIGNAL, POLL_OUTPUT, POLL_COMMAND, POLL_FIXED };

struct wakeups {
	struct pollfd *fds;
	size_t processes; /* pidfds behind the fixed ones */
	size_t alive;     /* of them, still running */
	size_t pipes;
	bool watch_processes;
	uint64_t deadline_ns;
};

static int open_signals(struct launch_signals *before)
{
	/* Whatever would end us and leave probes behind. */
	static const int signals[] = { SIGINT,  SIGTERM, SIGHUP,    SIGQUIT, SIGUSR1,
				       SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGXCPU };
	const struct sigaction standard = { .sa_handler = SIG_DFL };
	struct sigaction action;
	sigset_t set;

	sigemptyset(&set);
	sigemptyset(&before->ignored);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		bool ignored =
			sigaction(signals[i], NULL, &action) == 0 && action.sa_handler == SIG_IGN;

		if (ignored)
			sigaddset(&before->ignored, signals[i]);
		if (ignored && signals[i] == SIGHUP)
			continue;
		/* An ignored signal would not become pending. */
		sigaction(signals[i], &standard, NULL);
		sigaddset(&set, signals[i]);
	}
	if (sigprocmask(SIG_BLOCK, &set, &before->mask) < 0)
		return -1;
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int wakeups_new(struct wakeups **out, struct launch_signals *before, struct error *err)
{
	struct wakeups *wakeups = calloc(1, sizeof(*wakeups));

	*out = NULL;
	if (wakeups)
		wakeups->fds = calloc(POLL_FIXED, sizeof(*wakeups->fds));
	if (!wakeups || !wakeups->fds) {
		free(wakeups);
		return error_errno(err, ENOMEM, "signals");
	}
	for (int i = 0; i < POLL_FIXED; i++)
		wakeups->fds[i].fd = -1;
	wakeups->fds[POLL_SIGNAL].fd = open_signals(before);
	wakeups->fds[POLL_SIGNAL].events = POLLIN;
	if (wakeups->fds[POLL_SIGNAL].fd < 0) {
		error_errno(err, errno, "cannot receive signals");
		wakeups_free(wakeups);
		return err ? -err->code : -EIO;
	}
	*out = wakeups;
	return 0;
}

void wakeups_free(struct wakeups *wakeups)
{
	if (!wakeups)
		return;
	if (wakeups->fds[POLL_SIGNAL].fd >= 0)
		close(wakeups->fds[POLL_SIGNAL].fd);
	for (size_t i = 0; i < wakeups->processes; i++)
		if (wakeups->fds[POLL_FIXED + i].fd >= 0)
			close(wakeups->fds[POLL_FIXED + i].fd);
	free(wakeups->fds);
	free(wakeups);
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
	wakeups->processes++;
	wakeups->alive++;
	return 0;
}

void wakeups_set_deadline(struct wakeups *wakeups, uint64_t deadline_ns)
{
	wakeups->deadline_ns = deadline_ns;
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NSEC_PER_SEC + (uint64_t)now.tv_nsec;
}

/* How long to sleep: NULL for ever. */
static struct timespec *timeout(const struct wakeups *wakeups, int64_t longest_ns,
				struct timespec *time)
{
	int64_t left = longest_ns;

	if (wakeups->deadline_ns) {
		uint64_t now = now_ns();
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
	if (fds[POLL_COMMAND].revents) {
		fds[POLL_COMMAND].fd = -1;
		why |= WAKE_COMMAND;
	}
	for (size_t i = 0; with_pipes && i < wakeups->pipes; i++)
		if (fds[POLL_FIXED + wakeups->processes + i].revents)
			why |= WAKE_DATA;
	if (wakeups->deadline_ns && now_ns() >= wakeups->deadline_ns)
		why |= WAKE_DEADLINE;
	return why;
}

int wakeups_wait(struct wakeups *wakeups, int64_t longest_ns)
{
	bool with_pipes = longest_ns < 0;
	size_t count = POLL_FIXED + wakeups->processes + (with_pipes ? wakeups->pipes : 0);
	struct timespec time;

	/* -p of processes that had all ended before they were watched. */
	if (wakeups->watch_processes && !wakeups->alive)
		longest_ns = 0;
	for (;;) {
		if (ppoll(wakeups->fds, count, timeout(wakeups, longest_ns, &time), NULL) >= 0)
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
