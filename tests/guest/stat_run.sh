#!/usr/bin/env bash
# How `timersnoop stat` runs: expectations and their status, --until, tables as
# time goes by, --live, which rows, and where the output goes.

# shellcheck source=tests/guest/lib_behaviour.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib_behaviour.sh"

# A recording of troubles that are always the same, for what needs no live trace.
kept=/tmp/stat_run

keep() {
	if [[ ! -e $kept ]]; then
		assert_status 0 timersnoop record -o recording -- \
			troubles -o account rearm-storm signal-ignored calls-fail zero-value leak past
		mkdir "$kept.new"
		mv recording account "$kept.new"
		mv "$kept.new" "$kept"
	fi
	recording=$kept/recording
}

# start_troubles WHAT...: waiting for a line on descriptor 8; its pid in $started.
start_troubles() {
	mkfifo go
	exec 8<>go
	start troubles -o account wait "$@" <go >said
	wait_for 20 grep -q ready said
}

test_expect() {
	assert_status 5 timersnoop stat --format json --expect 'arms == 120' --expect 'expiries > 2' \
		--expect 'arms < 1/s && failed == 0' --expect 'late.p99 < 1ms' -- troubles -o account rearm-storm
	assert_json stdout 'map(select(.event == "expectation") | [.expect, .holds, .why == null]) == [
		["arms == 120", true, true], ["expiries > 2", false, false],
		["arms < 1/s && failed == 0", false, false], ["late.p99 < 1ms", false, false]]'
	assert_eq 3 "$(grep -c '^timersnoop: expected ' stderr)" "sentences"
	assert_match "timersnoop: expected 'expiries > 2': expiries is 0, " "$(<stderr)"
	assert_match "timersnoop: expected 'arms < 1/s && failed == 0': arms is [0-9.]+/s, [0-9.]+/s above 1/s" \
		"$(<stderr)"
	assert_match "timersnoop: expected 'late.p99 < 1ms': .*late.* not known" "$(<stderr)"
	assert_no_match 'failed is' "$(<stderr)"
}

# By itself, and beside findings and COMMAND's own failure.
test_expect_status() {
	keep
	assert_status 0 timersnoop stat -i "$recording" -q --expect 'arms >= 120 && failed == 7'
	assert_status 5 timersnoop stat -i "$recording" -q --expect 'arms < 120'
	assert_empty stdout
	assert_empty stderr
	assert_status 5 timersnoop stat -i "$recording" --expect 'failed == 7' --fail-on leak
	assert_match '^timersnoop: found leak: troubles \([0-9]+\), 12 timers: 12 timers were' "$(<stderr)"
	assert_status 0 timersnoop stat -i "$recording" --expect 'failed == 7' --fail-on overrun
	assert_empty stderr
	assert_status 5 timersnoop stat -i "$recording" --expect 'failed == 6'
	assert_eq "timersnoop: expected 'failed == 6': failed is 7, 1 above 6" "$(<stderr)" sentence
	# all there is, also when few rows are shown
	assert_status 0 timersnoop stat -i "$recording" --top 1 --where 'comm == "nobody"' --expect 'failed == 7'
	assert_status 3 timersnoop stat -q --expect 'arms > 5000' -- sh -c 'troubles -o account zero-value; exit 3'
	assert_empty stdout
}

# An expression that cannot be read, and other wrong usage: nothing is traced.
test_wrong() {
	local expression option
	for expression in 'expiries >' 'nothing == 1' 'arms < 1ms' 'late.p99 < 5' '(arms == 1' '' 'arms' 'comm < 3'; do
		for option in --expect --until --where; do
			assert_status 2 timersnoop stat "$option" "$expression" -- touch ran
			assert_match "$option" "$(<stderr)"
			assert_empty stdout
		done
	done
	assert_status 2 timersnoop stat --expect 'expirie == 1' -- touch ran
	assert_match "expiries'\\?" "$(<stderr)" "what was meant"
	for option in --by=colour --sort=nothing --hist=arms --fail-on=nobody --limit=late --limit=late=never \
		--limit=leak=1ms --top=-1 --interval=0 -c3 --interval=1s\ -c0; do
		# shellcheck disable=SC2086 # some are two
		assert_status 2 timersnoop stat $option -- touch ran
		assert_match '^timersnoop: ' "$(<stderr)"
	done
	! is_there ran || fail "COMMAND ran"
}

# It ends as soon as that holds, while the process goes on.
test_until() {
	start_troubles clean clean
	local troubles=$started
	start_snoop stat -q -p "$troubles" --until 'expiries >= 1' >quiet 2>&1
	echo >&8
	ended 0 "$snoop"
	assert_empty quiet
	kill -0 "$troubles" || fail "it lasted until the process had ended"
	# COMMAND is asked to end, as by -d; and one that never holds lasts as long as COMMAND
	assert_status 0 timersnoop stat --format json --until 'calls >= 3' -- ticker ignore=1 every=5 call=0
	assert_json stdout 'map(select(.event == "total").calls) | length == 1 and all(. >= 3 and . < 40)'
	assert_status 4 timersnoop stat -q --until 'arms > 100000' -- ticker call=3 exit=4
	kill "$troubles" 2>/dev/null || :
}

# Each table has what happened since the one before: together it is all that did.
test_interval() {
	assert_status 0 timersnoop stat --interval 400ms --format json -- troubles -o account clean
	# shellcheck disable=SC2016 # jq's variables
	jq -n -r --slurpfile own account --slurpfile rows stdout '
		($rows | map(select(.event == "total"))) as $tables
		| (select($tables | length < 4) | "\($tables | length) tables"),
		(["created", "deleted", "calls", "failed", "arms", "disarms", "one_shot", "periodic", "absolute",
			"replaced", "gettimes", "getoverruns", "signals_taken", "expiries"][]
		| . as $k | ($own | map(.[$k]) | add) as $all | ($own | map(._more) | add) as $more
		| ($tables | map(.[$k]) | add) as $sum
		| ($rows | map(select(.event == "stat")[$k]) | add) as $of_rows
		| select($sum < $all or $sum > $all + (if $k == "expiries" then $more else 0 end) or $sum != $of_rows)
		| "\($k): \($sum) in all tables, \($of_rows) in their rows, \($all) in the account"),
		($tables[:-1][] | select(.span_ns != 4e8) | "a table of \(.span_ns) ns"),
		(range($tables | length - 2) as $i | $tables[$i + 1].mono_ns - $tables[$i].mono_ns
		| select(. != 4e8) | "tables \(.) ns apart")' >differences 2>&1
	[[ ! -s differences ]] || fail "the tables are not what the program did
$(head -n 20 differences)"
}

# A table is due also when nothing happens; so many of them end it.
test_quiet_tables() {
	local from=${EPOCHREALTIME/./} took
	assert_status 1 timersnoop stat -n nobody --interval 200ms -c 4 --format json
	took=$((${EPOCHREALTIME/./} - from))
	assert_json stdout 'map(select(.event == "total")) | length == 4 and all(.calls == 0 and .timers == 0
		and .span_ns == 2e8) and [.[1:][].mono_ns] == [.[:-1][].mono_ns + 2e8]'
	((took > 800000)) || fail "4 tables in $took us"
	assert_status 1 timersnoop stat -n nobody --interval 200ms -d 500ms
	assert_eq 3 "$(grep -cE '^[0-9TZ:.-]+ +[0-9.]+ms: 0 calls, 0 expiries, 0 timers$' stdout)" \
		"lines of text"
}

# One that goes on is told while it does.
test_followed() {
	local line
	mkfifo tables
	exec 6<>tables
	start_ticker every=20 call=0
	start_snoop stat -p "$ticker" --interval 300ms --format json >tables
	read -r -t 20 -u 6 line || fail "no row"
	assert_eq "$ticker" "$(jq .pid <<<"$line")" pid
	kill -0 "$snoop" || fail "it has ended"
	kill -INT "$snoop"
	ended 0 "$snoop"
	exec 6>&-
}

test_live() {
	local clears
	assert_status 0 onpty timersnoop stat --live --interval 200ms -d 1s -- ticker every=20 call=0
	clears=$(grep -c $'\033\[H\033\[J' stdout)
	((clears >= 4)) || fail "drawn $clears times"
	assert_match 'ticker +0 +[0-9]+ ' "$(<stdout)"
	assert_match 'PID COMM' "$(<stdout)"
	# the table before is gone when the next is drawn: no row twice in one of them
	awk -v RS='\033\\[H\033\\[J' '{ n = gsub(/ ticker /, "&"); if (n > 1) exit 1 }' stdout ||
		fail "rows twice in one table"
	assert_status 2 timersnoop stat --live -- touch ran
	assert_match 'needs a terminal' "$(<stderr)"
	assert_status 2 timersnoop stat --live --format json -- touch ran
	assert_status 2 timersnoop stat --live -q -- touch ran
	! is_there ran || fail "COMMAND ran"
}

# rows JQ-EXPRESSION OPTION...: of the recording's rows, in their order.
rows() {
	local expression=$1
	shift
	assert_status 0 timersnoop stat -i "$recording" --format json "$@"
	assert_json stdout "map(select(.event == \"stat\")) | $expression"
}

test_rows() {
	keep
	rows 'length > 15 and (map(-.calls - .expiries) | . == sort)'
	rows 'length == 3 and .[0].arms == 120 and (map(-.calls) | . == sort)' --top 3 --sort calls
	rows 'map(.calls) | . == sort' --sort +calls
	rows 'map(-.calls) | . == sort' --sort -calls
	# shellcheck disable=SC2016 # jq's variable
	rows '(map(select(.late_ns)) | length) as $n | $n > 0 and (.[:$n] | all(.late_ns))
		and (map(select(.late_ns) | -.late_ns.max) | . == sort)' --sort late_ns_max
	rows 'map(.timer // "~") | . == sort' --sort timer
	rows 'length > 15' --top 0
	rows 'length == 1 and .[0].replaced == 120' --where 'replaced >= 120'
	rows 'length == 4 and all(.family == "timerfd" and .deleted == 0)' --where 'family == "timerfd" && created == 1'
	rows 'length == 2 and all(.timer == null)' --where 'failed > 0 && timers == 0'
	rows 'length == 0' --where 'comm == "nobody"'
	# the total is of all
	assert_json stdout 'map(select(.event == "total").failed) == [7]'
	assert_status 0 timersnoop stat -i "$recording" --top 2
	assert_match 'and [0-9]+ more rows: --top 0 shows all' "$(<stdout)"
	assert_status 0 timersnoop stat -i "$recording" --fields pid,timer,arms --top 1
	assert_eq "$(jq -r -s 'map(select(.arms == 120))[0] | [.pid, .timer, .arms] | @tsv' "$kept/account")" \
		"$(grep -v '^pid' stdout)" "chosen columns"
}

# What must be the same whenever it runs is the same live.
test_same() {
	keep
	assert_status 0 timersnoop stat --by timer --format json -- \
		troubles -o account rearm-storm signal-ignored calls-fail zero-value leak past
	# shellcheck disable=SC2016 # jq's variable
	local same='select(.event == "stat" or .event == "total") | [.event, .comm, .timer, .family, .clock, .signal,
		.timers, .created, .deleted, .calls, .failed, .errors, .arms, .disarms, .one_shot, .periodic,
		.absolute, .replaced, .expiries, .overruns, .signals_sent, .signals_taken, .signals_ignored,
		.value_ns, .interval_ns]'
	jq -c "$same" stdout | sort >live
	timersnoop stat -i "$recording" --format json | jq -c "$same" | sort >recorded
	diff -U 0 recorded live || fail "a recording of the same has other figures"
}

# A process that was there before, and nobody at all.
test_running() {
	start_ticker tell=told every=10 call=0
	wait_for 20 is_there told
	start_snoop stat -p "$ticker" >shown 2>said
	sleep 0.5
	kill -INT "$snoop"
	ended 0 "$snoop" said shown
	assert_empty said
	assert_match '^[0-9.]+m?s: [0-9]+ calls, 0 expiries, 1 timer
 *PID +COMM +TIMER .*
 *'"$ticker"' ticker +0 ' "$(<shown)"
	assert_status 1 timersnoop stat -p "$ticker" -n nobody -d 200ms --format json
	assert_json stdout 'map(select(.event == "stat")) == []'
	assert_status 2 timersnoop stat -p 4194000
}

test_output() {
	start_ticker every=10 call=0
	# whoever reads it goes away
	timersnoop stat -p "$ticker" --interval 100ms 2>stderr | head -n 1 >line
	assert_eq 0 "${PIPESTATUS[0]}" "status of one whose reader went away"
	assert_match '^[0-9:. -]*[0-9.]+ms: [0-9]+ call' "$(<line)"
	assert_empty stderr
	assert_status 0 timersnoop stat -p "$ticker" -d 300ms -o shown
	assert_empty stdout
	assert_match "^ *$ticker ticker " "$(grep ticker shown)"
	assert_status 125 timersnoop stat -p "$ticker" -d 300ms -o /dev/full
	assert_match 'cannot write /dev/full.*: No space left on device' "$(<stderr)"
	assert_status 125 timersnoop stat -p "$ticker" -d 300ms -o /nowhere/shown
}

run_tests
