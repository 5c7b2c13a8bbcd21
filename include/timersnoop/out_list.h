/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * out_list: timers that exist now -> text, JSON or CSV. Pure but for the sink.
 */
#ifndef TIMERSNOOP_OUT_LIST_H
#define TIMERSNOOP_OUT_LIST_H

#include <stddef.h>

#include "timersnoop/out.h"
#include "timersnoop/procfs.h"
#include "timersnoop/procfs_timers.h"

/* A timer and its process. */
struct out_list_row {
	struct procfs_task process;
	struct procfs_timer timer;
};

/*
 * Writes all rows. Of `style` the format (OUT_STRACE is text), `wide` and
 * `header` count. Text columns are as wide as the rows need.
 */
void out_list(struct sink *sink, const struct out_style *style, const struct out_list_row *rows,
	      size_t count);

#endif
