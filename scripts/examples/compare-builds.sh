#!/usr/bin/env bash
# What do two builds of a program do differently with timers?
#
#   compare-builds.sh BEFORE AFTER
#
# BEFORE and AFTER are recordings (timersnoop record -o NAME.dat), or else commands
# for sh, which are run one after the other; what ends in ".dat" is a recording.
# Shows figures of both side by side, and how often the second is the first:
#
#   FIGURE                        BEFORE       AFTER     TIMES
#   arms                              20        2000    100.00
#
# Needs jq, and root for commands, whose output goes to standard error.
#
# Exit status: 0 the table was written; 2 usage, or jq is missing; otherwise that of
# the command that failed, or of timersnoop(8): 3 no such recording, 4 records were
# lost, so that figures may be too low, 125 cannot trace here.
set -euo pipefail

if (($# != 2)); then
	echo "usage: compare-builds.sh BEFORE AFTER" >&2
	exit 2
fi
command -v jq >/dev/null || {
	echo "compare-builds.sh: jq is missing" >&2
	exit 2
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# figures WHAT FILE: the object of the sum of all. A program that uses no timers
# (status 1) has figures, too.
figures() {
	local status=0
	if [[ $1 == *.dat ]]; then
		timersnoop stat -i "$1" --format json -o "$work/rows" || status=$?
	else
		timersnoop stat --format json -o "$work/rows" --loss-status 4 -- sh -c "$1" >&2 ||
			status=$?
		((status != 1)) || return 1
	fi
	((status <= 1)) || return "$status"
	jq 'select(.event == "total")' "$work/rows" >"$2"
}

figures "$1" "$work/before"
figures "$2" "$work/after"
jq -rn --slurpfile before "$work/before" --slurpfile after "$work/after" '
	def right($width): tostring | (" " * ($width - length) // "") + .;
	def left($width): . + (" " * ($width - length) // "");
	def time: if . == null then "-" elif . >= 1e9 then "\(. / 1e7 | round / 100)s"
		elif . >= 1e6 then "\(. / 1e4 | round / 100)ms"
		elif . >= 1e3 then "\(. / 10 | round / 100)us" else "\(.)ns" end;
	def count: if . == null then "-" else tostring end;
	def times($a; $b): if $a == null or $b == null or $a == 0 then "-"
		else $b / $a * 100 | round | "\(. / 100 | floor).\(. % 100 | tostring | if length < 2 then "0" + . else . end)" end;
	def row($name; $a; $b; show): ($name | left(24)) + ($a | show | right(12)) +
		($b | show | right(12)) + (times($a; $b) | right(10));
	$before[0] as $a | $after[0] as $b |
	("FIGURE" | left(24)) + ("BEFORE" | right(12)) + ("AFTER" | right(12)) + ("TIMES" | right(10)),
	("timers", "created", "deleted", "calls", "failed", "arms", "replaced", "expiries",
		"overruns", "signals_sent" | row(.; $a[.]; $b[.]; count)),
	(("value_ns", "interval_ns", "observed_interval_ns", "late_ns", "signal_latency_ns",
		"duration_ns") as $of | ("median", "p99") as $which |
		row("\($of | rtrimstr("_ns")) \($which)"; $a[$of][$which]?; $b[$of][$which]?; time)),
	row("seconds"; $a.span_ns; $b.span_ns; time)'
