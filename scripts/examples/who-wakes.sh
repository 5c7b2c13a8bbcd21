#!/bin/sh
# Who wakes this machine by timers?
#
#   who-wakes.sh [TIME [ROWS]]
#
# Counts for TIME (default 10s) how often POSIX timers, timerfds and itimers expire,
# and shows the ROWS (default 10) processes with the most expiries. Sleeping by
# nanosleep(2) and the time limits of poll(2), select(2) and futex(2) are no such
# timers, so they are not counted. Needs root.
#
# Exit status: that of timersnoop(8): 0 timers expired, 1 none did, 2 usage,
# 3 cannot trace here, 4 records were lost.
set -eu

if [ $# -gt 2 ]; then
	echo "usage: who-wakes.sh [TIME [ROWS]]" >&2
	exit 2
fi
rows=$(mktemp)
trap 'rm -f "$rows"' EXIT

# No pipe, which would hide the status. Names with tabs have them written as \t.
status=0
timersnoop stat -d "${1:-10s}" -e expire --by process --sort expiries --top "${2:-10}" \
	--where 'expiries > 0' --fields expiries,rate,timers,pid,comm --no-header -o "$rows" ||
	status=$?
if [ -s "$rows" ]; then
	awk -F '\t' 'BEGIN { printf "%10s %10s %7s %7s %s\n", "EXPIRIES", "EACH-SEC", "TIMERS", "PID", "COMM" }
		{ printf "%10s %10.2f %7s %7s %s\n", $1, $2, $3, $4, $5 }' "$rows"
fi
exit "$status"
