/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each suite adds itself to CUnit's registry: 0, or CU_get_error(). */
#ifndef TIMERSNOOP_TESTS_SUITES_H
#define TIMERSNOOP_TESTS_SUITES_H

int suite_btf(void);
int suite_calls(void);
int suite_decode(void);
int suite_kernel_features(void);
int suite_launch(void);
int suite_merge(void);
int suite_options(void);
int suite_out(void);
int suite_out_list(void);
int suite_page(void);
int suite_probe_plan(void);
int suite_procfs(void);
int suite_procfs_timers(void);
int suite_sink(void);
int suite_tasks(void);
int suite_timerspec(void);
int suite_timerspec_names(void);
int suite_view(void);

#endif
