#!/usr/bin/env bash
# Every system call on timers, with every fact of it, and the lives that they
# make: what timersnoop saw against the program's own account, one for one. See
# programs/everycall.c for what it does.

# shellcheck source=tests/guest/lib_lives_figures.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib_lives_figures.sh"

# Nothing expires, so the calls and the lives are all there is.
# alarm(2) is one of them, where there is one.
test_every_call() {
	local kinds=11 narrow=100
	[[ $(uname -m) == x86_64 ]] || kinds=10 narrow=90
	lossless -e all --lives --format json -o ours.json -- \
		everycall -o truth.json calls errors compat replace
	assert_empty stdout
	agree_in_all
	# The program did its work.
	# shellcheck disable=SC2016 # jq's variables
	assert_json truth.json --argjson kinds "$kinds" --argjson narrow "$narrow" \
		'map(select(.ret != null)) | length >= 350
		and (map(.event) | unique | length) == $kinds
		and (map(select(.ret < 0)) | length) >= 60 and (map(select(.abi == "32")) | length) >= $narrow'
	assert_json ours.json '(map(select(.event | test("expire|signal"))) == [])
		and ([.[].error] | unique - ["EOPNOTSUPP"]) == [null, "EBADF", "EFAULT", "EINVAL"]
		and (map(select(.event | test("settime|gettime")) | [.abi, .time_bits]) | unique)
			== [["32", 32], ["32", 64], ["64", null]]'
}

run_tests
