#!/usr/bin/env bash
# timersnoop list: the timers that exist now, without tracing.

# shellcheck source=tests/guest/lib_behaviour.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib_behaviour.sh"

has_timer() {
	timersnoop list -q -p "$1"
}

# coreutils' timeout arms one timer of CLOCK_REALTIME that sends SIGALRM.
test_of_a_process() {
	local listed
	start /usr/bin/timeout 600 sleep 601
	wait_for 20 has_timer "$started"
	timersnoop list --format json -p "$started" >listed 2>stderr
	assert_eq 0 $? "status"
	listed=$(jq -c '[.event, .pid, .comm, .family, .timer_id, .clock, .signal]' listed)
	assert_eq "[\"timer\",$started,\"timeout\",\"posix\",0,\"CLOCK_REALTIME\",\"SIGALRM\"]" \
		"$listed" "what is listed"
	assert_match 'timers of setitimer' "$(<stderr)"
	kill "$started"
}

test_of_nobody() {
	assert_status 1 timersnoop list -n nobody-has-this
	assert_status 2 timersnoop list -p 99999999
	assert_status 2 timersnoop list -c 3
}

run_tests
