#!/usr/bin/env bash
# How a trace ends: -c, -d and signals; data so far are shown, nothing stays.

# shellcheck source=tests/guest/lib_behaviour.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib_behaviour.sh"

test_count() {
	start_ticker every=10 call=0
	start timersnoop -e timer_settime -c 3 -p "$ticker" --format json -o calls
	local json=$started
	start timersnoop -e timer_settime --count 4 -p "$ticker" >text
	ended 0 "$started"
	ended 0 "$json"
	assert_eq 3 "$(wc -l <calls)" "lines of JSON"
	assert_eq 5 "$(wc -l <text)" "lines of text, with the header"
	# Fewer than were wanted.
	assert_status 0 timersnoop -e timer_settime -c 5 --format json -- ticker call=2
	assert_eq 2 "$(wc -l <stdout)" "lines"
}

# COMMAND is asked to end, waited for, and killed on demand.
test_count_with_command() {
	# shellcheck disable=SC2016 # that shell's
	assert_status 0 timersnoop -e timer_settime -c 2 --format json -o calls -- bash -c '
		trap "sleep 0.5; echo SIGTERM >got; kill \$!; exit 5" TERM
		ticker every=20 call=0 & wait'
	assert_eq 2 "$(wc -l <calls)" "lines"
	assert_eq SIGTERM "$(<got)" "what COMMAND got"

	start timersnoop -e timer_settime -c 2 -- ticker ignore=15 tell=told every=5 call=0 >text
	wait_for 20 is_there told
	sleep 2
	kill -0 "$started" || fail "did not wait for a COMMAND that ignores SIGTERM"
	kill -INT "$started"
	ended 0 "$started"
	assert_eq 3 "$(wc -l <text)" "lines, with the header"
	read -r pid _ <told
	is_gone "$pid" || fail "COMMAND is still there"
}

test_duration() {
	local from
	assert_status 1 timersnoop -e timer_settime -q -d 100ms
	assert_status 1 timersnoop -e timer_settime -d 0.5s -n nobody
	from=${EPOCHREALTIME/./}
	assert_status 0 timersnoop -e timer_settime -d 0.5s --format json -o calls -- ticker every=20 call=0
	((${EPOCHREALTIME/./} - from > 500000)) || fail "ended too early"
	# A busy machine wakes us late.
	assert_json calls 'length > 2 and (.[-1].mono_ns - .[0].mono_ns) < 2e9'
}

# All of them end with what they saw so far; one of them saw nothing.
test_signals() {
	local signal silent
	local -A pids
	start_ticker tag=1 wait=go call=20 wait=never
	for signal in INT TERM HUP QUIT USR1; do
		start timersnoop -e timer_settime -p "$ticker" --format json -o "calls-$signal" 2>"stderr-$signal"
		pids[$signal]=$started
	done
	start timersnoop -e timer_settime -n nobody 2>stderr-silent >silent
	silent=$started
	tracing "${pids[@]}" "$silent"
	touch go
	sleep 0.5
	for signal in "${!pids[@]}"; do
		kill "-$signal" "${pids[$signal]}"
	done
	kill "$silent"
	for signal in "${!pids[@]}"; do
		ended 0 "${pids[$signal]}" "stderr-$signal"
		assert_counts "calls-$signal" '{"1":20}'
		assert_empty "stderr-$signal"
	done
	ended 1 "$silent"
	assert_empty stderr-silent
}

# During start-up a signal waits for the right moment; what the caller ignores
# (nohup) stays ignored.
test_signals_early_and_ignored() {
	local delay
	for delay in 0.1 0.4 0.8; do
		start timersnoop -e timer_settime -q -n nobody
		sleep "$delay"
		kill "$started"
		# Before it could block the signal it may as well die of it.
		wait_for 20 is_gone "$started"
		wait "$started"
		assert_match '^(1|143)$' "$?" "status after a signal at $delay s"
	done
	trap '' HUP
	start_snoop -e timer_settime -q -n nobody
	trap - HUP
	kill -HUP "$snoop"
	sleep 0.3
	kill -0 "$snoop" || fail "ended by SIGHUP that was ignored"
	kill "$snoop"
	ended 1 "$snoop"
}

# The first signal is COMMAND's, and tracing goes on; the second one is ours.
test_signal_to_command() {
	mkfifo never
	# Without a child, whose end at that moment would make bash forget the signal.
	start_snoop -e timer_settime --format json -o calls -- bash -c '
		trap "echo INT >>got; ticker tag=2 call=3; exit 3" INT
		exec 6<>never
		ticker tag=1 call=2; touch ready; while :; do read -r -t 0.05 -u 6; done'
	wait_for 10 is_there ready
	kill -INT "$snoop"
	ended 3 "$snoop"
	assert_eq INT "$(<got)" "what COMMAND got"
	assert_counts calls '{"1":2,"2":3}'

	start_snoop -e timer_settime -q -- bash -c 'trap "exit 4" USR1; touch ready2; while :; do sleep 0.05; done'
	wait_for 10 is_there ready2
	kill -USR1 "$snoop"
	ended 4 "$snoop"

	# COMMAND that does not mind.
	start_snoop -e timer_settime -q -- ticker ignore=2 tell=told every=20 call=0
	wait_for 10 is_there told
	kill -INT "$snoop"
	sleep 0.5
	kill -0 "$snoop" || fail "ended by a signal that COMMAND ignored"
	kill -INT "$snoop"
	ended 0 "$snoop"
	read -r pid _ <told
	is_gone "$pid" || fail "COMMAND is still there"
}

# Ctrl-C goes to both of them: COMMAND must not get it twice, nor may a second one end the trace,
# as two signals to us alone do.
test_interrupt_from_terminal() {
	mkfifo keys
	exec 5<>keys
	start onpty timersnoop -e timer_settime -q -- \
		ticker count=2 touch=ready sleep=2000 exit=40 <keys >screen
	wait_for 20 is_there ready
	for _ in 1 2 3; do
		sleep 0.3
		printf '\003' >&5
	done
	ended 43 "$started" screen
	exec 5>&-
}

# A signal before COMMAND is let go ends COMMAND, if it does not ignore it.
test_signal_before_command() {
	start timersnoop -e timer_settime -q -- ticker touch=ran sleep=300 wait=never
	sleep 0.4
	kill -TERM "$started"
	ended 143 "$started"
}

run_tests
