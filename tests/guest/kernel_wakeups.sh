#!/usr/bin/env bash
# `timersnoop kernel --wakeups`: which timer ended each idle period of a CPU, and whose it
# was, on a CPU that one known process wakes. See idle_ends of lib_kernel.sh.

# shellcheck source=tests/guest/lib_kernel.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib_kernel.sh"

sleeps=30 timeouts=15

# A recording of such a time, beside which the test's instance records the same.
kept=/tmp/kernel_wakeups

keep() {
	if [[ ! -e $kept ]]; then
		mkdir "$kept.new"
		start_kernel record --kernel --wakeups -o "$kept.new/recording"
		start_idle
		ktimers -o "$kept.new/truth.json" waker 20 "$sleeps"
		taskset 2 ktimers -o "$kept.new/truth.json" timeouts "$timeouts" 20
		nothing_overwritten
		cp "$counting/trace" "$kept.new/trace"
		kill -INT "$snoop"
		ended 0 "$snoop"
		end_idle
		mv "$kept.new" "$kept"
	fi
	recording=$kept/recording
	read -r from to waker sleeper < <(jq -r -s '"\(.[0]._begin) \(.[-1]._end) \(.[0].pid) \(.[1].pid)"' "$kept/truth.json")
}

# The account of CPUs adds up, and what timers have ended is what their rows have.
test_sums() {
	keep
	assert_status 0 timersnoop kernel -i "$recording" --wakeups --top 0 --format json
	assert_balanced stdout
	# shellcheck disable=SC2016 # jq's variables
	rows_say stdout '
		map(select(.event == "cpu")) as $cpus
		| ($cpus | map(.by_timer + .by_tick) | add) as $ended
		| (select(($cpus | map(.cpu)) != [0, 1]) | "CPUs \($cpus | map(.cpu))"),
		($cpus[] | select(.idle_periods != .by_timer + .by_tick + .by_other + .by_none)
			| "CPU \(.cpu) does not add up: \(.)"),
		(rows | sum("wakeups") | select(. != $ended) | "rows have \(.) wakeups, CPUs \($ended)"),
		(totals[] | select(.wakeups != $ended) | "the total has \(.wakeups) wakeups, CPUs \($ended)"),
		not_the_total(["wakeups", "alongside"]),
		($cpus[] | select(.idle_ns <= 0 or .idle_ns > 6e10) | "CPU \(.cpu) was idle for \(.idle_ns)"),
		# two thirds of the time, and of these periods of about 20 ms each
		($cpus[1] | select(.idle_ns < '$(((to - from) / 2))') | "CPU 1 was idle for only \(.idle_ns)")'
	mv stdout by-process
	assert_status 0 timersnoop kernel -i "$recording" --wakeups --by callback --top 0 --format json
	# shellcheck disable=SC2016 # jq's variables
	assert_json stdout --slurpfile other by-process 'map(select(.event == "cpu")) as $cpus
		| $cpus == ($other | map(select(.event == "cpu"))) and
		(map(select(.event == "kernel").wakeups) | add) == ($cpus | map(.by_timer + .by_tick) | add)'
}

# Who wakes the machine. Now and then something else does it when a sleep ends.
test_who() {
	keep
	assert_status 0 timersnoop kernel -i "$recording" --wakeups --top 0 --format json
	# shellcheck disable=SC2016 # jq's variables
	assert_json stdout --argjson waker "$waker" --argjson sleeper "$sleeper" \
		--argjson sleeps "$sleeps" --argjson timeouts "$timeouts" '
		(map(select(.event == "kernel" and .pid == $waker and .callback == "hrtimer_wakeup")) | length == 1
			and all(.mechanism == "hrtimer" and .comm == "ktimers" and .fired == $sleeps
				and .wakeups >= $sleeps * 0.9 and .wakeups + .alongside <= $sleeps)) and
		# A timer of timer_list wakes the CPU through the hrtimer of the tick.
		(map(select(.event == "kernel" and .pid == $sleeper and .callback == "process_timeout"))
			| length == 1 and all(.mechanism == "timer_list" and .fired == $timeouts
				and .wakeups >= $timeouts * 0.7 and .wakeups + .alongside <= $timeouts))'
}

# quiet_moment FROM TO: the middle of the longest time without an end of an idle period of
# CPU 1 among those that `stdout` has between these two.
quiet_moment() {
	awk -F '\t' -v from="$1" -v to="$2" '
		$1 != 1 || $2 < from || $2 > to { next }
		last && $2 - last > longest { longest = $2 - last; middle = last + longest / 2 }
		{ last = $2 }
		END { printf "%.0f\n", middle }' stdout
}

# The same CPU by the test's own records of the same time, between two moments at which
# neither has a period end. Of two hrtimers that expire at once, the tick and another, it
# takes the first; and what was armed before is unknown.
test_same_causes() {
	keep
	assert_status 0 timersnoop kernel -i "$recording" -e wakeup --fields cpu,mono_ns,waker,callback --no-header
	local tenth=$(((to - from) / 10))
	from=$(quiet_moment "$from" $((from + tenth)))
	to=$(quiet_moment $((to - tenth)) "$to")
	assert_match '^[1-9][0-9]* [1-9][0-9]*$' "$from $to"
	awk -F '\t' -v from="$from" -v to="$to" '$1 == 1 && $2 >= from && $2 <= to {
		n[$3 == "timer" || $3 == "tick" ? $4 : "interrupt"]++ } END { for (c in n) print c, n[c] }' stdout | sort >shown
	idle_ends 1 "$from" "$to" "$kept/trace" |
		awk '$1 ~ /_entry$|^nothing$/ { n += $2; next } { print } END { print "interrupt", n }' | sort >counted
	show shown counted
	awk '
		NR == FNR { counted[$1] = $2; all += $2; next }
		{ shown[$1] = $2; sum += $2 }
		END {
			for (c in shown) counted[c] += 0
			for (c in counted) {
				far = counted[c] - shown[c]
				if (far < 0) far = -far
				if (far > 2 + counted[c] / 20) { print c ": " shown[c] + 0 ", counted " counted[c]; bad = 1 }
			}
			if (sum != all) print "periods: " sum ", counted " all
		}' counted shown >differences
	[[ ! -s differences ]] || fail "the periods of CPU 1 ended otherwise
$(<differences)"
}

# They wait for another reason to wake up.
test_deferrable() {
	keep
	assert_status 0 timersnoop kernel -i "$recording" -e wakeup,expire --where deferrable \
		--fields event,callback,deferrable --no-header
	assert_match 'timer_expire' "$(<stdout)"
	assert_no_match 'wakeup' "$(cut -f 1 stdout)"
}

# Live, of COMMAND: its timers alone, but the account of CPUs is of everybody.
test_command() {
	assert_status 0 timersnoop kernel --wakeups --format json -- ktimers -o truth.json waker 10 "$sleeps"
	assert_account stdout truth.json
	# shellcheck disable=SC2016 # jq's variables
	assert_json stdout --slurpfile truth truth.json --argjson sleeps "$sleeps" '
		(map(select(.event == "kernel")) | all(.pid == $truth[0].pid)) and
		(map(select(.callback == "hrtimer_wakeup").wakeups) | add >= $sleeps * 0.9) and
		(map(select(.event == "cpu" and .cpu == 1)) | length == 1 and all(.by_timer + .by_tick > $sleeps))'
}

run_tests
