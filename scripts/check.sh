#!/usr/bin/env bash
# Install what is needed, build, and run all the tests.
#
#   scripts/check.sh
#
# Builds with gcc and with clang, warnings as errors; runs the unit tests, plain and under
# ASan and UBSan, counting which lines they run; the linters, the analysers, what is written
# against the code, memory that is refused, other readers of recordings, the guest tests on
# every kernel of the matrix, and some on others and on arm64. At the end is what failed once
# more, and how many tests passed, failed and were skipped.
# Exit status 0 when none failed.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

[[ ${1:-} != -h && ${1:-} != --help ]] || {
	show_help "$0"
	exit
}

passed=0 failed=0 skipped=0
log=$(mktemp)
failures=$(mktemp) # what failed, for the end
aside=$(mktemp -d) # what ran beside the others
trap 'rm -rf "$log" "$failures" "$aside"' EXIT

# count FILE: adds the last "N passed, N failed[, N skipped]" of a log.
count() {
	local line pattern='([0-9]+) passed, ([0-9]+) failed(, ([0-9]+) skipped)?'
	line=$(grep -E "$pattern" "$1" | tail -n 1) || return 1
	[[ $line =~ $pattern ]]
	passed=$((passed + BASH_REMATCH[1]))
	failed=$((failed + BASH_REMATCH[2]))
	skipped=$((skipped + ${BASH_REMATCH[4]:-0}))
}

# tests NAME COMMAND...: a run that tells its own numbers; one that ends badly
# without a failure among them, or tells none, is a failure itself.
tests() {
	local name=$1 status=0 failed_before=$failed
	shift
	printf '\n== %s\n' "$name"
	"$@" 2>&1 | tee "$log" || status=$?
	grep -E '^([^ ]+ )?not ok |^  Test: .*FAILED' "$log" | sort -u >>"$failures" || :
	if ! count "$log" || ((status != 0 && failed == failed_before)); then
		printf 'not ok %s: ended with status %d\n' "$name" "$status" | tee -a "$failures"
		failed=$((failed + 1))
	fi
}

# step NAME COMMAND...: one check that passes or fails as a whole.
step() {
	local name=$1
	shift
	if "$@" >"$log" 2>&1; then
		printf 'ok %s\n' "$name"
		passed=$((passed + 1))
	else
		cat "$log"
		printf 'not ok %s\n' "$name" | tee -a "$failures"
		failed=$((failed + 1))
	fi
}

# aside NAME COMMAND...: to be told by tell_aside NAME, when it has ended.
aside() {
	local status=0
	"${@:2}" >"$aside/$1" 2>&1 || status=$?
	echo "$status" >"$aside/$1.status"
}

tell_aside() {
	cat "$aside/$1"
	return "$(<"$aside/$1.status")"
}

cd "$top"
scripts/deps.sh all arm64
strict='-O2 -g -Werror'
make=(make --no-print-directory -s -j2)
step 'build with clang' "${make[@]}" BUILD=build/clang CC=clang CFLAGS="$strict" build/clang/tests/unit/run
step 'build with gcc' "${make[@]}" CC=gcc CFLAGS="$strict" timersnoop guest-programs
step 'lint' "${make[@]}" lint
tests 'unit tests' "${make[@]}" CC=gcc CFLAGS="$strict" check
# Those take the cores that the next ones leave.
(
	aside sanitized "${make[@]}" CC=gcc check-sanitized
	aside analysed "${make[@]}" CC=gcc analyse-short
) &
running=$!
tests 'fuzzers' "${make[@]}" fuzz FUZZ_SECONDS=6
tests 'documentation' "${make[@]}" CC=gcc CFLAGS="$strict" check-docs
tests 'hardening' "${make[@]}" CC=gcc CFLAGS="$strict" check-hardening
tests 'tarball' "${make[@]}" check-dist
tests 'refused memory' "${make[@]}" CC=gcc CFLAGS="$strict" check-faults
tests 'other readers' "${make[@]}" CC=gcc CFLAGS="$strict" check-readers
wait "$running"
tests 'unit tests under ASan and UBSan' tell_aside sanitized
tests 'how much of the sources they have run' tests/unit/coverage.sh build/sanitized
step 'analysers' tell_aside analysed
tests 'guests' "${make[@]}" CC=gcc CFLAGS="$strict" check-guests
tests 'guests of other kernels' "${make[@]}" CC=gcc CFLAGS="$strict" check-kernels-short

[[ ! -s $failures ]] || printf '\nfailed:\n%s\n' "$(<"$failures")"
if ((skipped)); then
	printf '\n%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
else
	printf '\n%d passed, %d failed\n' "$passed" "$failed"
fi
((failed == 0))
