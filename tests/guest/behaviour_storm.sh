#!/usr/bin/env bash
# Much at once, and what else happens to a machine while it is traced: against what the
# programs know of themselves.

# shellcheck source=tests/guest/lib_behaviour.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib_behaviour.sh"

# storm KIND N: all its calls were seen, each once, in $calls.
storm() {
	assert_status 0 timersnoop -e timer_settime --buffer-size 16M --format json -o calls -- storm "$1" "$2"
	assert_empty stderr
	# shellcheck disable=SC2016 # jq's variables
	assert_json calls --argjson count "$2" 'length == $count and all(.ret == 0) and
		(map(.new.value.sec - 100000) | sort) == [range(1; $count + 1)]'
}

test_many_timers() {
	storm timers 10000
	assert_json calls '(map(.timer_id) | unique | length) == 10000'
	assert_status 0 timersnoop --lives --buffer-size 32M --format json -o lives -- storm timers 10000
	assert_json lives 'length == 10000 and all(.incomplete == false)'
	assert_status 0 timersnoop stat --by comm --buffer-size 32M --fields comm,timers,arms -- storm timers 10000
	assert_eq $'storm\t10000\t10000' "$(tail -n 1 stdout)"
}

test_many_threads() {
	storm threads 1000
	assert_json calls '(map(.tid) | unique | length) == 1000 and (map(.pid) | unique | length) == 1'
}

test_many_execs() {
	storm execs 200
	assert_json calls '(map(.pid) | unique | length) == 1 and (.[1:] | all(.comm == "exe"))'
}

test_many_names() {
	storm names 2000
	assert_json calls 'all(.comm == "name-\(.new.value.sec - 100000)")'
	assert_status 0 timersnoop -e timer_settime --format json -n name-7,name-77 -- storm names 100
	assert_json stdout 'map(.comm) == ["name-7", "name-77"]'
}

test_many_processes() {
	storm forks 500
	assert_json calls '(map(.pid) | unique | length) == 500 and all(.comm == "storm")'
}

# A process id gets to be another program's, under another name, again and again. Not at once:
# the kernel takes who has ended from set_event_pid after a grace period, by the number.
test_reused_pid() {
	local last=/proc/sys/kernel/ns_last_pid
	[[ -w $last ]] || skip "this kernel does not let pids be chosen"
	# shellcheck disable=SC2016 # that shell's
	assert_status 0 timersnoop -e timer_settime --format json -o calls -- bash -c '
		for tag in 1 2 3 4; do
			sleep 0.3
			echo 21000 >/proc/sys/kernel/ns_last_pid
			ticker "tag=$tag" "name=again-$tag" tell=told call=2
		done'
	assert_eq 1 "$(cut -d' ' -f1 told | sort -u | wc -l)" "process ids of the programs"
	assert_counts calls '{"1":2,"2":2,"3":2,"4":2}'
	assert_json calls 'all(.comm == "again-\(.new.value.sec)")'

	# Of two that are followed the first ends, and its number becomes a stranger's.
	echo 22000 >"$last"
	start_ticker tag=5 wait=go call=1
	local first=$ticker
	start_ticker tag=6 wait=go call=1 wait=on call=1
	start_snoop -e timer_settime --format json -o followed -p "$first,$ticker"
	touch go
	wait "$first"
	sleep 0.3
	echo $((first - 1)) >"$last"
	start_ticker tag=7 call=3
	assert_eq "$first" "$ticker" "process id of the stranger"
	wait "$ticker"
	touch on
	ended 0 "$snoop"
	assert_counts followed '{"5":1,"6":2}'
}

# A CPU goes and comes back, with those that ran there.
test_cpu_goes_and_comes() {
	local cpu=/sys/devices/system/cpu/cpu1/online
	[[ -w $cpu ]] || skip "this kernel cannot switch a CPU off"
	trap 'echo 1 >/sys/devices/system/cpu/cpu1/online' EXIT
	start_ticker wait=go call=50 touch=first wait=on call=50 touch=second wait=again call=50
	taskset -p 2 "$ticker" >/dev/null
	start_snoop -e timer_settime --format json -o calls -p "$ticker" 2>stderr
	touch go
	wait_for 20 is_there first
	echo 0 >"$cpu"
	touch on
	wait_for 20 is_there second
	echo 1 >"$cpu"
	taskset -p 2 "$ticker" >/dev/null
	touch again
	ended 0 "$snoop" stderr
	assert_empty stderr
	assert_counts calls '{"1000":150}'
	assert_eq '50 1,50 0,50 1' "$(jq -r .cpu calls | uniq -c | awk '{ print $1, $2 }' | paste -s -d,)" \
		"calls on each CPU"
}

# assert_days FILE BEFORE: the calls in it were made one the next day and two this day.
assert_days() {
	# shellcheck disable=SC2016 # jq's variables
	assert_json "$1" --argjson before "$2" 'map(.time | .[0:19] + "Z" | fromdate - $before)
		| length == 3 and .[0] >= 0 and .[0] < 30 and .[1] - 86400 >= 0 and .[1] - 86400 < 30
			and .[2] >= 0 and .[2] < 30'
	assert_json "$1" 'map(.mono_ns) | . == sort'
}

# The wall clock is set, a day ahead and back again: times of day follow, durations do not. Also
# where nobody looks at what is recorded.
test_clock_jumps() {
	local from before recorder
	start_ticker wait=go1 call=1 wait=go2 call=1 wait=go3 call=1
	start timersnoop -e timer_settime -q -n nobody -d 3s
	local limited=$started
	start_snoop record -e timer_settime -o kept.dat -p "$ticker" 2>stderr-record
	recorder=$snoop
	start_snoop -e timer_settime --format json -o calls -p "$ticker" 2>stderr
	before=$EPOCHSECONDS
	touch go1
	sleep 0.5
	date -s "@$((EPOCHSECONDS + 86400))" >/dev/null
	sleep 0.2
	touch go2
	sleep 0.5
	date -s "@$((EPOCHSECONDS - 86400))" >/dev/null
	sleep 0.2
	touch go3
	ended 0 "$snoop" stderr
	ended 0 "$recorder" stderr-record
	ended 1 "$limited"
	assert_empty stderr
	assert_empty stderr-record
	assert_days calls "$before"
	assert_status 0 timersnoop report kept.dat --format json
	assert_days stdout "$before"
	read -r from _ </proc/uptime
	((EPOCHSECONDS - before < 60)) || fail "the clock was not set back: ${from} s since boot"
}

# Who is in a PID namespace of its own has another number there: both are told, and -p takes
# that of the kernel, as the caller sees it. Inside, where none of the two can be had, it says so.
test_pid_namespaces() {
	local pid
	start unshare -pf ticker wait=go tell=told call=3
	wait_for 20 pidof ticker >/dev/null
	pid=$(pidof ticker)
	start_snoop -e timer_settime --format json -o calls -p "$pid" 2>stderr
	touch go
	ended 0 "$snoop" stderr
	assert_counts calls '{"1000":3}'
	assert_eq 1 "$(cut -d' ' -f1 told)" "its process id inside"
	assert_json calls "all(.pid == $pid and .tid == $pid and .ns_pid == 1 and .ns_tid == 1)"

	assert_status 3 unshare -pfm --mount-proc timersnoop -d 1
	assert_match 'not the first PID namespace' "$(<stderr)"
	assert_match "shares the host's PIDs" "$(<stderr)" "hint"
}

# Made while it is traced: no record has the numbers, which are asked for. Of threads and
# children, too, in every form; others have none.
test_new_namespace() {
	local -a ticker=(unshare -pf ticker 'wait=go' 'tell=told' 'call=2' 'thread=1' 'tell=told'
		'call=2' 'sleep=500' end fork=1 'tell=told' 'call=2' 'sleep=500' end join 'sleep=500')
	touch go
	assert_status 0 timersnoop -e timer_settime --format json -o calls -- "${ticker[@]}"
	assert_json calls 'length == 6 and all(.pid != .ns_pid and .tid != .ns_tid)'
	jq -r '"\(.ns_pid) \(.ns_tid) \(.comm)"' calls | sort -u >seen
	sort told | diff - seen || fail "inside they are called otherwise"
	assert_status 0 timersnoop -e timer_settime -- "${ticker[@]}"
	assert_eq 2 "$(grep -c ' ns_pid=1$' stdout)" "calls of the first thread"
	assert_eq 2 "$(grep -cE ' ns_pid=1,ns_tid=[0-9]+$' stdout)" "calls of the second"
	assert_eq 2 "$(grep -cE ' ns_pid=[2-9]$' stdout)" "calls of the child"
	assert_status 0 timersnoop -e timer_settime --where 'ns_pid == 1 && ns_tid != 1' \
		--fields ns_pid,ns_tid,comm --no-header -- "${ticker[@]}"
	assert_eq 2 "$(wc -l <stdout)" "calls of the second thread"
	assert_status 0 timersnoop -e timer_settime --format json -- ticker call=2
	assert_no_match 'ns_' "$(<stdout)"
}

run_tests
