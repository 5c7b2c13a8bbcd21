/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kernel_recorded: which of a kernel's functions a recording of its timers has to know: those
 * that its records name. There are a hundred thousand others. Pure.
 */
#ifndef TIMERSNOOP_KERNEL_RECORDED_H
#define TIMERSNOOP_KERNEL_RECORDED_H

#include "timersnoop/decode.h"
#include "timersnoop/symbols.h"

struct kernel_recorded;

/* NULL when out of memory. */
struct kernel_recorded *kernel_recorded_new(void);
void kernel_recorded_free(struct kernel_recorded *recorded);

/* Notes callbacks and callers of a record. 0 or -ENOMEM. */
int kernel_recorded_take(struct kernel_recorded *recorded, const struct record *record);

/* Those functions, and the few that are looked for by name, as symbols_add takes them; the
 * caller frees. NULL when out of memory. */
char *kernel_recorded_text(struct kernel_recorded *recorded, const struct symbols *symbols);

#endif
