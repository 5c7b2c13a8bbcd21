/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * launch: COMMAND, started stopped, so that tracing is on before its first
 * instruction.
 */
#ifndef TIMERSNOOP_LAUNCH_H
#define TIMERSNOOP_LAUNCH_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

#include "timersnoop/error.h"

struct launch;

/* Whose identity COMMAND gets. */
struct launch_identity {
	bool change; /* false: ours */
	uid_t uid;
	gid_t gid;
	char user[64];  /* for initgroups(3), USER, LOGNAME; "" when it has no name */
	char home[256]; /* for HOME; "" leaves it */
};

/* The signal state that we were started with, for COMMAND. */
struct launch_signals {
	sigset_t mask;
	sigset_t ignored;
};

/*
 * Looks up who --run-as means: `user` a name or number, or NULL for the
 * user that called sudo (SUDO_UID, SUDO_GID of the environment).
 * -EINVAL with the reason.
 */
int launch_identity(struct launch_identity *identity, const char *user, struct error *err);

/*
 * Forks. The child takes the identity and waits for launch_go; then SIGPIPE is
 * as by default, mask and ignored signals are as in `signals` (NULL: an empty
 * mask, ignored as they are), and it calls execvp. It inherits what our caller
 * passed on, nothing that we opened (close-on-exec, all of it), and dies if we die
 * before launch_go. `argv` must outlive the launch.
 * An identity that it cannot take is an error here.
 */
int launch_start(struct launch **launch, char **argv, const struct launch_identity *identity,
		 const struct launch_signals *signals, struct error *err);

/* The child's process id. */
pid_t launch_pid(const struct launch *launch);
/* Becomes readable (poll POLLIN) when the child has ended: a pidfd. */
int launch_fd(const struct launch *launch);

/*
 * Lets it run. 0, or the -errno of execvp (-ENOENT, -EACCES...) when it could not
 * start; launch_exit_status then gives 127 or 126 as env(1) does.
 */
int launch_go(struct launch *launch, struct error *err);

/* Passes a signal on, if it has not been waited for. */
void launch_signal(struct launch *launch, int signal);

/*
 * Waits for its end. Returns its wait(2) status (a child that never was let go
 * is killed first).
 */
int launch_wait(struct launch *launch);

/* 126 (found, not executable) or 127 (not found), for launch_go's error. */
int launch_exit_status(int exec_error);

/* Kills a child that was never let go; one that runs is left alone. */
void launch_free(struct launch *launch);

#endif
