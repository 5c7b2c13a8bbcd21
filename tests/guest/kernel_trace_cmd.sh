#!/usr/bin/env bash
# timersnoop and trace-cmd read the same in each other's recordings of the kernel's
# timers: each arm and each expiry, with its time, CPU, callback and timer.

# shellcheck source=tests/guest/lib_kernel.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib_kernel.sh"

# shellcheck source=tests/guest/lib_recording.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib_recording.sh"

# compare RECORDING: what timersnoop shows is in trace-cmd's report; what it does not
# show is in the file missing, as the report has it.
compare() {
	kernel_records "$1" || fail "timersnoop kernel -i $1: status $?"
	assert_empty ours.only
}

# For sh: a little of everything.
some='ktimers -o truth.json nanosleeps 10 3000000 timeouts 3 12 tcp 3 past-posix 3 silent 300 &
	ktimers -o truth.json waker 5 20 timerfds-periodic 10 3000000; wait'

# There is something of each kind to compare.
all_kinds() {
	local what
	for what in timer_start hrtimer_start timer_expire hrtimer_expire cpu_idle; do
		grep -q "^$what " ours || fail "there is no $what to compare"
	done
	! has_event hrtimer_start_expired || grep -q '^immediate ' ours || fail "nothing had expired"
}

# record_with_trace_cmd: it leaves the top clock as it is after boot.
record_with_trace_cmd() {
	local clock
	clock=$(sed 's/.*\[\(.*\)\].*/\1/' "$tracefs/trace_clock")
	trace-cmd record -q -C mono -b 8192 -e timer -e power:cpu_idle -e irq_vectors -e irq:irq_handler_entry \
		-o recording sh -c "$some" >said 2>&1 || fail "trace-cmd: $(<said)"
	trace-cmd reset >/dev/null 2>&1
	echo "$clock" >"$tracefs/trace_clock"
}

test_theirs() {
	record_with_trace_cmd
	compare recording
	assert_empty missing
	all_kinds
	assert_status 0 timersnoop kernel -i recording --wakeups --by callback,process --top 0 --format json
	assert_balanced stdout
	assert_account stdout truth.json tcp_write_timer
	assert_json stdout 'map(select(.event == "cpu")) | length == 2 and all(
		.idle_periods == .by_timer + .by_tick + .by_other + .by_none)'
	assert_match 'did not record it' "$(<stderr)"
}

# What timersnoop arms itself, until it expires, is left out.
test_ours() {
	start_kernel record --kernel --wakeups -o recording
	sh -c "$some"
	kill -INT "$snoop"
	ended 0 "$snoop"
	compare recording
	awk '$1 ~ /_start$/ && $6 == "timersnoop" { own[$4] = 1; next }
		$1 == "cpu_idle" || !own[$4] { print; next }' missing >others
	assert_empty others
	all_kinds
}

run_tests
