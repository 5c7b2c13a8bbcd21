#!/usr/bin/env bash
# timersnoop -- COMMAND: what is followed, and what COMMAND gets and gives.

# shellcheck source=tests/guest/lib_behaviour.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib_behaviour.sh"

# A program whose very first instructions make a call, for timer 99: without a
# loader, which would run before them. An ELF header, one segment, the code.
make_first_call() {
	{
		printf '\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x3e\0\x01\0\0\0'
		printf '\x78\0\x40\0\0\0\0\0\x40\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0'
		printf '\0\0\0\0\x40\0\x38\0\x01\0\0\0\0\0\0\0'
		printf '\x01\0\0\0\x05\0\0\0\0\0\0\0\0\0\0\0\0\0\x40\0\0\0\0\0\0\0\x40\0\0\0\0\0'
		printf '\0\x10\0\0\0\0\0\0\0\x10\0\0\0\0\0\0\0\x10\0\0\0\0\0\0'
		printf '\xb8\xdf\0\0\0\xbf\x63\0\0\0\x31\xf6\x31\xd2\x4d\x31\xd2\x0f\x05' # timer_settime
		printf '\xb8\xe7\0\0\0\x31\xff\x0f\x05'                                  # exit_group
	} >"$1"
	# Its segment claims a page.
	truncate -s 4096 "$1"
	chmod +x "$1"
}

test_descendants_and_threads() {
	start_ticker tag=9 every=50 call=0
	assert_status 6 timersnoop -e timer_settime --format json -o calls -- ticker tag=1 tell=told call=3 \
		thread=2 tag=2 tell=told call=3 fork=1 tag=3 name=of-thread tell=told call=3 end end \
		fork=2 tag=4 name=child tell=told call=3 \
		thread=2 tag=5 tell=told call=3 end \
		fork=2 tag=6 name=grandchild tell=told call=3 end end \
		fork=1 thread=1 tag=7 name=becomes tell=told call=3 \
		exec ticker tag=8 tell=told call=3 end end \
		join exit=6
	kill "$ticker"
	# A thread that executes a program gets the id of its process.
	assert_counts calls '{"1":3,"2":6,"3":6,"4":6,"5":12,"6":12,"7":3,"8":3}'
	assert_told calls told
	assert_empty stdout
	assert_empty stderr
}

test_first_instruction() {
	make_first_call first
	assert_status 0 ./first
	assert_status 0 timersnoop -e timer_settime --format json -o calls -- ./first
	assert_json calls 'map([.timer_id, .comm, .error]) == [[99, "first", "EINVAL"]]'
	# A child, then the process itself by a second execve.
	assert_status 0 timersnoop -e timer_settime --format json -o calls -- bash -c './first; exec ./first'
	assert_json calls 'map([.timer_id, .comm]) == [[99, "first"], [99, "first"]]'
	assert_json calls 'map(.pid) | unique | length == 2'
}

# In parallel: starts one after the other take long under emulation.
test_status_of_command() {
	local -A wanted=([exit7]=7 [term]=143 [kill]=137 [absent]=127 [plain]=126)
	local -A pids
	local name
	echo 'echo no' >plain
	for name in "${!wanted[@]}"; do
		case $name in
		exit7) start timersnoop -e timer_settime -q -- ticker call=1 exit=7 ;;
		# A status of 143 could be either; what a shell says about it cannot.
		term) start bash -c 'timersnoop -e timer_settime -q -- ticker die=15; exit "$?"' ;;
		kill) start bash -c 'timersnoop -e timer_settime -q -- ticker die=9; exit "$?"' ;;
		absent) start timersnoop -e timer_settime -q -- ./nowhere ;;
		plain) start timersnoop -e timer_settime -q -- ./plain ;;
		esac 2>"stderr-$name"
		pids[$name]=$started
	done
	for name in "${!wanted[@]}"; do
		ended "${wanted[$name]}" "${pids[$name]}" "stderr-$name"
	done
	assert_match Terminated "$(<stderr-term)" "what bash says"
	assert_match Killed "$(<stderr-kill)" "what bash says"
	assert_match "cannot run './nowhere': No such file" "$(<stderr-absent)"
	assert_match "cannot run './plain': Permission denied" "$(<stderr-plain)"
	assert_empty stderr-exit7
}

# What a program sees of what it inherited, but for its own and its parent's id.
look_around() {
	cat >look <<-'EOS'
		env | sort
		ulimit -a
		umask
		pwd
		for fd in /proc/$$/fd/*; do
			[[ ! -e $fd ]] || echo "${fd##*/} $(readlink "$fd")"
		done
		grep -E '^(Sig[BIC]|ShdPnd|[UG]id|Groups|Cap|NoNewPrivs)' /proc/self/status
		read -r line <&9 && echo "9: $line"
		cat
	EOS
}

test_command_inherits_everything() {
	look_around
	echo ninth >nine
	echo input >input
	echo 'written before' >with
	echo 'written before' >without
	env -i PATH="$PATH" A=$'two\nlines' LC_ALL=C bash look 9<nine <input >>without
	env -i PATH="$PATH" A=$'two\nlines' LC_ALL=C timersnoop -e timer_settime --format json -o calls -- bash look \
		9<nine <input >>with 2>stderr || fail "status $?"
	sed -i 's/with$/FILE/; s/without$/FILE/; s/stderr$/ERR/; s,/dev/pts.*,ERR,' with without
	# Standard error is the only one that the two do not share.
	sed -i '/^2 /d' with without
	diff -U 0 without with || fail "COMMAND inherits something else"
	assert_match 'input' "$(tail -n 1 with)"
	assert_match '9: ninth' "$(<with)"
	assert_empty stderr

	# Signals that the caller ignores stay ignored, and no other is.
	(
		trap '' PIPE INT
		grep '^SigIgn' /proc/self/status >ignored-without
		timersnoop -e timer_settime -q -- grep '^SigIgn' /proc/self/status >ignored-with
	)
	assert_eq "$(<ignored-without)" "$(<ignored-with)" "ignored signals"
}

# whoami_fully FILE: COMMAND tells who it is, and makes a call.
# shellcheck disable=SC2016 # that shell's
who='id -u; id -g; id -G; echo "$HOME $USER $LOGNAME"; grep ^Uid /proc/self/status | tr "\t" " "; exec ticker call=1'

test_run_as() {
	local -A pids
	local name
	export SUDO_UID=1000 SUDO_GID=65534
	for name in tester 4242 sudo; do
		case $name in
		sudo) start timersnoop -e timer_settime --run-as --format json -o calls-sudo -- bash -c "$who" ;;
		*) start timersnoop -e timer_settime "--run-as=$name" --format json -o "calls-$name" -- bash -c "$who" ;;
		esac >"who-$name" 2>"stderr-$name"
		pids[$name]=$started
	done
	for name in "${!pids[@]}"; do
		ended 0 "${pids[$name]}" "stderr-$name"
		assert_counts "calls-$name" '{"1000":1}'
	done
	assert_eq "1000|1000|1000|/home/tester tester tester|Uid: 1000 1000 1000 1000" \
		"$(paste -s -d '|' who-tester)"
	assert_match '^4242.4242.4242.' "$(<who-4242)" "number that no database knows"
	assert_match '^1000.65534.' "$(<who-sudo)" "user who called sudo"
	assert_match '/home/tester tester tester' "$(<who-sudo)" "user who called sudo"
}

# Nobody to be: wrong usage, and COMMAND does not run.
test_run_as_nobody() {
	unset SUDO_UID SUDO_GID
	assert_status 2 timersnoop -e timer_settime --run-as -- touch ran
	assert_match 'SUDO_UID' "$(<stderr)"
	assert_status 2 timersnoop -e timer_settime --run-as=nosuchuser -- touch ran
	assert_match "no user 'nosuchuser'" "$(<stderr)"
	! is_there ran || fail "COMMAND ran"
}

run_tests
