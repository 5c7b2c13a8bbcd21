#!/usr/bin/env bash
# Timers that were there before: /proc told of them, and nobody saw their making.

# shellcheck source=tests/guest/lib_lives_figures.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib_lives_figures.sh"

# start_older: `lives older` waits for a line at 8; its pid in $older.
start_older() {
	mkfifo go
	exec 8<>go
	start lives -o truth.json older <go >said
	older=$started
	wait_for 20 grep -q ready said
}

# life KEY VALUE JQ-EXPRESSION: it holds for the only life whose key has this value.
life() {
	assert_json ours.json "map(select(.event == \"life\" and .$1 == $2))
		| length == 1 and all($3)"
}

# What was done while it was watched.
forget_earlier() {
	sed -i '1,/"event":"ready"/d' truth.json
}

# False when the kernel skipped a probe, see lossless.
watch_older() {
	rm -f go truth.json ours.json
	start_older
	start timersnoop -e all --lives --format json -p "$older" -o ours.json 2>stderr
	tracing "$started"
	echo >&8
	wait_for 60 is_gone "$started"
	! skipped_probes stderr || return
	ended 0 "$started" stderr
	assert_empty stderr
}

test_existing() {
	local handled tries=5
	until watch_older; do
		((--tries)) || fail "the kernel skips probes all the time"
	done
	forget_earlier
	# shellcheck disable=SC2016 # jq's variables
	problems 'calls_problems($truth; $ours)'

	# Each signal, the one that was pending all the time as well.
	handled=$(jq -c 'select(.event == "handled") | [.overrun, .sigev_value]' truth.json)
	assert_eq "$handled" "$(jq -c 'select(.event == "signal_deliver")
		| [.overrun, .sigev_value]' ours.json)" "signals delivered"
	assert_json ours.json 'map(select(.event == "timer_expire" and .timer_id == 0))
		| length >= 3 and .[-1].armed_by == "user" and .[-1].interval_ns == 0
		and all(.[:-1][]; .armed_by != "user" and .clock == "CLOCK_MONOTONIC" and .late_ns >= 0)
		and all(.[1:-1][]; .armed_by == "kernel" and .interval_ns == 20000000)'
	life timer_id 0 '.origin == "existed" and .created_tid == null and .end == "deleted"
		and .clock == "CLOCK_MONOTONIC" and .sigevent.signo == 10 and .sigevent.value == "0x1d"
		and .arms == 1 and .disarms == 1 and .gettimes == 1
		and .expiries >= 3 and .signals.delivered.handler >= 4
		and (.incomplete | not)'
	# nothing tells which of the kernel's timers this one is
	life family '"timerfd"' '.origin == "existed" and .clock == "CLOCK_BOOTTIME" and .arms == 0
		and .disarms == 1'
	life timer_id 1 '.origin == "existed" and .end == "exit" and .arms == 0 and .expiries == 0
		and .clock_id == 0 and .never_deleted and .sigevent.notify == "SIGEV_NONE"'
	life which '"ITIMER_REAL"' '.origin == "found" and .gettimes == 1 and .arms == 0'
	life timer_id 2 '.origin == "created" and .end == "exit" and .never_deleted
		and (.never_fired | not)'
	assert_eq "$(jq -s 'map(select(.event == "handled").overrun) | add' truth.json)" \
		"$(jq 'select(.event == "life" and .timer_id == 0).overruns' ours.json)" "overruns"
}

# What is there when tracing ends goes on: its end is open.
test_open() {
	start_older
	start_snoop --lives --format json -p "$older" -o ours.json 2>stderr
	sleep 0.2
	kill -INT "$snoop"
	ended 0 "$snoop" stderr
	assert_empty stderr
	assert_json ours.json 'map(.event) | unique == ["life"]'
	life family '"timerfd"' '.end == "open" and .end_ns == null and .never_deleted'
	life timer_id 0 '.end == "open" and .origin == "existed" and .never_deleted'
	kill "$older"
}

run_tests
