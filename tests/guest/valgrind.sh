#!/usr/bin/env bash
# Representative command lines under valgrind's memcheck: no invalid read or write, nothing
# used that was never set, no leak. It is run by scripts/valgrind.sh alone, in a guest that has
# valgrind. That does not know seccomp(2), and refuses it to the command, which goes without,
# as on a kernel that has none: nothing else is different.

# shellcheck source=tests/guest/lib_behaviour.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib_behaviour.sh"

# shellcheck disable=SC2034 # for lib.sh: emulated by two, one in the other
t_limit=900

# A call of our own without a value, which the kernel is to refuse; see calibrate.c.
cat >/tmp/valgrind.supp <<'EOF'
{
	a call for nothing
	Memcheck:Param
	timer_settime(value)
	fun:syscall
	fun:try_call
}
EOF

# checked STATUS ARG...: timersnoop under valgrind. Its errors, where there are any, are a
# status of their own, 99.
checked() {
	local expected=$1
	shift
	# Landlock keeps valgrind, too, from files: of vgdb, and debug information of its own.
	run valgrind --quiet --vgdb=no --error-exitcode=99 --track-origins=yes --leak-check=full \
		--suppressions=/tmp/valgrind.supp --show-leak-kinds=definite --errors-for-leak-kinds=definite \
		--log-file=valgrind.%p timersnoop "$@"
	# Each error has a stack; a process that becomes COMMAND has a log of its own.
	[[ $status == "$expected" ]] && ! grep -qsE '^==[0-9]+== +(at|by) 0x' valgrind.* && return
	show stderr valgrind.*
	fail "status $status instead of $expected, or errors: timersnoop $*"
}

# A short program with calls, expiries and signals.
busy=(timeout --kill-after=1h 0.1s sleep 3)

test_says_what_it_is() {
	checked 0 --help
	checked 0 --version
	checked 0 --where help
}

test_refuses() {
	checked 2 --no-such-option
	checked 2 --where 'value <'
	checked 2 stat --fail-on nothing
	checked 3 -i /dev/null
	checked 2 -p 999999
}

test_doctor_and_list() {
	start_ticker call=1 touch=called wait=never # to be listed
	wait_for 20 is_there called
	checked 0 doctor -v
	checked 0 list
	checked 0 --dry-run -e all --lives
	checked 1 --cleanup # nothing to do
}

test_trace() {
	checked 124 -e all -o text -- "${busy[@]}"
	assert_match 'settime' "$(<text)"
	checked 124 -e all --lives --toctou --format json -o json -- "${busy[@]}"
	assert_json json 'map(.event) | contains(["timer_settime", "timer_expire", "life"])'
}

test_stat() {
	checked 124 stat --interval 100ms --hist value,late --by comm -- "${busy[@]}"
	checked 124 stat --format csv -o csv -- "${busy[@]}"
	assert_match 'timeout' "$(<csv)"
}

test_kernel() {
	checked 0 kernel --wakeups -d 1s
	checked 0 kernel --callers -e all --format json -o json -d 200ms
}

test_record_and_report() {
	checked 124 record -o all.dat -- "${busy[@]}"
	checked 0 report all.dat --lives -e all
	checked 0 report all.dat --format strace
	checked 0 stat -i all.dat --format json
	checked 0 record --ring 64K -e all -d 1s -o ring.dat
	checked 0 record --kernel -d 200ms -o kernel.dat
	checked 0 kernel -i kernel.dat
}

run_tests
