#!/usr/bin/env bash
# What is recorded is shown again as it was: the same bytes as when it was
# traced, and the program's own account of what it did.

# shellcheck source=tests/guest/lib_lives_figures.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib_lives_figures.sh"
# shellcheck source=tests/guest/lib_recording.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib_recording.sh"

# same STATUS OPTION... [-- COMMAND...]: recorded and shown at once, and shown again
# with the same options; $only_live are some for the recording alone.
only_live=()
same() {
	local expected=$1 shown=()
	shift
	while (($#)) && [[ $1 != -- ]]; do
		shown+=("$1")
		shift
	done
	run timersnoop record -o recording --print "${only_live[@]}" "${shown[@]}" "$@"
	mv stdout live
	[[ $status == "$expected" || $status == 4 ]] || {
		show stderr
		fail "status $status instead of $expected: ${shown[*]} $*"
	}
	expected=$status
	mv stderr live-stderr
	# COMMAND's status was not about that
	[[ $expected != 0 ]] || ! lost_a_few live-stderr || expected=4
	run timersnoop trace -i recording "${shown[@]}"
	[[ $status == "$expected" ]] || fail "status $status instead of $expected: ${shown[*]}"
	diff -U 1 live stdout >difference || fail "shown again it differs: ${shown[*]}
$(head -n 20 difference)"
	[[ -s live ]] || fail "nothing was shown: ${shown[*]}"
	diff live-stderr stderr || fail "it says something else: ${shown[*]}"
}

what=(lives -o truth.json periodic signals threads timerfds itimers endings)

test_json() {
	same 0 -e all --lives --format json -- "${what[@]}"
}

test_text() {
	same 0 -e all -- "${what[@]}"
	same 0 -e all --lives -w --time wall -- "${what[@]}"
}

test_csv() {
	same 0 -e expire,signal,posix --format csv --time mono -- "${what[@]}"
	same 0 --lives --format csv -- "${what[@]}"
}

test_strace() {
	same 0 --strace -- "${what[@]}"
}

test_selected() {
	same 0 -x -- workload -o truth.json errors
	same 0 -e settime -n workload -- workload -o truth.json known
	same 0 -e settime -c 3 -- workload -o truth.json known
	same 0 -u root -- workload -o truth.json known
}

test_toctou() {
	same 0 --toctou -e settime --format json -- sh -c 'exec toctou race 200 >/dev/null'
	assert_match '"changed":' "$(<stdout)"
}

# All of the machine, and timers that were there before.
test_everybody() {
	start_ticker loop=10000 tag=5 call=1 sleep=10 end
	# -d ends a trace a little after that time
	only_live=(-d 1s)
	same 0 -e all --lives --format json
	kill "$ticker" 2>/dev/null || :
}

# One process, from before: what /proc told of its timers is in the recording.
test_existing() {
	mkfifo go
	exec 8<>go
	start lives -o truth.json older <go >said
	wait_for 20 grep -q ready said
	start timersnoop record -o recording --print -e all --lives --format json -p "$started" \
		>live 2>live-stderr
	local snoop=$started
	tracing "$snoop"
	echo >&8
	wait_for 60 is_gone "$snoop"
	wait "$snoop"
	local expected=$?
	run timersnoop trace -i recording -e all --lives --format json
	[[ $status == "$expected" ]] || {
		show stderr live-stderr
		fail "status $status instead of $expected"
	}
	diff -U 1 live stdout >difference || fail "shown again it differs
$(head -n 20 difference)"
	assert_json live 'map(select(.event == "life" and .origin == "existed")) | length >= 2'
}

# record: a recording made without options, at first lossless
record_all() {
	local tries=3
	while :; do
		rm -f truth.json recording
		assert_status 0 timersnoop record -o recording -- "${what[@]}"
		assert_empty stdout
		run timersnoop trace -i recording -e all --lives --format json
		mv stdout ours.json
		if ! skipped_probes stderr || ((--tries == 0)); then
			break
		fi
	done
}

# Whatever is asked later, the recording knows: the account, as of a live trace.
test_any_question() {
	record_all
	assert_eq 0 "$status" status
	agree_in_all
	assert_status 0 timersnoop report recording
	assert_eq "$(jq -s 'map(select(.ret)) | length' truth.json)" "$(($(wc -l <stdout) - 1))" calls
	assert_status 0 timersnoop report recording -x --no-header
	assert_no_match ' settime .* 0 ' "$(grep -v EINVAL stdout)"
	assert_status 1 timersnoop report recording -p 1
	assert_status 1 timersnoop report recording -n nobody
	assert_status 0 timersnoop report recording -n lives -p "$(jq -r .pid truth.json | head -n 1)"
	assert_status 0 timersnoop report recording -e expire
	assert_eq "$(jq -r 'select(.event | endswith("_expire")) | .event' ours.json | wc -l)" \
		"$(($(wc -l <stdout) - 1))" expiries
	assert_status 0 timersnoop report recording -q
	assert_empty stdout
}

# trace-cmd reads the same in it.
test_trace_cmd() {
	record_all
	trace_cmd_agrees recording >difference || fail "trace-cmd reads something else
$(head -n 30 difference)"
	assert_match '^call .* setitimer ' "$(<ours)"
	assert_match 'expire ' "$(<ours)"
	assert_match 'deliver ' "$(<ours)"
}

# As trace-cmd converts it: sections, compressed.
test_converted() {
	local kind
	assert_status 0 timersnoop record -o recording -- "${what[@]}"
	run timersnoop report recording -e all --lives --format json
	mv stdout expected
	for kind in none zstd; do
		trace-cmd convert -i recording -o converted --file-version 7 --compression $kind \
			>/dev/null 2>said || fail "$(<said)"
		run timersnoop report converted -e all --lives --format json
		cmp stdout expected || fail "version 7, $kind: something else
$(diff expected stdout | head -n 5)"
	done
}

run_tests
