#!/usr/bin/env bash
# What `timersnoop stat` finds: each finding in a program that provokes it, with
# its figures and nothing beside it; nothing in one that is clean; and what
# --fail-on makes of that. See programs/troubles.c.

# shellcheck source=tests/guest/lib_lives.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib_lives.sh"

# All that one run without special options can tell.
troubles=(rearm-storm too-short past overrun signal-blocked signal-ignored calls-fail bad-value
	never-armed leak zero-value wrong-clock herd)

# An emulated machine is late, and gives a program its time when it likes.
patient=(--limit 'late=5s,blocked=200ms')

# Each of them by a process of its own, with an account of its own.
# shellcheck disable=SC2016 # that shell's
all_of_them=(sh -c 'for what; do troubles -o "$what.account" "$what" || exit; done' sh "${troubles[@]}")

# untroubled STATUS ARG...: timersnoop, until no probe was skipped, three times at
# most; see lossless.
untroubled() {
	local expected=$1 tries=3
	shift
	while :; do
		rm -f ./*.account
		run timersnoop "$@"
		if ! skipped_probes stderr || ((--tries == 0)); then
			break
		fi
	done
	[[ $status == "$expected" ]] && return
	show stderr stdout
	fail "status $status instead of $expected: $*"
}

# One live run and one recording of it all; the tests look at them.
kept=/tmp/stat_findings

keep() {
	local what
	if [[ ! -e $kept ]]; then
		mkdir "$kept.new"
		untroubled 0 record -o recording -- "${all_of_them[@]}"
		mv recording "$kept.new"
		for what in "${troubles[@]}"; do
			mv "$what.account" "$kept.new/$what.recorded"
		done
		untroubled 5 stat --format json --fail-on any "${patient[@]}" -- "${all_of_them[@]}"
		mv stdout "$kept.new/live.json"
		mv stderr "$kept.new/live.stderr"
		mv ./*.account "$kept.new"
		run timersnoop stat -i "$kept.new/recording" "${patient[@]}"
		mv stdout "$kept.new/recorded.txt"
		run timersnoop stat -i "$kept.new/recording" --format json "${patient[@]}"
		mv stdout "$kept.new/recorded.json"
		join_findings "$kept.new" || fail "jq could not put them together"
		mv "$kept.new" "$kept"
	fi
	cp "$kept"/* .
}

# findings.json: of both runs, each with what its process did.
join_findings() {
	# shellcheck disable=SC2016 # jq's variables
	(cd "$1" && jq -c -n '
		reduce inputs as $line ({}; input_filename as $file
			| if $line.event == "own" then .whose["\($line.pid)"] = ($file | sub("\\..*"; ""))
			elif $line.event == "finding" then .found += [$line]
			else . end)
		| .whose as $whose | .found[] | .what = $whose["\(.pid)"]' \
		"${troubles[@]/%/.account}" "${troubles[@]/%/.recorded}" live.json recorded.json >findings.json)
}

pid_of() {
	sed -E '1s/.*"pid":([0-9]+).*/\1/; q' "$1"
}

# told RUNS FILE ID SEVERITY EXPRESSION: what this did has this finding, for which
# jq's EXPRESSION holds, and no other, in so many runs.
told() {
	# shellcheck disable=SC2016 # jq's variables
	assert_json "$2" --argjson runs "$1" --arg id "$3" --arg severity "$4" '
		length == $runs and all(.id == $id and .severity == $severity and .comm == "troubles"
			and (.evidence | length > 10) and (.advice | length > 10) and ('"$5"'))'
}

# all_but ID: the others, with ',' between.
all_but() {
	printf '%s\n' "${troubles[@]}" late memory-changed data-incomplete | grep -vxF "$1" | paste -sd ,
}

# fails_on ID PID: when this one is among them, and not when all others are.
fails_on() {
	assert_status 5 timersnoop stat -q -i recording -p "$2" "${patient[@]}" --fail-on "late,$1"
	assert_empty stdout
	assert_empty stderr
	assert_status 0 timersnoop stat -q -i recording -p "$2" "${patient[@]}" --fail-on "$(all_but "$1")"
}

# found ID SEVERITY EXPRESSION [EVIDENCE]: live, and in the recording, in JSON and as text.
found() {
	local id=$1 recorded evidence=${4:-.}
	keep
	recorded=$(pid_of "$id.recorded")
	grep "\"what\":\"$id\"" findings.json >findings || fail "there is none"
	told 2 findings "$id" "$2" "$3"
	assert_match "timersnoop: found $id: troubles \\($(pid_of "$id.account")\\)[^:]*: .*$evidence" \
		"$(<live.stderr)" "standard error"
	assert_match "
$2 $id: troubles \\($recorded\\)[^:]*
  seen: [^
]*${evidence}[^
]*
  do:   [a-z]" "$(<recorded.txt)" text
	fails_on "$id" "$recorded"
}

test_rearm_storm() {
	found rearm-storm warning '.timer == "0" and .timers == 1 and .count == 120' \
		'armed 120 times in .*, 120 of these .*; 0 expiries'
}

test_too_short() {
	found too-short warning '.timer == null and .timers == 2 and .count == 3' \
		'3 times for .* as little as 1ns, less than 50'
}

test_past() {
	found past warning '.timer == "0" and .timers == 1 and .count == 2' '2 times .* up to 20\.0s ago'
}

test_overrun() {
	local count
	found overrun warning '.timer == null and .timers == 2' \
		'periods had no expiry of their own, .*; asked for every 10\.0ms; its signal took'
	count=$(jq -s 'map(.overruns) | add' overrun.account)
	# shellcheck disable=SC2016 # jq's variable
	assert_json live.json --argjson count "$count" \
		'map(select(.id == "overrun").count) == [$count]'
}

test_signal_blocked() {
	found signal-blocked warning '.timer == null and .timers == 2 and .count == 2' \
		'its signal waited longer than 200ms 2 times, up to (2|3|4|5)..ms'
}

test_signal_ignored() {
	found signal-ignored warning '.timer == "0" and .timers == 1 and .count == 3' \
		'its signal \(SIGUSR2\) was ignored 3 times'
}

test_calls_fail() {
	found calls-fail error '.timer == null and .count == 7' \
		'7 calls were refused, the last one timerfd_settime with EINVAL: descriptor 0 is no timerfd'
}

test_bad_value() {
	found bad-value error '.timer == null and .timers == 3 and .count == 4' '4 calls were refused for a value'
}

test_never_armed() {
	found never-armed info '.timer == "0" and .timers == 1 and .count == 1' 'made and never armed'
}

test_leak() {
	found leak warning '.timer == null and .timers == 12 and .count == 12' '12 timers were made and not deleted'
}

test_zero_value() {
	found zero-value warning '.timer == "0" and .timers == 1 and .count == 2' 'disarmed 2 times'
}

test_wrong_clock() {
	found wrong-clock error '.timer == null and .timers == 2 and .count == 3' 'armed 3 times .* makes no sense'
}

# It is of nobody, and its process has none.
test_herd() {
	keep
	assert_json findings.json 'map(select(.id == "herd")) | length == 2 and all(
		.severity == "info" and .pid == null and .comm == null and .timers == 12 and .count == 1
		and (.advice | length > 10) and (.evidence | startswith("12 timers ")))'
	assert_json findings.json 'map(select(.what == "herd")) == []'
	assert_match 'timersnoop: found herd: 12 timers' "$(<live.stderr)"
	fails_on herd "$(pid_of herd.recorded)"
}

# The gravest first; each once.
test_order() {
	keep
	assert_json live.json 'map(select(.event == "finding")) | length == 13
		and (map({error: 0, warning: 1, info: 2}[.severity]) | . == sort)
		and (map(.id) | unique | length) == 13'
	# shellcheck disable=SC2016 # jq's variable
	assert_json live.json '[.[].event] as $e | ($e | index("finding")) > ($e | index("total"))'
	assert_eq 13 "$(grep -c '^timersnoop: found ' live.stderr)" "findings on standard error"
}

# Whatever comes when it is expected is late by a limit like this one.
test_late() {
	untroubled 5 stat --format json --limit late=1us --fail-on late -- troubles -o late.account late
	grep '"event":"finding"' stdout >ours.json
	told 1 ours.json late warning '.timer == "0" and .timers == 1 and .count == 10
		and (.evidence | startswith("10 of 10 expiries were later than 1.00us, up to "))'
	# What else runs there now and then keeps the CPU from being idle, never from being busy.
	assert_json ours.json 'map(select(.id == "late").evidence
		| capture("for (?<idle>[0-9]+) of these the CPU was idle, for (?<busy>[0-9]+) it was not")
		| map_values(tonumber)) | all(.idle >= 1 and .busy >= 5 and .idle + .busy == 10)'
}

test_memory_changed() {
	untroubled 0 stat --toctou --format json --fail-on past,leak "${patient[@]}" -- \
		troubles -o changed.account memory-changed
	assert_empty stderr
	grep '"event":"finding"' stdout >ours.json
	told 1 ours.json memory-changed error '.timer == null and .timers == 2 and .count == 6
		and (.evidence | startswith("memory changed under 6 calls"))'
}

test_clean() {
	untroubled 0 stat --fail-on any --limit late=5s --format json -- troubles -o clean.account clean
	assert_empty stderr
	assert_json stdout 'map(select(.event == "finding")) == []'
	assert_json stdout 'map(select(.event == "total")) | length == 1 and all(.timers == 3 and .expiries >= 13
		and .failed == 0 and (.incomplete | not))'
	assert_json stdout 'map(select(.event == "stat")) | length == 3'
}

# COMMAND's failure comes first, and a finding when it has none.
test_command() {
	untroubled 3 stat --fail-on calls-fail -- sh -c 'troubles -o first.account calls-fail; exit 3'
	assert_match '^error calls-fail: troubles \(' "$(grep '^error' stdout)"
	assert_match 'found calls-fail: troubles ' "$(<stderr)"
}

# lose ARG...: timersnoop is stopped while a process fills its small buffer.
lose() {
	local tracer victim
	mkfifo go
	taskset -c 0 workload -w loop 6000 <go >said &
	victim=$!
	exec 9>go
	start timersnoop "$@" --buffer-size 64K -p "$victim" 2>stderr >ours 9>&-
	tracer=$started
	wait_for 20 is_tracing "$tracer"
	kill -STOP "$tracer"
	exec 9>&-
	wait "$victim"
	kill -CONT "$tracer"
	wait "$tracer"
	status=$?
	rm go
}

incomplete() {
	assert_json "$1" 'map(select(.id == "data-incomplete")) | length == 1 and all(.severity == "warning"
		and .pid == null and .count == 1 and (.evidence | test("[0-9]+ (or more )?records? lost"))
		and (.advice | test("--buffer-size")))'
	assert_json "$1" 'map(select(.event == "stat")) | length > 0 and any(.incomplete)'
	assert_json "$1" 'map(select(.event == "total")) | length == 1 and all(.incomplete)'
}

test_data_incomplete() {
	lose stat --format json --fail-on data-incomplete
	assert_eq 5 "$status" status
	assert_match 'found data-incomplete: [0-9]+' "$(<stderr)"
	incomplete ours
}

# The same, recorded: incomplete data are told by a status of their own.
test_data_incomplete_recorded() {
	lose record -o recording
	assert_status 4 timersnoop stat -i recording --format json
	incomplete stdout
	assert_status 4 timersnoop stat -i recording --fail-on past
	assert_match '
warning data-incomplete
  seen: .* lost' "$(<stdout)"
	assert_status 5 timersnoop stat -i recording --fail-on warning
	assert_status 99 timersnoop stat -i recording --fail-on any --loss-status 99
}

run_tests
