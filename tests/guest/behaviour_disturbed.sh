#!/usr/bin/env bash
# Another's hand in our instance meanwhile: what it keeps from being recorded is told.

# shellcheck source=tests/guest/lib_behaviour.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib_behaviour.sh"

# Each hand by its name: what it does in the directory of the instance, and the file that must
# be named for it. GROUP is the probes' group there.
declare -A hands=(
	[off]='echo 0 >tracing_on'
	[off-and-on]='echo 0 >tracing_on; echo 1 >tracing_on'
	[clock]='echo local >trace_clock'
	[cleared]=': >trace'
	[cleared-cpu]=': >per_cpu/cpu0/trace'
	[resized]='echo 512 >buffer_size_kb'
	[pids]='echo >set_event_pid'
	[option]='echo 0 >options/overwrite'
	[fork]='echo 0 >options/event-fork'
	[cpus]='echo 1 >tracing_cpumask'
	[event]='echo 0 >events/GROUP/old/enable'
	[all-events]='echo 0 >events/enable'
	[filter]="echo 'common_pid == 1' >events/GROUP/settime_exit$of_any/filter"
	[deleted]='echo 0 >events/enable; echo "-:GROUP/old" >>/sys/kernel/tracing/kprobe_events'
)
declare -A named=([off]=tracing_on [off-and-on]=tracing_on [clock]=trace_clock [cleared]=trace
	[cleared-cpu]=trace [resized]=buffer_size_kb [pids]=set_event_pid [option]=overwrite [fork]=event-fork
	[cpus]=tracing_cpumask [event]=old/enable [all-events]=enable
	[filter]=settime_exit$of_any/filter [deleted]=settime_enter$of_any/enable)

instance_dir() {
	local dir
	for dir in "$tracefs"/instances/timersnoop-"$1"-*/; do
		[[ $dir == *-irq/ ]] || echo "$dir"
	done
}

# lay_hand NAME PID
lay_hand() {
	local dir group
	dir=$(instance_dir "$2")
	group=$(basename "$dir")
	(cd "$dir" && eval "${hands[$1]//GROUP/${group//-/_}}") || fail "cannot do it: $1"
}

# Whether this one watches its instances and has gone to sleep: also one that enables no event.
is_guarding() {
	local state
	has_one_instance "$1" || return
	# shellcheck disable=SC2010 # where they lead to
	ls -l "/proc/$1/fd" 2>/dev/null | grep -q inotify || return
	read -r _ _ state _ <"/proc/$1/stat" && [[ $state == S ]]
}

# The entry is probed on every kernel, so that its probes have these names.
test_hands() {
	local name
	local -A pids
	start_ticker wait=go call=5 wait=on call=5
	for name in "${!hands[@]}"; do
		start timersnoop -e timer_settime --entry --format json -o "calls-$name" -p "$ticker" \
			2>"stderr-$name"
		pids[$name]=$started
	done
	start timersnoop -e timer_settime --entry --format json -o calls-none -p "$ticker" 2>stderr-none
	tracing "$started" "${pids[@]}"
	touch go
	sleep 0.5
	for name in "${!hands[@]}"; do
		lay_hand "$name" "${pids[$name]}"
	done
	! rmdir "$(instance_dir "$started")" 2>/dev/null || fail "an instance went that is in use"
	touch on
	for name in "${!hands[@]}"; do
		ended 4 "${pids[$name]}" "stderr-$name"
		assert_match "data incomplete: somebody else changed what is recorded \(.*${named[$name]}.*\)" \
			"$(<"stderr-$name")" "$name"
		assert_json "calls-$name" 'any(.event == "lost" and .cpu == null and .records == null)'
	done
	ended 0 "$started" stderr-none
	assert_empty stderr-none
	assert_counts calls-none '{"1000":10}'
}

# Where nothing can be watched, settings are compared all the same.
test_unwatched() {
	local name watches limit=/proc/sys/fs/inotify/max_user_instances
	local -A pids
	start_ticker wait=go call=5
	watches=$(<"$limit")
	echo 0 >"$limit"
	for name in off clock resized cpus option; do
		start_snoop -e timer_settime --entry --format json -o "calls-$name" -p "$ticker" 2>"stderr-$name"
		pids[$name]=$snoop
	done
	echo "$watches" >"$limit"
	for name in "${!pids[@]}"; do
		! is_guarding "${pids[$name]}" || fail "$name is watched"
		lay_hand "$name" "${pids[$name]}"
	done
	touch go
	for name in "${!pids[@]}"; do
		ended 4 "${pids[$name]}" "stderr-$name"
		assert_match "somebody else changed what is recorded \(.*${named[$name]}.*\)" \
			"$(<"stderr-$name")" "$name"
	done
}

# In figures, in recordings and with COMMAND; --loss-status counts here, too.
test_told_everywhere() {
	start_ticker wait=go call=5
	start timersnoop stat -e timer_settime --aggregate user -p "$ticker" >figures 2>stderr-stat
	local stat=$started
	start timersnoop record -e timer_settime -o kept.dat -p "$ticker" 2>stderr-record
	local record=$started
	start timersnoop -e timer_settime --loss-status 77 -- ticker wait=go call=5 >calls 2>stderr-command
	tracing "$stat" "$record" "$started"
	lay_hand off "$stat"
	lay_hand off "$record"
	lay_hand off "$started"
	touch go
	ended 4 "$stat" stderr-stat
	ended 4 "$record" stderr-record
	ended 77 "$started" stderr-command
	assert_match 'data-incomplete.*somebody else changed what is recorded \(tracing_on' "$(tr '\n' ' ' <figures)"
	assert_match '^# lost records, number unknown' "$(grep '^#' calls)"
	run timersnoop report kept.dat
	assert_eq 4 "$status" "status of the report"
	assert_match 'somebody else changed what is recorded \(tracing_on\)' "$(<stderr)"
}

# What the kernel counts for us, and its own timers.
test_counted_and_kernel() {
	start_ticker wait=go call=5
	start timersnoop stat -e timer_settime -p "$ticker" >/dev/null 2>stderr-stat
	local stat=$started
	start timersnoop kernel --callback hrtimer_wakeup -p "$ticker" >/dev/null 2>stderr-kernel
	local kernel=$started
	wait_for 60 is_guarding "$stat"
	wait_for 60 is_guarding "$kernel"
	lay_hand off "$stat"
	lay_hand off "$kernel"
	touch go
	ended 4 "$stat" stderr-stat
	ended 4 "$kernel" stderr-kernel
	assert_match 'somebody else changed .*tracing_on' "$(<stderr-stat)"
	assert_match 'somebody else changed .*tracing_on' "$(<stderr-kernel)"
}

# What comes in interrupts is recorded in an instance beside.
test_companion() {
	local companion event
	start_ticker wait=go call=5
	start_snoop -e timer_settime,timer_expire --format json -o calls-off -p "$ticker" 2>stderr-off
	local off=$snoop
	start_snoop -e timer_settime,timer_expire --format json -o calls-event -p "$ticker" 2>stderr-event
	local one=$snoop
	companion=$(echo "$tracefs"/instances/timersnoop-"$off"-*-irq)
	echo 0 >"$companion/tracing_on" || fail "no companion"
	companion=$(echo "$tracefs"/instances/timersnoop-"$one"-*-irq)
	event=$(head -n 1 "$companion/set_event")
	[[ $event ]] || fail "nothing is enabled in the companion"
	echo 0 >"$companion/events/${event/://}/enable"
	touch go
	ended 4 "$off" stderr-off
	ended 4 "$one" stderr-event
	assert_match 'somebody else changed .*tracing_on' "$(<stderr-off)"
	assert_match "somebody else changed .*${event#*:}/enable" "$(<stderr-event)"
}

# What the kernel counts is counted by triggers.
test_triggers() {
	local group trigger taken=''
	need_counts
	start_ticker wait=go call=5
	start timersnoop stat -e timer_settime --aggregate kernel -p "$ticker" >/dev/null 2>stderr-stat
	local stat=$started
	wait_for 60 is_guarding "$stat"
	group=$(basename "$(instance_dir "$stat")")
	for trigger in "$(instance_dir "$stat")events/${group//-/_}"/*/trigger; do
		grep -q '^hist:' "$trigger" || continue
		: >"$trigger" # opened to be written anew, it has none
		taken=1
		break
	done
	[[ $taken ]] || fail "nothing is counted by a trigger"
	touch go
	ended 4 "$stat" stderr-stat
	assert_match 'somebody else changed .*/trigger' "$(<stderr-stat)"
}

# Kprobes are switched off for the whole machine.
test_kprobes_switched_off() {
	start_ticker wait=go call=5
	start_snoop -e timer_settime -p "$ticker" >calls 2>stderr
	echo 0 >/sys/kernel/debug/kprobes/enabled
	touch go
	wait_for 60 is_gone "$snoop"
	echo 1 >/sys/kernel/debug/kprobes/enabled
	ended 4 "$snoop" stderr
	assert_match 'somebody else changed what is recorded \(kprobes/enabled\)' "$(<stderr)"
}

run_tests
