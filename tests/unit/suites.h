/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each suite adds itself to CUnit's registry: 0, or CU_get_error(). */
#ifndef TIMERSNOOP_TESTS_SUITES_H
#define TIMERSNOOP_TESTS_SUITES_H

int suite_btf(void);
int suite_calls(void);
int suite_calls_kinds(void);
int suite_calls_memory(void);
int suite_decode(void);
int suite_decode_formats(void);
int suite_decode_kinds(void);
int suite_decode_timers(void);
int suite_decode_memory(void);
int suite_distribution(void);
int suite_events(void);
int suite_kernel_features(void);
int suite_launch(void);
int suite_life(void);
int suite_lives(void);
int suite_merge(void);
int suite_options(void);
int suite_out(void);
int suite_out_calls(void);
int suite_out_life(void);
int suite_out_occurrences(void);
int suite_out_list(void);
int suite_page(void);
int suite_plan_kernels(void);
int suite_plan_missing(void);
int suite_plan_timers(void);
int suite_probe_plan(void);
int suite_procfs(void);
int suite_procfs_timers(void);
int suite_recorder(void);
int suite_recording(void);
int suite_replay_hostile(void);
int suite_replay_kernels(void);
int suite_scene(void);
int suite_sink(void);
int suite_tasks(void);
int suite_timer_table(void);
int suite_timers(void);
int suite_timers_backup(void);
int suite_timers_expired(void);
int suite_timers_scene(void);
int suite_timers_kernels(void);
int suite_timers_signals(void);
int suite_timers_waits(void);
int suite_timerspec(void);
int suite_timerspec_names(void);
int suite_view(void);
int suite_view_lives(void);
int suite_view_timers(void);

#endif
