#!/usr/bin/env bash
# What a timersnoop leaves behind that was killed, and who removes it.

# shellcheck source=tests/guest/lib_behaviour.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib_behaviour.sh"

# A task that is killed while it makes an instance gets no more memory for its ring
# buffer (rb_allocate_pages, fatal_signal_pending), of which the kernel warns.
# shellcheck disable=SC2034 # for lib.sh
t_excused='failed to allocate ring buffer on CPU'

# What is ours in tracefs, one line each.
left_behind() {
	ls "$tracefs/instances"
	cat "$tracefs/kprobe_events"
}

instance_of() {
	local dir
	for dir in "$tracefs"/instances/timersnoop-"$1"-*/; do
		[[ -d $dir ]] && echo "$dir"
	done
}

kill_hard() {
	kill -KILL "$1"
	wait "$1"
}

# A live one beside all of it goes on and ends right.
test_killed_while_running() {
	local live
	start_ticker tag=1 every=20 wait=go call=5 wait=on call=5
	start_snoop -p "$ticker" --format json -o calls 2>stderr-live
	live=$snoop
	touch go

	start_snoop -q -n nobody
	kill_hard "$snoop"
	[[ $(instance_of "$snoop") ]] || fail "a killed run left no instance: nothing to test"
	assert_status 1 timersnoop -v -n nobody -d 0.1
	assert_match 'swept what 1 earlier run left behind' "$(<stderr)"
	assert_eq '' "$(instance_of "$snoop")" "instance of the killed run"
	assert_no_match "timersnoop_${snoop}_" "$(left_behind)"

	# By hand, where the probes have already lost their instance, too.
	start_snoop -q -n nobody
	local with=$snoop
	start_snoop -q -- sleep 600
	local without=$snoop instance
	kill_hard "$with"
	kill_hard "$without"
	instance=$(instance_of "$without")
	echo 0 >"$instance/events/enable"
	rmdir "$instance"
	assert_status 0 timersnoop --cleanup
	assert_match 'what 2 earlier runs left' "$(<stdout)"
	assert_no_match "timersnoop_($with|$without)_" "$(left_behind)"
	assert_status 1 timersnoop --cleanup
	assert_status 1 timersnoop --cleanup -q
	assert_empty stdout

	[[ $(instance_of "$live") ]] || fail "the live one lost its instance"
	touch on
	ended 0 "$live" stderr-live
	assert_counts calls '{"1":10}'
	assert_empty stderr-live
}

# At any moment of start-up; COMMAND either runs or does not.
test_killed_while_starting() {
	local delay live
	start_snoop -q -n nobody
	live=$snoop
	for delay in 0 0.1 0.2 0.3 0.5 0.7 1 1.5; do
		start timersnoop -n ticker -u 0 -- sleep 601
		sleep "$delay"
		kill_hard "$started"
	done
	timersnoop --cleanup -q
	assert_match '^[01]$' "$?" "status of --cleanup"
	assert_eq "$(instance_of "$live")" "$(printf '%s\n' "$tracefs"/instances/*/)" instances
	assert_eq '' "$(grep -v "timersnoop_${live}_" "$tracefs/kprobe_events")" "probes"
	# Those that were waiting to become COMMAND have gone with timersnoop.
	assert_eq "$live" "$(pidof timersnoop)" "processes called timersnoop"
	kill "$live"
	ended 1 "$live"
}

# An instance beside another that is gone belongs to nobody; that of a live one stays.
test_companions() {
	local alone=timersnoop-1-01234567-irq dir live
	start_ticker wait=go call=5
	start_snoop -e timer_settime,timer_expire -p "$ticker" --format json -o calls 2>stderr
	live=$snoop
	dir=$(echo "$tracefs"/instances/timersnoop-"$live"-*-irq)
	[[ -d $dir ]] || fail "a live one has no companion"
	mkdir "$tracefs/instances/$alone"
	assert_status 0 timersnoop --cleanup
	assert_match 'what 1 earlier run left' "$(<stdout)"
	[[ ! -e $tracefs/instances/$alone ]] || fail "it is still there"
	[[ -d $dir ]] || fail "a live one lost its companion"
	# What is killed leaves both.
	start_snoop -q -e timer_settime,timer_expire -- sleep 600
	kill_hard "$snoop"
	[[ $(instance_of "$snoop" | wc -l) == 2 ]] || fail "a killed run left no companion: nothing to test"
	assert_status 0 timersnoop --cleanup
	assert_eq '' "$(instance_of "$snoop")" "what it left"
	touch go
	ended 0 "$live" stderr
	assert_empty stderr
}

# Names that resemble ours are somebody else's.
test_names_like_ours() {
	local file instances=(timersnoop-mine timersnoop-12-abcdefgh timersnoop-12-0123456789)
	local groups=(timersnoop timersnoop_mine timersnoop_12_0123456 xtimersnoop_12_01234567)
	for file in "${instances[@]}"; do
		mkdir "$tracefs/instances/$file"
	done
	for file in "${groups[@]}"; do
		echo "p:$file/settime_enter ${syscalls}timer_settime" >>"$tracefs/kprobe_events"
	done
	left_behind >before
	assert_status 1 timersnoop --cleanup
	left_behind >after
	for file in "${groups[@]}"; do
		echo "-:$file/settime_enter" >>"$tracefs/kprobe_events"
	done
	for file in "${instances[@]}"; do
		rmdir "$tracefs/instances/$file"
	done
	diff before after || fail "--cleanup removed what is not ours"
}

run_tests
