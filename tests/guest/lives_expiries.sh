#!/usr/bin/env bash
# Timers that expire: each call, expiry and signal, and each life, against the
# account of the program, one for one. See programs/lives.c for what it does.

# shellcheck source=tests/guest/lib_lives_figures.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib_lives_figures.sh"

# One run, and one comparison with the account; the tests look at what it holds.
recorded=/tmp/lives_expiries

# record: ours.json and truth.json
record() {
	if [[ ! -e $recorded ]]; then
		lossless -e all --lives --format json -o ours.json -- lives -o truth.json \
			periodic hurried ignored signals threads clocks timerfds itimers endings
		assert_empty stdout
		mkdir "$recorded"
		cp ours.json truth.json "$recorded"
	fi
	cp "$recorded"/*.json .
}

# life JQ-CONDITION JQ-EXPRESSION: it holds for each of these lives, and there are some.
life() {
	assert_json ours.json "map(select(.event == \"life\" and ($1))) | length > 0 and all($2)"
}

test_account() {
	record
	agree_in_all
}

# 20 signals, one after it had been blocked for long, one without overruns.
test_periodic() {
	record
	life '.sigevent.value == "0x4d"' '.expiries >= 22 and .overruns >= 9 and .rearmed == .expiries - 1
		and .interval_ns == 5000000 and .signals.delivered.handler >= 22
		and .observed_interval_ns.median > 4000000'
	assert_json truth.json '[.[] | select(.sigev_value == "0x4d").overrun][21:] | any(.[]; . == 0)'
}

# Whatever comes meanwhile, each signal is told.
test_hurried() {
	record
	life '.sigevent.value == "0xfa57"' '.signals.delivered.sigwait >= 150 and .expiries >= 150'
}

# Kernels before 6.13 let it go on, newer ones stop it until somebody listens.
test_ignored() {
	record
	life '.sigevent.value == "0x5e"' '.signals.generated.ignored >= 1 and .signals.delivered.handler >= 1
		and .expiries >= .signals.generated.ignored'
}

# To a handler, to sigwaitinfo, to signalfd; to nobody.
test_signals() {
	record
	life '.sigevent.value == "0xfeedface"' '.expiries == 12 and .signals.delivered
		== {handler: 3, default: 0, dropped: 0, sigwait: 6, signalfd: 3}'
	life '.sigevent.notify == "SIGEV_NONE"' '.arms == 1 and .expiries == 0 and .never_fired'
	life '.sigevent.signo == 14' '.sigevent.value == "0x\(.timer_id)"'
}

# libc's own thread waits for the signals of SIGEV_THREAD.
test_threads() {
	record
	life '.sigevent.notify == "SIGEV_THREAD_ID" and .sigevent.signo == 32' '.expiries == 3
		and .signals.delivered.sigwait == 3 and .sigevent.tid != .pid and .end == "deleted"'
	assert_json ours.json '[.[] | select(.signo == 32) | [.signal, .result]]
		| group_by(.) | map([.[0][], length]) == [["SIG32", "delivered", 3], ["SIG32", "sigwait", 3]]'
}

# How late: at least the second by which the moment had gone by.
test_clocks() {
	record
	life '.sigevent.value == "0xc10c"' '.late_ns.max > 1e9 and .absolute == 3 and .overruns >= 9'
	life '.sigevent.value == "0xcb"' '.expiries == 3 and .late_ns == null'
	assert_json ours.json '[.[] | select(.event == "life") | .clock // "" | select(startswith("C"))]
		| unique | . - ["CLOCK_REALTIME_ALARM", "CLOCK_BOOTTIME_ALARM"] | length == 6'
	# a relative timer of CLOCK_REALTIME does not mind when the clock is set
	assert_json ours.json '[.[] | select(.event == "timer_expire" and .clock_id == 0)
		| .asked_clock] | .[:2] == ["CLOCK_MONOTONIC", "CLOCK_REALTIME"]'
}

test_timerfds() {
	record
	life '.family == "timerfd" and .periodic > 0 and .expiries > 0' \
		'.overruns >= 4 and .end == "closed" and .absolute == 2 and .expiries >= 10'
	assert_json truth.json 'map(select(.count >= 4)) | length >= 3'
}

test_itimers() {
	record
	life '.which == "ITIMER_REAL" and .expiries > 0' '.expiries >= 11 and .signals.delivered.sigwait >= 1
		and .late_ns.min >= 0 and .arms >= 3'
	life '.which == "ITIMER_VIRTUAL"' '.expiries == 1 and .late_ns == null'
	life '.which == "ITIMER_PROF"' '.expiries >= 3 and .late_ns == null'
}

# Exit, a deadly signal, exec and fork, with timers armed.
test_endings() {
	record
	life '.end == "exit" and .family != "itimer"' '.never_deleted'
	life '.end == "exec"' '.family == "posix" and .never_fired and (.never_deleted | not)'
	life '.end == "closed" and .clock_id == 0' '.family == "timerfd"'
	life '.sigevent.value == "0xdead"' '.signals.delivered.default == 1 and .end == "exit"'
	# The fork: the timerfd is the child's as well, the others are not.
	# shellcheck disable=SC2016 # jq's variables
	assert_json ours.json 'map(select(.event == "life")) as $lives
		| ($lives | map(select(.origin == "inherited"))) as $heirs | $heirs[0] as $heir
		| ($lives[] | select(.clock == "CLOCK_BOOTTIME" and .origin == "created")) as $from
		| ($heirs | length) == 1 and $heir.inherited_from == $from.pid and $heir.fd == $from.fd
		and $heir.gettimes == 1 and $heir.end == "exit" and $from.end == "closed"
		and ($lives | map(select(.pid == $heir.pid and .family == "posix"))) == []'
}

run_tests
