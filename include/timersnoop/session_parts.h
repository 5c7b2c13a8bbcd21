/* SPDX-License-Identifier: GPL-2.0-or-later */
/* session_parts: what a session and the sweep have in common. For its sources alone. */
#ifndef TIMERSNOOP_SESSION_PARTS_H
#define TIMERSNOOP_SESSION_PARTS_H

#include "timersnoop/session.h"

#define INSTANCE_PREFIX "timersnoop-"
#define GROUP_PREFIX PLAN_GROUP "_"
/* Of the second instance, behind the name of the first. */
#define COMPANION_SUFFIX "-irq"

/* "timersnoop-4242-1a2b3c4d" has the group "timersnoop_4242_1a2b3c4d". */
void session_group_of(char *group, size_t size, const char *instance);
/* Opens an instance's directory and locks it. -EWOULDBLOCK: its run lives. */
int session_lock_instance(struct tracefs_instance *instance);
void session_disable_group(struct tracefs_instance *instance, const char *group);
/* Instances, then probes; `companion` and `plan` may be NULL. */
int session_remove_all(struct tracefs_instance *instance, struct tracefs_instance *companion,
		       const char *group, const struct probe_plan *plan, struct error *err);

#endif
