#!/bin/bash
# In a guest whose clock counts instructions: how long each tool takes to begin and to
# end. Run by scripts/bench.sh; argument: TOOLS, a list in one word.

# shellcheck source=scripts/bench/lib.sh
. /bench/lib.sh

repeats=2
[[ ! ${BENCH_QUICK:-} ]] || repeats=1

sleep 5
for tool in $1; do
	why=$(refusal "$tool")
	if [[ $why ]]; then
		tell start "$tool" refused "$(quoted <<<"$why")"
		continue
	fi
	for ((i = 0; i < repeats; i++)); do
		out=/tmp/bench-out
		prepare "$tool"
		describe "$tool" true
		tell start "$tool" program '"true"' run "$(measure -o "$said" "${command[@]}")"
		undo
		# What is written is read at once, so that its end is known.
		out=''
		prepare "$tool"
		describe "$tool" settime null 1
		tell start "$tool" program '"settime"' run "$(measure -f "$kept" "${command[@]}")"
		undo
	done
done
