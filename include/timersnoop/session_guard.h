/* SPDX-License-Identifier: GPL-2.0-or-later */
/* session_guard: what others do to a session's instances meanwhile. For session.c alone. */
#ifndef TIMERSNOOP_SESSION_GUARD_H
#define TIMERSNOOP_SESSION_GUARD_H

#include <stddef.h>
#include <tracefs.h>

#include "timersnoop/probe_plan.h"

struct session_guard;

/* Looks at everything that was set, and from now on at whoever writes there. `companion` may
 * be NULL. NULL when out of memory. */
struct session_guard *session_guard_new(struct tracefs_instance *instance,
					struct tracefs_instance *companion, const char *group,
					const struct probe_plan *plan);
void session_guard_free(struct session_guard *guard);

/* Names the files that are not as they were or were written to; "" when there is none. */
void session_guard_tell(const struct session_guard *guard, char *text, size_t size);

#endif
