#!/bin/bash
# strace and timersnoop watch the same run and agree on every call, byte for
# byte: strace is the COMMAND, and the workload is strace's.
#
# Known differences, which are undone here before comparing:
# - strace tells of signals, ends and changes of personality between the calls
# - where threads overlap, strace breaks a call into two lines
# - a 32-bit call made by a 64-bit program is marked /* 32-bit */ by us; strace
#   has the personality lines instead
# Not compared, because strace looks at what the program passed and timersnoop
# at what the kernel took: `workload registers`, bits that do not count.

# shellcheck source=tests/guest/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# Whole calls, grouped by thread, in the order of their beginning.
strace_calls() {
	whole_calls "$1" | grep -E '^[0-9]+ +timer_settime(64)?\(' | sort -s -n -k 1,1
}

our_calls() {
	sed 's, /\* 32-bit \*/$,,' "$1" | sort -s -n -k 1,1
}

# both CALLS WHAT [NUMBER...]
both() {
	local calls=$1
	shift
	assert_status 7 timersnoop -e timer_settime --strace -o ours -- \
		strace -f -o theirs -e trace=timer_settime,timer_settime64 workload -o truth -e 7 "$@"
	# strace says there what it thinks of bad pointers
	assert_no_match 'timersnoop:' "$(<stderr)" "standard error"
	strace_calls theirs >theirs.calls
	our_calls ours >ours.calls
	assert_eq "$(wc -l <truth)" "$(wc -l <theirs.calls)" "strace's calls"
	((calls <= $(wc -l <truth))) || fail "only $(wc -l <truth) calls were made"
	diff -U 0 theirs.calls ours.calls >differences || fail "strace disagrees
$(tail -n +3 differences | head -n 30)"
}

test_calls() {
	both 200 calls
}

test_errors() {
	both 60 errors
}

test_compat() {
	both 60 compat
}

test_threads() {
	both 600 threads 4 150
}

test_tree() {
	both 20 tree 2 2 3
}

run_tests
