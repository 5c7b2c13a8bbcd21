#!/usr/bin/env bash
# The kernel's timers of a busy machine, recorded: nothing is lost, and whatever the
# figures are grouped by, what has begun is what has ended or goes on.

# shellcheck source=tests/guest/lib_kernel_load.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib_kernel_load.sh"

test_balance() {
	keep_load
	balanced_by callback process timer callback,process,cpu,caller
}

test_account() {
	keep_load
	shown --by callback,process --top 0 --format json
	assert_account stdout "$truth" tcp_write_timer
}

run_tests
