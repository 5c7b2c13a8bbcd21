#!/usr/bin/env bash
# How `timersnoop kernel` runs: findings and what --fail-on makes of them, expectations,
# --until, tables as time goes by, and options that are refused.

# shellcheck source=tests/guest/lib_kernel.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib_kernel.sh"

# A recording of troubles; each finding is asked for with a limit that they exceed.
kept=/tmp/kernel_run

keep() {
	if [[ ! -e $kept ]]; then
		mkdir "$kept.new"
		start_kernel record --kernel --wakeups -o "$kept.new/recording"
		ktimers -o "$kept.new/truth.json" timeouts 120 1 delayed 6 waker 10 60
		kill -INT "$snoop"
		ended 0 "$snoop"
		mv "$kept.new" "$kept"
	fi
	recording=$kept/recording
}

# An emulated machine is late, and its callbacks wait for each other's interrupts.
patient=overdue=60s,run=60s,awake=100000,jiffies=100000,fires=100000

# found ID CALLBACK LIMITS SEVERITY EXPRESSION EVIDENCE: with these limits it is found of
# this callback, in JSON and as text, and fails; with others nothing is.
found() {
	local id=$1 callback=$2 limits=$patient,$3
	keep
	assert_status 5 timersnoop kernel -i "$recording" --wakeups --limit "$limits" --fail-on "$id" --format json
	assert_match "timersnoop: found $id: callback ${callback}[,:] .*$6" "$(<stderr)"
	# shellcheck disable=SC2016 # jq's variables
	assert_json stdout --arg id "$id" --arg callback "$callback" --arg severity "$4" '
		map(select(.event == "finding")) | all(.id == $id and .severity == $severity
			and (.advice | length > 10)) and (map(select(.callback == $callback)) | length == 1 and all('"$5"'))'
	assert_status 0 timersnoop kernel -i "$recording" --wakeups --limit "$limits" \
		--fail-on "$(printf '%s\n' always-fires slow-callback every-jiffy keeps-awake overdue data-incomplete |
			grep -vx "$id" | paste -sd ,)"
	assert_empty stderr
	assert_match "
$4 $id: callback ${callback}[^
]*
  seen: [^
]*$6[^
]*
  do:   [a-z]" "$(<stdout)"
}

test_always_fires() {
	found always-fires tcp_delack_timer fires=5 info '.count >= 5 and .timers == 1' \
		'never cancelled; .* all expired, after 40'
}

test_every_jiffy() {
	found every-jiffy process_timeout jiffies=5 warning '.count >= 120' 'armed [0-9]+ times for a jiffy or less'
}

test_keeps_awake() {
	found keeps-awake hrtimer_wakeup awake=2 warning '.count >= 54' 'ended [0-9]+ idle periods, [0-9.]+ a second'
}

test_overdue() {
	found overdue hrtimer_wakeup overdue=1us warning '.count >= 60' \
		'more than 1.00us beyond its time [0-9]+ of [0-9]+ times, [0-9.]+[mu]?s at most'
}

test_slow_callback() {
	found slow-callback hrtimer_wakeup run=1us warning '.count >= 60' \
		'for more than 1.00us [0-9]+ of [0-9]+ times, for [0-9.]+[mu]?s at most'
}

test_expect() {
	keep
	assert_status 0 timersnoop kernel -i "$recording" -q --expect 'started >= 190 && fired >= 180 && unknown == 0'
	assert_empty stdout
	assert_empty stderr
	assert_status 5 timersnoop kernel -i "$recording" --format json --expect 'started < 10' --expect 'cancelled >= 0' \
		--expect 'late_ns_p99 < 1ns'
	assert_json stdout 'map(select(.event == "expectation") | .holds) == [false, true, false]'
	assert_match "timersnoop: expected 'started < 10': started is [0-9]+" "$(<stderr)"
	# the sum of all, whatever rows are shown; and COMMAND's own failure comes first
	assert_status 0 timersnoop kernel -i "$recording" --top 1 --where 'callback == "nobody"' --expect 'fired >= 180'
	assert_status 3 timersnoop kernel -q --expect 'started > 100000' -- sh -c 'exit 3'
	assert_status 2 timersnoop kernel --expect 'calls == 1' -- touch ran
	assert_status 1 timersnoop kernel -i "$recording" -n nobody
}

# What always is so: rows, in their order, and those that are chosen.
test_rows() {
	keep
	assert_status 0 timersnoop kernel -i "$recording" --by callback,process --format tsv --no-header \
		--sort fired --fields fired,callback,comm --top 3 --where 'comm == "ktimers"'
	sort -rn stdout | cmp - stdout || fail "not by what has fired"
	assert_eq 3 "$(grep -c $'\tktimers$' stdout)" rows
	assert_match $'process_timeout\tktimers' "$(grep '^120' stdout)"
	assert_status 0 timersnoop kernel -i "$recording" --sort +started --format tsv --no-header --fields started
	sort -n stdout | cmp - stdout || fail "not by what has started"
	assert_status 0 timersnoop kernel -i "$recording" --top 2
	assert_match 'and [0-9]+ more rows: --top 0 shows all' "$(<stdout)"
	assert_status 0 timersnoop kernel -i "$recording" -d 500ms --format json
	assert_json stdout 'map(select(.event == "total").span_ns) == [500000000]'
	assert_match '^[0-9.]+m?s: [0-9]+ arms( and [0-9]+ from before)?, [0-9]+ expir' "$(timersnoop kernel -i "$recording")"
}

# Live: a table each time, so many; --until ends before the process does.
test_live() {
	local from=${EPOCHREALTIME/./}
	assert_status 1 timersnoop kernel -n nobody --interval 200ms -c 2 --format json
	(((${EPOCHREALTIME/./} - from) > 400000)) || fail "2 tables too soon"
	assert_json stdout 'map(select(.event == "total")) | length == 2 and all(.started == 0 and .span_ns == 2e8)'
	assert_status 0 timersnoop kernel --interval 150ms --format json -- ktimers -o truth.json nanosleeps 100 3000000
	# shellcheck disable=SC2016 # jq's variables
	rows_say stdout '(select(totals | length < 3) | "\(totals | length) tables"),
		(rows | of("hrtimer_wakeup") | [sum("started"), sum("fired")] | select(. != [100, 100]) | "\(.) in all tables")'
	assert_status 0 timersnoop kernel --format json --until 'fired >= 10' -- ktimers -o /dev/null nanosleeps 100000 3000000
	assert_json stdout 'map(select(.event == "total").fired) | length == 1 and all(. >= 10 and . < 1000)'
}

# Nobody asked for what timersnoop does itself.
test_own() {
	assert_status 0 timersnoop kernel --by callback,process --top 0 --format json --interval 100ms -d 700ms
	assert_json stdout 'map(select(.comm == "timersnoop" and .event == "kernel")) == []'
}

# refused STATUS REGEX ARG...: so it ends, says why, and traces nothing.
refused() {
	assert_status "$1" timersnoop kernel "${@:3}" -- touch ran
	assert_match "$2" "$(<stderr)"
	assert_empty stdout
	! is_there ran || fail "COMMAND ran: ${*:3}"
}

test_refused() {
	refused 2 "timersnoop: --callback: there is no function 'no_such_function'" --callback no_such_function
	refused 2 "timersnoop: --callback: there is no function 'no_such_\*'" --callback 'process_timeout,no_such_*'
	refused 2 "timersnoop: --callback takes names of functions, .*'a b'" --callback 'a b'
	refused 2 'timersnoop: --cpu.*7' --cpu 0,7
	refused 2 "timersnoop: --cpu takes .*'x'" --cpu x
	refused 2 "timersnoop: --cpu takes .*'1-0'" --cpu 1-0
	refused 2 '--by caller needs --callers' --by caller
	refused 2 '--lives' --lives
	assert_status 2 timersnoop kernel -p 4194000
}

run_tests
