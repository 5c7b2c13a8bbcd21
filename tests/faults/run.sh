#!/usr/bin/env bash
# Memory that is refused, each time that it is asked for in turn, while recordings are shown.
#
#   tests/faults/run.sh FAULTS.SO
#
# Needs no root; what needs it is in tests/guest/faults.sh. A run must end as it does without
# a fault, with the same output, or with status 125 and say that memory is lacking.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
preload=$PWD/$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0
kept=tests/fixtures/6.1
runs=(
	"report $kept/calls.dat --format json"
	"report $kept/lives.dat --lives -e all"
	"report $kept/lives.dat --strace --where value>1ms"
	"stat -i $kept/lives.dat --hist late,value --fail-on any"
	"stat -i $kept/lives.dat --by comm --where arms>1 --expect arms<5 --format json"
	"stat -i $kept/lives.dat --interval 100ms --format csv"
	"kernel -i $kept/kernel.dat --wakeups"
	"kernel -i $kept/kernel.dat -e start --callback hrtimer_wakeup"
)

# try AT ARG...: with the AT-th refused, into the files out, err and failed.
try() {
	local at=$1
	shift
	rm -f "$work/failed"
	timeout -s KILL 60 env FAULT_KIND=memory FAULT_AT="$at" FAULT_LOG="$work/failed" \
		LD_PRELOAD="$preload" ./timersnoop "$@" >"$work/out" 2>"$work/err" && status=0 || status=$?
}

# survived EXPECTED
survived() {
	case $status in
	"$1") cmp -s "$work/out" "$work/expected" ;;
	125) grep -q '^timersnoop: .*[Mm]emory' "$work/err" ;;
	*) false ;;
	esac
}

# walk ARG...
walk() {
	local expected at=0 wrong=''
	try 0 "$@"
	expected=$status
	mv "$work/out" "$work/expected"
	for (( ; ; )); do
		try $((++at)) "$@"
		grep -q '^failed' "$work/failed" 2>/dev/null || break
		survived "$expected" || wrong+=" $at (status $status)"
	done
	if ((at > 50)) && [[ ! $wrong ]]; then
		echo "ok $((at - 1)) allocations of: $*"
		passed=$((passed + 1))
	else
		echo "not ok $((at - 1)) allocations of: $*:${wrong:- too few}"
		failed=$((failed + 1))
	fi
}

for run in "${runs[@]}"; do
	read -r -a args <<<"$run"
	walk "${args[@]}"
done
echo "faults: $passed passed, $failed failed"
((failed == 0))
