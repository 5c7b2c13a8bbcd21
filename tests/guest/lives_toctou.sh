#!/usr/bin/env bash
# --toctou: a struct that another thread changes while the kernel uses it is found,
# and a quiet one is never reported. See programs/toctou.c.

# shellcheck source=tests/guest/lib_behaviour.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib_behaviour.sh"

# watch COMMAND...: with 1500 calls of `toctou`, which tells a part of them in which a
# change is certain: $slow_ptr.
watch() {
	assert_status 0 timersnoop --toctou --format json --buffer-size 16M -o ours.json -- "$@"
	assert_empty stderr
	slow_ptr=$(jq -r .slow_ptr stdout)
	grep -E '"comm":"toctou".*"new":' ours.json >of-toctou
	assert_eq 1500 "$(wc -l <of-toctou)" "calls"
	grep -E '"event":"(timer_settime|timerfd_settime)"' of-toctou >compared
	assert_eq 1000 "$(grep -c '"changed":\[' compared)" "calls that were compared"
}

test_race() {
	local certain
	watch toctou race 1500
	grep "\"old_ptr\":\"$slow_ptr\"" compared >certain
	certain=$(wc -l <certain)
	((certain >= 50)) || fail "only $certain calls waited for the other thread"
	assert_eq "$certain" "$(grep -c '"changed":\[[^]]*"new_after_copy"' certain)" \
		"calls found of $certain in which the new value changed"
	assert_json certain 'all(.user_new_return != null and .user_new_return != (.new | del(.from)))
		and (map(.changed[]) | unique
			- ["new_before_copy", "new_after_copy", "old_after_write"]) == []'
}

# Nor is anything else that a program does all by itself.
test_quiet() {
	watch bash -c 'toctou quiet 1500 && everycall -o truth calls errors compat'
	assert_eq '' "$(grep -v '"changed":\[\]' compared | head -n 3)" "calls that were reported"
	assert_eq '' "$(grep '"changed":\["' ours.json | head -n 3)" "calls that were reported"
	(($(grep -c '"comm":"everycall".*"changed":\[\]' ours.json) > 60)) || fail "too few compared"
	jq -c 'select(.user_new_entry != (.new | del(.from)))' compared >odd
	assert_empty odd
}

test_text() {
	assert_status 0 timersnoop --toctou -e settime --time none -o ours --buffer-size 16M -- \
		bash -c 'toctou race 100; toctou quiet 100'
	awk '$NF ~ /changed=[a-z_|]*new_after_copy/ { print $1 }' ours | sort -u >changed
	assert_eq 1 "$(wc -l <changed)" "processes whose calls were reported"
	assert_eq 2 "$(awk 'NR > 1 { print $1 }' ours | sort -u | wc -l)" "processes"
}

run_tests
