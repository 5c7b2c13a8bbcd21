#!/usr/bin/env bash
# Whatever fails inside timersnoop, it says so, by its status as well, does not hang or
# crash, and leaves nothing behind, or says what. See tests/guest/preload/faults.c.
#
# T_EACH_FAULT=1 tries each call there is, instead of some:
#   T_EACH_FAULT=1 tests/guest/run-all.sh --timeout 20000 -t '^faults/' 6.1

# shellcheck source=tests/guest/lib_faults.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib_faults.sh"

# As in behaviour_killed.sh.
# shellcheck disable=SC2034 # for lib.sh
t_excused='failed to allocate ring buffer on CPU'

errors='Input/output error'
no_memory='[Mm]emory'

# Somebody who is not followed calls meanwhile.
test_tracefs_trace() {
	start_ticker name=stranger every=50 call=0
	walk_faults trace tracefs "$errors"
	kill "$ticker"
}
test_tracefs_expiries() { walk_faults expiries tracefs "$errors"; }
test_tracefs_stat() { walk_faults stat tracefs "$errors"; }
test_tracefs_record() { walk_faults record tracefs "$errors"; }
test_tracefs_kernel() { walk_faults kernel tracefs "$errors|events/timer"; }

test_memory_trace() { walk_faults trace memory "$no_memory"; }
test_memory_stat() { walk_faults stat memory "$no_memory"; }
test_memory_record() { walk_faults record memory "$no_memory"; }
test_memory_kernel() { walk_faults kernel memory "$no_memory"; }

# From one call on, all fail: nothing can be tidied up either.
test_tracefs_to_the_end() { walk_faults trace tracefs "$errors" FAULT_LAST=100000; }
test_memory_to_the_end() { walk_faults trace memory "$no_memory" FAULT_LAST=1000000; }

# What is recorded needs no tracefs.
test_memory_report() {
	assert_status 0 timersnoop record -e timer_settime -o kept.dat -- ticker call=3
	walk_faults report memory "$no_memory"
}

# The disk is full, or says so only in the end.
no_room='No space left on device'
test_output_trace() { walk_faults to-file output "$no_room"; }
test_output_record() { walk_faults record output "$no_room"; }
test_output_report() {
	assert_status 0 timersnoop record -e timer_settime -o kept.dat -- ticker call=3
	walk_faults report-to-file output "$no_room"
}

# failing RUN STATUS NAME=VALUE...: with these faults it ends so, with a message, and leaves nothing.
# What is said is in the file stderr.
failing() {
	local args
	read -r -a args <<<"${fault_runs[$1]}"
	with_faults "${@:3}" timersnoop "${args[@]}"
	show stderr
	assert_eq "$2" "$status" "status of $1 with ${*:3}"
	assert_eq '' "$(ours_in_tracefs '')" "what $1 leaves with ${*:3}"
}

# An output that cannot be closed was not written.
test_output_closed() {
	local run
	assert_status 0 timersnoop record -e timer_settime -o kept.dat -- ticker call=3
	for run in to-file record report-to-file; do
		failing "$run" 125 FAULT_KIND=output FAULT_CALL=close FAULT_AT=1 FAULT_LAST=100
		assert_match "cannot write kept.*: $no_room" "$(<stderr)"
	done
}

# There is no memory for another instance, be it the first one or its companion.
test_no_instance() {
	local run at
	for run in trace expiries stat record kernel; do
		for at in 1 2; do
			[[ $at == 1 || $run == expiries ]] || continue
			failing "$run" 125 FAULT_KIND=tracefs FAULT_CALL=mkdir "FAULT_AT=$at" FAULT_ERRNO=12
			assert_match 'cannot make the tracefs instance timersnoop-.*: Cannot allocate memory' "$(<stderr)"
			assert_match 'no memory for another ring buffer: see instances/' "$(<stderr)" "hint"
			assert_empty stdout
		done
	done
	! is_there kept.dat || fail "a file was made"
	with_faults FAULT_KIND=tracefs FAULT_CALL=mkdir FAULT_AT=1 FAULT_ERRNO=28 timersnoop -d 1
	assert_eq 3 "$status" "status without COMMAND"
	assert_match 'cannot make the tracefs instance timersnoop-.*: No space left' "$(<stderr)"
}

# What an earlier run left behind cannot be removed, and it is tried twice, or cannot be listed: it is
# told, and traced all the same.
test_sweep_fails() {
	local name=timersnoop-1-01234567
	mkdir "$tracefs/instances/$name"
	with_faults FAULT_KIND=tracefs FAULT_CALL=rmdir FAULT_AT=1 FAULT_LAST=2 \
		timersnoop -e timer_settime --format json -- ticker call=3
	show stderr
	assert_eq 0 "$status" "status"
	assert_match "what an earlier run left behind stays: .*$name: Input/output error" "$(<stderr)"
	assert_counts stdout '{"1000":3}'
	with_faults FAULT_KIND=tracefs FAULT_CALL=rmdir FAULT_AT=1 FAULT_LAST=2 timersnoop --cleanup
	show stdout stderr
	assert_eq 125 "$status" "status of --cleanup"
	assert_match "$name: Input/output error" "$(<stderr)"
	assert_eq "$name" "$(ours_in_tracefs '')" "what is left"
	with_faults FAULT_KIND=tracefs FAULT_CALL=opendir FAULT_AT=1 timersnoop --cleanup
	assert_eq 125 "$status" "status of --cleanup that sees nothing"
	assert_match "cannot list tracefs's instances: Input/output error" "$(<stderr)"
	assert_status 0 timersnoop --cleanup
}

# Somebody else removes the same at the same time: whatever is to be removed has gone just before.
test_somebody_is_faster() {
	local call
	for call in rmdir write; do
		start_snoop -q -e timer_settime,timer_expire -- sleep 600
		kill -KILL "$snoop"
		wait "$snoop"
		with_faults FAULT_KIND=tracefs "FAULT_CALL=$call" FAULT_AT=1 FAULT_LAST=1000 FAULT_ERRNO=2 \
			FAULT_DONE=1 timersnoop --cleanup
		show stdout stderr
		assert_eq 0 "$status" "status with $call"
		assert_match 'what 1 earlier run left' "$(<stdout)"
		assert_empty stderr
		assert_eq '' "$(ours_in_tracefs '')" "what is left with $call"
	done
	failing trace 0 FAULT_KIND=tracefs FAULT_CALL=rmdir FAULT_AT=1 FAULT_LAST=1000 FAULT_ERRNO=2 FAULT_DONE=1
	assert_empty stderr
	assert_counts stdout '{"1000":3}'
}

# Probes that cannot be deleted stay, which is told.
test_probes_stay() {
	local args at
	read -r -a args <<<"${fault_runs[trace]}"
	with_faults FAULT_KIND=tracefs FAULT_CALL=write timersnoop "${args[@]}"
	at=$(sed -n 's/^passed \([0-9]*\) write .*\/kprobe_events$/\1/p' failed | tail -n 1)
	with_faults FAULT_KIND=tracefs FAULT_CALL=write "FAULT_AT=$at" FAULT_LAST=1000 timersnoop "${args[@]}"
	show stderr
	assert_eq 125 "$status" "status"
	assert_match 'cannot delete the probe event timersnoop_.*: Input/output error' "$(<stderr)"
	assert_match 'timersnoop --cleanup removes what is left, or the next run' "$(<stderr)" "hint"
	assert_match '/settime_' "$(ours_in_tracefs '')" "what is left"
	assert_status 0 timersnoop --cleanup
}

# What is in use when it is to be removed goes a moment later, and all with it.
test_removed_at_second_try() {
	local run
	for run in trace expiries stat record kernel; do
		failing "$run" 0 FAULT_KIND=tracefs FAULT_CALL=rmdir FAULT_AT=1 FAULT_ERRNO=16
		assert_empty stderr
	done
}

# A sweep takes a new instance for one that was left, before it is locked: another is made. What the
# sweep has taken it removes, or the next one does.
test_taken_for_left() {
	with_faults FAULT_KIND=tracefs FAULT_CALL=flock FAULT_AT=1 FAULT_ERRNO=11 \
		timersnoop -e timer_settime --format json -- ticker call=3
	show stderr failed
	grep -q '^failed 1 flock .*/instances/timersnoop-' failed || fail "no instance was taken"
	assert_eq 0 "$status" "status"
	assert_empty stderr
	assert_counts stdout '{"1000":3}'
	assert_eq 1 "$(ours_in_tracefs '' | wc -l)" "what is left"
	assert_status 0 timersnoop --cleanup
}

# A format lacks what is needed of it: a probe's, an event's.
test_formats() {
	local run event field return
	# The first return probe there is: of a system call.
	return=$(timersnoop -v -e timer_settime -- true 2>&1 |
		sed -n 's|.*probe: r[0-9]*:[^ ]*/\([a-z0-9_]*\) .*|\1|p' | head -n 1)
	for run in trace record; do
		for event in "$return ret" 'task_newtask clone_flags'; do
			field=${event#* }
			failing "$run" 125 "FAULT_FIELD=$event"
			assert_match "the format of [a-z0-9_]*:${event% *} has no field '$field'" "$(<stderr)"
			assert_empty stdout
		done
	done
	! is_there kept.dat || fail "a file was made"
	with_faults 'FAULT_FIELD=task_newtask clone_flags' timersnoop -d 1
	assert_eq 3 "$status" "status without COMMAND"
}

# uninterrupted RUN: every second call that a signal can interrupt is interrupted, and it
# goes on all the same.
uninterrupted() {
	local args total at
	read -r -a args <<<"${fault_runs[$1]}"
	count_calls "$1" interrupt
	for at in 1 2; do
		with_faults FAULT_KIND=interrupt "FAULT_AT=$at" FAULT_LAST=1000000 FAULT_STEP=2 \
			timersnoop "${args[@]}"
		show stderr
		assert_eq 0 "$status" "status"
		assert_no_match 'data incomplete' "$(<stderr)"
		told_by "$1" >told
		diff "told-$1" told || fail "it tells something else"
	done
}

# What is read from a pipe comes in pieces, and who reads a pipe is waited for.
through_pipes() {
	local at
	mkfifo pipe
	for at in 1 2; do
		cat pipe >kept.json &
		with_faults FAULT_KIND=interrupt "FAULT_AT=$at" FAULT_LAST=1000000 FAULT_STEP=2 \
			timersnoop report - --format json -o pipe < <(cat kept.dat)
		show stderr
		assert_eq 0 "$status" "status with pipes"
		wait "$!"
		told_by report-to-file >told
		diff told-report told || fail "with pipes it tells something else"
	done
}

# with_profile WRITER ARG...: timersnoop, while calls are made; for kprobe_profile it finds what
# WRITER writes.
with_profile() {
	local writer=$1
	shift
	rm -f go
	start_ticker wait=go call=5
	start_snoop "$@" -p "$ticker" 2>stderr
	"$writer" >profile
	mount --bind profile "$tracefs/kprobe_profile"
	touch go
	wait_for 60 is_gone "$snoop"
	umount "$tracefs/kprobe_profile"
	ended 4 "$snoop" stderr
}

# As the kernel's own, but for seven calls whose return was missed.
seven_missed() {
	awk -v event="^settime_(exit|call)$of_any\$" '{
		printf "  %-44s %15d %15d\n", $1, $2, $1 ~ event ? 7 : $3
	}' "$tracefs/kprobe_profile"
}

# More calls were under way at once than the kernel keeps returns of: it counts them, for no
# process in particular, in a file that says here what it would say then.
test_missed_hits() {
	with_profile seven_missed -e timer_settime --format json -o calls
	assert_match 'data incomplete: 7 probe hits missed \(of any process\)' "$(<stderr)"
	assert_counts calls '{"1000":5}'
	with_profile seven_missed stat -e timer_settime --aggregate user -o figures
	assert_match 'data incomplete: 7 probe hits missed' "$(<stderr)" "figures"
	with_profile seven_missed record -e timer_settime -o kept.dat
	assert_match 'data incomplete: 7 probe hits missed' "$(<stderr)" "recording"
	run timersnoop report kept.dat --format json
	assert_eq 4 "$status" "status of the report"
	assert_match 'data incomplete: 7 probe hits missed' "$(<stderr)" "report"
	# Where it cannot be read, it is not known.
	with_profile true -e timer_settime --format json -o calls
	assert_match 'data incomplete: missed probe hits unknown' "$(<stderr)"
	assert_counts calls '{"1000":5}'
	with_profile true record -e timer_settime -o kept.dat
	assert_match 'data incomplete: missed probe hits unknown' "$(<stderr)" "recording"
}

# What is there when it is listed, and not when it is looked at.
test_went_meanwhile() {
	local name=timersnoop-1-01234567 left
	for left in "$name" "$name-irq"; do
		mkdir "$tracefs/instances/$left"
		with_faults FAULT_KIND=tracefs FAULT_CALL=stat "FAULT_PATH=instances/$name" FAULT_AT=1 \
			FAULT_LAST=1000 FAULT_ERRNO=2 timersnoop -e timer_settime --format json -- ticker call=3
		assert_eq 0 "$status" "status with $left"
		assert_match 'failed 1 stat' "$(<failed)" "with $left"
		assert_empty stderr
		assert_counts stdout '{"1000":3}'
		assert_status 0 timersnoop --cleanup
	done
}

# As where the host of a virtual machine stops a CPU between a record's time and its commit: what
# CPU 1 has is not there for a while, and is then too late to be in order.
test_late_commits() {
	local late
	with_faults FAULT_KIND=tracefs FAULT_CALL=read FAULT_PATH=cpu1/trace_pipe_raw FAULT_ERRNO=11 \
		FAULT_AT=1 FAULT_MS=1500 timersnoop -e timer_settime --format json --loss-status 77 -- \
		taskset 2 ticker call=1 exec taskset 1 ticker every=10 call=300
	assert_eq 77 "$status" status
	late=$(sed -nE 's/^timersnoop: data incomplete: .*\<([0-9]+) records? committed too late to be in order.*/\1/p' stderr)
	[[ $late ]] || fail "not told: $(<stderr)"
	assert_json stdout 'map(select(.event == "timer_settime")) | length == 301'
}

test_interrupted() {
	local run at
	start_ticker call=1 touch=called wait=never # to be listed
	wait_for 20 is_there called
	for run in trace expiries stat read record kernel list report; do
		uninterrupted "$run"
	done
	through_pipes
	# Each file that is watched takes two of these: of some both get through at first.
	with_faults FAULT_KIND=interrupt FAULT_CALL=pread FAULT_AT=1 FAULT_LAST=1000000 FAULT_STEP=3 \
		timersnoop -e timer_settime -o calls -- ticker call=3
	assert_eq 0 "$status" status
	assert_empty stderr
	# How COMMAND ended is heard of.
	for at in 1 2; do
		with_faults FAULT_KIND=interrupt "FAULT_AT=$at" FAULT_LAST=1000000 FAULT_STEP=2 \
			timersnoop -e timer_settime -q -- ticker call=1 exit=7
		assert_eq 7 "$status" "status of COMMAND"
	done
	assert_eq '' "$(ours_in_tracefs '')" "what is left"
}

# The kernel refuses one probe of the plan: it says which, by what name, and what goes without
# it goes.
test_refused_probes() {
	local i=0 symbol symbols address code gone_without=0
	local codes=(2 99 22 7 12) # ENOENT, EADDRNOTAVAIL, EINVAL, E2BIG (of maxactive), ENOMEM
	timersnoop -v -e timer_settime -- true 2>plan
	mapfile -t symbols < <(sed -n 's/^timersnoop: probe: [pr][0-9]*:[^ ]* \([^ ]*\) .*/\1/p' plan | sort -u)
	((${#symbols[@]} > 2)) || fail "no probes in the plan"
	for symbol in "${symbols[@]}"; do
		code=${codes[i++ % ${#codes[@]}]}
		address=$(awk -v symbol="$symbol" '$3 == symbol { print "0x" $1 }' /proc/kallsyms)
		with_faults FAULT_KIND=refused "FAULT_REFUSE=$symbol $address" "FAULT_ERRNO=$code" \
			timersnoop -v -e timer_settime --format json -- ticker call=3
		assert_eq '' "$(ours_in_tracefs '')" "left, with $symbol refused"
		if [[ $status == 0 ]]; then
			[[ $code != 12 ]] || fail "it goes without $symbol, for which memory was lacking"
			((++gone_without))
			assert_match "refused: $symbol: " "$(<stderr)"
			assert_counts stdout '{"1000":3}'
		else
			assert_eq 125 "$status" "status with $symbol refused ($code)"
			assert_match "timersnoop: [^:]*$symbol" "$(<stderr)"
		fi
	done
	((gone_without > 2)) || fail "it goes without $gone_without of ${#symbols[@]} alone"
}

# Killed at any moment: a sweep removes what was its own, and neither that of one that is alive
# nor what others named alike.
test_killed_anywhere() {
	local at total live args
	echo "p:timersnoop_1_0123456/enter ${syscalls}timer_settime" >>"$tracefs/kprobe_events"
	mkdir "$tracefs/instances/timersnoop-1-0123456"
	start_snoop -n nobody -o live.out 2>live.err
	live=$snoop
	ours_in_tracefs '' >before
	read -r -a args <<<"${fault_runs[expiries]}"
	with_faults FAULT_KIND=tracefs timersnoop "${args[@]}"
	total=$(sed -n 's/^counted //p' failed)
	# What is only read leaves no more behind than what was written before.
	grep -E '^passed [0-9]+ (mkdir|flock|write|rmdir) ' failed >passed
	for at in $(chosen_of "$total" tracefs); do
		with_faults FAULT_KIND=tracefs "FAULT_AT=$at" FAULT_KILL=1 timersnoop "${args[@]}"
		grep -q '^failed' failed || continue
		[[ $status == 137 ]] || fail "status $status where it was killed"
		timersnoop --cleanup >cleaned 2>&1
		assert_match '^[01]$' "$?" "status of --cleanup: $(<cleaned)"
		ours_in_tracefs '' >after
		diff before after || fail "killed at $at of $total: --cleanup does not do it: $(<failed)"
	done
	kill "$live"
	ended 1 "$live"
	rmdir "$tracefs/instances/timersnoop-1-0123456"
	echo '-:timersnoop_1_0123456/enter' >>"$tracefs/kprobe_events"
}

run_tests
