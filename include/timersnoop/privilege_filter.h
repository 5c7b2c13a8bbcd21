/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * privilege_filter: which system calls each kind of work needs, and the same as a
 * seccomp program. Pure.
 */
#ifndef TIMERSNOOP_PRIVILEGE_FILTER_H
#define TIMERSNOOP_PRIVILEGE_FILTER_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "timersnoop/privilege.h"

#define PRIVILEGE_FILTER_MAX 768

/* Whether there is one for this architecture. */
bool privilege_filter_known(void);

/*
 * Writes the program, of which `program` has room for PRIVILEGE_FILTER_MAX, and returns
 * its length. What it does not allow has the result `denied` (SECCOMP_RET_*); a call by
 * the numbers of another architecture ends the process. `self` is our process id.
 */
size_t privilege_filter_make(struct sock_filter *program, const struct privilege_request *request,
			     int32_t self, uint32_t denied);

#endif
