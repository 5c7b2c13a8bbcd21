#!/usr/bin/env bash
# The scripts in scripts/examples: what they say, and their exit status.

# shellcheck source=tests/guest/lib_behaviour.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib_behaviour.sh"

examples=/examples

# assert_whole STATUS COMMAND [ARG...]: as assert_status, anew when the kernel
# skipped a probe meanwhile: then it is 4.
assert_whole() {
	local expected=$1 tries=5
	shift
	run "$@"
	while ((status == 4 && --tries)); do
		run "$@"
	done
	[[ $status == "$expected" ]] && return
	show stdout stderr
	fail "status $status instead of $expected: $*"
}

# start_service: a process whose timers expire all the time, for some seconds; its
# pid in $service.
start_service() {
	local words=()
	while ((${#words[@]} < 40)); do
		words+=(periodic)
	done
	start lives -o truth.json "${words[@]}"
	service=$started
}

# a_child_traces: the timersnoop that a script has started records; its pid in $snoop.
a_child_traces() {
	local instance
	for instance in "$tracefs"/instances/timersnoop-*; do
		[[ ${instance##*/} =~ ^timersnoop-([0-9]+)- ]] || continue
		snoop=${BASH_REMATCH[1]}
		is_tracing "$snoop" && return
	done
	return 1
}

test_rearm_limit() {
	assert_whole 0 $examples/rearm-limit.sh 1000000/s ticker print=hello call=20
	assert_eq hello "$(<stdout)" "the command's own output"
	assert_empty stderr

	assert_whole 5 $examples/rearm-limit.sh 1/s -o table ticker fork=2 call=200 end
	assert_empty stdout
	assert_match "expected 'arms <= 1/s': arms is [0-9.]+/s, " "$(<stderr)"
	assert_match ': 400 calls, ' "$(head -n 1 table)"
	assert_eq 2 "$(grep -cE '^ *[0-9]+ ticker +0 +200 ' table)" "children with 200 arms"
}

# The job has failed by itself: that is what it is told.
test_rearm_limit_of_a_failing_command() {
	assert_whole 7 $examples/rearm-limit.sh 1/s ticker call=200 exit=7
	assert_match 'arms is [0-9.]+/s, ' "$(<stderr)"
	assert_status 127 $examples/rearm-limit.sh 1/s no-such-program
	assert_status 2 $examples/rearm-limit.sh often ticker call=1
	assert_match usage "$(<stderr)"
	assert_status 2 $examples/rearm-limit.sh 1/s
}

test_rearm_limit_as_somebody() {
	chmod 777 .
	assert_whole 0 env RUN_AS=tester $examples/rearm-limit.sh 1000000/s \
		bash -c 'id -u >user; ticker call=1'
	assert_eq 1000 "$(<user)" "user"
}

test_late_log() {
	local tries=5 result
	while :; do
		start_service
		start $examples/late-log.sh 1ns "$service" 200ms >log 2>stderr
		wait_for 60 is_gone "$started"
		wait "$started"
		result=$?
		((result == 4 && --tries)) || break
	done
	show log stderr
	assert_eq 0 "$result" "status"
	assert_match "^[0-9-]{10} [0-9:]{8} lives\[$service\] timer [0-9]+: [0-9]+ expiries, p99 late [0-9]+ ns, max [0-9]+ ns" "$(<log)"
	(($(wc -l <log) >= 3)) || fail "not a line for each interval"
	! grep -vE " lives\[$service\] timer [0-9]+: [1-9][0-9]* expiries" log ||
		fail "something else is in it"
}

# By name, also of who comes later; nothing is as late as that.
test_late_log_by_name() {
	start $examples/late-log.sh 1h lives 100ms >log 2>stderr
	wait_for 60 a_child_traces
	lives -o truth.json periodic
	kill -INT "$snoop"
	wait_for 60 is_gone "$started"
	wait "$started"
	status=$?
	((status == 0 || status == 4)) || fail "status $status: $(<stderr)"
	assert_empty log
	assert_status 2 $examples/late-log.sh 1ms 999999
	assert_match 'no process 999999' "$(<stderr)"
	assert_status 2 $examples/late-log.sh 1ms
	assert_status 2 $examples/late-log.sh soon lives
}

test_who_wakes() {
	start_service
	assert_whole 0 $examples/who-wakes.sh 1s 3
	assert_match 'EXPIRIES +EACH-SEC +TIMERS +PID COMM' "$(head -n 1 stdout)"
	assert_match "^ +[0-9]+ +[0-9]+\.[0-9]{2} +[0-9]+ +$service lives$" "$(sed -n 2p stdout)"
	(($(awk 'NR == 2 { print $1 }' stdout) >= 5)) || fail "too few expiries"
	kill -9 "$service"

	assert_whole 1 $examples/who-wakes.sh 200ms
	assert_empty stdout
	assert_status 2 $examples/who-wakes.sh never
	assert_status 2 $examples/who-wakes.sh 1s 2 3
}

test_compare_builds() {
	assert_whole 0 $examples/compare-builds.sh 'ticker call=20' 'ticker print=slower call=500'
	assert_match 'FIGURE +BEFORE +AFTER +TIMES' "$(head -n 1 stdout)"
	assert_match 'arms +20 +500 +25\.00' "$(<stdout)"
	assert_match 'failed +0 +0 +-' "$(<stdout)"
	assert_match 'late p99 +- +- +-' "$(<stdout)"
	assert_eq slower "$(<stderr)" "the commands' own output"

	timersnoop record -o one.dat -- ticker call=3
	timersnoop record -o none.dat -- true
	assert_whole 0 $examples/compare-builds.sh one.dat none.dat
	assert_match 'arms +3 +0 +0\.00' "$(<stdout)"
	assert_whole 9 $examples/compare-builds.sh 'ticker exit=9' true
	assert_whole 1 $examples/compare-builds.sh true false
	assert_empty stdout
	assert_status 3 $examples/compare-builds.sh one.dat absent.dat
	assert_status 2 $examples/compare-builds.sh one.dat
}

test_first_expiry() {
	start_service
	assert_whole 0 $examples/first-expiry.sh "$service"
	assert_empty stdout
	assert_empty stderr
	kill -9 "$service"

	# It arms timers for times that are far off.
	start_ticker every=50 call=0
	assert_whole 1 $examples/first-expiry.sh "$ticker" 300ms
	assert_empty stdout
	kill "$ticker"
	wait_for 10 is_gone "$ticker"
	assert_status 2 $examples/first-expiry.sh "$ticker"
	assert_match 'no process' "$(<stderr)"
	assert_status 2 $examples/first-expiry.sh
}

run_tests
