#!/usr/bin/env bash
# What is lost of the kernel's timers is told, and the figures stay balanced: timersnoop
# is stopped while a process fills its small buffer many times over.

# shellcheck source=tests/guest/lib_kernel.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib_kernel.sh"

# lose ARG...: its status in $status. Some timers are pending before, and go on behind it.
lose() {
	start_kernel "$@" --buffer-size 64K 2>stderr >stdout
	kill -STOP "$snoop"
	ktimers -o truth.json nanosleeps 400 200000 &
	taskset 2 ktimers -o truth.json nanosleeps 400 200000 timerfds-periodic 300 500000
	wait "$!"
	kill -CONT "$snoop"
	ktimers -o truth.json nanosleeps 20 3000000
	kill -INT "$snoop"
	wait "$snoop"
	status=$?
}

# told: on standard error, and by the status.
told() {
	assert_eq 4 "$status" status
	assert_match 'timersnoop: data incomplete: [0-9]+ (or more )?records? lost' "$(<stderr)"
}

# incomplete FILE: its figures say so, and what has begun is over, goes on, or is unknown.
incomplete() {
	assert_balanced "$1"
	rows_say "$1" '(rows + totals)[] | select(.incomplete != true) | "\(.callback): not incomplete"'
	assert_json "$1" 'map(select(.event == "finding" and .id == "data-incomplete")) | length == 1
		and all(.severity == "warning" and (.evidence | test("[0-9]+ (or more )?records? lost")))'
	# what came afterwards is there
	assert_json "$1" 'map(select(.event == "kernel" and .callback == "hrtimer_wakeup").started) | add >= 20'
}

test_figures() {
	lose kernel --wakeups --callers --by callback,process --top 0 --format json -o ours
	told
	incomplete ours
	assert_json ours '(map(select(.event == "total")) | all(.unknown >= 0 and .started < 5000))
		and (map(select(.event == "cpu")) | length == 2 and all(
			.idle_periods == .by_timer + .by_tick + .by_other + .by_none))'
}

test_events() {
	local lost
	lose kernel -e all --format json -o ours
	told
	lost=$(jq -s 'map(select(.event == "lost").lost // 0) | add' ours)
	((lost > 100)) || fail "$lost records lost"
	assert_match "data incomplete: $lost (or more )?records? lost" "$(<stderr)"
}

test_recorded() {
	lose record --kernel -o recording
	told
	assert_status 4 timersnoop kernel -i recording --by callback,process --top 0 --format json
	incomplete stdout
	mv stdout first
	assert_status 4 timersnoop kernel -i recording --by callback,process --top 0 --format json
	cmp stdout first || fail "the second time it is something else"
	assert_status 5 timersnoop kernel -i recording --fail-on data-incomplete
	assert_match 'found data-incomplete: [0-9]+' "$(<stderr)"
	assert_status 99 timersnoop kernel -i recording --loss-status 99
}

run_tests
