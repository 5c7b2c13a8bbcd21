/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Parent and child talk over a socketpair. The child says 0 when it is ready
 * (or the errno that kept it from the identity), is told to go by one int, and
 * says the errno of an exec that failed; a successful exec closes its end.
 */
#include "timersnoop/launch.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "timersnoop/privilege.h"

/* The same numbers on every architecture; libraries older than the calls lack them. */
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif

struct launch {
	pid_t pid;
	int pidfd;
	int talk;         /* our end; -1 after launch_go */
	const char *file; /* argv[0], for messages */
	bool gone;        /* waited for: the process id may be another's by now */
	int status;       /* wait(2), once gone */
	struct sigaction old_sigchld;
};

/* Sends one int; a closed other end is an error, never a signal. */
static int say(int fd, int word)
{
	ssize_t sent;

	do
		sent = send(fd, &word, sizeof(word), MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent == sizeof(word) ? 0 : -EPIPE;
}

/* 1 and *word, or 0 when the other end is closed. */
static int hear(int fd, int *word)
{
	ssize_t got;

	do
		got = recv(fd, word, sizeof(*word), 0);
	while (got < 0 && errno == EINTR);
	return got == sizeof(*word);
}

static bool read_id(const char *text, uint32_t *id)
{
	unsigned long long number;
	char *end;

	if (!text || *text < '0' || *text > '9')
		return false;
	errno = 0;
	number = strtoull(text, &end, 10);
	if (*end || errno || number >= UINT32_MAX) /* the last one means "no change" */
		return false;
	*id = (uint32_t)number;
	return true;
}

static int fill_identity(struct launch_identity *identity, const struct passwd *entry,
			 struct error *err)
{
	identity->uid = entry->pw_uid;
	identity->gid = entry->pw_gid;
	if (strlen(entry->pw_name) >= sizeof(identity->user) ||
	    strlen(entry->pw_dir) >= sizeof(identity->home))
		return error_set(err, EINVAL, "user %u has too long a name or home directory",
				 (unsigned)entry->pw_uid);
	strcpy(identity->user, entry->pw_name);
	strcpy(identity->home, entry->pw_dir);
	return 0;
}

int launch_identity(struct launch_identity *identity, const char *user, struct error *err)
{
	const char *sudo_uid = getenv("SUDO_UID");
	struct passwd *entry = NULL;
	uint32_t id;
	int ret;

	*identity = (struct launch_identity){ .change = true };
	if (privilege_is_lent())
		return error_set(err, EPERM,
				 "--run-as is for who may become that user without this program");
	if (!user && !read_id(sudo_uid, &id)) {
		error_set(err, EINVAL, "--run-as does not know which user: SUDO_UID is not set");
		error_hint(err, "name one: --run-as=USER");
		return -EINVAL;
	}
	if (user)
		entry = getpwnam(user);
	if (!entry && user && !read_id(user, &id))
		return error_set(err, EINVAL, "there is no user '%s'", user);
	if (!entry)
		entry = getpwuid(id);
	if (entry) {
		ret = fill_identity(identity, entry, err);
		if (ret)
			return ret;
	} else {
		/* No database knows it: the group of the same number, as for most people. */
		identity->uid = identity->gid = id;
	}
	if (!user && read_id(getenv("SUDO_GID"), &id))
		identity->gid = id;
	return 0;
}

static int take_identity(const struct launch_identity *identity)
{
	/* What the program may is not for what it starts. */
	if (!identity->change)
		return privilege_return();
	if (identity->user[0] ? initgroups(identity->user, identity->gid) : setgroups(0, NULL))
		return -errno;
	if (setresgid(identity->gid, identity->gid, identity->gid) ||
	    setresuid(identity->uid, identity->uid, identity->uid))
		return -errno;
	if (identity->uid && privilege_clear_inherited() < 0)
		return -EPERM;
	if (identity->home[0] && setenv("HOME", identity->home, 1))
		return -errno;
	if (identity->user[0] &&
	    (setenv("USER", identity->user, 1) || setenv("LOGNAME", identity->user, 1)))
		return -errno;
	return 0;
}

static void reset_signals(const struct launch *launch, const struct launch_signals *signals)
{
	struct sigaction standard = { .sa_handler = SIG_DFL };
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	sigset_t empty;

	sigemptyset(&empty);
	sigaction(SIGPIPE, &standard, NULL);
	sigaction(SIGCHLD, &launch->old_sigchld, NULL);
	sigaction(SIGXFSZ, &standard, NULL);
	for (int i = 1; signals && i <= SIGRTMAX; i++)
		if (sigismember(&signals->ignored, i) == 1)
			sigaction(i, &ignore, NULL);
	sigprocmask(SIG_SETMASK, signals ? &signals->mask : &empty, NULL);
}

static void __attribute__((noreturn))
child(const struct launch *launch, int talk, char **argv, const struct launch_identity *identity,
      const struct launch_signals *signals)
{
	int word;

	/* Ours, or the end of the other side would never show. */
	close(launch->talk);
	word = -take_identity(identity);
	if (say(talk, word) || word || !hear(talk, &word))
		_exit(125);

	reset_signals(launch, signals);
	execvp(argv[0], argv);
	say(talk, errno);
	_exit(125);
}

static int reap(struct launch *launch)
{
	pid_t pid;

	if (launch->gone)
		return launch->status;
	do
		pid = waitpid(launch->pid, &launch->status, 0);
	while (pid < 0 && errno == EINTR);
	launch->gone = true;
	sigaction(SIGCHLD, &launch->old_sigchld, NULL);
	return launch->status;
}

/* Forks and waits until the child has its identity. */
static int fork_child(struct launch *launch, char **argv, const struct launch_identity *identity,
		      const struct launch_signals *signals, struct error *err)
{
	struct sigaction standard = { .sa_handler = SIG_DFL };
	int ends[2], word;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return error_errno(err, errno, "cannot make a socket pair");
	launch->talk = ends[0];
	/* Where SIGCHLD is ignored the kernel throws the status away. */
	sigaction(SIGCHLD, &standard, &launch->old_sigchld);

	launch->pid = fork();
	if (!launch->pid)
		child(launch, ends[1], argv, identity, signals);
	word = errno;
	close(ends[1]);
	if (launch->pid < 0) {
		sigaction(SIGCHLD, &launch->old_sigchld, NULL);
		launch->gone = true;
		return error_errno(err, word, "cannot make a process for '%s'", launch->file);
	}
	launch->pidfd = (int)syscall(SYS_pidfd_open, launch->pid, 0);
	if (launch->pidfd < 0)
		return error_errno(err, errno, "cannot open a descriptor of process %d",
				   (int)launch->pid);
	if (!hear(launch->talk, &word))
		return error_set(err, ECHILD, "the process for '%s' died before it was let go",
				 launch->file);
	if (word && identity->user[0])
		return error_errno(err, word, "cannot become user '%s'", identity->user);
	if (word)
		return error_errno(err, word, "cannot become user %u", (unsigned)identity->uid);
	return 0;
}

int launch_start(struct launch **launch, char **argv, const struct launch_identity *identity,
		 const struct launch_signals *signals, struct error *err)
{
	struct launch *made = calloc(1, sizeof(*made));
	int ret;

	*launch = NULL;
	if (!made)
		return error_set(err, ENOMEM, "out of memory");
	made->talk = made->pidfd = -1;
	made->file = argv[0];
	ret = fork_child(made, argv, identity, signals, err);
	if (ret) {
		launch_free(made);
		return ret;
	}
	*launch = made;
	return 0;
}

pid_t launch_pid(const struct launch *launch)
{
	return launch->pid;
}

int launch_fd(const struct launch *launch)
{
	return launch->pidfd;
}

int launch_go(struct launch *launch, struct error *err)
{
	int word = 0, failed;

	/* A child that was killed meanwhile hears nothing: launch_wait tells how it died. */
	say(launch->talk, 0);
	failed = hear(launch->talk, &word);
	close(launch->talk);
	launch->talk = -1;
	if (!failed)
		return 0;
	reap(launch);
	return error_errno(err, word, "cannot run '%s'", launch->file);
}

void launch_signal(struct launch *launch, int signal)
{
	if (!launch->gone)
		kill(launch->pid, signal);
}

int launch_wait(struct launch *launch)
{
	if (launch->talk >= 0)
		launch_signal(launch, SIGKILL);
	return reap(launch);
}

int launch_exit_status(int exec_error)
{
	return abs(exec_error) == ENOENT ? 127 : 126;
}

void launch_free(struct launch *launch)
{
	if (!launch)
		return;
	/* Never let go: nobody else will end it. */
	if (launch->talk >= 0 && !launch->gone)
		launch_wait(launch);
	if (launch->talk >= 0)
		close(launch->talk);
	if (launch->pidfd >= 0)
		close(launch->pidfd);
	free(launch);
}
