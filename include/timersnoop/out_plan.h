/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * out_plan: a plan of probes -> text that can be written to kprobe_events, with the
 * reasons; or JSON. Pure but for the stream, or standard output.
 */
#ifndef TIMERSNOOP_OUT_PLAN_H
#define TIMERSNOOP_OUT_PLAN_H

#include <stdbool.h>

#include "timersnoop/json_stream.h"
#include "timersnoop/probe_plan.h"

/* The probes' group is PLAN_GROUP; a run's own has its name. `verbose`: also which functions
 * the kernel has not got. */
void out_plan_text(const struct kernel_features *features, const struct probe_plan *plan,
		   bool verbose);
/* "plan", "refused", "absent" and "ambiguous", into an object that is open. */
void out_plan_json(struct json_stream *json, const struct kernel_features *features,
		   const struct probe_plan *plan);

#endif
