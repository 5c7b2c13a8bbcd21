#!/usr/bin/env bash
# timersnoop beside another timersnoop, and beside other tracers.

# shellcheck source=tests/guest/lib_behaviour.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib_behaviour.sh"

test_two_at_once() {
	local first second
	start_ticker tag=1 wait=go thread=2 call=25 end fork=1 tag=2 call=10 end
	start timersnoop -e timer_settime -p "$ticker" --format json -o first 2>stderr-first
	first=$started
	start timersnoop -e timer_settime -p "$ticker" --format json -o second 2>stderr-second
	second=$started
	start timersnoop -e timer_settime -n ticker -c 10 --format json -o third
	tracing "$first" "$second" "$started"
	touch go
	ended 0 "$first" stderr-first
	ended 0 "$second" stderr-second
	ended 0 "$started"
	assert_counts first '{"1":50}'
	assert_counts second '{"1":50}'
	assert_eq 10 "$(wc -l <third)" "lines of the third"
	assert_empty stderr-first
	assert_empty stderr-second
	jq -c '[.tid, .new, .ret, .cpu]' first | sort >first-calls
	jq -c '[.tid, .new, .ret, .cpu]' second | sort >second-calls
	diff first-calls second-calls || fail "the two saw different calls"
}

# Runs that come and go while others read the list of probes: each removes all
# of its own, as the runner sees.
test_many_come_and_go() {
	local i pids=()
	for i in 1 2 3 4 5 6 7 8; do
		start timersnoop -e timer_settime -q -n nobody -d "0.0$i" 2>>stderr
		pids+=("$started")
	done
	for i in "${pids[@]}"; do
		ended 1 "$i" stderr
	done
	assert_empty stderr
}

# What another tracer has set up, as it stands.
others_state() {
	local file
	for file in kprobe_events instances/other/set_event instances/other/set_event_pid \
		instances/other/trace_clock instances/other/tracing_on set_event set_event_pid \
		events/other/settime_enter/enable events/other/settime_enter/filter \
		options/record-tgid options/event-fork; do
		echo "$file: $(grep -v timersnoop_ "$tracefs/$file")"
	done
}

# Probes of another tracer on the same functions, under the same event names,
# enabled at the top; an instance that traces sched. They stay as they are and
# record all the while.
test_other_tracer() {
	local line
	cd "$tracefs" || exit
	{
		echo "p:other/settime_enter ${syscalls}timer_settime"
		echo "r:other/settime_exit ${syscalls}timer_settime ret=\$retval"
	} >>kprobe_events
	mkdir instances/other
	echo 'comm == "ticker"' >events/other/settime_enter/filter
	echo 1 >events/other/settime_enter/enable
	echo 1 >instances/other/events/sched/sched_process_fork/enable
	echo 1 >instances/other/events/other/settime_exit/enable
	cd - >/dev/null || exit
	others_state >before

	start_snoop -e timer_settime --format json -o calls -- ticker wait=go call=5 fork=1 call=5 end 2>stderr
	others_state >during
	# One more that comes and goes while we run.
	line="other/late $(grep -om1 -E 'do_timer_settime(\.part\.0)?$' "$tracefs/available_filter_functions")"
	echo "p:$line" >>"$tracefs/kprobe_events"
	echo 1 >"$tracefs/instances/other/events/other/late/enable"
	touch go
	ended 0 "$snoop" stderr
	echo 0 >"$tracefs/instances/other/events/other/late/enable"
	echo "-:other/late" >>"$tracefs/kprobe_events"
	others_state >after
	grep -c settime_enter: "$tracefs/trace" >hits
	grep -c sched_process_fork: "$tracefs/instances/other/trace" >>hits

	cd "$tracefs" || exit
	echo 0 >instances/other/events/enable
	echo 0 >events/other/settime_enter/enable
	rmdir instances/other
	printf '%s\n' -:other/settime_enter -:other/settime_exit >>kprobe_events
	echo >trace
	cd - >/dev/null || exit

	diff before during || fail "another tracer's settings changed while timersnoop ran"
	diff before after || fail "another tracer's settings changed"
	assert_counts calls '{"1000":10}'
	assert_eq 10 "$(head -n 1 hits)" "calls that the other tracer saw"
	(($(tail -n 1 hits) > 0)) || fail "the other tracer's instance lost its events"
	assert_empty stderr
}

# Another tracer has switched on a probe of ours: it cannot be deleted, which is told, and later can.
test_probe_in_use() {
	local group event=settime_exit$of_any
	start_ticker wait=go call=5
	start_snoop -e timer_settime --entry --format json -o calls -p "$ticker" 2>stderr
	group=$(basename "$tracefs"/instances/timersnoop-"$snoop"-*)
	mkdir "$tracefs/instances/other"
	echo 1 >"$tracefs/instances/other/events/${group//-/_}/$event/enable"
	touch go
	ended 125 "$snoop" stderr
	assert_match "cannot delete the probe event ${group//-/_}/$event: Device or resource busy" "$(<stderr)"
	assert_match 'another tracer has it enabled; once it has stopped, run timersnoop --cleanup' "$(<stderr)" "hint"
	assert_eq "$event" "$(sed -n "s/^[^ ]*:${group//-/_}.\([^ ]*\).*/\1/p" "$tracefs/kprobe_events")" "what is left"
	run timersnoop --cleanup
	assert_eq 125 "$status" "status of --cleanup"
	assert_match 'another tracer has it enabled' "$(<stderr)" "what --cleanup says"
	rmdir "$tracefs/instances/other"
	assert_status 0 timersnoop --cleanup
	assert_counts calls '{"1000":5}'
}

# A kretprobe of somebody else that misses most of its hits is not our loss.
test_misses_of_others() {
	local tracker=$tracefs/events/other/slow
	echo "r1:other/slow ${syscalls}clock_nanosleep" >>"$tracefs/kprobe_events"
	echo 1 >"$tracker/enable"
	start ticker thread=20 sleep=400 sleep=400 sleep=400 end
	run timersnoop -e timer_settime --format json -- ticker thread=10 every=20 call=5 end
	wait_for 10 is_gone "$started"
	cat "$tracefs/kprobe_profile"
	echo 0 >"$tracker/enable"
	echo '-:other/slow' >>"$tracefs/kprobe_events"
	show stderr
	assert_eq 0 "$status" "status"
	assert_counts stdout '{"1000":50}'
	assert_empty stderr
}

run_tests
