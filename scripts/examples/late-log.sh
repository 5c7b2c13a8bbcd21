#!/usr/bin/env bash
# Watch a service and log which of its timers expire too late.
#
#   late-log.sh BOUND PID|NAME [INTERVAL]
#
# Once an INTERVAL (default 10s) it writes a line for each timer of process PID, or
# of all processes called NAME, of which an expiry in that time was later than
# BOUND, such as 1ms:
#
#   2026-11-22 04:05:06 app[4242] timer 0: 120 expiries, p99 late 3128447 ns, max 5210332 ns
#
# With PID it ends when the process does; else by SIGINT or SIGTERM. Needs root.
#
# Exit status: that of timersnoop(8): 0 timers were seen, 1 none was, 2 usage or no
# such process, 3 cannot trace here, 4 records were lost.
set -euo pipefail

if (($# < 2 || $# > 3)); then
	echo "usage: late-log.sh BOUND PID|NAME [INTERVAL]" >&2
	exit 2
fi
bound=$1 who=$2 interval=${3:-10s}
if [[ $who =~ ^[0-9]+$ ]]; then
	which=(-p "$who")
else
	which=(-n "$who")
fi

# A name may hold any byte, and a field may be empty: with -0 each field ends with a
# NUL, and nothing has to be taken apart.
timersnoop stat "${which[@]}" --interval "$interval" --top 0 \
	--where "late.max > $bound" --fields comm,pid,timer,expiries,late.p99,late.max -0 |
	while IFS= read -r -d '' comm && IFS= read -r -d '' pid && IFS= read -r -d '' timer &&
		IFS= read -r -d '' expiries && IFS= read -r -d '' p99 && IFS= read -r -d '' max; do
		printf '%(%F %T)T %q[%s] timer %s: %s expiries, p99 late %s ns, max %s ns\n' \
			-1 "$comm" "${pid:-?}" "${timer:-?}" "$expiries" "$p99" "$max"
	done
