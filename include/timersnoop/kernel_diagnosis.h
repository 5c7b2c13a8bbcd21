/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kernel_diagnosis: figures of the kernel's timers -> findings. Pure. */
#ifndef TIMERSNOOP_KERNEL_DIAGNOSIS_H
#define TIMERSNOOP_KERNEL_DIAGNOSIS_H

#include "timersnoop/findings.h"
#include "timersnoop/kernel_stats.h"

/* Fills zeroed `findings`, to be freed by findings_free: 0 or -ENOMEM. */
int kernel_diagnose(struct findings *findings, const struct kernel_stats *stats,
		    const struct finding_limits *limits, const struct diagnosis_loss *loss);

#endif
