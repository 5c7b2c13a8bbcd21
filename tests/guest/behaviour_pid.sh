#!/usr/bin/env bash
# timersnoop -e timer_settime -p: which calls it shows and when it ends.

# shellcheck source=tests/guest/lib_behaviour.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib_behaviour.sh"

# Threads from before and after the start, made by the first thread and by
# others; not the children, and nobody else.
test_all_threads_of_one_process() {
	local other
	start_ticker tag=9 every=50 call=0
	other=$ticker
	start_ticker tag=1 \
		thread=2 tag=2 wait=go tell=told call=5 \
		thread=1 tag=3 tell=told call=5 end end \
		wait=go tell=told call=5 thread=2 tag=4 name=late tell=told call=5 end \
		fork=2 tag=5 call=5 thread=1 call=5 end end
	start_snoop -e timer_settime -p "$ticker" --format json -o calls 2>stderr
	touch go
	ended 0 "$snoop" stderr
	kill "$other"
	assert_counts calls '{"1":5,"2":10,"3":10,"4":10}'
	assert_told calls told
	assert_json calls "all(.pid == $ticker)"
	assert_empty stderr
}

# The trace ends with the last of them; what was not seen makes status 1.
test_several_processes() {
	local first second silent
	start_ticker tag=1 wait=go call=3
	first=$ticker
	start_ticker tag=2 wait=go call=3 wait=on call=4
	second=$ticker
	start_ticker tag=3 wait=go call=3 wait=on
	start sleep 600
	silent=$started
	start timersnoop -e timer_settime -p "$first,$second" --format json -o calls 2>stderr
	snoop=$started
	start timersnoop -e timer_settime -p "$silent" 2>stderr-silent >stdout-silent
	tracing "$snoop" "$started"
	touch go
	wait_for 10 is_gone "$first"
	kill "$silent"
	ended 1 "$started" stderr-silent
	kill -0 "$snoop" || fail "ended with the first of two processes"
	touch on
	ended 0 "$snoop" stderr
	assert_counts calls '{"1":3,"2":7}'
	assert_json calls "map(.pid) | unique == ([$first, $second] | sort)"
	assert_empty stderr
	assert_empty stderr-silent
	assert_eq 1 "$(wc -l <stdout-silent)" "lines, of which one is the header"
}

# Some are gone before timersnoop can watch them, one is a zombie from the start.
test_processes_that_end_at_once() {
	local seconds zombie snoops=()
	# What sleep never waits for stays a zombie.
	# shellcheck disable=SC2016 # that shell's pid
	start bash -c 'sleep 0.1 & echo "$!" >zombie; exec sleep 600'
	wait_for 5 is_there zombie
	for seconds in 0.8 1.2 1.6 2.4; do
		start sleep "$seconds"
		start timersnoop -e timer_settime -q -p "$started" 2>>stderr
		snoops+=("$started")
	done
	zombie=$(<zombie)
	wait_for 5 grep -q '^State:.Z' "/proc/$zombie/status"
	assert_status 1 timersnoop -e timer_settime -p "$zombie"
	for seconds in "${snoops[@]}"; do
		ended 1 "$seconds" stderr
	done
	assert_empty stderr
}

test_processes_that_are_none() {
	local tid
	start_ticker thread=1 tell=told wait=never end
	assert_status 2 timersnoop -e timer_settime -p 30999 --format json
	assert_match 'no process 30999' "$(<stderr)"
	assert_empty stdout
	assert_status 2 timersnoop -e timer_settime -p "$$,30999"
	assert_match 'no process 30999' "$(<stderr)"
	wait_for 5 is_there told
	read -r _ tid _ <told
	assert_status 2 timersnoop -e timer_settime -p "$tid"
	assert_match "$tid is a thread of process $ticker" "$(<stderr)"
	assert_match "-p $ticker" "$(<stderr)" "hint"
	assert_empty stdout
}

run_tests
