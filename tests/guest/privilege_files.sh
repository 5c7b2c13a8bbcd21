#!/usr/bin/env bash
# The file of -o is not by way of what others have put there.

# shellcheck source=tests/guest/lib_behaviour.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib_behaviour.sh"

# The kernel's own protection, which may be off, is off.
unprotect() {
	local name
	for name in symlinks regular fifos hardlinks; do
		echo 0 >"/proc/sys/fs/protected_$name"
	done
}

# plant: what somebody has put where everybody may write.
plant() {
	unprotect
	mkdir shared theirs
	chmod 1777 shared
	chown tester theirs
	echo victim >victim
	chmod 600 victim
	su tester -c 'ln -s ../victim shared/link; ln -s ../none shared/dangling; ln -s .. shared/dir
		ln -s ../victim theirs/link; echo theirs >shared/file; mkfifo shared/pipe
		ln victim shared/hard'
	[[ -L shared/link && -p shared/pipe && shared/hard -ef victim ]] || fail "nothing is planted"
}

# assert_refused FILE WHY, by everything that writes one.
assert_refused() {
	assert_status 125 timersnoop -e timer_settime -o "$1" -- touch ran
	assert_match "$2" "$(<stderr)" "$1"
	assert_status 125 timersnoop record -o "$1" -- touch ran
	assert_match "$2" "$(<stderr)" "$1"
	assert_status 125 timersnoop report rec -o "$1"
	assert_match "$2" "$(<stderr)" "$1"
	assert_status 125 timersnoop list -o "$1"
	assert_match "$2" "$(<stderr)" "$1"
	! is_there ran || fail "COMMAND ran"
	assert_eq victim "$(<victim)" "the file behind it"
	! is_there none || fail "a file was made"
}

test_of_others() {
	assert_status 0 timersnoop record -e timer_settime -o rec -- ticker call=1
	plant
	assert_refused shared/link 'symbolic link of user 1000'
	assert_refused shared/dangling 'symbolic link of user 1000'
	assert_refused shared/dir/victim 'symbolic link of user 1000'
	assert_refused theirs/link 'symbolic link of user 1000'
	assert_refused shared/file 'is there already, of user 1000'
	assert_eq theirs "$(<shared/file)"
	assert_refused shared/pipe 'is there already, of user 1000'
	assert_refused shared/hard 'has other names'
}

# swapped WHAT: while it is opened, WHAT comes in the place of a file of our own.
swapped() {
	su tester -c "$1"
	echo ours >shared/ours
	run env LD_PRELOAD=/usr/bin/faults.so "FAULT_SWAP=shared/theirs shared/ours" \
		timersnoop -e timer_settime -o shared/ours -- touch ran
	[[ ! -e shared/theirs && ! -L shared/theirs ]] || fail "nothing was swapped"
	assert_eq 125 "$status" "status with $1"
	! is_there ran || fail "COMMAND ran"
	assert_eq victim "$(<victim)" "the file behind it"
}

test_swapped() {
	plant
	swapped 'ln -s ../victim shared/theirs'
	assert_match 'cannot write shared/ours: Too many levels of symbolic links' "$(<stderr)"
	rm shared/ours
	swapped 'echo theirs >shared/theirs'
	assert_match 'is there already, of user 1000' "$(<stderr)"
	assert_eq theirs "$(<shared/ours)"
	rm shared/ours
	swapped 'ln victim shared/theirs'
	assert_match 'has other names' "$(<stderr)"
}

test_of_our_own() {
	unprotect
	mkdir shared
	chmod 1777 shared
	ln -s shared/behind link
	umask 027
	assert_status 0 timersnoop -e timer_settime -o link -- ticker call=1
	assert_eq 640 "$(stat -c %a shared/behind)" "mode"
	[[ -L link ]] || fail "the link is gone"
	assert_status 0 timersnoop -e timer_settime --format json -o /dev/stdout -- ticker call=1
	assert_json stdout 'length == 1'
	assert_status 0 timersnoop -e timer_settime -o /dev/null -- ticker call=1
}

# What was made for nothing goes, by whoever may still remove it.
test_for_nothing() {
	assert_status 127 timersnoop -e timer_settime -o new -- ./nowhere
	! is_there new || fail "a file was made"
	echo no >damaged
	assert_status 3 timersnoop report damaged -o new
	! is_there new || fail "a file was made"
	touch old
	assert_status 3 timersnoop report damaged -o old
	is_there old || fail "a file is gone"
}

run_tests
