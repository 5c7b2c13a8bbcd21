#!/usr/bin/env bash
# timersnoop -e timer_settime -n, -u, -x: which calls match, and names that are hard to show.

# shellcheck source=tests/guest/lib_behaviour.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib_behaviour.sh"

# Calls under each of the names, the tag counting from 1, by threads of one
# process; 3 calls each.
call_as() {
	local name tag=0 words=()
	for name; do
		words+=(thread=1 "name=$name" "tag=$((++tag))" call=3 end)
	done
	ticker "${words[@]}" || fail "ticker: $?"
}

# The records that CPUs have put into the ring buffer of timersnoop PID so far.
records_of() {
	cat "$tracefs"/instances/timersnoop-"$1"-*/per_cpu/cpu*/stats |
		awk '/^(entries|read events|overrun):/ { sum += $NF } END { print sum }'
}

test_names() {
	local kernel user before
	start_snoop -e timer_settime -v -n "abc,a b,it's,a*b" -n 'a\b,fifteen-bytes-x' --format json -o kernel 2>stderr-kernel
	kernel=$snoop
	start_snoop -e timer_settime -v -n 'a"b' -n abc --format json -o user 2>stderr-user
	user=$snoop
	assert_match 'names are filtered in the kernel' "$(<stderr-kernel)"
	assert_match 'names are filtered in user space' "$(<stderr-user)"
	call_as abc abcd ab 'a b' "it's" 'a*b' 'axb' 'a\b' fifteen-bytes-x fifteen-bytes-y 'a"b' ABC
	# A name counts at the time of the call.
	ticker tag=20 name=abc call=2 name=zzz call=2 name=abc call=1
	# What other programs do does not even reach the buffer.
	before=$(records_of "$kernel")
	ticker tag=30 call=300
	(($(records_of "$kernel") - before < 100)) || fail "300 calls of another name were recorded"
	kill "$kernel" "$user"
	ended 0 "$kernel" stderr-kernel
	ended 0 "$user" stderr-user
	assert_counts kernel '{"1":3,"4":3,"5":3,"6":3,"8":3,"9":3,"20":3}'
	assert_counts user '{"1":3,"11":3,"20":3}'
	assert_json kernel 'map(.comm) | unique == ["a b", "a*b", "a\\b", "abc", "fifteen-bytes-x", "it'\''s"]'
	assert_json user 'map(.comm) | unique == ["a\"b", "abc"]'
}

# The user is that of the moment, also of threads and children.
test_users() {
	local name
	local -A pids
	start_ticker tag=1 wait=go call=2 uid=1000 call=3 thread=1 tag=2 call=1 end fork=1 tag=3 call=2 end
	for name in tester root 0,1000; do
		start timersnoop -e timer_settime -u "$name" --format json -o "calls-$name" 2>"stderr-$name"
		pids[$name]=$started
	done
	tracing "${pids[@]}"
	su tester -c 'ticker tag=4 call=2' || fail "su: $?"
	ticker tag=5 call=1
	ticker tag=6 call=1 uid=65534 call=1
	touch go
	wait_for 10 is_gone "$ticker"
	kill "${pids[@]}"
	for name in "${!pids[@]}"; do
		ended 0 "${pids[$name]}" "stderr-$name"
		assert_empty "stderr-$name"
	done
	assert_counts calls-tester '{"1":3,"2":1,"3":2,"4":2}'
	assert_counts calls-root '{"1":2,"5":1,"6":1}'
	assert_counts calls-0,1000 '{"1":5,"2":1,"3":2,"4":2,"5":1,"6":1}'
}

test_failed_and_combinations() {
	local process
	start_ticker tag=1 wait=go call=2 fail=2 \
		thread=1 name=worker tag=2 call=1 fail=3 end \
		fork=1 name=worker tag=3 fail=1 uid=1000 fail=4 end
	process=$ticker
	start timersnoop -e timer_settime -x -p "$process" -n worker --format json -o calls-p-n
	local p_n=$started
	start timersnoop -e timer_settime -x -n worker -u tester --format json -o calls-n-u
	local n_u=$started
	start timersnoop -e timer_settime -x -p "$process" -u tester
	local nothing=$started
	tracing "$p_n" "$n_u" "$nothing"
	touch go
	ended 0 "$p_n"
	ended 1 "$nothing"
	kill "$n_u"
	ended 0 "$n_u"
	assert_counts calls-p-n '{"2":3}'
	assert_json calls-p-n 'all(.error == "EINVAL" and .ret == -22)'
	assert_counts calls-n-u '{"3":4}'
	assert_status 0 timersnoop -e timer_settime -x -n worker --format json -o calls -- \
		ticker tag=1 call=2 fail=1 name=worker call=2 fail=2
	assert_counts calls '{"1":2}'
}

# A name is bytes that a program chose: a terminal, jq and a CSV reader must
# not be fooled by them. One traced process, and every format of it.
test_odd_names() {
	local format snoops=() name words=()
	local names=($'\e[31mred' $'new\nline' $'\xff\xfe' $'q"\\' $'tab\there' 'a,b' $'\x9b2J' ' ' 'ünïcode')
	for name in "${names[@]}"; do
		words+=("name=$name" call=1)
	done
	start_ticker wait=go "${words[@]}" name= call=1
	for format in text json csv; do
		start timersnoop -e timer_settime -p "$ticker" --format "$format" -o "calls-$format"
		snoops+=("$started")
	done
	tracing "${snoops[@]}"
	touch go
	for format in "${snoops[@]}"; do
		ended 0 "$format"
	done

	assert_eq 11 "$(wc -l <calls-text)" "lines of text"
	tr -d '\n -~' <calls-text >raw
	assert_empty raw
	assert_match '\\033\[31mred' "$(<calls-text)"
	assert_match 'new\\012line' "$(<calls-text)"
	assert_match '\\377\\376' "$(<calls-text)"

	jq -c .comm calls-json >comms || fail "JSON is not valid"
	printf '%s\n' '"\u001b[31mred"' '"new\nline"' '"ÿþ"' '"q\"\\"' '"tab\there"' '"a,b"' \
		'"\u009b2J"' '" "' '"ünïcode"' '""' | jq -c . >expected
	diff expected comms || fail "names in JSON"

	# RFC 4180: 53 fields a row, whatever is in the names.
	jq -R -s -c '[scan("(\"(?:[^\"]|\"\")*\"|[^,\"\n]*)[,\n]")[0]]' calls-csv >fields
	assert_eq "$((53 * 11))" "$(jq length fields)" "fields of CSV"
	jq -c 'range(0; length; 53) as $row | .[$row + 6]
		| if startswith("\"") then .[1:-1] | gsub("\"\""; "\"") else . end' fields >csv-comms
	# As bytes; what is not UTF-8 jq replaces in both.
	for name in comm "${names[@]}" ''; do
		printf %s "$name" | jq -R -s -c .
	done >csv-expected
	diff csv-expected csv-comms || fail "names in CSV"
}

run_tests
