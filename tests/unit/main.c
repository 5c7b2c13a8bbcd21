/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <CUnit/Basic.h>
#include <stdio.h>

#include "suites.h"

static int (*const suites[])(void) = {
	suite_btf,
	suite_calls,
	suite_checkup,
	suite_decode,
	suite_kernel_features,
	suite_launch,
	suite_memfile,
	suite_merge,
	suite_options,
	suite_options_record,
	suite_options_stat,
	suite_options_kernel,
	suite_options_kernel_refused,
	suite_out,
	suite_page,
	suite_output_file,
	suite_printable,
	suite_privilege,
	suite_probe_plan,
	suite_procfs,
	suite_selection,
	suite_sink,
	suite_symbols,
	suite_tasks,
	suite_timerspec,
	suite_view,
	suite_out_list,
	suite_procfs_timers,
	suite_timerspec_names,
	suite_events,
	suite_distribution,
	suite_life,
	suite_lives,
	suite_out_calls,
	suite_out_occurrences,
	suite_out_life,
	suite_plan_kernels,
	suite_calls_copied,
	suite_calls_kinds,
	suite_calls_memory,
	suite_calls_whole,
	suite_timer_table,
	suite_timers,
	suite_timers_backup,
	suite_timers_expired,
	suite_timers_scene,
	suite_timers_signals,
	suite_timers_waits,
	suite_timers_kernels,
	suite_view_timers,
	suite_view_lives,
	suite_decode_kinds,
	suite_decode_formats,
	suite_decode_memory,
	suite_decode_timers,
	suite_plan_missing,
	suite_plan_timers,
	suite_plan_arm64,
	suite_scene,
	suite_recorder,
	suite_recording,
	suite_replay_kernels,
	suite_replay_hostile,
	suite_fields,
	suite_expr,
	suite_expr_errors,
	suite_event_fields,
	suite_out_rows,
	suite_aggregate,
	suite_plan_aggregate,
	suite_histogram,
	suite_stats,
	suite_stats_groups,
	suite_stats_events,
	suite_stats_evidence,
	suite_stats_faults,
	suite_findings,
	suite_diagnosis,
	suite_report,
	suite_report_tables,
	suite_out_table,
	suite_out_findings,
	suite_replay_stat,
	suite_replay_kernel_hostile,
	suite_replay_kernel_sums,
	suite_replay_kernel,
	suite_kernel_view_tasks,
	suite_kernel_view,
	suite_report_kernel,
	suite_out_kernel_events,
	suite_out_kernel,
	suite_kernel_functions,
	suite_kernel_event_fields,
	suite_kernel_diagnosis,
	suite_kernel_rows,
	suite_kernel_stats_figures,
	suite_kernel_stats,
	suite_kernel_timers,
	suite_kernel_timers_hr,
	suite_kernel_timers_loss,
	suite_kernel_timers_figures,
	suite_kernel_clocks,
	suite_kernel_callers,
	suite_kernel_timers_many,
	suite_kernel_wakeups,
	suite_decode_kernel,
	suite_plan_kernel_timers,
	suite_kernel_records,
};

int main(void)
{
	unsigned failed;

	if (CU_initialize_registry() != CUE_SUCCESS)
		return CU_get_error();
	for (size_t i = 0; i < sizeof(suites) / sizeof(suites[0]); i++) {
		if (suites[i]() != 0) {
			fprintf(stderr, "suite %zu: %s\n", i, CU_get_error_msg());
			return 1;
		}
	}
	CU_basic_set_mode(CU_BRM_VERBOSE);
	CU_basic_run_tests();
	/* Asserts are many; what passes or fails is a test. */
	failed = CU_get_number_of_tests_failed() + CU_get_number_of_suites_failed();
	printf("\nunit: %u passed, %u failed\n", CU_get_number_of_tests_run() - failed, failed);
	CU_cleanup_registry();
	return failed != 0;
}
