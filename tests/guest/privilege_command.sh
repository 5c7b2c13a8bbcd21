#!/usr/bin/env bash
# COMMAND is what a shell would have started: it gets no more of timersnoop, and no less.

# shellcheck source=tests/guest/lib_behaviour.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib_behaviour.sh"

t_fields='^(Uid|Gid|Groups|Cap[A-Z][a-z]+|NoNewPrivs|Seccomp|Seccomp_filters|Sig(Blk|Ign|Cgt)|ShdPnd):'

# Of the process itself, and which descriptors it has.
make_look() {
	cat >look <<-EOS
		grep -E '$t_fields' /proc/self/status
		for fd in /proc/\$\$/fd/*; do
			[[ ! -e \$fd || \$(readlink "\$fd") == */look ]] || echo "\${fd##*/}"
		done
	EOS
	chmod 755 look
}

test_as_from_a_shell() {
	make_look
	bash look >without
	assert_status 0 timersnoop -e timer_settime -q -- bash look
	diff -U 0 without stdout || fail "COMMAND has other rights or descriptors"
	# Also while it is written to a file, and recorded.
	assert_status 0 timersnoop record -o rec -- bash look
	diff -U 0 without stdout || fail "COMMAND has other rights or descriptors"
}

test_as_user() {
	make_look
	su tester -c "bash look" >without
	assert_status 0 timersnoop -e timer_settime -q --run-as=tester -- bash look
	diff -U 0 without stdout || fail "COMMAND has other rights or descriptors"
	# Whatever could be passed on, nothing is.
	assert_status 0 inheriting timersnoop -e timer_settime -q --run-as=tester -- bash look
	diff -U 0 without stdout || fail "COMMAND has capabilities"
}

# A program that was given rights has them.
# shellcheck disable=SC2016 # for the shell there
test_set_user_id() {
	cp "$(command -v bash)" as-root
	chmod 4755 as-root
	assert_status 0 timersnoop -e timer_settime -q --run-as=tester -- ./as-root -p -c 'echo $UID $EUID'
	assert_eq '1000 0' "$(<stdout)"
}

# shellcheck disable=SC2016
test_closed_descriptors() {
	local fds='for fd in 0 1 2; do [[ ! -e /proc/$$/fd/$fd ]] || echo "$fd"; done >>seen'
	bash -c "$fds" <&- >&-
	mv seen without
	timersnoop -e timer_settime -q -- bash -c "$fds" <&- >&- || fail "status $?"
	diff -U 0 without seen || fail "COMMAND has other descriptors"
}

# The reader goes before programs that never pause, unless somebody has chosen otherwise.
# shellcheck disable=SC2016
test_niceness() {
	local look='for pid in self $PPID; do cut -d" " -f19 "/proc/$pid/stat"; done'
	assert_status 0 timersnoop -e timer_settime -q -- bash -c "$look"
	assert_eq $'0\n-10' "$(<stdout)" "niceness of COMMAND and of timersnoop"
	assert_status 0 bash -c 'renice -n 3 -p $$; exec timersnoop -e timer_settime -q -- bash -c "$0"' "$look"
	assert_eq $'3\n3' "$(<stdout)" "niceness of both"
}

# lent ARG...: by somebody who has rights by the program alone.
lent() {
	su tester -c "./lent $*"
}

# shellcheck disable=SC2016
test_lent_rights() {
	cp "$(command -v timersnoop)" lent
	chmod 4755 lent
	echo secret >secret
	chmod 600 secret
	mkdir ours
	assert_status 0 lent "-e timer_settime -q -- bash -p -c 'echo \$UID \$EUID; grep CapEff /proc/self/status; ticker call=1'"
	assert_match $'^1000 1000\nCapEff:\t0000000000000000$' "$(<stdout)" "COMMAND"
	assert_status 0 lent "-e timer_settime -o theirs -- ticker call=1"
	assert_eq tester "$(stat -c %U theirs)" "owner of the output"
	assert_status 125 lent "-e timer_settime -o ours/new -- ticker call=1"
	assert_match 'Permission denied' "$(<stderr)"
	assert_status 125 lent "-e timer_settime -o secret -- ticker call=1"
	assert_eq secret "$(<secret)"
	assert_status 2 lent "-q --run-as=root -- true"
	assert_match 'without this program' "$(<stderr)"
	assert_status 3 lent "report secret"
	assert_match 'Permission denied' "$(<stderr)"
	assert_no_match secret "$(<stdout)"
}

run_tests
