/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ask_symbols: which functions the kernel would take a probe on, asked of the kernel
 * one by one. That is some 0.1 ms for each where the kernel finds names by their order
 * (6.2, and 6.1 of the stable tree), against 170 to 430 ms for reading /proc/kallsyms.
 *
 * The question is a perf event of the kprobe PMU: a return probe one byte behind a
 * function's entry, where none can be. create_local_trace_kprobe() looks the name up
 * before it looks at the place: ENOENT says that there is none, EADDRNOTAVAIL that
 * there are several, EINVAL that all but the place was good. No event is ever made, and
 * tracefs's error_log has no line of it.
 */
#ifndef TIMERSNOOP_ASK_SYMBOLS_H
#define TIMERSNOOP_ASK_SYMBOLS_H

#include "timersnoop/kernel_features.h"

/*
 * Fills in `symbols` of the features, of the names up to NULL; addresses stay 0. False,
 * with none filled in: this kernel does not tell, does not notice a name of several
 * functions, or takes so long for one that /proc/kallsyms is read in less (by_address
 * is set then, on machines whose registers probe_plan knows).
 */
bool ask_symbols(struct kernel_features *features, const char *const *names);

#endif
