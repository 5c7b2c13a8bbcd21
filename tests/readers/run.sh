#!/usr/bin/env bash
# Do others read the same in recordings as timersnoop does, here as where they were
# made? Every recording in tests/fixtures, by trace-cmd, as trace-cmd converts it, and by
# KernelShark's library.
#
#   tests/readers/run.sh KSHARK
#
# KSHARK is what tests/readers/kshark.c is built into. Prints a line for each test;
# exit status 1 when one failed.
set -uo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=tests/guest/lib_recording.sh
. "$top/tests/guest/lib_recording.sh"

kshark=$(realpath "$1")
export TIMERSNOOP=$top/timersnoop
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit
passed=0 failed=0

# check NAME COMMAND...: one test; what it says is shown when it fails.
check() {
	local name=$1
	shift
	if "$@" >said 2>&1; then
		echo "ok $name"
		passed=$((passed + 1))
	else
		echo "not ok $name"
		head -n 30 said | sed 's/^/    /'
		failed=$((failed + 1))
	fi
}

# about_kernel FILE: whether it is about the kernel's own timers.
about_kernel() {
	"$TIMERSNOOP" report "$1" 2>&1 | grep -q "it is about the kernel's own timers"
}

# shown FILE: all that timersnoop says of a recording, its status too.
shown() {
	local lives=() status=0
	if about_kernel "$1"; then
		"$TIMERSNOOP" kernel -i "$1" --top 0 --format json 2>&1 || status=$?
		"$TIMERSNOOP" kernel -i "$1" -e all --format json 2>&1
		echo "status $status $?"
		return
	fi
	if "$TIMERSNOOP" report "$1" -q --lives 2>/dev/null; then
		lives=(--lives)
	fi
	"$TIMERSNOOP" report "$1" -e all "${lives[@]}" --format json 2>&1
	echo "status $?"
}

# kernel_agrees FILE: nothing that trace-cmd does not read as well; and where it is not
# about a command alone, all that trace-cmd reads, but what timersnoop armed itself.
kernel_agrees() {
	if [[ $1 == *-command.dat ]]; then
		kernel_records "$1" start,expire && diff ours.only /dev/null && [[ -s ours ]]
		return
	fi
	kernel_records "$1" && diff ours.only /dev/null && [[ -s ours ]] || return
	awk '$1 ~ /_start$/ && $6 == "timersnoop" { own[$4] = 1; next }
		$1 == "cpu_idle" || !own[$4]' missing | diff - /dev/null
}

# same_converted FILE PACKING: version 7, with its pages as they are or compressed.
same_converted() {
	trace-cmd convert -i "$1" -o converted --file-version 7 --compression "$2" || return
	shown "$1" >before
	shown converted | sed "s,converted,$1,g" >after
	diff before after
}

# same_in_kshark FILE: the same events at the same times, of all instances.
same_in_kshark() {
	"$kshark" "$1" 2>/dev/null | grep -v ' missed_events ' | sort -n >theirs || return
	trace-cmd report -t "$1" 2>/dev/null |
		sed -nE 's/^.*-([0-9]+) +\[0*([0-9]+)\] +([0-9]+)\.([0-9]+): +([a-z_0-9]+): +(.*)$/\3\4 \2 \1 \5 \6/p' |
		sed 's/^0*//' | sort -n >ours || return
	sed -E 's,^([0-9]+ [0-9]+ [0-9]+ )[^ /]*/,\1,' theirs | diff - ours && [[ -s ours ]]
}

for file in "$top"/tests/fixtures/*/*.dat; do
	name=${file#"$top"/tests/fixtures/}
	case $name in
	*-7.dat) continue ;; # made by trace-cmd of another one
	*/loss.dat) ;;       # the calls at its gap are told by half
	*/kernel*.dat) check "$name: trace-cmd reads the same" kernel_agrees "$file" ;;
	*) check "$name: trace-cmd reads the same" trace_cmd_agrees "$file" ;;
	esac
	check "$name: as version 7" same_converted "$file" none
	check "$name: as version 7, zstd" same_converted "$file" zstd
	check "$name: KernelShark reads the same" same_in_kshark "$file"
done
echo "readers: $passed passed, $failed failed"
((failed == 0))
