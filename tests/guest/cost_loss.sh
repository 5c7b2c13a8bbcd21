#!/usr/bin/env bash
# Two CPUs that call without pause, at the default buffer: whatever is not told is
# counted as lost, and memory stays small. scripts/bench.sh has the long form;
# accuracy_loss.sh forces losses, and counts those exactly.

# shellcheck source=tests/guest/lib_behaviour.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib_behaviour.sh"

calls=40000 # on each CPU: some 5 s, emulated
memory=16384 # KiB, beside the ring buffer

# run_loops ARG...: two loops that begin together, each on a CPU, under timersnoop with
# these arguments; what it needed in memory, in KiB, in $peak, its status in $status.
run_loops() {
	local cpu key value loops=()
	start sleep 600 # timersnoop ends with the last of its processes: not before we say so
	mkfifo go
	for cpu in 0 1; do
		taskset -c "$cpu" workload -w loop "$calls" <go >>said &
		loops+=("$!")
	done
	exec 9>go
	# They begin when nobody has the fifo open for writing any more.
	start_snoop "$@" -p "$started,${loops[0]},${loops[1]}" 2>stderr 9>&-
	exec 9>&-
	wait "${loops[@]}"
	while read -r key value _; do
		[[ $key != VmHWM: ]] || peak=$value
	done <"/proc/$snoop/status"
	kill -INT "$snoop"
	wait "$snoop"
	status=$?
	assert_eq 2 "$(grep -cx "$calls calls" said)" "loops that made all their calls"
}

# accounted TOLD LOST: each of the calls was told, or its record counted as lost.
accounted() {
	local made=$((2 * calls)) told=$1 lost=$2
	((told <= made)) || fail "$told calls told of $made"
	((made - told <= lost)) || fail "$((made - told)) calls are not told, $lost records lost"
	((lost > 0 || told == made)) || fail "$told calls told of $made, and nothing lost"
}

# What is told when there was a loss, and only then.
told_by_status() {
	if (($1 > 0)); then
		assert_eq 4 "$status" status
	else
		assert_eq 0 "$status" status
		assert_empty stderr
	fi
}

test_events() {
	local lost
	run_loops -e timer_settime --format json -o ours
	lost=$(grep '"event":"lost"' ours | jq -s 'map(.records // 0) | add // 0')
	accounted "$(grep -c '"event":"timer_settime"' ours)" "$lost"
	told_by_status "$lost"
	((peak < memory)) || fail "$peak KiB in memory"
}

# What needs no text for each call has no excuse to lose any.
test_figures() {
	local lost
	run_loops stat -e timer_settime --aggregate user --format json -o ours
	jq -s 'map(select(.event == "total")) | last' ours >total
	lost=$(sed -n 's/.*data incomplete: \([0-9]*\).*/\1/p' stderr)
	accounted "$(jq '.arms + .disarms + .failed' total)" "${lost:-0}"
	((peak < memory)) || fail "$peak KiB in memory"
}

test_kernel_counts() {
	need_counts
	run_loops stat -e timer_settime --aggregate kernel --by process --fields arms --no-header -o ours
	assert_eq "$calls $calls" "$(paste -sd ' ' ours)" "calls counted"
	told_by_status 0
	((peak < memory)) || fail "$peak KiB in memory"
}

run_tests
