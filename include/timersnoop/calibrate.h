/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * calibrate: which register still points at a system call's struct pt_regs when
 * the call returns, for kernels whose return probes are not given its address.
 * The function that called it needs that address again, and keeps it in a
 * register that calls preserve: always the same one in one kernel.
 */
#ifndef TIMERSNOOP_CALIBRATE_H
#define TIMERSNOOP_CALIBRATE_H

#include <stddef.h>
#include <tracefs.h>

#include "timersnoop/error.h"

/*
 * Makes a call of our own under two probes of this group, which are removed
 * again, in an instance that records nothing yet. Writes a fetch-arg such as "%bx"
 * (8 bytes are enough). 0 or -errno.
 */
int calibrate_registers(struct tracefs_instance *instance, const char *group, char *name,
			size_t size, struct error *err);

#endif
