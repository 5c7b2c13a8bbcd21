#!/usr/bin/env bash
# Programs that nobody here wrote: cyclictest, and stress-ng's timer, timerfd and
# itimer stressors. No life of theirs is incomplete.

# shellcheck source=tests/guest/lib_lives.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib_lives.sh"

# life JQ-CONDITION JQ-EXPRESSION: it holds for all of these, and there are some.
life() {
	assert_json ours.json "map(select($1)) | length > 0 and all($2)"
}

# cyclictest counts as well: it waits for each signal by itself.
test_no_life_is_incomplete() {
	if ! command -v cyclictest || ! command -v stress-ng; then
		skip "there is no cyclictest, or no stress-ng"
	fi >/dev/null
	lossless --lives --buffer-size 32M --format json -o ours.json -- bash -c '
		cyclictest -x -q -l 200 -i 2000 &&
		stress-ng -q --timer 1 --timer-freq 200 --timerfd 1 --timerfd-freq 200 -t 2s &&
		stress-ng -q --itimer 1 --itimer-freq 100 -t 2s'
	assert_match 'C: +200 ' "$(<stdout)" "what cyclictest says"
	assert_json ours.json 'length > 100 and all(.event == "life" and (.incomplete | not))'
	life '.comm == "cyclictest" and .family == "posix"' '.expiries >= 200
		and .signals.delivered.sigwait >= 200 and .getoverruns == 200
		and .interval_ns == 2000000 and .absolute == 1 and .late_ns.min >= 0
		and .sigevent.notify == "SIGEV_THREAD_ID"
		and .signals.generated.delivered == .expiries'
	life '.family == "posix" and .expiries > 0 and .comm != "cyclictest"' '.expiries > 5
		and .end == "deleted" and .signals.delivered.handler > 5 and .getoverruns > 5'
	assert_json ours.json 'map(select(.family == "timerfd")) | length >= 100
		and (map(.expiries) | add) > 5'
	life '.which == "ITIMER_PROF" and .arms > 0' '.expiries > 5
		and .signals.delivered.handler > 5'
}

run_tests
