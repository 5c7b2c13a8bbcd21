#!/bin/bash
# In a guest: how often timersnoop wakes in 10 s while its only process sleeps. Run by
# scripts/bench.sh.

# shellcheck source=scripts/bench/lib.sh
. /bench/lib.sh

# sleeps_of PID: in $sleeps, without a process.
sleeps_of() {
	local key value
	while read -r key value; do
		[[ $key != voluntary_ctxt_switches: ]] || sleeps=$value
	done <"/proc/$1/status"
}

mkfifo /tmp/never
exec 6<>/tmp/never
sleep 1000000 &
sleeper=$!
for tool in text json-settime json-all lives record stat stat-kernel; do
	why=$(refusal "$tool")
	[[ ! $why ]] || { tell idle "$tool" refused "$(quoted <<<"$why")" && continue; }
	describe "$tool"
	"${command[@]:0:${#command[@]}-1}" -p "$sleeper" >"$said" 2>&1 & # without '--'
	pid=$!
	sleep 8 # until it records, whatever it has to make
	sleeps_of "$pid"
	before=$sleeps
	read -r -t 10 -u 6
	sleeps_of "$pid"
	tell idle "$tool" seconds 10 wakeups "$((sleeps - before))"
	kill -INT "$pid"
	wait "$pid" || :
done
