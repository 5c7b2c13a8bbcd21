/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * probe_group: kprobe events of one group in tracefs's kprobe_events, which
 * is everybody's: appended to, never truncated.
 */
#ifndef TIMERSNOOP_PROBE_GROUP_H
#define TIMERSNOOP_PROBE_GROUP_H

#include <stdint.h>

#include "timersnoop/error.h"
#include "timersnoop/probe_plan.h"

/*
 * Defines all probes of a plan. 0; or -errno with the kernel's own reason in
 * `err` and the first that it refused in *refused (NULL: none in particular):
 * what comes before that one is defined.
 */
int probe_group_add(const char *group, const struct probe_plan *plan, const struct probe **refused,
		    struct error *err);

/* Deletes all events of the group that are listed: their number, or -errno. */
int probe_group_remove(const char *group, struct error *err);
/* Deletes those of a plan that are there. */
void probe_group_remove_plan(const char *group, const struct probe_plan *plan);
/* Deletes one; 0 also when there is none. */
int probe_group_remove_probe(const char *group, const struct probe *probe, struct error *err);

/* Calls `each` with the name of every group that starts with `prefix`; a group
 * may come more than once. */
int probe_group_walk(const char *prefix, void (*each)(void *context, const char *group),
		     void *context, struct error *err);

/* Sums the missed hits (kprobe_profile, 3rd column) of the group's events,
 * without those whose names start with `except`. */
int probe_group_missed(const char *group, const char *except, uint64_t *missed, struct error *err);

#endif
