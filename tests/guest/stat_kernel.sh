#!/usr/bin/env bash
# stat, counted by the kernel: the same figures as from records, at rest and under
# load; what it cannot count is told.

# shellcheck source=tests/guest/lib_behaviour.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib_behaviour.sh"

columns=comm,arms,disarms,failed,errors,one_shot,periodic,absolute

# both COMMAND...: the same program, counted both ways; what was shown is the same.
both() {
	local way
	for way in kernel user; do
		assert_status 0 timersnoop stat -e timer_settime --aggregate "$way" --by comm \
			--sort comm --fields "$columns" -o "$way" -- "$@"
		assert_empty stderr
	done
	assert_eq "$(<user)" "$(<kernel)" "$*"
}


test_agree() {
	need_counts
	both workload -o /dev/null calls
	both workload -o /dev/null known
	both workload -o /dev/null compat
	both workload -o /dev/null threads 3 100
	both workload -o /dev/null tree 2 2 5
}

# Refused calls too, one of which has armed all the same.
test_agree_on_errors() {
	need_counts
	both workload -o /dev/null errors
	assert_match $'\tE[A-Z]*:[0-9]' "$(<kernel)"
}

# What the program knows of itself.
test_counted() {
	need_counts
	assert_status 0 timersnoop stat -e timer_settime --fields comm,timer,arms,disarms,failed \
		-- workload loop 30000
	assert_eq $'workload\t0\t30000\t0\t0' "$(tail -n 1 stdout)"
	assert_status 0 timersnoop stat -e timer_settime --by process \
		--fields comm,arms,failed,errors,calls -- crowd 30 10
	assert_eq '300 300' "$(grep -E '^[0-9]+ [0-9]+$' stdout)"
	assert_eq $'crowd\t0\t300\tEINVAL:300\t300' "$(tail -n 1 stdout)"
}

# A timer that expires while it is set: the kernel begins anew, and counts once.
test_expiring_meanwhile() {
	need_counts
	assert_status 0 timersnoop stat -e timer_settime --by process --aggregate kernel \
		--fields arms,failed -- crowd -t 3 8000
	assert_eq '16000 0' "$(grep -E '^[0-9]+ [0-9]+$' stdout)"
	assert_eq $'16000\t0' "$(tail -n 1 stdout)"
}

test_histograms_agree() {
	local way
	need_counts
	for way in kernel user; do
		assert_status 0 timersnoop stat -e timer_settime --aggregate "$way" \
			--hist value,interval --format json -o "$way" -- workload -o /dev/null calls
		jq -c 'select(.event == "hist") | [.hist, .total, .buckets]' "$way" >"$way.hist"
	done
	assert_eq 2 "$(wc -l <kernel.hist)" 'distributions'
	assert_eq "$(<user.hist)" "$(<kernel.hist)" 'distributions'
	assert_json kernel 'map(select(.event == "hist" and .hist == "value")) | .[0]
		| .total > 50 and .total == ([.buckets[].count] | add)'
}

# Under load, in tables: none is counted twice, and none is lost between two.
test_intervals() {
	need_counts
	assert_status 0 timersnoop stat -e timer_settime --interval 100ms \
		--fields comm,arms --no-header -o tables -- workload loop 40000
	assert_eq 40000 "$(awk '{ sum += $2 } END { print sum }' tables)" 'arms'
	(($(wc -l <tables) >= 2)) || fail 'only one table'
}

# Those that have ended are known by their process and name.
test_gone() {
	need_counts
	both workload -o /dev/null short 12
}

# COMMAND's calls alone, whatever others do.
test_only_command() {
	need_counts
	start workload loop 2000000
	assert_status 0 timersnoop stat -e timer_settime --aggregate kernel --by process \
		--fields arms -- workload loop 500
	assert_eq 500 "$(tail -n 1 stdout)"
	kill "$started"
	wait "$started" || :
}

test_names() {
	need_counts
	start workload loop 2000000
	assert_status 0 timersnoop stat -e timer_settime --aggregate kernel -n crowd \
		--fields comm,calls -v -- crowd 10 10
	assert_eq $'crowd\t100' "$(tail -n 1 stdout)"
	assert_match 'names are filtered in the kernel' "$(<stderr)"
	kill "$started"
	wait "$started" || :
}

# More threads are refused than its table has room for: each call beyond is told as lost.
test_full_table() {
	t_limit=120
	need_counts
	assert_status 0 timersnoop stat -e timer_settime --by process --aggregate kernel \
		--fields failed --fail-on data-incomplete -- true
	assert_status 5 timersnoop stat -e timer_settime --by process --aggregate kernel \
		--fields failed --fail-on data-incomplete -- crowd 4500 2
	assert_eq '9000 9000' "$(grep -E '^[0-9]+ [0-9]+$' stdout)"
	[[ $(<stderr) =~ ([0-9]+)' calls that the kernel could not count' ]] ||
		fail "nothing of it is told: $(<stderr)"
	assert_eq 9000 "$(($(tail -n 1 stdout) + BASH_REMATCH[1]))" 'counted and not'
}

# Who counts is told, and so is why the kernel does not.
test_which_way() {
	need_counts
	assert_status 0 timersnoop stat -e timer_settime -v -- workload loop 5
	assert_match 'counted by the kernel' "$(<stderr)"
	assert_match 'counted by the kernel' "$(<stdout)"
	assert_status 0 timersnoop stat -v -- workload loop 5
	assert_match 'counted in user space: the kernel counts timer_settime only' "$(<stderr)"
	assert_status 0 timersnoop stat -e timer_settime -v --sort late.p99 -- workload loop 5
	assert_match 'counted in user space: the kernel does not count late_ns_p99' "$(<stderr)"
	assert_status 0 timersnoop stat -e timer_settime --aggregate user -v -- workload loop 5
	assert_no_match 'counted' "$(<stderr)"
	assert_status 0 timersnoop stat -e timer_settime -q --expect 'arms == 5' -- workload loop 5
	assert_status 5 timersnoop stat -e timer_settime -q --expect 'arms < 5' -- workload loop 5
}

test_cannot() {
	assert_status 125 timersnoop stat --aggregate kernel -- true
	assert_match 'the kernel cannot count this' "$(<stderr)"
	run timersnoop stat -e timer_settime --aggregate kernel -d 1ms
	if has_hist_triggers; then
		assert_eq 1 "$status" 'nothing happened'
	else
		assert_eq 3 "$status" 'no hist triggers'
		assert_match 'no hist triggers' "$(<stderr)"
		assert_status 0 timersnoop stat -e timer_settime -v -- workload loop 5
		assert_match 'counted in user space: this kernel has no hist triggers' "$(<stderr)"
	fi
}

# is_counting PID: the last of its triggers is there.
is_counting() {
	grep -qs '^hist:' "$tracefs"/instances/timersnoop-"$1"-*/events/timersnoop_*/tally_exit"$of_any"/trigger
}

# Nothing is left behind by a killed run, triggers and all.
test_killed() {
	need_counts
	start timersnoop stat -e timer_settime --aggregate kernel >/dev/null
	wait_for 10 is_counting "$started"
	kill -9 "$started"
	wait "$started" || :
	assert_status 0 timersnoop --cleanup
}

run_tests
