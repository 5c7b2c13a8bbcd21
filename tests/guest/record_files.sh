#!/usr/bin/env bash
# Recordings as files: where they go, what they hold of a long run, how they end,
# and what is said of one that is not whole.

# shellcheck source=tests/guest/lib_behaviour.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib_behaviour.sh"

# counts FILE [OPTION...]: how many calls of timer_settime of each tag are shown.
counts() {
	timersnoop report "$1" -e timer_settime --format json "${@:2}" |
		jq -c -s 'map(select(.new).new.value.sec | tostring) | group_by(.)
			| map({key: .[0], value: length}) | from_entries'
}

test_output() {
	assert_status 0 timersnoop record -- ticker tag=4 call=3
	assert_empty stdout
	assert_empty stderr
	assert_eq '{"4":3}' "$(counts timersnoop.dat)" calls
	timersnoop record -o - -- ticker tag=4 call=3 | cat >piped
	assert_eq '{"4":3}' "$(counts piped)" "calls in a pipe"
	assert_eq '{"4":3}' "$(counts - < <(cat piped))" "calls out of a pipe"
	assert_eq '{"4":3}' "$(counts /dev/stdin <piped)" "calls of a file as standard input"
	# without -o and without a name both mean the same file
	assert_status 0 timersnoop report
	assert_eq 4 "$(grep -c ticker stdout)" lines
	assert_status 0 timersnoop record -q -o again -- sh -c 'ticker tag=4 call=3'
	assert_eq '{"4":3}' "$(counts again)" "calls of a child"
	trace-cmd report piped 2>/dev/null | grep -qE 'ticker-.*settime_(new|copied):.*new=[{]0,0,4,' ||
		fail "trace-cmd does not name the task"
}

# What COMMAND ends with, as of a trace.
test_status() {
	assert_status 3 timersnoop record -o x -- sh -c 'exit 3'
	assert_status 127 timersnoop record -o x -- no-such-command
	assert_status 0 timersnoop record -o x -d 100ms
	assert_status 0 timersnoop record -o x -c 2 -- ticker loop=1000000 call=1 sleep=1 end
	assert_eq 0 "$status"
	run timersnoop report x --no-header
	(($(wc -l <stdout) >= 2)) || fail "fewer than the calls that were counted"
	assert_status 1 timersnoop report x -p 1
}

test_interrupted() {
	start_ticker loop=1000 call=1 sleep=20 end
	start timersnoop record -o x
	tracing "$started"
	wait_for 20 sleep 0.3
	kill -INT "$started"
	ended 0 "$started"
	kill "$ticker"
	run timersnoop report x -e timer_settime -p "$ticker" --no-header
	assert_eq 0 "$status" status
	(($(wc -l <stdout) >= 5)) || fail "not what was done meanwhile"
}

# The last of it: the newest calls, without a hole, and none of before.
the_last() {
	local size
	run timersnoop report x -e timer_settime --format json
	[[ $status == 0 ]] || { show stderr && fail "status $status"; }
	jq -c '.new.value.nsec' stdout >numbers
	size=$(wc -l <numbers)
	((size > $1 && size < $2)) || fail "$size calls are left of 20000"
	seq "$((20000 - size))" 19999 | cmp - numbers || fail "calls are missing between"
}

test_ring_bytes() {
	assert_status 0 timersnoop record --ring 256K -o x -- workload -o truth.json loop 20000
	(($(stat -c %s x) < 700000)) || fail "the recording has $(stat -c %s x) bytes"
	the_last 500 10000
	run timersnoop report x -v
	assert_match 'of what was recorded, the last was kept' "$(<stderr)"
}

test_ring_seconds() {
	start timersnoop record --ring 1s -o x
	tracing "$started"
	ticker tag=5 call=10
	sleep 2
	ticker tag=6 loop=60 call=1 sleep=50 end
	ticker tag=7 call=10
	kill -INT "$started"
	ended 0 "$started"
	assert_match '"7":10' "$(counts x)"
	assert_no_match '"5":' "$(counts x)"
}

# A name from before what is kept, and timers that are still there.
test_ring_remembers() {
	start timersnoop record --ring 128K -o x
	tracing "$started"
	# made and named at first, and never again
	ticker name=early loop=6000 tag=9 call=1 end
	kill -INT "$started"
	ended 0 "$started"
	run timersnoop report x -e timer_settime --format json
	assert_json stdout 'length < 5000 and all(.comm == "early" and .pid > 0)'
}

# A condition ends it: the first call that fails, and what led to it.
test_ring_condition() {
	assert_status 0 timersnoop record --ring 1M -x -c 1 -e timer_settime -o x -- \
		ticker tag=3 call=50 fail=1 sleep=30000
	assert_eq '{"3":51}' "$(counts x)" "calls before it, and it"
	assert_status 0 timersnoop report x -x --no-header
	assert_eq 1 "$(wc -l <stdout)" "failed calls"
}

# Nothing is lost silently, in a recording either.
test_loss() {
	local busy
	mkfifo go
	taskset -c 1 workload -w loop 20000 <go >said &
	busy=$!
	exec 9>go
	start timersnoop record -e timer_settime -o x --buffer-size 64K -p "$busy" 2>stderr 9>&-
	tracing "$started"
	kill -STOP "$started"
	exec 9>&-
	wait "$busy"
	kill -CONT "$started"
	ended 4 "$started"
	assert_match 'data incomplete: [0-9]+ records lost' "$(<stderr)"
	run timersnoop report x --format json -e timer_settime
	assert_eq 4 "$status" "status of the report"
	assert_match "$(grep -oE '[0-9]+ records lost' stderr)" "$(<stderr)"
	assert_json stdout 'map(select(.event == "lost")) | length >= 1'
	assert_status 9 timersnoop report x --loss-status 9
	# the same number, from either end
	timersnoop record -q -e timer_settime -o y -- ticker call=1
	assert_status 0 timersnoop report y
}

# On a full disk there is an error, and no recording that looks like one.
test_full_disk() {
	mkdir full
	mount -t tmpfs -o size=128k nodev full
	run timersnoop record -o full/x -- workload -o truth.json loop 20000
	umount full
	assert_eq 125 "$status" status
	assert_match 'cannot (keep what is recorded|write full/x): No space left on device' "$(<stderr)"
	run timersnoop record -o /dev/full -- ticker call=1
	assert_eq 125 "$status" "status of a full device"
	assert_match 'cannot write /dev/full: No space left' "$(<stderr)"
	run timersnoop record -o no/such/directory -- ticker call=1
	assert_eq 125 "$status" "status of no directory"
}

# Nothing stands in the way of a signal while it waits for who reads the recording.
test_nobody_reads() {
	mkfifo pipe
	exec 7<>pipe
	start timersnoop record -o pipe -d 100ms
	wait_for 60 grep -q 'pipe_w' "/proc/$started/wchan" "/proc/$started/stack"
	assert_eq '' "$(cat "$tracefs/kprobe_events")" "probes while it waits"
	kill -INT "$started"
	ended 130 "$started"
	exec 7>&-
}

# A COMMAND that cannot be started costs no recording, and makes none.
test_no_command() {
	assert_status 0 timersnoop record -o good -- ticker call=3
	cp good copy
	assert_status 127 timersnoop record -o good -- no-such-command
	cmp good copy || fail "the recording is another"
	assert_status 127 timersnoop record -o new -- no-such-command
	! is_there new || fail "a file was made"
	assert_status 2 timersnoop record -o new -p 999999
	! is_there new || fail "a file was made"
	assert_status 2 timersnoop report good -o good
	cmp good copy || fail "the recording is another"
}

# refused REGEX FILE: it is not read, and the reason is told.
refused() {
	run timersnoop report "$2" "${@:3}"
	assert_eq 3 "$status" "status of $2"
	assert_match "^timersnoop: $2: it .*$1" "$(<stderr)"
	assert_empty stdout
}

test_not_a_recording() {
	timersnoop record -o whole -- ticker call=5
	: >empty
	refused 'is empty: a recording that was not ended' empty
	echo "something else" >text
	refused 'is no trace.dat recording' text
	head -c 100 whole >short
	refused 'is cut short' short
	local size=4096
	timersnoop report whole -e all >expected
	# without what comes last, it is all there or it is refused
	while ((size < $(stat -c %s whole))); do
		head -c -"$size" whole >shorter
		run timersnoop report shorter -e all
		if [[ $status != 0 ]]; then
			refused 'is cut short' shorter
		else
			cmp stdout expected || fail "without its last $size bytes it has other records"
		fi
		((size += 4096))
	done
	assert_eq 3 "$status" "status of the shortest"
	run timersnoop report no-such-file
	assert_match 'cannot read no-such-file: No such file' "$(<stderr)"
	assert_eq 3 "$status" "status of no file"
	run timersnoop report /tmp
	assert_eq 3 "$status" "status of a directory"
	# killed: what it leaves does not look like a recording
	start timersnoop record -o killed
	tracing "$started"
	kill -9 "$started"
	wait "$started" 2>/dev/null
	refused 'is empty' killed
	timersnoop --cleanup -q
}

# Only what was recorded can be shown.
test_not_recorded() {
	timersnoop record -e timer_settime -o x -- ticker call=5
	assert_status 0 timersnoop report x
	assert_eq 5 "$(grep -c settime stdout)" calls
	assert_status 2 timersnoop report x -e expire
	assert_match 'x: it was recorded without timer_expire' "$(<stderr)"
	assert_status 2 timersnoop report x --lives
	assert_match 'recorded without --lives' "$(<stderr)"
	assert_status 2 timersnoop report x --toctou
	assert_status 0 timersnoop report x -e all
	timersnoop record -e expire -o y -- lives -o truth.json signals
	assert_status 0 timersnoop report y
	assert_match ' expire ' "$(<stdout)"
}

test_wrong_usage() {
	local words
	while IFS= read -r words; do
		# shellcheck disable=SC2086 # words
		assert_status 2 timersnoop $words
		assert_empty stdout
		assert_match '^timersnoop: ' "$(<stderr)" "$words"
	done <<-'EOF'
		record --format json -- true
		record -w -- true
		record -x -- true
		record -u root -- true
		record --ring 1 -- true
		record --ring 10x -- true
		record --ring 0s -- true
		record -i x
		record --print -q -- true
		record --print -o - -- true
		record --dry-run
		trace --ring 1M -- true
		trace --print -- true
		report x y
		report x -- true
		report x --buffer-size 1M
		report x --dry-run
		trace -i x --run-as
		trace -i
	EOF
	! is_there timersnoop.dat || fail "a recording was made"
	run onpty timersnoop record -o - -- true
	assert_eq 125 "$status" "status of a terminal"
}

# Of a trace that somebody else made by the same probes.
test_by_trace_cmd() {
	local version clock
	clock=$(sed 's/.*\[//; s/\].*//' "$tracefs/trace_clock")
	timersnoop --dry-run -e posix,expire 2>/dev/null | grep -E '^[pr][0-9]*:' >probes
	cat probes >>"$tracefs/kprobe_events"
	trace-cmd record -q -C mono -e timersnoop -e task_rename -e timer:hrtimer_start \
		-e timer:hrtimer_expire_entry -o six --file-version 6 \
		ticker name=app tag=8 call=4 fail=1 >said 2>&1 || fail "trace-cmd: $(<said)"
	trace-cmd convert -i six -o seven --file-version 7 --compression any >said 2>&1 ||
		fail "trace-cmd: $(<said)"
	trace-cmd record -q -C global -e timersnoop -o global ticker tag=8 call=4 >said 2>&1 ||
		fail "trace-cmd: $(<said)"
	: >"$tracefs/kprobe_events" # nobody else has any
	trace-cmd reset >/dev/null 2>&1
	for version in six seven; do
		assert_eq '{"8":5}' "$(counts $version -n app)" "calls of $version"
		run timersnoop report $version --format json
		assert_eq 0 "$status" status
		assert_match 'timersnoop did not record it' "$(<stderr)"
		assert_json stdout 'map(select(.event == "timer_settime" and .ret < 0)) | length == 1'
		assert_json stdout 'all(.time == null)'
	done
	run timersnoop report global --format json
	assert_match "how late timers are is not known by its clock, global" "$(<stderr)"
	assert_status 2 timersnoop report six --time wall
	trace-cmd record -q -e sched_process_exit -o others true >said 2>&1
	trace-cmd reset >/dev/null 2>&1
	echo "$clock" >"$tracefs/trace_clock"
	refused "holds no events of timersnoop's probes" others
}

run_tests
