/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * calibrate: where this kernel keeps what it gives no probe the address of. A call of our
 * own, which changes nothing, is made under probes that show registers or the stack; what
 * was looked for lies at the same place in each call, as compiled code does not change.
 *
 * Each function makes probes in this group, which are removed again, in an instance that
 * records nothing yet. 0 or -errno: -ENODATA when it was not found.
 */
#ifndef TIMERSNOOP_CALIBRATE_H
#define TIMERSNOOP_CALIBRATE_H

#include <stddef.h>
#include <tracefs.h>

#include "timersnoop/error.h"
#include "timersnoop/kernel_features.h"

/*
 * Which register still points at a system call's struct pt_regs when the call returns,
 * for kernels whose return probes are not given its address. The function that called it
 * needs that address again, and keeps it in a register that calls preserve. Fills
 * registers_in.
 */
int calibrate_registers(struct tracefs_instance *instance, const char *group,
			struct kernel_features *features, struct error *err);

/*
 * Where on the stack timer_settime(2) has its new value when get_itimerspec64() or
 * get_old_itimerspec32() (kernel/time/time.c) have made the copy and return: a local
 * variable of the one that called them, the same for callers of every kind, or it is not
 * taken. Fills copied_at.
 */
int calibrate_copy(struct tracefs_instance *instance, const char *group,
		   struct kernel_features *features, struct error *err);

#endif
