#!/usr/bin/env bash
# Which events are shown: -e with names and groups, -x, -c, --lives.

# shellcheck source=tests/guest/lib_lives.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib_lives.sh"

# events FILE: "EVENT COUNT" for each event in it.
events() {
	jq -r .event "$1" | sort | uniq -c | awk '{ print $2, $1 }'
}

# select_events FILE REGEX: those lines of events on standard output whose event matches.
select_events() {
	events "$1" | grep -E "^($2) " || :
}

# Several at once watch one program, which waits until all of them do. False when
# the kernel skipped a probe, see lossless: with so many it does so more often.
watch_together() {
	local name nothing two older
	local -A pids=()
	rm -f go truth.json said stderr-*
	mkfifo go
	exec 8<>go
	start lives -o truth.json older <go >said
	older=$started
	wait_for 20 grep -q ready said
	for name in "${!lists[@]}"; do
		# shellcheck disable=SC2086 # more than one word
		start timersnoop -e ${lists[$name]} --format json -o "$name" -p "$older" 2>"stderr-$name"
		pids[$name]=$started
	done
	start timersnoop --format json -o default -p "$older" 2>stderr-default
	pids[default]=$started
	start timersnoop -e alarm -p "$older" 2>stderr-nothing >nothing
	nothing=$started
	start timersnoop -c 2 -e timer_expire --format json -p "$older" 2>stderr-two >two
	two=$started
	tracing "${pids[@]}" "$nothing" "$two"
	echo >&8
	wait_for 60 is_gone "$nothing"
	for name in "$two" "${pids[@]}"; do
		wait_for 60 is_gone "$name"
	done
	! skipped_probes stderr-* || return
	ended 0 "$two" stderr-two
	for name in "${!pids[@]}"; do
		ended 0 "${pids[$name]}" "stderr-$name"
		assert_empty "stderr-$name"
	done
	ended 1 "$nothing" stderr-nothing
}

test_groups() {
	local call='timer_[cdgs][a-z]*|timerfd_[cgs][a-z]*|[gs]etitimer|alarm' tries=4
	local -A lists=([all]=all [expire]=expire [names]='timer_delete -e getitimer,signal')
	until watch_together; do
		((--tries)) || fail "the kernel skips probes all the time"
	done
	sed -i '1,/"event":"ready"/d' truth.json
	assert_eq "$(jq -s -r 'map(select(.ret != null)) | group_by(.event)[] | "\(.[0].event) \(length)"' \
		truth.json)" "$(select_events all "$call")" "calls in the account, and with -e all"
	assert_eq "$(select_events all "$call")" "$(events default)" "without -e"
	assert_eq "$(select_events all '.*expire')" "$(events expire)" "-e expire"
	assert_eq "$(select_events all 'timer_delete|getitimer|signal.*')" "$(events names)" "-e and names"
	assert_eq 2 "$(wc -l <two)" "expiries with -c 2"
	# What both saw is the same.
	jq -c 'select(.event == "timer_expire") | [.timer_id, .asked_ns, .interval_ns]' all >of-all
	jq -c 'select(.event == "timer_expire") | [.timer_id, .asked_ns, .interval_ns]' expire >of-expire
	diff of-all of-expire || fail "two saw different expiries"
}

test_failed() {
	assert_status 0 timersnoop -x --format json -o ours.json -- everycall -o truth.json errors replace
	assert_json ours.json 'length > 60 and all(.ret < 0)'
	assert_eq "$(jq -s 'map(select(.ret != null and .ret < 0)) | length' truth.json)" \
		"$(wc -l <ours.json)" "calls"
}

# -c counts events, and no lives; lives are shown all the same.
test_lives_and_events() {
	assert_status 0 timersnoop --lives -e setitimer -c 6 --format json -- everycall -o truth.json replace
	assert_json stdout '[.[].event] | group_by(.) | map([.[0], length]) | .[0][0] == "life"
		and .[1] == ["setitimer", 6]'
}

test_unknown() {
	assert_status 2 timersnoop -e nonsense
	assert_match "nonsense" "$(<stderr)"
	assert_status 2 timersnoop -e calls,
	assert_empty stdout
}

run_tests
