#!/usr/bin/env bash
# Lockdown. It can be raised but never lowered again: this is the last script
# that runs in a guest, and it is raised here, outside any test, as afterwards
# the runner cannot read tracefs any more, before a test or after it.

# shellcheck source=tests/guest/lib_behaviour.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib_behaviour.sh"

lockdown=/sys/kernel/security/lockdown

if [[ -w $lockdown ]]; then
	echo integrity >"$lockdown"
	timersnoop -q -- ticker call=1 exit=9
	integrity_status=$?
	integrity_doctor=$(timersnoop doctor --json)
	echo confidentiality >"$lockdown"
fi

test_integrity() {
	[[ ${integrity_status:-} ]] || skip "this kernel has no lockdown"
	assert_eq 9 "$integrity_status" "status under integrity, which allows kprobes"
	echo "$integrity_doctor" >doctor
	assert_json doctor 'all(.[]; .can_trace and .status == 0
		and any(.checks[]; .check == "lockdown" and .state == "ok" and .found == "integrity"))'
}

test_confidentiality() {
	[[ ${integrity_status:-} ]] || skip "this kernel has no lockdown"
	assert_match '\[confidentiality\]' "$(<"$lockdown")"
	assert_status 3 timersnoop -d 1
	assert_match 'locked down' "$(<stderr)"
	assert_match 'lockdown= boot option' "$(<stderr)" "hint"
	assert_empty stdout
	assert_status 125 timersnoop -- touch ran
	assert_match 'locked down' "$(<stderr)"
	! is_there ran || fail "COMMAND ran"
	assert_status 3 timersnoop doctor
	assert_match 'locked down' "$(<stderr)"
	assert_status 3 timersnoop doctor --json
	assert_json stdout 'all(.[]; .can_trace == false and .status == 3 and .plan == null
		and (.error.text | test("locked down")) and (.error.hint | test("lockdown= boot option"))
		and ([.checks[] | select(.state == "failed").check] == ["permission", "lockdown"])
		and any(.checks[]; .check == "lockdown" and .found == "confidentiality"))'
	assert_status 3 timersnoop --cleanup
	assert_status 0 timersnoop --dry-run
}

run_tests 2>/dev/null
