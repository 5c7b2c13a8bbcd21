#!/usr/bin/env bash
# Do Debian packages build, with the unit tests, and has lintian nothing against them? Are
# they the same wherever they are made?
#
#   tests/builds/package.sh
#
# Builds twice. Prints "ok NAME" or "not ok NAME" for each test; exit status 1 when one
# failed.
set -uo pipefail
# shellcheck source=tests/builds/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
unset MAKEFLAGS MFLAGS CFLAGS
export DEB_BUILD_OPTIONS=parallel=2

# What is in the first ones is tested, so that the others can do without.
builds_elsewhere() {
	(umask 077 && TZ=Pacific/Chatham LC_ALL=C.UTF-8 DEB_BUILD_OPTIONS='parallel=1 nocheck' \
		"$top/scripts/package.sh" "$work/at/another/place")
}

same() {
	local file count=0
	for file in "$work"/here/*.{deb,dsc,tar.xz}; do
		cmp "$file" "$work/at/another/place/$(basename "$file")" || return
		count=$((count + 1))
	done
	((count == 5)) || {
		ls "$work/here"
		return 1
	}
}

check 'packages build, and lintian passes them' "$top/scripts/package.sh" "$work/here"
check 'they do so elsewhere' builds_elsewhere
check 'and are the same' same
echo "package: $passed passed, $failed failed"
((failed == 0))
