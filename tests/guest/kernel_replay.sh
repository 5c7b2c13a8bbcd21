#!/usr/bin/env bash
# timersnoop kernel -i FILE: a recording of a busy machine, shown again in every way;
# lines of events, and the figures that these make. jq takes long to begin, and longer
# with many events: each of the tests has few of both.

# shellcheck source=tests/guest/lib_kernel_load.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib_kernel_load.sh"

test_same_bytes() {
	local one
	keep_load
	for one in first second; do
		shown --callers --wakeups --by callback,process,cpu --top 0 --hist timeout,late,run -w
		mv stdout "$one"
		shown -e all --callers --wakeups -w --time mono
		cat stdout >>"$one"
	done
	cmp first second || fail "the second time it is something else"
	assert_status "$load_status" timersnoop kernel -i - -e all --callers --wakeups -w --time mono <"$recording"
	cmp <(tail -n "$(wc -l <stdout)" first) stdout || fail "read from a pipe it is something else"
}

test_balance() {
	keep_load
	balanced_by comm cpu caller module mechanism module,comm,caller,mechanism callback,timer
}

# The events of the same recording, counted, are the figures of each callback.
test_recounted() {
	keep_load
	shown --top 0 --format tsv --no-header \
		--fields mechanism,callback,started,cancelled,fired,replaced,immediate,rearmed,from_interrupt,migrations
	grep -E '^(timer_list|hrtimer)' stdout | tr '\t' ' ' | sort >rows
	shown -e start,cancel,expire --no-header \
		--fields event,mechanism,callback,replaces,immediate,rearmed,from_interrupt,migrated
	awk -F '\t' '
		{ key = $2 " " $3; keys[key] = 1; split($1, word, "_"); what = word[2]; n[key, what]++ }
		what == "expire" { n[key, "immediate"] += $5 == "true"; n[key, "migrated"] += $8 == "true" }
		what == "start" {
			n[key, "replaced"] += $4 == "true"; n[key, "rearmed"] += $6 == "true"; n[key, "interrupt"] += $7 == "true"
		}
		END {
			for (key in keys)
				print key, n[key, "start"] + 0, n[key, "cancel"] + 0, n[key, "expire"] + 0, n[key, "replaced"] + 0,
					n[key, "immediate"] + 0, n[key, "rearmed"] + 0, n[key, "interrupt"] + 0, n[key, "migrated"] + 0
		}' stdout | sort >counted
	# The scheduler arms this one in timersnoop's name, too: what that replaces, and what
	# replaces that, is seen by one of them alone.
	sed -i 's/^\(hrtimer hrtick [0-9]* [0-9]* [0-9]*\) [0-9]*/\1 -/' rows counted
	diff -U 0 rows counted >differences || fail "the events make other figures
$(<differences)"
	(($(wc -l <rows) >= 8)) || fail "there are only few callbacks"
}

# Each format has the same events; text has those columns that every event has.
test_formats() {
	local format fields=event,cpu,pid,comm,callback,mono_ns,timer,late_ns,deferrable
	keep_load
	for format in csv tsv json; do
		shown -e all --callers --wakeups --fields "$fields" --format "$format" --where 'cpu == 1'
		mv stdout "$format"
	done
	shown -e all --callers --wakeups --where 'cpu == 1' --time mono
	mv stdout text
	assert_eq "$fields" "$(head -n 1 csv)" "header of CSV"
	assert_eq "${fields//,/$'\t'}" "$(head -n 1 tsv)" "header of TSV"
	# nothing in them has to be quoted
	tr , '\t' <csv | cmp - tsv || fail "CSV and TSV differ"
	jq -r '[.event, .cpu, .pid, .comm, .callback, .mono_ns, .timer, .late_ns, .deferrable]
		| map(if . == null then "" else tostring end) | join("\t")' json | cmp - <(tail -n +2 tsv) ||
		fail "JSON and TSV differ"
	# event, CPU, PID, COMM and CALLBACK
	awk -F '\t' 'NR > 1 { for (i = 1; i <= 5; i++) gsub(/^$/, "-", $i); print $2, $3, $4, $1, $5 }' OFS=' ' tsv >of-tsv
	awk 'NR > 1 { print $2, $3, $4, $5, $6 }' text | diff - of-tsv >differences ||
		fail "text and TSV differ
$(head -n 10 differences)"
	assert_eq TIME "$(head -n 1 text | cut -d' ' -f1)"
	(($(wc -l <text) > 500)) || fail "only $(wc -l <text) lines"
	awk 'NR > 1 && NF != 7 { print; bad = 1 } END { exit bad }' text || fail "a line has other than seven words"
}

# -e, -c, --where, -0 and --no-header choose of the same lines.
test_chosen() {
	keep_load
	shown -e all --wakeups --fields event,mechanism,mono_ns,callback --no-header
	mv stdout all
	chosen() {
		local pattern=$1
		shift
		shown --wakeups --fields event,mechanism,mono_ns,callback --no-header "$@"
		grep -E "${pattern//T/$'\t'}" all | diff -U 0 - stdout >difference || fail "not as expected: $*
$(head -n 5 difference)"
		[[ -s stdout ]] || fail "nothing: $*"
	}
	chosen '^timer_' -e timer_list
	chosen '^hrtimer_' -e hrtimer
	chosen '^(hr)?timer_start' -e start
	chosen '^(hr)?timer_cancel' -e cancel
	chosen '^(hr)?timer_expire' -e expire
	chosen '^(tick_stop|base_idle|cpu_idle|wakeup)' -e idle
	chosen '^(timer_init|wakeup)' -e wakeup,timer_init
	chosen 'Tposix_timer_fn$' -e all --where 'callback == "posix_timer_fn"'
	chosen '^wakeupThrtimerT.*_wakeup$' -e wakeup --where 'waker == "timer" && callback == "hrtimer_wakeup"'
	shown -e all --wakeups -c 7 --fields event,mechanism,mono_ns,callback --no-header
	head -n 7 all | cmp - stdout || fail "-c 7 has other events"
	shown -e all --wakeups -c 7 --fields event,mono_ns -0 --no-header
	head -n 7 all | awk -F '\t' '{ printf "%s%c%s%c", $1, 0, $3, 0 }' | cmp - stdout || fail "-0 has something else"
	assert_status $((load_status ? load_status : 1)) timersnoop kernel -i "$recording" -e all --where 'callback == "nobody"'
	assert_status 2 timersnoop kernel -i "$recording" -e settime
	assert_match 'timersnoop trace -e settime' "$(<stderr)"
}

# Tables of intervals: what they have together is the whole; each time begins where the
# one before has ended, with what was pending then.
test_intervals() {
	keep_load
	shown --top 0 --format json
	mv stdout whole
	shown --top 0 --format json --interval 300ms
	assert_balanced stdout
	# shellcheck disable=SC2016 # jq's variables
	rows_say stdout '
		def amounts: ["started", "replaced", "cancelled", "fired", "unknown", "rearmed", "immediate",
			"from_interrupt", "deferrable", "pinned", "irqsafe", "absolute", "soft", "migrations"];
		($whole | totals[0]) as $all
		| (select(totals | length < 4) | "\(totals | length) tables"),
		(amounts[] as $k | (totals | sum($k)) as $sum | select($sum != $all[$k])
			| "\($k): \($sum) in all tables, \($all[$k]) in the whole"),
		($whole | rows[]) as $row
		| (rows | map(select(.callback == $row.callback and .mechanism == $row.mechanism))) as $parts
		| amounts[] as $k | ($parts | sum($k)) | select(. != $row[$k])
		| "\($row.callback): \($k) is \(.) in all tables, \($row[$k]) in the whole"' --slurpfile whole whole
	# one after the other, the last one as long as it is
	jq -r 'select(.event == "total") | "\(.span_ns) \(.mono_ns)"' stdout | head -n -1 |
		awk '$1 != 3e8 || (NR > 1 && $2 - before != $1) { print } { before = $2 }' >differences
	assert_empty differences
}

# Histograms have each of what the figures tell, in the same bounds.
test_histograms() {
	keep_load
	shown --top 0 --format json --hist timeout,late,run --by callback
	# shellcheck disable=SC2016 # jq's variables
	rows_say stdout '
		def ns: {timeout: "timeout_ns", late: "late_ns", run: "run_ns"};
		rows[] as $row | map(select(.event == "hist" and .callback == $row.callback and .mechanism == $row.mechanism))
		| (select(map(.hist) != ["timeout", "late", "run"]) | "\($row.callback): histograms \(map(.hist))"),
		(.[] | . as $h | $row[ns[.hist]] as $spread
			| (select(.total != ([.buckets[].count] | add // 0)) | "\($row.callback) \(.hist): \(.total) in all"),
			(select($spread == null and .total > 0 or $spread != null and .total == 0) | "\($row.callback): \(.hist) of \(.total)"),
			(select($spread != null and (.buckets[-1].to < $spread.max or .buckets[-1].to / 2 > ([$spread.max, 1] | max)))
				| "\($row.callback): \(.hist) ends at \(.buckets[-1].to), the greatest is \($spread.max)"),
			(select(.hist == "late" and .total > $row.fired or .hist == "timeout" and .total > $row.started
				or .hist == "run" and .total > $row.fired) | "\($row.callback): \(.total) of \(.hist)"))'
}

run_tests
