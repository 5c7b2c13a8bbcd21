# shellcheck shell=bash
# What the tests of builds share: a directory that is gone in the end, and tests' names.
# shellcheck disable=SC2034 # for the tests, as the counts below
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# shellcheck disable=SC2034
passed=0 failed=0 skipped=0

# check NAME COMMAND...: one test, whose status this has; of what it says, what tells of a
# failure and the end are shown when it fails.
check() {
	local name=$1
	shift
	if "$@" >"$work/said" 2>&1; then
		echo "ok $name"
		passed=$((passed + 1))
	else
		echo "not ok $name"
		{
			grep -E 'not ok|FAILED|error|warning' "$work/said" | head -n 20
			tail -n 20 "$work/said"
		} | sed 's/^/    /' || :
		failed=$((failed + 1))
		return 1
	fi
}

skip() {
	echo "skip $1: $2"
	skipped=$((skipped + 1))
}
