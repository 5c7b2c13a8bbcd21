#!/usr/bin/env bash
# strace and timersnoop watch the same run and agree on every call on timers and
# on every signal of a timer, byte for byte: strace is the COMMAND, and the
# program is strace's. The rest as in accuracy_strace.sh.
#
# Not compared: what strace does not know (expiries, signals generated, and those
# that were fetched without being delivered), and signals that no timer sent.
#
# Known differences beyond those, which are undone here before comparing:
# - of SIGEV_THREAD strace shows what only libc looks at
# - setitimer checks its times while it copies them: what it refuses has no copy
# - the siginfo_t of a signal that nobody handles never leaves the kernel

# shellcheck source=tests/guest/lib_lives.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib_lives.sh"

# Whole calls and signals, grouped by thread, in the order of their beginning.
strace_lines() {
	whole_calls "$1" | awk '
		{ sub(/\) += /, ") = ") } # it pads short calls
		/^[0-9]+ +(timer_|timerfd_|[gs]etitimer|alarm)[a-z0-9]*\(/
		/^[0-9]+ +--- SIG[^ ]* \{.*si_code=SI_(TIMER|KERNEL)/
	' | same_lines
}

same_lines() {
	sed -E 's/^([0-9]*) +/\1 /
		s/ sigev_notify_function=.* sigev_notify_attributes=[^}]*\}/ ...}/
		/ = -1 EINVAL/s/(setitimer\([A-Z_]*), (\{.*\}\}|0x[0-9a-f]*)/\1, .../
		/si_overrun=\?|si_ptr=0xdead\}/s/\{.*\}/{...}/' | sort -s -n -k 1,1
}

our_lines() {
	sed 's, /\* 32-bit \*/$,,; s/) *= /) = /' "$1" | same_lines
}

# both LINES PROGRAM WHAT...
both() {
	local lines=$1 program=$2
	shift 2
	lossless -e all --strace -o ours -- strace -f -o theirs "$program" -o truth.json "$@"
	strace_lines theirs >theirs.lines
	our_lines ours >ours.lines
	((lines <= $(wc -l <theirs.lines))) || fail "strace saw only $(wc -l <theirs.lines) lines"
	diff -U 0 theirs.lines ours.lines >differences || fail "strace disagrees
$(tail -n +3 differences | head -n 40)"
}

# strace of arm64 does not read the structs of 32-bit programs.
test_every_call() {
	if [[ $(uname -m) == x86_64 ]]; then
		both 350 everycall calls errors compat replace
	else
		both 250 everycall calls errors replace
	fi
}

test_expiries() {
	both 300 lives periodic signals threads clocks timerfds itimers endings
	assert_match '--- SIGUSR1 \{si_signo=SIGUSR1, si_code=SI_TIMER' "$(<ours.lines)"
	assert_match '--- SIGPROF \{' "$(<ours.lines)"
}

run_tests
