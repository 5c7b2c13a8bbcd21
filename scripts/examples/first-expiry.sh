#!/bin/sh
# Wait until a timer of a process expires for the first time from now on.
#
#   first-expiry.sh PID [TIME]
#
# Prints nothing. Gives up after TIME, such as 30s, and when the process ends. Needs
# root.
#
# Exit status: 0 one has expired; 1 none has, until TIME was over or the process
# ended; 2 usage, or no such process; 3 cannot trace here; 4 records were lost.
set -eu

if [ $# -lt 1 ] || [ $# -gt 2 ]; then
	echo "usage: first-expiry.sh PID [TIME]" >&2
	exit 2
fi
exec timersnoop stat -q -p "$1" -e expire --until 'expiries >= 1' ${2:+-d "$2"}
