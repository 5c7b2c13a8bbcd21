#!/bin/bash
# In a guest whose clock counts instructions: what each tool costs per call. Run by
# scripts/bench.sh; arguments: LOADS TOOLS, each a list in one word.

# shellcheck source=scripts/bench/lib.sh
. /bench/lib.sh

# Two lengths, whose difference has neither the start nor the end in it. Multiples of
# 512, so that threads and rounds come out even.
lengths() {
	case $1 in
	strace | bpftrace*) short=2560 long=7680 ;;
	trace-cmd-report) short=512 long=2560 ;;
	*) short=5120 long=25600 ;;
	esac
	[[ ! ${BENCH_QUICK:-} ]] || ((long = 2 * short))
}

# run TOOL LOAD CALLS
run() {
	local result
	prepare "$1"
	case $1 in
	report) describe record settime "$2" "$3" && "${command[@]}" >"$said" 2>&1 ;;
	trace-cmd-report) describe trace-cmd settime "$2" "$3" && "${command[@]}" >"$said" 2>&1 ;;
	esac
	describe "$1" settime "$2" "$3"
	result=$(measure -o "$said" "${command[@]}")
	tell cost "$1" load "\"$2\"" calls "$3" told "$(count_told "$1" "$3")" run "$result" \
		said "$(head -n 3 "$said" | quoted)"
	undo
}

sleep 5
for tool in $2; do
	why=$(refusal "$tool")
	if [[ $why ]]; then
		tell cost "$tool" refused "$(quoted <<<"$why")"
		continue
	fi
	lengths "$tool"
	for load in $1; do
		run "$tool" "$load" "$short"
		run "$tool" "$load" "$long"
	done
done
