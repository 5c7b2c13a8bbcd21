#!/bin/bash
# What is lost is told, to the last record.
#
# timersnoop is stopped while processes that it watches fill a small ring
# buffer many times over. The buffers keep the newest records, and these hold:
#
# - every record of a call is either shown in a call or counted as lost. The
#   workload makes no other records before its end, so the sum is exact. It is
#   not in one case: of a call whose entry was lost on 5.10, nothing says whether
#   its next record, the caller's value, was lost as well.
# - the calls shown are the last of each process, without a hole
# - no call is shown with another's values

# shellcheck source=tests/guest/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

calls=6000

# How many records a call makes: kernel's copy, return, and where that does not tell all the
# entry.
records_of_call() {
	timersnoop -e timer_settime -v -- true 2>&1 | tee plan | grep -cE \
		"probe: [pr][0-9]*:[^ ]*/(settime_(call|enter|exit)$of_any $syscalls|settime_(new|copied) )"
}

# lose FORMAT CPU...: a process on each of these CPUs, all of them traced, makes
# its calls while timersnoop is stopped. What is shown comes in the file ours,
# the pids in $pids, timersnoop's status in $status.
lose() {
	local format=$1 cpu
	shift
	mkfifo go
	pids=()
	for cpu; do
		taskset -c "$cpu" workload -w loop "$calls" <go >>said &
		pids+=("$!")
	done
	exec 9>go
	# They begin when nobody has the fifo open for writing any more.
	start timersnoop -e timer_settime --format "$format" --buffer-size 64K -o ours \
		-p "$(IFS=,; echo "${pids[*]}")" 2>stderr 9>&-
	wait_for 20 is_tracing "$started"
	kill -STOP "$started"
	exec 9>&-
	wait "${pids[@]}"
	kill -CONT "$started"
	wait "$started"
	status=$?
	rm go
}

# Reads ours: "lost shown slack": records lost, records that the shown calls
# were made of, and by how much the latter may be too small: a copy that does not say
# whose it is, is nobody's without its call's entry.
account_for_records() {
	local records anonymous
	records=$(records_of_call)
	anonymous=$(grep -c '/settime_copied ' plan)
	jq -r -n --argjson records "$records" --argjson anonymous "$anonymous" '
		[inputs] | map(select(.event == "timer_settime")) as $calls
		| ($calls | map(select(.incomplete == null)) | length) as $complete
		| ($calls | map(select(.incomplete != null))) as $halves
		| ($halves | map(1 + (if .new then 1 else 0 end)) | add // 0) as $rest
		| "\(map(select(.event == "lost") | .records // 0) | add // 0)",
		  "\($complete * $records + $rest)",
		  "\($halves | length * $anonymous)"' ours | paste -sd ' '
}

# told PROCESSES
told() {
	local lost shown slack missing
	assert_eq 4 "$status" status
	assert_match 'records lost' "$(<stderr)" "standard error"
	assert_json ours 'map(select(.event == "lost")) | length >= 1'
	read -r lost shown slack < <(account_for_records)
	((lost > 0)) || fail "no records are counted as lost"
	assert_match "data incomplete: $lost (or more )?records lost" "$(<stderr)" "standard error"
	missing=$(($1 * calls * $(records_of_call) - lost - shown))
	((missing >= 0 && missing <= slack)) ||
		fail "$missing records are neither shown nor counted: $lost lost, $shown shown"
}

# The calls of process PID that are shown are its last, one after the other.
the_last_of() {
	# shellcheck disable=SC2016 # jq's variables
	assert_json ours --argjson pid "$1" --argjson calls "$calls" '
		map(select(.pid == $pid and .new != null) | .new.value.nsec)
		| length > 100 and . == [range($calls - length; $calls)]'
}

test_one_cpu() {
	lose json 0
	told 1
	the_last_of "${pids[0]}"
}

test_all_cpus() {
	lose json 0 1
	told 2
	the_last_of "${pids[0]}"
	the_last_of "${pids[1]}"
	assert_json ours 'map(select(.event == "timer_settime")) | map(.cpu) | unique == [0, 1]'
}

# The same with COMMAND, whose status comes through unless told otherwise.
stopped_command() {
	local tracer
	mkfifo go
	exec 9<>go
	start timersnoop -e timer_settime --format json --buffer-size 64K -o ours "$@" -- \
		taskset -c 0 workload -e 7 -w loop "$calls" <go >said 2>stderr
	tracer=$started
	wait_for 20 pidof workload >/dev/null
	kill -STOP "$tracer"
	echo >&9
	wait_for 20 grep -q calls said
	kill -CONT "$tracer"
	wait "$tracer"
	status=$?
	assert_match 'records lost' "$(<stderr)" "standard error"
	assert_json ours 'map(select(.event == "lost")) | length >= 1'
}

test_command_status() {
	stopped_command
	assert_eq 7 "$status" status
}

test_loss_status() {
	stopped_command --loss-status 99
	assert_eq 99 "$status" status
}

test_text() {
	lose text 0
	assert_eq 4 "$status" status
	assert_match '^# lost ([0-9]+ )?records' "$(grep '^#' ours)"
}

test_csv() {
	lose csv 0
	assert_eq 4 "$status" status
	assert_match '^lost,' "$(grep -v '^timer_settime' ours | tail -n +2)"
	assert_eq 53 "$(awk -F, '{ print NF }' ours | sort -u)" "columns"
}

run_tests
