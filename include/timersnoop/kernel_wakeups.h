/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kernel_wakeups: idle periods of CPUs, and what ended each. Pure.
 *
 * A CPU is idle from one power:cpu_idle record to the interrupt that ends that. Where the
 * interrupt is handled before the CPU says that it is idle no more (x86's hlt), or after
 * (mwait), it finds the idle task running. Of a timer interrupt, the first hrtimer that
 * expires is the reason, and the tick's only if no other does. If it is the tick's, and
 * the tick does not go on by itself, it had been stopped and stood in for the next
 * timer_list timer: the first one that expires then is the reason, unless it is
 * deferrable, which is not looked at in idle.
 */
#ifndef TIMERSNOOP_KERNEL_WAKEUPS_H
#define TIMERSNOOP_KERNEL_WAKEUPS_H

#include "timersnoop/decode.h"
#include "timersnoop/kernel_timers.h"

struct kernel_wakeups;

/* The receiver gets KERNEL_WAKEUP changes: one for each idle period that ended, then one
 * with `alongside` for each other timer that expired in it. NULL when out of memory. */
struct kernel_wakeups *kernel_wakeups_new(kernel_receiver *receiver, void *context);
void kernel_wakeups_free(struct kernel_wakeups *wakeups);

/* Each record, before kernel_timers takes it. 0 or -errno. */
int kernel_wakeups_record(struct kernel_wakeups *wakeups, const struct record *record);
/* Each change that kernel_timers tells; `tick`: it is about the tick. -ENOMEM, or 0. */
int kernel_wakeups_change(struct kernel_wakeups *wakeups, const struct kernel_change *change,
			  bool hard, bool tick);
/* Records were lost: what is open is not known. */
void kernel_wakeups_lost(struct kernel_wakeups *wakeups);
/* No more comes. */
int kernel_wakeups_finish(struct kernel_wakeups *wakeups);

#endif
