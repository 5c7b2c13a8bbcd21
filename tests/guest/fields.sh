#!/usr/bin/env bash
# --fields, --where and tables for programs: each field is what the full JSON of the same
# run has, and a condition shows the lines of which it holds.

# shellcheck source=tests/guest/lib_behaviour.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib_behaviour.sh"

fields=event,time,cpu,pid,tid,comm,timer,flags,new_value_sec,new_value_nsec,new_interval_ns
fields+=,old_interval_ns,ret,error,duration_ns,failed,late_ns,interval_ns,armed_by,signal,result,after_ns,new_ptr,lost

# The same of the full JSON, as text; what is not known is null.
# shellcheck disable=SC2016 # jq's variables
of_full='
def ns: if . then .sec * 1000000000 + .nsec else null end;
def which: {ITIMER_REAL: "real", ITIMER_VIRTUAL: "virtual", ITIMER_PROF: "prof"}[.];
def id: if has("timer_id") then "\(.timer_id)" elif has("fd") then "fd\(.fd)"
	elif has("which") then .which | which else null end;
def sets: .event | IN("timer_settime", "timerfd_settime", "setitimer");
[.event, .time, .cpu, .pid, .tid, .comm, id, .flags, .new.value.sec, .new.value.nsec,
	(.new.interval | ns), ((.old // .current).interval | ns), .ret, .error, .duration_ns,
	(if .ret == null then null else .ret < 0 end), .late_ns, .interval_ns, .armed_by, .signal,
	.result, .after_ns, (if sets then .new_ptr // "0x0" else null end), null]'

# record_all: everything that happens to a few timers, into `recording`, and `full` of it.
record_all() {
	assert_status 0 timersnoop record -o recording -- \
		lives -o truth.json periodic signals timerfds itimers
	assert_status 0 timersnoop report recording -e all --format json
	mv stdout full
	(($(wc -l <full) > 30)) || fail "only $(wc -l <full) events"
}

test_values() {
	record_all
	jq -c "$of_full" full >expected || fail "full JSON"
	assert_status 0 timersnoop report recording -e all --format json --fields "$fields"
	jq -c '[.[]]' stdout >found
	diff expected found >difference || fail "JSON differs: $(head -n 4 difference)"
	assert_eq "$fields" "$(head -n 1 stdout | jq -r 'keys_unsorted | join(",")')" keys
	jq -r 'map(if . == null then "" else tostring end) | join("\t")' expected >rows
	assert_status 0 timersnoop report recording -e all --fields "$fields"
	diff <(tr , '\t' <<<"$fields") <(head -n 1 stdout) || fail "TSV: header"
	diff rows <(tail -n +2 stdout) >difference || fail "TSV differs: $(head -n 4 difference)"
	assert_status 0 timersnoop report recording -e all --fields "$fields" --format csv
	diff <(tr '\t' , <rows) <(tail -n +2 stdout) || fail "CSV differs"
	assert_eq "$fields" "$(head -n 1 stdout)" "CSV: header"
	assert_status 0 timersnoop report recording -e all --fields "$fields" --no-header
	diff rows stdout || fail "without a header it differs"
}

# Without --fields TSV has what CSV has, of events and of lives.
test_tsv() {
	record_all
	local what
	for what in '-e all' --lives; do
		# shellcheck disable=SC2086 # options
		assert_status 0 timersnoop report recording $what --format csv
		mv stdout csv
		# shellcheck disable=SC2086
		assert_status 0 timersnoop report recording $what --format tsv
		diff csv <(tr '\t' , <stdout) || fail "$what: TSV differs from CSV"
	done
}

# shellcheck disable=SC2016 # a name that looks like a substitution
test_odd_names() {
	local found i names=(plain 'two words' 15-characters-x 'quote"s' 'back\slash' $'new\nline'
		$'tab\there' $'\e[31mred' $'del\x7f' $'not\xffutf8' $'c1\xc2\x85x' タイマ
		$'cut \xc3' $'long \xc0\x80' 'a,b;{}'\''$(x)`' ' ' '')
	assert_status 0 timersnoop -e timer_settime --fields comm,new.value.sec -0 -- \
		workload -o truth.json rename 2>stderr
	assert_eq 0 "$(wc -c <stderr)" "bytes of messages"
	mapfile -d '' found <stdout
	assert_eq $((2 * ${#names[@]})) "${#found[@]}" "fields that end with a NUL"
	for i in "${!names[@]}"; do
		assert_eq "${names[i]}" "${found[2 * i]}" "name $i"
	done
	rm truth.json
	assert_status 0 timersnoop -e timer_settime --fields comm --no-header -- \
		workload -o truth.json rename
	printf '%s\n' plain 'two words' 15-characters-x 'quote"s' 'back\\slash' 'new\nline' \
		'tab\there' '\x1b[31mred' 'del\x7f' $'not\xffutf8' $'c1\xc2\x85x' タイマ \
		$'cut \xc3' $'long \xc0\x80' 'a,b;{}'\''$(x)`' ' ' '' >expected
	cmp expected stdout || fail "names in TSV"
}

# where CONDITION: the values that it lets pass, of `workload known`.
where() {
	assert_status 0 timersnoop -e timer_settime --where "$1" --fields value,error --no-header -- \
		workload -o truth.json known
	rm truth.json
}

test_where() {
	where 'value >= 1h'
	assert_eq $'100000000000000\t\n3600000000000\t' "$(<stdout)" "long ones"
	where 'error == EINVAL'
	assert_eq $'3000000000\tEINVAL\n5000000000\tEINVAL' "$(<stdout)" "refused ones"
	where 'comm == workload && interval == 1ms'
	assert_eq '' "$(<stdout)" "expiries"
	where 'comm == "work*" || comm ~ "w*d" && absolute && value > 0s'
	assert_eq $'100000000000000\t' "$(<stdout)" "an instant"
	# What -c counts is shown.
	assert_status 0 timersnoop -c 1 -e timer_settime --where failed --fields ret --no-header -- \
		workload -o truth.json known
	assert_eq -22 "$(<stdout)" "the first that failed"
}

# It chooses what is shown, not what is recorded.
test_where_of_a_recording() {
	assert_status 0 timersnoop record -e timer_settime -o recording --print --fields ret \
		--no-header --where 'failed && comm == workload' -- workload -o truth.json known
	assert_eq $'-22\n-22' "$(<stdout)" "what failed"
	assert_status 0 timersnoop report recording --fields ret --no-header
	assert_eq 7 "$(wc -l <stdout)" "calls that were recorded"
	assert_status 0 timersnoop report recording --where 'ret == -22' --format json
	assert_json stdout 'length == 2 and all(.error == "EINVAL")'
	assert_status 1 timersnoop report recording --where 'comm == nobody'
}

# What the kernel drops is what would not be shown.
test_where_in_the_kernel() {
	local kernel user options=(-v -e timer_settime --fields 'tid,comm,value,ret')
	start_snoop "${options[@]}" --where 'comm == abc && value > 2s' -o kernel 2>stderr-kernel
	kernel=$snoop
	start_snoop "${options[@]}" --where '(comm == abc || lost > 0) && value > 2s' -o user \
		2>stderr-user
	user=$snoop
	assert_match 'the kernel lets pass what is .*comm == "abc"' "$(<stderr-kernel)"
	assert_match '[-]-where is filtered in user space' "$(<stderr-user)"
	assert_match 'comm == "abc"' "$(cat "$tracefs"/instances/timersnoop-"$kernel"-*/events/timersnoop_*/old/filter)"
	ticker thread=2 name=abc tag=5 call=3 tag=1 call=2 name=abcd tag=6 call=2 end \
		thread=1 name=zzz tag=7 call=3 name=abc tag=8 fail=1 end || fail "ticker: $?"
	kill "$kernel" "$user"
	ended 0 "$kernel" stderr-kernel
	ended 0 "$user" stderr-user
	assert_eq 8 "$(wc -l <kernel)" "lines"
	diff kernel user || fail "filtered by the kernel it is something else"
}

test_wrong() {
	assert_status 2 timersnoop --where 'vlaue < 1ms && comm == "app"'
	assert_match "no field 'vlaue'" "$(<stderr)"
	assert_match $'\n  vlaue < 1ms && comm == "app"\n  \^~~~~' "$(<stderr)"
	assert_empty stdout
	assert_status 2 timersnoop report no-such-file --where 'value <'
	assert_status 2 timersnoop --fields pid,valu_ns
	assert_match "value_ns" "$(<stderr)"
	assert_status 2 timersnoop --fields pid,tid,pid
	assert_match "twice" "$(<stderr)"
}

test_help() {
	local words
	timersnoop --format csv -e timer_settime -- true >header
	for words in '--fields help' '--where help' 'record --fields help' 'report --where help'; do
		# shellcheck disable=SC2086 # words
		assert_status 0 timersnoop $words
		assert_empty stderr
		awk '{ print $1 }' stdout >names
		head -n 1 header | tr , '\n' | diff - <(head -n 53 names) || fail "$words: columns"
		assert_match 'value_ns +ns +' "$(<stdout)"
	done
}

run_tests
