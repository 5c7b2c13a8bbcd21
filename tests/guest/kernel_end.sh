#!/usr/bin/env bash
# How a trace of the kernel's timers ends, what stays behind when it is killed, a kernel
# that hides its addresses, and what tracing itself costs an idle machine.

# shellcheck source=tests/guest/lib_kernel.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib_kernel.sh"

# It ends with what it saw so far, as all others do by SIGINT.
test_signal() {
	start_kernel kernel -n ktimers --format json -o ours.json 2>stderr
	ktimers -o /dev/null nanosleeps 10 3000000
	kill -TERM "$snoop"
	ended 0 "$snoop" stderr
	assert_empty stderr
	assert_json ours.json 'map(select(.event == "kernel" and .callback == "hrtimer_wakeup"))
		| length == 1 and all(.started == 10 and .fired == 10)'
}

test_command() {
	assert_status 7 timersnoop kernel -q -- sh -c 'ktimers -o /dev/null nanosleeps 1 3000000; exit 7'
	assert_empty stdout
	assert_status 127 timersnoop kernel --wakeups -- nobody-has-this
	assert_status 0 timersnoop kernel -d 300ms --format json -- ktimers -o /dev/null nanosleeps 100000 3000000
	assert_json stdout 'map(select(.event == "total")) | length == 1 and all(.fired > 0)'
	! pidof ktimers || fail "COMMAND goes on"
}

# Whoever reads it goes away.
test_closed_pipe() {
	start ktimers -o /dev/null nanosleeps 100000 3000000
	timersnoop kernel -e start -n ktimers 2>stderr | head -n 3 >lines
	assert_eq 0 "${PIPESTATUS[0]}" "status of one whose reader went away"
	assert_eq 3 "$(wc -l <lines)" lines
	timersnoop kernel -n ktimers --interval 100ms 2>>stderr | head -n 1 >lines
	assert_eq 0 "${PIPESTATUS[0]}" "status of one whose reader went away"
	assert_empty stderr
	kill "$started"
	assert_status 125 timersnoop kernel -d 100ms -o /dev/full
}

test_killed() {
	local one other ktimers
	start ktimers -o /dev/null nanosleeps 100000 3000000
	ktimers=$started
	start_kernel kernel --callers --wakeups -o /dev/null
	one=$snoop
	start_kernel kernel -p "$ktimers" -o /dev/null
	other=$snoop
	kill -KILL "$one" "$other"
	wait "$one" "$other"
	grep -q "timersnoop_${one}_" "$tracefs/kprobe_events" || fail "nothing was left behind"
	assert_eq 3 "$(find "$tracefs/instances" -maxdepth 1 -name 'timersnoop-*' | wc -l)" "instances left behind"
	kill "$ktimers"
	# the next one sweeps
	run timersnoop kernel -v -d 50ms
	assert_match 'swept what 2 earlier runs left behind' "$(<stderr)"
}

# Callbacks are then addresses, which say as much as they can: no more.
test_hidden_addresses() {
	echo 2 >/proc/sys/kernel/kptr_restrict
	trap 'echo 1 >/proc/sys/kernel/kptr_restrict' EXIT
	assert_status 0 timersnoop kernel --by callback,process --format json -- \
		ktimers -o truth.json nanosleeps 5 3000000 timeouts 3 8
	assert_balanced stdout
	assert_json stdout 'map(select(.event == "kernel"))
		| all((.callback | test("^0x[0-9a-f]{16}$")) and .module == null)
		and (map(select(.mechanism == "hrtimer" and .fired == 5)) | length == 1)
		and (map(select(.mechanism == "timer_list" and .fired == 3)) | length == 1)'
	assert_status 3 timersnoop kernel --callback hrtimer_wakeup -d 100ms
	assert_match 'timersnoop: --callback: .*hides' "$(<stderr)"
	assert_match 'kptr_restrict' "$(<stderr)"
	assert_empty stdout
}

# Nobody but timersnoop would have been awake: it hardly was.
test_idle() {
	mkfifo never
	exec 9<>never
	start_kernel kernel --wakeups --format json -o ours.json
	read -r -t 3 -u 9 # bash waits without a process
	kill -INT "$snoop"
	ended 0 "$snoop"
	assert_balanced ours.json
	assert_json ours.json '(map(select(.event == "kernel" and .comm == "timersnoop").wakeups) | add // 0) <= 3
		and (map(select(.event == "total").span_ns) | all(. > 25e8))'
}

run_tests
