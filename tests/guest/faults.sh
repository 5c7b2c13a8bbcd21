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

test_tracefs_trace() { walk_faults trace tracefs "$errors" 12; }
test_tracefs_expiries() { walk_faults expiries tracefs "$errors"; }
test_tracefs_stat() { walk_faults stat tracefs "$errors"; }
test_tracefs_record() { walk_faults record tracefs "$errors"; }
test_tracefs_kernel() { walk_faults kernel tracefs "$errors"; }

test_memory_trace() { walk_faults trace memory "$no_memory"; }
test_memory_stat() { walk_faults stat memory "$no_memory"; }
test_memory_record() { walk_faults record memory "$no_memory"; }
test_memory_kernel() { walk_faults kernel memory "$no_memory"; }

# From one call on, all fail: nothing can be tidied up either.
test_tracefs_to_the_end() { walk_faults trace tracefs "$errors" "" FAULT_LAST=100000; }
test_memory_to_the_end() { walk_faults trace memory "$no_memory" "" FAULT_LAST=1000000; }

# What is recorded needs no tracefs.
test_memory_report() {
	assert_status 0 timersnoop record -e timer_settime -o kept.dat -- ticker call=3
	walk_faults report memory "$no_memory"
}

# uninterrupted RUN: every second call that a signal can interrupt is interrupted, and it
# goes on all the same.
uninterrupted() {
	local args total
	read -r -a args <<<"${fault_runs[$1]}"
	count_calls "$1" interrupt
	for at in 1 2; do
		with_faults FAULT_KIND=interrupt "FAULT_AT=$at" FAULT_LAST=1000000 FAULT_STEP=2 \
			timersnoop "${args[@]}"
		show stderr
		assert_eq 0 "$status" "status"
		told_by "$1" >told
		diff "told-$1" told || fail "it tells something else"
	done
}

test_interrupted() {
	local run
	start_ticker call=1 touch=called wait=never # to be listed
	wait_for 20 is_there called
	for run in trace expiries stat read record kernel list; do
		uninterrupted "$run"
	done
	assert_eq '' "$(ours_in_tracefs '')" "what is left"
}

# The kernel refuses one probe of the plan: it says which, by what name, and what goes without
# it goes.
test_refused_probes() {
	local i=0 symbol symbols address code codes=(2 99 22 12) # ENOENT, EADDRNOTAVAIL, EINVAL, ENOMEM
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
			assert_match "refused: $symbol: " "$(<stderr)"
			assert_counts stdout '{"1000":3}'
		else
			assert_eq 125 "$status" "status with $symbol refused ($code)"
			assert_match "timersnoop: [^:]*$symbol" "$(<stderr)"
		fi
	done
}

# Killed at any moment: a sweep removes what was its own, and neither that of one that is alive
# nor what others named alike.
test_killed_anywhere() {
	local at total live args
	echo "p:timersnoop_1_0123456/enter ${syscalls}timer_settime" >>"$tracefs/kprobe_events"
	mkdir "$tracefs/instances/timersnoop-1-0123456"
	start_snoop -q -n nobody
	live=$snoop
	ours_in_tracefs '' >before
	read -r -a args <<<"${fault_runs[expiries]}"
	with_faults FAULT_KIND=tracefs timersnoop "${args[@]}"
	total=$(sed -n 's/^counted //p' failed)
	for at in $(chosen_of "$total" 10); do
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
