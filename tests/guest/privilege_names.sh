#!/usr/bin/env bash
# Names that command a terminal reach none, live or recorded, in any form.

# shellcheck source=tests/guest/lib_behaviour.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib_behaviour.sh"

# A title, C1, a lone byte, a direction, lines, a backspace and DEL.
names=('\033]0;x\007' '\302\23331mC1' '\233[5mbyte' '\342\200\256turned' '\012\015lines' 'b\010s\177')

# assert_harmless FILE: nothing but what can be printed, and ends of lines and of fields.
assert_harmless() {
	[[ -s $1 ]] || fail "$1 is empty"
	LC_ALL=C tr -d '\n\t\0\040-\176' <"$1" >harmful
	[[ -s harmful ]] || return 0
	od -c "$1" | head -n 40
	fail "$2: there are bytes that command a terminal"
}

# on_terminal COMMAND...: what it writes on one.
on_terminal() {
	onpty "$@" >shown 2>&1
	assert_harmless shown "$*"
}

forms=('' '-w' '--format json' '--format csv' '--format tsv' '-0' '--fields comm,event,cpu'
	'--strace' '--lives' '--lives --format json' '--lives --format csv' '--lives -0')

test_recorded() {
	local form
	assert_status 0 timersnoop record -o rec -- renamed "${names[@]}"
	for form in "${forms[@]}"; do
		# shellcheck disable=SC2086 # words
		on_terminal timersnoop report rec --color=never $form
	done
	for form in '' '-w' '--by comm' '--format json' '--format csv' '--format tsv' '-0 --by comm'; do
		# shellcheck disable=SC2086
		on_terminal timersnoop stat -i rec --color=never $form
	done
	on_terminal timersnoop stat -i rec --expect 'calls > 1000000' --fail-on any
	# What is for people is so in a file, too.
	for form in '' '-w' '--format json' '--strace' '--lives'; do
		# shellcheck disable=SC2086
		timersnoop report rec $form >file
		assert_harmless file "report $form"
	done
	timersnoop stat -i rec >file
	assert_harmless file stat
	# Nothing is lost where a program reads it.
	timersnoop report rec -e timer_settime -0 --fields comm >bytes
	renamed_bytes >expected
	cmp expected bytes || fail "-0 has other names"
}

renamed_bytes() {
	local name
	for name in "${names[@]}"; do
		printf '%b\0' "${name//\\/\\0}"
	done
}

test_live() {
	local form
	for form in '' '--format csv' '-0'; do
		# shellcheck disable=SC2086
		on_terminal timersnoop -e timer_settime --color=never $form -- renamed "${names[@]}"
	done
	on_terminal timersnoop stat --by comm -- renamed "${names[@]}"
	on_terminal timersnoop kernel --by comm -- renamed "${names[@]}"
}

test_list() {
	local form
	start ticker name=$'\e]0;x\a' call=1 wait=go
	wait_for 20 eval "timersnoop list -p $started | grep -q posix"
	for form in '' '-w' '--format json' '--format csv'; do
		# shellcheck disable=SC2086
		on_terminal timersnoop list -p "$started" $form
	done
}

# Names of files, programs and users, in what goes wrong.
test_messages() {
	local bad=$'\e]0;x\a\xc2\x9b\xe2\x80\xae'
	on_terminal timersnoop report "$bad"
	on_terminal timersnoop -e timer_settime -- "./$bad"
	on_terminal timersnoop -o "/nowhere/$bad"
	on_terminal timersnoop -u "$bad"
	on_terminal timersnoop "--$bad"
	on_terminal timersnoop --where "comm == $bad"
	on_terminal timersnoop -e "$bad"
	echo no >"$bad"
	on_terminal timersnoop report "$bad"
}

run_tests
