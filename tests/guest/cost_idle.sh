#!/usr/bin/env bash
# While nothing happens timersnoop does nothing, in any of its modes, and the kernel
# is slower nowhere but where the question is about.

# shellcheck source=tests/guest/lib_behaviour.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib_behaviour.sh"

# A process of ours that does nothing, in $sleeper.
start_sleeper() {
	start sleep 600
	sleeper=$started
}

# Each of these has gone to sleep, over an instance of its own.
settled() {
	local pid was=()
	for pid; do
		compgen -G "$tracefs/instances/timersnoop-$pid-*" >/dev/null || { read -r -t 2 -u 6; return 1; }
		sleeps_of "$pid"
		was[pid]=$sleeps
	done
	read -r -t 2 -u 6
	for pid; do
		sleeps_of "$pid"
		((was[pid] == sleeps)) || return
	done
}

# watch MODE ARG...: timersnoop with these, on the sleeper; its pid in $pids[MODE].
declare -A pids before
watch() {
	local mode=$1
	shift
	start timersnoop "$@" -p "$sleeper" >"$mode.out" 2>"$mode.err"
	pids[$mode]=$started
}

# All that was started by watch sleeps for 10 s.
assert_idle() {
	local mode pid tries=0
	# What never does is seen below.
	while ((tries++ < 20)) && ! settled "${pids[@]}"; do :; done
	for mode in "${!pids[@]}"; do
		sleeps_of "${pids[$mode]}"
		before[$mode]=$sleeps
	done
	read -r -t 10 -u 6
	for mode in "${!pids[@]}"; do
		sleeps_of "${pids[$mode]}"
		echo "$mode $((sleeps - before[$mode]))"
	done >wakeups
	exec 6>&-
	for pid in "${pids[@]}"; do
		kill -INT "$pid"
	done
	for pid in "${pids[@]}"; do
		wait_for 60 is_gone "$pid"
	done
	assert_eq '' "$(grep -v ' 0$' wakeups)" "wake-ups in 10 s with nothing to do"
}

prepare() {
	start_sleeper
	mkfifo never
	exec 6<>never
}

test_events() {
	prepare
	watch text
	watch settime -e timer_settime --format json -o settime.out
	watch all -q -e all
	# Of what does not change by time alone.
	watch until stat -q -e timer_settime --until 'arms >= 1'
	watch count -q --where 'value < 1ms' -c 1
	assert_idle
}

test_figures_and_recordings() {
	prepare
	watch lives --lives
	watch stat stat --expect 'late.p99 < 1s'
	[[ ! -e $tracefs/events/sched/sched_switch/hist ]] ||
		watch aggregate stat -q -e timer_settime --aggregate kernel
	watch record record -o recording
	watch ring record --ring 10s -e timer_settime -o ring
	assert_idle
}

# on EVENTS ARG...: what is on in the instances of a timersnoop with these, sorted, to EVENTS.
on() {
	local file=$1
	shift
	start_snoop "$@" -o /dev/null
	cat "$tracefs/instances/timersnoop-$snoop"-*/set_event |
		sed "s/^timersnoop_${snoop}_[0-9a-f]*:/own:/" | sort -u >"$file"
	cat "$tracefs/set_event" >"$file.top"
	kill -INT "$snoop"
	wait "$snoop"
}

# A syscall tracepoint slows every system call of every task.
test_no_syscall_tracepoints() {
	local mode
	start_sleeper
	on settime -e timer_settime -p "$sleeper"
	on calls -p "$sleeper"
	on all -e all -p "$sleeper"
	for mode in settime calls all; do
		assert_match 'own:' "$(<"$mode")" "what is on"
		assert_no_match 'syscalls:' "$(<"$mode")" "what is on"
		assert_empty "$mode.top"
	done
	# Of one system call: its own probes, and who the tasks are.
	assert_no_match '(timer|signal|irq|irq_vectors|power):' "$(<settime)" "what is on"
	assert_no_match 'sched:sched_(switch|wakeup|waking)' "$(<all)" "what is on"
}

run_tests
