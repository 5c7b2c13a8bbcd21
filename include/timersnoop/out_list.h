/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * out_list: timers that exist now -> text, JSON or CSV. Pure but for the sink.
 */
#ifndef TIMERSNOOP_OUT_LIST_H
#define TIMERSNOOP_OUT_LIST_H

#include <stddef.h>

#include "timersnoop/existing.h"
#include "timersnoop/out.h"

/*
 * Writes all rows. Of `style` the format (OUT_STRACE is text), `wide` and
 * `header` count. Text columns are as wide as the rows need.
 */
void out_list(struct sink *sink, const struct out_style *style, const struct existing_timer *rows,
	      size_t count);

#endif
