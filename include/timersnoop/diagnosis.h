/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * diagnosis: figures of programs' timers -> findings, with their evidence in words. Pure.
 */
#ifndef TIMERSNOOP_DIAGNOSIS_H
#define TIMERSNOOP_DIAGNOSIS_H

#include "timersnoop/findings.h"
#include "timersnoop/stats.h"

/* Fills a zeroed `findings`, to be freed by findings_free: 0 or -ENOMEM. */
int diagnose(struct findings *findings, const struct stats *stats,
	     const struct finding_limits *limits, const struct diagnosis_loss *loss);

#endif
