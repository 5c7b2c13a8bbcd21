/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * privilege: what may be done from some point on. The process gives up, for good, what
 * the rest of its work does not need; see "What is not needed is given up" in
 * doc/DESIGN.md.
 */
#ifndef TIMERSNOOP_PRIVILEGE_H
#define TIMERSNOOP_PRIVILEGE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum privilege_use {
	PRIVILEGE_REPLAY, /* reads and writes what is open */
	PRIVILEGE_LIST,   /* and reads files */
	PRIVILEGE_LIVE,   /* and reads /proc, and reads, writes and undoes in tracefs */
};

struct privilege_request {
	enum privilege_use use;
	const char *tracefs; /* LIVE: where it is mounted */
	pid_t command;       /* LIVE: who may be sent signals; 0: nobody */
	bool symbols;        /* LIVE: reads the addresses of the kernel's functions */
	bool others;         /* LIVE: reads what /proc keeps for a process's owner */
};

/* What holds now, as far as this kernel and this build can do it. */
struct privilege_state {
	bool no_new_privs;
	bool capabilities; /* none but those that are needed */
	bool files;        /* Landlock */
	bool calls;        /* seccomp */
	const char *files_why_not, *calls_why_not;
};

/* Never fails: what cannot be had is told by `state`. */
void privilege_drop(const struct privilege_request *request, struct privilege_state *state);

/*
 * Whether we have rights that our caller has not: a set-user-ID program, or one with file
 * capabilities.
 */
bool privilege_is_lent(void);
/* In that case, only with the caller's own rights from here on, for good. 0 or -errno. */
int privilege_return(void);

struct privilege_lent {
	bool lent;
	uid_t uid;
	gid_t gid;
	uint32_t effective[2];
};

/* The same for a while. 0 or -errno. */
int privilege_suspend(struct privilege_lent *lent);
int privilege_resume(const struct privilege_lent *lent);
/* No capability is passed on to what is executed: for COMMAND of another user. 0 or -errno. */
int privilege_clear_inherited(void);

#endif
