/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * host: this machine: where its tracefs is, whether it may be used, and what
 * its kernel can do.
 */
#ifndef TIMERSNOOP_HOST_H
#define TIMERSNOOP_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "timersnoop/error.h"
#include "timersnoop/kernel_features.h"
#include "timersnoop/probe_plan.h"
#include "timersnoop/symbols.h"

/*
 * Finds a mounted tracefs, tells libtracefs of it and checks that kprobe
 * events may be made. Mounts nothing. Fails with the reason and what to do:
 * -ENOENT (no tracefs), -EACCES (no privilege), -EPERM (lockdown), -ENODEV (no
 * kprobes), -EXDEV (a PID namespace of its own).
 */
int host_tracefs(struct error *err);

/* What it looks at, in this order. */
enum host_step {
	HOST_MOUNT,
	HOST_ACCESS, /* also by lockdown */
	HOST_KPROBE_EVENTS,
	HOST_KPROBES_ON,
	HOST_PID_NAMESPACE,
	HOST_STEPS,
};

/* The same; *reached is the step that failed, or HOST_STEPS. */
int host_examine(enum host_step *reached, struct error *err);

/* One of these steps alone, which needs none of the others. */
int host_pid_namespace(struct error *err);

/* The level of lockdown, such as "integrity": 0, or -errno (-ENOENT: it is not to be seen). */
int host_lockdown(char *level, size_t size);
/* kernel.kptr_restrict; -1: not known. From 2 on, addresses are hidden from root as well. */
int host_kptr_restrict(void);

/*
 * Fills `features` from uname(2) and tracefs's README, from what the kernel says of
 * functions when it is asked (ask_symbols.h), or kallsyms, and from type data what
 * `wishes` needs of it.
 */
int host_features(struct kernel_features *features, const struct plan_wishes *wishes,
		  struct error *err);

/* Makes kernel_features of uname(2) and kallsyms alone, for a machine whose tracefs
 * cannot be read: the fetch-arg syntax is assumed to be all there. */
int host_features_guess(struct kernel_features *features, struct error *err);

/* Fills an empty table with all functions there are now, to its end. None at all when their
 * addresses are hidden (kptr_restrict). 0 or -errno. */
int host_symbols(struct symbols *symbols, struct error *err);

#endif
