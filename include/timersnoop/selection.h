/* SPDX-License-Identifier: GPL-2.0-or-later */
/* selection: which calls were asked for. Pure. */
#ifndef TIMERSNOOP_SELECTION_H
#define TIMERSNOOP_SELECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "timersnoop/calls.h"
#include "timersnoop/expr.h"
#include "timersnoop/tasks.h"

/* Every list that is not empty must hold the caller. The lists are borrowed. */
struct selection {
	const int32_t *pids; /* processes (tgid) */
	size_t pid_count;
	const char *const *names; /* comm at the time of the call */
	size_t name_count;
	const uint32_t *uids; /* real user ids */
	size_t uid_count;
	int32_t self;   /* a process that is not taken, unless `pids` names it; 0: none */
	bool failed;    /* only calls that returned an error */
	uint64_t count; /* stop after so many; 0: no limit */
	/* About a struct event_row, which must be so; borrowed. NULL: anything. */
	const struct expr *where;
};

/* By the lists alone, whatever the task does. */
bool selection_takes_task(const struct selection *selection, const struct task *task);
/* By what a call has come to. */
bool selection_takes_call(const struct selection *selection, const struct call *call);

/*
 * An event filter (Documentation/trace/events.rst) that lets the calls pass that
 * are asked for, so that the kernel drops others. Which parts of the selection are
 * in it, as bits; 0 when there is none. Names are not when there are too many, or
 * one has a double quote, which a filter cannot hold; of `where` it is what the
 * kernel can decide.
 */
#define FILTER_TEXT_MAX 4096
enum filter_part { FILTER_NAMES = 1, FILTER_WHERE = 2 };
unsigned selection_filter(const struct selection *selection, char *text, size_t size);

#endif
