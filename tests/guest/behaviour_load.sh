#!/usr/bin/env bash
# Idle, overwhelmed, or late: what timersnoop costs, loses and still knows.

# shellcheck source=tests/guest/lib_behaviour.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib_behaviour.sh"

test_idle() {
	local pid before=()
	mkfifo never
	exec 6<>never
	start sleep 600
	start timersnoop -e timer_settime -q -p "$started"
	local follower=$started
	start timersnoop -e timer_settime -q -- sleep 601
	local parent=$started
	start timersnoop -e timer_settime -q -n nobody
	tracing "$follower" "$parent" "$started"
	read -r -t 1 -u 6
	for pid in "$follower" "$parent" "$started"; do
		sleeps_of "$pid"
		before[pid]=$sleeps
	done
	read -r -t 3 -u 6
	for pid in "$follower" "$parent" "$started"; do
		sleeps_of "$pid"
		before[pid]=$((sleeps - before[pid]))
	done
	exec 6>&-
	kill "$follower" "$parent" "$started"
	ended 1 "$follower"
	ended 143 "$parent"
	ended 1 "$started"
	assert_eq 0 "${before[follower]}" "wake-ups of -p while idle"
	assert_eq 0 "${before[parent]}" "wake-ups with COMMAND while idle"
	# It sees the threads that the kernel makes for itself.
	((before[started] <= 3)) || fail "${before[started]} wake-ups of -n while idle"
}

# Ticks of a hundredth of a second that PID has run for.
ticks_of() {
	local fields
	read -r -a fields <"/proc/$1/stat"
	ticks=$((fields[13] + fields[14]))
}

# The pipe of a CPU that was off when the instance was made cannot be waited for.
test_absent_cpu() {
	local cpu=/sys/devices/system/cpu/cpu1/online before before_on line
	[[ -w $cpu ]] || skip "this kernel cannot switch a CPU off"
	echo 0 >"$cpu"
	trap 'echo 1 >/sys/devices/system/cpu/cpu1/online' EXIT
	mkfifo pipe
	exec 6<>pipe
	start_ticker wait=go call=3 wait=on
	start_snoop -e timer_settime --format json -p "$ticker" >pipe
	ticks_of "$snoop"
	before=$ticks
	sleep 2
	ticks_of "$snoop"
	echo 1 >"$cpu"
	taskset -p 2 "$ticker" >/dev/null
	touch go
	# It is noticed that the CPU has come, not only in the end.
	for line in 1 2 3; do
		read -r -t 10 -u 6 line || fail "$((line - 1)) calls are told while it goes on"
		echo "$line" >>calls
	done
	# And then it waits for events alone.
	sleeps_of "$snoop"
	before_on=$sleeps
	sleep 4
	sleeps_of "$snoop"
	touch on
	ended 0 "$snoop"
	exec 6>&-
	((sleeps - before_on < 2)) || fail "$((sleeps - before_on)) wake-ups in 4 s after it came"
	((ticks - before < 50)) || fail "$((ticks - before)) ticks in 2 s with nothing to do"
	assert_eq '1 1 1' "$(jq -r .cpu calls | xargs)" "CPUs of the calls"
}

# The processes are gone before timersnoop reads what they did.
test_tasks_that_are_gone() {
	local followed named
	start timersnoop -e timer_settime --format json -o calls -- ticker wait=go \
		thread=2 name=thread tell=told call=1 fork=1 name=of-thread tell=told call=1 end end \
		fork=2 name=child tell=told call=2 thread=1 name=its-thread tell=told call=1 end end \
		join touch=called wait=on 2>stderr
	followed=$started
	start timersnoop -e timer_settime --format json -o calls-named -n short,ticker -u 1000 2>stderr-named
	named=$started
	tracing "$followed" "$named"
	kill -STOP "$followed" "$named"
	touch go
	su tester -c "ticker tell=$PWD/told-named call=1 name=short \
		fork=3 tell=$PWD/told-named call=1 thread=1 tell=$PWD/told-named call=1 name=long call=1 end end \
		join tell=$PWD/told-named call=1"
	wait_for 20 is_there called
	kill -CONT "$followed" "$named"
	sleep 0.5
	touch on
	ended 0 "$followed" stderr
	kill "$named"
	ended 0 "$named" stderr-named
	assert_told calls told
	assert_told calls-named told-named
	assert_eq 10 "$(wc -l <calls)" "calls of COMMAND"
	assert_eq 8 "$(wc -l <calls-named)" "calls by name and user"
	assert_empty stderr
	assert_empty stderr-named
}

# A reader that is stopped loses what does not fit, and says so.
test_loss() {
	local name
	local -A pids wanted=([p]=4 [p77]=77 [c]=5 [c77]=77)
	start_ticker wait=go call=1500 touch=called
	start timersnoop -e timer_settime --buffer-size 64K --format json -o calls-p -p "$ticker" 2>stderr-p
	pids[p]=$started
	start timersnoop -e timer_settime --buffer-size 65536 --loss-status 77 -o calls-p77 -p "$ticker" 2>stderr-p77
	pids[p77]=$started
	start timersnoop -e timer_settime --buffer-size 64k --format json -o calls-c -- \
		ticker wait=go call=1500 touch=called-c exit=5 2>stderr-c
	pids[c]=$started
	start timersnoop -e timer_settime --buffer-size 64K --loss-status 77 --format csv -o calls-c77 -- \
		ticker wait=go call=1500 touch=called-c77 exit=5 2>stderr-c77
	pids[c77]=$started
	tracing "${pids[@]}"
	for name in "${!pids[@]}"; do
		cat "$tracefs/instances/timersnoop-${pids[$name]}"-*/per_cpu/cpu0/buffer_size_kb
	done | sort -u >sizes
	assert_match '^(6[4-9]|7[0-9])$' "$(<sizes)" "KiB of each CPU's buffer"
	kill -STOP "${pids[@]}"
	touch go
	for name in called called-c called-c77; do
		wait_for 30 is_there "$name"
	done
	kill -CONT "${pids[@]}"
	for name in "${!pids[@]}"; do
		ended "${wanted[$name]}" "${pids[$name]}" "stderr-$name"
		assert_match 'data incomplete: [1-9][0-9]*( or more)? records lost' "$(<"stderr-$name")"
		assert_match 'larger --buffer-size' "$(<"stderr-$name")" "hint"
	done
	assert_json calls-p 'any(.event == "lost") and any(.event == "timer_settime")'
	assert_json calls-c 'any(.event == "lost") and any(.event == "timer_settime")'
	assert_match '# lost [1-9][0-9]* records' "$(<calls-p77)" "text"
	assert_match $'\nlost,' "$(<calls-c77)" "CSV"
	(($(jq -s 'map(select(.event == "timer_settime")) | length' calls-p) < 1500)) ||
		fail "nothing was lost"
}

# Whoever asks for a status of loss gets his own where nothing was lost.
test_loss_status_without_loss() {
	assert_status 3 timersnoop -e timer_settime -q --loss-status 77 --buffer-size 1M -- ticker call=2 exit=3
	assert_status 1 timersnoop -e timer_settime -q --loss-status 77 -d 0.1 -n nobody
	assert_empty stderr
}

# More memory than there is, for each CPU.
test_buffer_too_large() {
	assert_status 125 timersnoop -e timer_settime --buffer-size 1G -d 1
	assert_match 'no ring buffer of 1048576 KiB' "$(<stderr)"
	assert_match 'smaller --buffer-size' "$(<stderr)" "hint"
	assert_empty stdout
}

run_tests
