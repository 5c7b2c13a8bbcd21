#!/usr/bin/env bash
# `timersnoop kernel --callers`: which function armed a timer, against the stack of each
# arm, which the test's own instance records.

# shellcheck source=tests/guest/lib_kernel_load.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib_kernel_load.sh"

# start_stacks: of each arm by a task called ktimers.
start_stacks() {
	local event mine='comm == "ktimers" && !(common_flags & 24)'
	make_instance
	for event in timer_start hrtimer_start; do
		echo "stacktrace if $mine" >"$counting/events/timer/$event/trigger" || fail "no stacks"
		echo "$mine" >"$counting/events/timer/$event/filter"
		echo 1 >"$counting/events/timer/$event/enable"
	done
}

begin_anew() {
	rm -f truth.json
	[[ ! -d $counting ]] || echo >"$counting/trace"
}

end_stacks() {
	local event
	for event in timer_start hrtimer_start; do
		echo 0 >"$counting/events/timer/$event/enable"
		echo '!stacktrace' >"$counting/events/timer/$event/trigger"
	done
	rmdir "$counting"
}

# "callback caller count" of the stacks: who called the functions that arm timers.
counted_stacks() {
	nothing_overwritten
	awk -v wrapper='^((__)?mod_timer(_pending)?|timer_reduce|add_timer(_on|_local|_global)?|schedule_timeout|(__)?hrtimer_start_range_ns(_user)?|hrtimer_sleeper_start_expires)$' '
		match($0, /\[[0-9]+\]/) { cpu = substr($0, RSTART, RLENGTH) }
		# what came meanwhile on another CPU may be between the two
		/: (hr)?timer_start: / && match($0, /function=[^ ]+/) { callback[cpu] = substr($0, RSTART + 9, RLENGTH - 9) }
		/ <stack trace>$/ { of = callback[cpu]; on = 0; delete callback[cpu] }
		$1 != "=>" { next }
		$2 ~ wrapper { on = 1; next }
		on && of { n[of " " $2]++; of = "" }
		END { for (key in n) print key, n[key] }' "$counting/trace" | sort
}

test_stacks() {
	start_stacks
	assert_status 0 timersnoop kernel --callers --by callback,caller,comm --format json -o ours.json -- sh -c "$everything"
	counted_stacks >counted
	end_stacks
	assert_balanced ours.json
	# What an interrupt arms anew has its caller, too.
	jq -r 'select(.event == "kernel" and .comm == "ktimers" and .started > .from_interrupt)
		| "\(.callback) \(.caller) \(.started - .from_interrupt)"' ours.json | sort >shown
	# The scheduler's: also armed by tasks that have ended as far as their process is concerned.
	sed -i '/^hrtick /d; /^dl_task_timer /d' counted shown
	diff -U 0 counted shown >differences || fail "the callers are not those of the stacks
$(<differences)"
	assert_match 'hrtimer_wakeup do_nanosleep 5[0-9]' "$(<shown)"
	assert_match 'hrtimer_wakeup schedule_hrtimeout_range(_clock)? 10' "$(<shown)"
	assert_match 'process_timeout [a-z_]*skb_wait[a-z_]* 20' "$(<shown)"
	assert_match 'timerfd_tmrproc [a-z_]*timerfd_settime 16' "$(<shown)"
	assert_no_match 'schedule_timeout|(null|-) [0-9]' "$(<shown)"
}

# Of all of the machine, callers are known of all but what a callback's return arms anew.
test_all_known() {
	keep_load
	shown --callers --by callback,caller --top 0 --format json
	local missed=0
	[[ ! $(<stderr) =~ ([0-9]+)\ probe\ hits? ]] || missed=${BASH_REMATCH[1]}
	rows_say stdout '(rows[] | select(.caller == null and .started > 0)
			| select(.mechanism != "hrtimer" and .started > '"$missed"' or .started > .rearmed + '"$missed"')
			| "\(.callback): \(.started) arms without a caller, \(.rearmed) of them by its return"),
		(rows[] | select(.caller != null and (.caller | test("^(0x|mod_timer|add_timer|schedule_timeout$|hrtimer_start)"))
				and .started > '"$missed"')
			| "\(.callback) by \(.caller)"),
		(rows | map(select(.caller != null)) | sum("started") | select(. < 300) | "only \(.) arms with a caller")'
}

run_tests
