#!/bin/sh
# Fail a job when a program arms its timers too often.
#
#   rearm-limit.sh LIMIT [-o FILE] COMMAND [ARG...]
#
# Runs COMMAND and counts how often it, its threads and its children arm a timer
# (timer_settime, timerfd_settime, setitimer, alarm). LIMIT is a rate: 100/s, 20/m.
# COMMAND's output is left as it is; why the job fails is said on standard error.
# With -o the whole table goes to FILE, for the job's artifacts. Needs root; COMMAND
# runs as root, too, unless RUN_AS names a user.
#
# Exit status: 5 armed more often than LIMIT; 4 records were lost, so that it may
# have been; COMMAND's own when it failed; 0 all is well; 2 usage; 125 to 127 as
# timersnoop(8).
set -eu

usage() {
	echo "usage: rearm-limit.sh LIMIT [-o FILE] COMMAND [ARG...]" >&2
	exit 2
}

file=/dev/null
[ $# -ge 2 ] || usage
limit=$1
shift
case $limit in
[0-9]*/[smh]) ;;
*) usage ;;
esac
if [ "$1" = -o ]; then
	[ $# -ge 3 ] || usage
	file=$2
	shift 2
fi
exec timersnoop stat -e settime --expect "arms <= $limit" --loss-status 4 -o "$file" \
	${RUN_AS:+--run-as="$RUN_AS"} -- "$@"
