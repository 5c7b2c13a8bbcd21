#!/usr/bin/env bash
# timersnoop kernel -p, -n, COMMAND, --callback, --cpu: whose timers are counted, and
# which. What cannot be chosen: kernel_run.sh.

# shellcheck source=tests/guest/lib_kernel.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib_kernel.sh"

# rows_are FILE LINE...: "pid comm callback started fired" of each of its rows of what
# ktimers does; the scheduler and the like may have timers in its name, too.
rows_are() {
	printf '%s\n' "${@:2}" | sort >expected
	jq -r 'select(.event == "kernel" and .comm == "ktimers"
			and (.callback | test("^(hrtimer_wakeup|process_timeout|timerfd_tmrproc)$")))
		| "\(.pid) \(.comm) \(.callback) \(.started) \(.fired)"' "$1" | sort >rows
	diff -U 0 expected rows >differences || fail "$1 has other rows
$(<differences)"
}

# start_waiting N: ktimers that waits for a line on the descriptor N.
start_waiting() {
	mkfifo "go$1"
	eval "exec $1<>go$1"
	start ktimers -o /dev/null wait nanosleeps 5 3000000 timeouts 4 8 timerfds 3 3000000 <"go$1" >"said$1"
	wait_for 20 grep -q ready "said$1"
}

# The same programs, and one timersnoop for each way to choose them.
test_programs() {
	local one other file snoops=()
	start_waiting 6
	one=$started
	start_waiting 7
	other=$started
	for file in p n callback; do
		case $file in
		p) set -- -p "$one" ;;
		n) set -- -n nobody,ktimers ;;
		callback) set -- --callback 'process_timeout,timerfd_tm*' ;;
		esac
		start_kernel kernel --by callback,process --top 0 --format json -o "$file" "$@" 2>"$file.stderr"
		snoops+=("$snoop")
	done
	echo >&6
	echo >&7
	ended 0 "${snoops[0]}" p.stderr # with its process
	wait_for 20 is_gone "$other"
	kill -INT "${snoops[@]:1}"
	ended 0 "${snoops[1]}" n.stderr
	ended 0 "${snoops[2]}" callback.stderr
	for file in p n callback; do
		assert_empty "$file.stderr"
		assert_balanced "$file"
	done
	rows_are p "$one ktimers "{'hrtimer_wakeup 5 5','process_timeout 4 4','timerfd_tmrproc 3 3'}
	rows_are n {"$one","$other"}" ktimers "{'hrtimer_wakeup 5 5','process_timeout 4 4','timerfd_tmrproc 3 3'}
	# shellcheck disable=SC2016 # jq's variable
	assert_json p --argjson pid "$one" 'map(select(.event == "kernel").pid) | unique == [$pid]'
	assert_json n 'map(select(.event == "kernel").comm) | unique == ["ktimers"]'
	rows_are callback {"$one","$other"}" ktimers "{'process_timeout 4 4','timerfd_tmrproc 3 3'}
	assert_json callback 'map(select(.event == "kernel")) | length > 4
		and (map(.callback) | unique == ["process_timeout", "timerfd_tmrproc"])'
}

# Threads, children, theirs, and what they execute; nobody else.
test_command() {
	start ticker every=5 call=0 # sleeps all the time
	assert_status 0 timersnoop kernel --by callback,comm --format json -- \
		ticker sleep=5 thread=2 name=worker sleep=5 sleep=5 end fork=2 name=child sleep=5 \
		thread=1 name=of-child sleep=5 end end join name=last exec ktimers -o truth.json nanosleeps 3 3000000
	kill "$started"
	jq -r 'select(.event == "kernel" and .callback == "hrtimer_wakeup") | "\(.comm) \(.started) \(.fired)"' stdout |
		sort >rows
	# by the name of the process
	printf '%s\n' 'child 4 4' 'ktimers 3 3' 'ticker 5 5' | diff - rows >differences ||
		fail "other tasks have slept
$(<differences)"
	assert_json stdout 'map(select(.event == "total" and (.incomplete | not))) | length == 1'
}

# Where it is armed; by the mask of the instance, which wants none.
test_cpu() {
	local cpu snoops=()
	for cpu in 1 0-1; do
		start_kernel kernel --by callback,process,cpu -n ktimers --cpu "$cpu" --format json -o "of-$cpu"
		snoops+=("$snoop")
	done
	taskset 1 ktimers -o /dev/null nanosleeps 5 3000000 timeouts 3 8
	taskset 2 ktimers -o /dev/null nanosleeps 7 3000000 timeouts 4 8
	kill -INT "${snoops[@]}"
	for cpu in 0 1; do ended 0 "${snoops[cpu]}"; done
	assert_eq '1 hrtimer_wakeup 7|1 process_timeout 4|' "$(by_cpu of-1)" "--cpu 1"
	assert_eq '0 hrtimer_wakeup 5|0 process_timeout 3|1 hrtimer_wakeup 7|1 process_timeout 4|' "$(by_cpu of-0-1)" "--cpu 0-1"
}

by_cpu() {
	jq -r 'select(.event == "kernel" and (.callback | test("^hrtimer_wakeup|^process"))) | "\(.cpu) \(.callback) \(.started)"' "$1" |
		sort | tr '\n' '|'
}

run_tests
