#!/bin/bash
# In a guest with two CPUs and a clock of time: processes that call timer_settime without
# pause, one for each CPU, at the default buffer. Run by scripts/bench.sh; argument: SECONDS.

# shellcheck source=scripts/bench/lib.sh
. /bench/lib.sh

# lost_of: the records that a run under the tool says it has lost.
lost_of() {
	sed -n 's/^timersnoop: data incomplete: \([0-9]*\).*/\1/p' "$said" | head -n 1
}

sleep 2
for tool in json-settime record-settime stat-settime stat-kernel; do
	why=$(refusal "$tool")
	[[ ! $why ]] || { tell loss "$tool" refused "$(quoted <<<"$why")" && continue; }
	describe "$tool" settime seconds "$1" 2
	result=$(measure -o "$said" "${command[@]}")
	lost=$(lost_of)
	tell loss "$tool" seconds "$1" told "$(count_told "$tool" 0)" lost "${lost:-0}" run "$result"
	rm -f "$out" "$kept"
done
