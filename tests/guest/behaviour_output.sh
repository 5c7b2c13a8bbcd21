#!/usr/bin/env bash
# Where the calls go: pipes, files, terminals, and outputs that fail.

# shellcheck source=tests/guest/lib_behaviour.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib_behaviour.sh"

# A reader that goes away ends the trace at once, also while nothing is called.
test_closed_pipe() {
	local from took
	start_ticker wait=go call=3 wait=never
	{
		timersnoop -e timer_settime -p "$ticker" 2>stderr-silent
		echo "$?" >status-silent
		echo "${EPOCHREALTIME/./}" >ended
	} | head -n 1 >header
	from=${EPOCHREALTIME/./}
	assert_match '^ *TIME PID/TID' "$(<header)"
	wait_for 5 is_there ended
	took=$(($(<ended) - from))
	((took < 3000000)) || fail "ended $took us after its reader"
	assert_eq 1 "$(<status-silent)" "status without a call"
	assert_empty stderr-silent

	timersnoop -e timer_settime --format json -- ticker tell=told call=2 wait=never 2>stderr | head -n 1 >line
	# COMMAND was made to end, as by -c.
	assert_eq 0 "${PIPESTATUS[0]}" "status with a call"
	assert_counts line '{"1000":1}'
	assert_empty stderr
	read -r pid _ <told
	is_gone "$pid" || fail "COMMAND is still there"

	# More than a pipe holds: the write itself fails.
	assert_status 0 timersnoop record -q -e timer_settime -o kept.dat -- ticker call=1000
	timersnoop report kept.dat --format json 2>stderr | head -n 1 >line
	assert_eq 0 "${PIPESTATUS[0]}" "status of a report"
	assert_counts line '{"1000":1}'
	assert_empty stderr
}

test_full_disk() {
	mkdir small
	mount -t tmpfs -o size=16k nodev small
	head -c 100000 /dev/zero >small/fill 2>/dev/null
	run timersnoop -e timer_settime -o small/calls -- ticker call=200 exit=7
	umount small
	assert_eq 125 "$status" "status"
	assert_match 'cannot write small/calls.*: No space left on device' "$(<stderr)"

	start_ticker wait=go call=1
	start timersnoop -e timer_settime --format json -p "$ticker" >/dev/full 2>stderr-pid
	tracing "$started"
	touch go
	ended 125 "$started" stderr-pid
	assert_match 'cannot write standard output.*: No space left on device' "$(<stderr-pid)"

	assert_status 125 timersnoop -e timer_settime -o /nowhere/calls -- touch ran
	assert_match 'cannot write /nowhere/calls: No such file or directory' "$(<stderr)"
	! is_there ran || fail "COMMAND ran"
}

# Nobody reads, and the pipe is full: the first signal waits for the reader,
# the second one does not.
test_stuck_reader() {
	local with
	mkfifo stuck stuck-with
	exec 6<>stuck 7<>stuck-with
	start_ticker wait=go call=1500 touch=called wait=never
	start timersnoop -e timer_settime --format json -p "$ticker" >stuck 2>stderr
	snoop=$started
	start timersnoop -e timer_settime --format json -- ticker ignore=2 wait=go call=1500 touch=called-with wait=never \
		>stuck-with 2>stderr-with
	with=$started
	tracing "$snoop" "$with"
	touch go
	wait_for 20 is_there called
	wait_for 20 is_there called-with
	kill -INT "$snoop"
	sleep 0.5
	kill -INT "$snoop"
	ended 125 "$snoop" stderr
	assert_match 'cannot write standard output .*lines are missing' "$(<stderr)"

	# Here the first one is COMMAND's, which does not mind.
	kill -INT "$with"
	sleep 0.5
	kill -0 "$with" || fail "ended by COMMAND's signal"
	kill -INT "$with"
	sleep 0.5
	kill -INT "$with" 2>/dev/null
	ended 125 "$with" stderr-with
	exec 6>&- 7>&-
}

test_file() {
	local name
	seq 10000 >calls
	start_ticker wait=go call=3 fail=1
	start timersnoop -e timer_settime -p "$ticker" -o calls
	local text=$started
	start timersnoop -e timer_settime -p "$ticker" --no-header -o new
	local bare=$started
	start timersnoop -e timer_settime -p "$ticker" --format csv -o - >calls-csv
	local csv=$started
	tracing "$text" "$bare" "$csv"
	touch go
	for name in "$text" "$bare" "$csv"; do
		ended 0 "$name"
	done
	assert_eq 5 "$(wc -l <calls)" "lines with a header"
	assert_eq 1 "$(grep -c TIME calls)" "headers"
	assert_eq 4 "$(wc -l <new)" "lines without a header"
	assert_eq 5 "$(wc -l <calls-csv)" "lines of CSV"
	assert_match '^event,time,' "$(<calls-csv)"
	assert_eq 644 "$(stat -c %a new)" "mode"
}

# A pipe that somebody follows gets each call at once.
test_followed_pipe() {
	local line
	mkfifo text objects
	exec 6<>text 7<>objects
	start_ticker wait=go1 call=1 wait=go2 call=1
	start timersnoop -e timer_settime -p "$ticker" >text
	snoop=$started
	start timersnoop -e timer_settime -p "$ticker" --format json >objects
	tracing "$snoop" "$started"
	read -r -t 5 -u 6 line || fail "no header"
	assert_match TIME "$line"
	for go in go1 go2; do
		touch "$go"
		# Within a second, on a machine that is not emulated beside others.
		read -r -t 2 -u 6 line || fail "no line of text soon after $go"
		assert_match "ticker .* 1000.00000000[12]s" "$line"
		read -r -t 1 -u 7 line || fail "no line of JSON soon after $go"
		jq -e '.new.value.sec == 1000' <<<"$line" >/dev/null || fail "no object: $line"
	done
	ended 0 "$snoop"
	ended 0 "$started"
	! read -r -t 0.1 -u 6 line || fail "one line too many: $line"
	exec 6>&- 7>&-
}

test_color() {
	local -x TERM=xterm
	assert_status 0 onpty timersnoop -e timer_settime -- ticker call=1 fail=1
	assert_match 'TIME PID/TID' "$(<stdout)"
	assert_match $'\e' "$(<stdout)" "colour on a terminal"
	NO_COLOR=1 assert_status 0 onpty timersnoop -e timer_settime -- ticker call=1 fail=1
	assert_no_match $'\e' "$(<stdout)" "NO_COLOR"
	assert_status 0 timersnoop -e timer_settime -- ticker call=1 fail=1
	assert_no_match $'\e' "$(<stdout)" "a file"
	assert_status 0 timersnoop -e timer_settime --color=always -- ticker call=1 fail=1
	assert_match $'\e' "$(<stdout)" "--color=always"
}

test_quiet_and_times() {
	local form name now
	local -A pids
	start_ticker wait=go call=2
	for form in wall mono none; do
		start timersnoop -e timer_settime --time "$form" --no-header -p "$ticker" >"calls-$form"
		pids[$form]=$started
	done
	start timersnoop -e timer_settime -q -p "$ticker" >stdout 2>stderr
	tracing "$started" "${pids[@]}"
	touch go
	for name in "$started" "${pids[@]}"; do
		ended 0 "$name"
	done
	assert_empty stdout
	assert_empty stderr
	assert_match '^[0-2][0-9]:[0-5][0-9]:[0-6][0-9]\.' "$(<calls-wall)" "wall time"
	read -r now _ </proc/uptime
	read -r form _ <calls-mono
	((${form%.*} <= ${now%.*} && ${form%.*} + 60 > ${now%.*})) ||
		fail "monotonic time $form at $now"
	assert_match "^ *$ticker +ticker" "$(<calls-none)" "no time"
}

# COMMAND and timersnoop write to one pipe, faster than it is read.
test_whole_lines() {
	local text
	text=$(printf 'x%.0s' {1..200})
	timersnoop -e timer_settime --format json -- ticker thread=2 loop=300 "print=$text" end end \
		thread=2 call=300 end join | {
		sleep 2
		cat
	} >mixed
	assert_eq 0 "${PIPESTATUS[0]}" status
	assert_eq 600 "$(grep -cx "$text" mixed)" "whole lines of COMMAND"
	grep -vx "$text" mixed >calls
	assert_eq 600 "$(wc -l <calls)" "lines of timersnoop"
	assert_counts calls '{"1000":600}'
}

run_tests
