/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plan_arch: what is different on each processor. For probe_plan's sources alone. */
#ifndef TIMERSNOOP_PLAN_ARCH_H
#define TIMERSNOOP_PLAN_ARCH_H

#include "timersnoop/probe_plan.h"

#define CALL_ARGUMENTS 4

struct arch_abi {
	const char *what;
	unsigned argument[CALL_ARGUMENTS]; /* offsets into struct pt_regs */
	const char *pointer;               /* fetch-arg type of a user pointer */
	const char *suffix;                /* of its events' names */
};

struct arch {
	const char *machine; /* uname(2) */
	/* The entries of system calls. NULL: none of its own, or there is no such call; the
	 * same as that of 64-bit callers: both come through it, see arch_shares(). */
	const char *symbols[EVENT_CALLS][ABI_COUNT];
	struct arch_abi abi[ABI_COUNT];
	/* Behind the arguments of an entry that callers share, where that of a system call's
	 * struct pt_regs tells them apart; takes the pointer to it. */
	const char *mode_format;
	/*
	 * The stack pointer at a function's entry, as a fetch-arg: where the return address is
	 * pushed, the stack pointer at return is 8 more than "sp"; else it is "frame".
	 */
	const char *stack;
	const char *return_address; /* at a function's entry, as a fetch-arg */
};

#define ARCHES 2
extern const struct arch arches[ARCHES];

/* NULL: no plan for it. */
const struct arch *arch_find(const char *machine);

/* Does an entry serve callers of both kinds? */
bool arch_shares(const struct arch *arch, enum event event);

/* Has it no entry of its own for these callers? */
bool arch_comes_elsewhere(const struct arch *arch, enum event event, enum call_abi abi);

/* What an entry says of its callers: ABI_UNKNOWN where both kinds come through it, and its
 * records tell. */
enum call_abi arch_tells(const struct arch *arch, enum event event, enum call_abi abi);
/* The same in words. */
const char *arch_callers(const struct arch *arch, enum event event, enum call_abi abi);

/* What follows the name of an event of such an entry; else that of its callers. */
const char *arch_suffix(const struct arch *arch, enum event event, enum call_abi abi);

/* The inverse; false: no architecture has it. */
bool arch_suffix_means(const char *suffix, enum call_abi *abi);

#endif
