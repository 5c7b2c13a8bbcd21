#!/usr/bin/env bash
# Every number of `timersnoop stat`: against each event of the same run, computed
# anew, and against what the program knows of itself. See programs/lives.c and
# programs/troubles.c.

# shellcheck source=tests/guest/lib_lives.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib_lives.sh"

# From events and lives -> what the row of each timer must say: counts, and every
# duration. Calls that are of no known timer have a row for each family. What a
# timer had replaced and overrun is taken from its lives, which have tests of
# their own (lives_*).
# shellcheck disable=SC2016 # jq's variables
read -r -d '' stat_expected <<'JQ' || :
def itimer: {"ITIMER_REAL": "real", "ITIMER_VIRTUAL": "virtual", "ITIMER_PROF": "prof"}[.];
def timer:
  if .timer_id != null then "\(.timer_id)"
  elif .fd != null then "fd\(.fd)"
  elif .which then .which | tostring | itimer
  else null end;
def family: if .family then .family
  elif .event | startswith("timerfd") then "timerfd"
  elif .event | test("itimer|alarm") then "itimer"
  else "posix" end;
def is_call: has("ret");
def succeeded: .ret >= 0;
def is_set: .event | IN("timer_settime", "timerfd_settime", "setitimer", "alarm");
def ns: .sec * 1e9 + .nsec;
def value: if .event == "alarm" then .seconds * 1e9 elif .new then .new.value | ns else 0 end;
def interval: if .new then .new.interval | ns else 0 end;
def arms: is_call and succeeded and is_set and value > 0;
def absolute: (.flags // 0) % 2 == 1;
def count(f): map(select(f)) | length;
def sum(f): map(f) | add // 0;
def with_errors: map(select(is_call and (succeeded | not)).error)
  | reduce .[] as $e ([]; if any(.[]; .[0] == $e) then map(if .[0] == $e then .[1] += 1 else . end)
      else . + [[$e, 1]] end);

# Time between expiries of one periodic arm, by period; null: nobody knows.
def observed:
  map(select(.event | endswith("_expire"))) as $e
  | if any($e[]; .asked_ns == null) then null
    else [range(($e | length) - 1) as $i | $e[$i] as $a | $e[$i + 1] as $b
      | select($b.armed_by == "kernel")
      | ($b.mono_ns - $a.mono_ns) / ([1, (($b.asked_ns - $a.asked_ns) / $b.interval_ns | round)] | max)
      | floor] end;

# Was it armed for an instant that had gone by? That is not lateness.
def for_the_past($arms): . as $e
  | .armed_by == "user" and ([$arms[] | select(.mono_ns <= $e.mono_ns)] | last
    | . != null and $e.mono_ns - $e.late_ns < .mono_ns);

# The events and lives of one row.
def row($lives):
  { calls: count(is_call), failed: count(is_call and (succeeded | not)), errors: with_errors,
    arms: count(arms), disarms: count(is_call and succeeded and is_set and value == 0),
    one_shot: count(arms and interval == 0), periodic: count(arms and interval > 0),
    absolute: count(arms and absolute),
    created: count((.event | endswith("_create")) and succeeded),
    gettimes: count((.event | test("gettime$|getitimer$")) and succeeded),
    getoverruns: count(.event == "timer_getoverrun" and succeeded),
    expiries: count(.event | endswith("_expire")),
    rearmed: count((.event | endswith("_expire")) and .armed_by == "kernel"),
    signals_sent: count(.event == "signal_generate"),
    signals_pending: count(.event == "signal_generate" and .result == "pending"),
    signals_lost: count(.event == "signal_generate" and .result == "lost"),
    signals_ignored: count(.result == "ignored" or .result == "dropped"),
    signals_taken: count(.event == "signal_deliver" and .result != "dropped"),
    timers: ($lives | length), replaced: ($lives | sum(.replaced)), overruns: ($lives | sum(.overruns)),
    deleted: ($lives | count(.end == "deleted" or .end == "closed")),
    value: map(select(arms and (absolute | not)) | value),
    interval: map(select(arms and interval > 0) | interval),
    late: (map(select(arms)) as $arms
      | map(select((.event | endswith("_expire")) and .late_ns != null)
        | select(for_the_past($arms) | not) | .late_ns)),
    signal: map(select(.event == "signal_deliver") | .after_ns | select(. != null)),
    duration: map(select(is_call) | .duration_ns | select(. != null)),
    observed: observed };

# Which life is it of? A call belongs to one if it began within it.
def life_of($lives): . as $e
  | first($lives[] | select(.pid == $e.pid and timer == ($e | timer)
      and .born_ns <= $e.mono_ns and (.end_ns == null or $e.mono_ns <= .end_ns
        or ($e | is_call | not)))) // null;

def expected:
  map(select(.event == "life")) as $lives
  | map(select(.event != "life") | . as $e
      | . + {_life: (if timer then life_of($lives) else null end)}
      | . + {_key: (if ._life then "\(.pid) \(timer)"
          elif is_call then "\(.pid) \(family) calls" else "\(.pid) \(timer)" end)})
  | group_by(._key)
  | map((map(select(._life)._life) | unique) as $of
      | sort_by(._at) | row($of) + { key: .[0]._key, pid: .[0].pid,
          comm: (if $of == [] then .[-1].comm else $of[-1].comm end),
          clock: ($of[-1].clock // null),
          sends: (if $of == [] then null else $of[-1] | if .family == "timerfd" then "none"
            elif .family == "itimer" then {real: "SIGALRM", virtual: "SIGVTALRM", prof: "SIGPROF"}[timer]
            else if .sigevent == null then null else .sigevent.signal // "none" end end end) });
JQ

# Rows of `stat` against these.
# shellcheck disable=SC2016 # jq's variables
read -r -d '' stat_compare <<'JQ' || :
def counts: ["calls", "failed", "arms", "disarms", "one_shot", "periodic", "absolute", "created",
  "gettimes", "getoverruns", "expiries", "rearmed", "signals_sent", "signals_pending", "signals_lost",
  "signals_ignored", "signals_taken", "timers", "replaced", "overruns", "deleted"];
def lists: {value: "value_ns", interval: "interval_ns", late: "late_ns", signal: "signal_latency_ns",
  duration: "duration_ns", observed: "observed_interval_ns"};

def merged: # rows of one group
  . as $rows
  | reduce counts[] as $c ({}; . + {($c): ($rows | map(.[$c]) | add)})
  | . + {errors: (reduce ($rows[].errors[]) as $e ({}; .[$e[0]] += $e[1]))}
  | reduce (lists | keys[]) as $l (.; . + {($l):
      (if any($rows[]; .[$l] == null) then null else $rows | map(.[$l]) | add end)});

# The least value that so many thousandths do not exceed.
def quantile($permille): sort | .[((length * $permille / 1000) | ceil) - 1];
def near($exact): (. - $exact | fabs) <= ($exact | fabs) / 64 + 1;
def spread_problems($name; $values):
  .[$name] as $s
  | if $values == null then empty
    elif $values == [] then select($s != null) | "\($name) without any"
    elif $s == null then "no \($name)"
    else
      (select(($name == "observed_interval_ns" and (($s.min - ($values | min) | fabs) > 1
           or ($s.max - ($values | max) | fabs) > 1))
         or ($name != "observed_interval_ns" and [$s.min, $s.max] != ($values | [min, max])))
       | "\($name) is from \($s.min) to \($s.max) instead of \($values | [min, max])"),
      ((["median", 500], ["p99", 990]) as [$q, $permille] | ($values | quantile($permille)) as $exact
       | select($s[$q] | near($exact) | not) | "\($name).\($q) is \($s[$q]) instead of \($exact)")
    end;
def row_problems($e):
  . as $row
  | (counts[] as $c | select($row[$c] != $e[$c]) | "\($c) is \($row[$c]) instead of \($e[$c])"),
    ((.errors // "" | split("|") | map(split(":") | {key: .[0], value: (.[1] | tonumber)}) | from_entries)
      as $errors | select($errors != $e.errors) | "errors are \(.errors), not \($e.errors | tojson)"),
    (lists | to_entries[] as {key: $l, value: $name} | $row | spread_problems($name; $e[$l])),
    (($e.calls + $e.expiries) / (.span_ns / 1e9)) as $rate
    | ., (select((.rate - $rate | fabs) > $rate / 1000) | "rate is \(.rate) instead of \($rate)")
    | strings;

# What the group of a row is called; $by as in --by. A process that executes another
# program goes on as another row.
def group_of($by): if $by == "timer" then .key
  elif $by == "process" then "\(.pid) \(.comm)"
  elif $by == "signal" then "\(.sends)"
  elif $by == "clock" then "\(.clock)"
  else "all" end;
def name_of($by): if $by == "timer" then
    "\(.pid) \(.timer // "\(.family) calls")"
  elif $by == "process" then "\(.pid) \(.comm)"
  elif $by == "signal" then "\(.signal)"
  elif $by == "clock" then "\(.clock)"
  else "all" end;

# Row n of a histogram is for what is above 2^(n-1) and up to 2^n.
def bucket: . as $ns | if $ns <= 1 then 1 else 1 | until(. >= $ns; . * 2) end;
def hist_problems($h; $values):
  ($values | map({key: (bucket | tostring), value: 1}) | group_by(.key)
    | map({key: .[0].key, value: length}) | from_entries) as $expected
  | ($h.buckets | map({key: (.to | tostring), value: .count}) | from_entries) as $seen
  | select($seen != $expected or $h.total != ($values | length) or $h.unit != "ns"
      or any($h.buckets[]; .to > 1 and .from != .to / 2 + 1)
      or any($h.buckets[]; .to == 1 and .from != null)
      or ([$h.buckets[].to] | . != sort))
  | "histogram of \($h.hist) is \($h | tojson) instead of \($expected | tojson)";

def problems($rows; $by):
  . as $expected
  | ($rows | map(select(.event == "stat"))) as $stats
  | ($rows | map(select(.event == "hist"))) as $hists
  | ($expected | group_by(group_of($by)) | map({key: .[0] | group_of($by), value: merged}) | from_entries)
      as $groups
  | ($stats | map({key: name_of($by), value: .}) | from_entries) as $seen
  | (select(($stats | length) != ($groups | length))
      | "\($stats | length) rows instead of \($groups | length)"),
    ($groups | keys[] as $g | if $seen[$g] then $seen[$g] | [row_problems($groups[$g])]
        | select(length > 0) | "\($by) \($g): \(join("; "))"
      else "there is no row for \($by) \($g)" end),
    ($rows[] | select(.event == "total") | [row_problems($expected | merged)] | select(length > 0)
      | "total: \(join("; "))"),
    # all have those that were asked for, in the order of their rows
    (select(($hists | length) != 5 * ($stats | length)) | "\($hists | length) histograms"),
    (range($hists | length) as $i | $stats[$i / 5 | floor] as $row | $hists[$i]
      | ($groups[$row | name_of($by)] // {})[.hist] as $values
      | select($values != null)
      | ([.pid, .comm, .timer] as $of | select($of != ($row | [.pid, .comm, .timer]))
          | "a histogram is of \($of | tojson) instead of \($row | [.pid, .comm, .timer] | tojson)"),
        (hist_problems(.; $values) | "\($row | name_of($by)): \(.)"));
JQ

all_histograms=value,interval,late,signal,duration

# One recording; the tests ask different things of it.
kept=/tmp/stat_figures

keep() {
	local tries=3
	if [[ ! -e $kept ]]; then
		mkdir "$kept.new"
		while :; do
			rm -f truth.json
			assert_status 0 timersnoop record -o recording -- sh -c '
				lives -o truth.json periodic hurried ignored signals threads clocks timerfds \
					itimers endings &&
				troubles -o truth.json past overrun signal-ignored calls-fail bad-value too-short leak'
			run timersnoop report recording -e all --lives --format json
			mv stdout ours.json
			if ! skipped_probes stderr || ((--tries == 0)); then
				break
			fi
		done
		mv recording "$kept.new"
		jq -c -s "$stat_expected"'to_entries | map(.value + {_at: .key}) | expected' ours.json \
			>"$kept.new/expected.json" || fail "jq could not compute"
		mv "$kept.new" "$kept"
	fi
	recording=$kept/recording
}

# shellcheck disable=SC2016 # jq's variables
agree_by() {
	keep
	assert_status 0 timersnoop stat -i "$recording" --by "$1" --hist "$all_histograms" --format json
	jq -r --slurpfile rows stdout --arg by "$1" "$stat_compare"'problems($rows; $by)' \
		"$kept/expected.json" >differences 2>&1 || fail "jq could not compare
$(head -c 2000 differences)"
	[[ ! -s differences ]] || fail "the figures by $1 are not those of the events
$(head -n 30 differences | cut -c 1-1200)"
}

test_by_timer() {
	agree_by timer
}

test_by_process() {
	agree_by process
}

test_by_comm() {
	keep
	assert_status 0 timersnoop stat -i "$recording" --by comm --format json
	# every name once; what they have together is the total
	# shellcheck disable=SC2016 # jq's variables
	assert_json stdout 'map(select(.event == "stat")) as $rows | map(select(.event == "total"))[0] as $total
		| ($rows | map(.comm) | . == unique or (sort == unique)) and ($rows | all(.pid == null or .timers >= 0))
		and (["calls", "failed", "arms", "disarms", "one_shot", "periodic", "absolute", "replaced", "created",
			"deleted", "gettimes", "getoverruns", "expiries", "rearmed", "overruns", "signals_sent",
			"signals_taken", "signals_ignored", "signals_pending", "timers"]
			| all(. as $c | ($rows | map(.[$c]) | add) == $total[$c]))
		and ($rows | map(.comm) | contains(["troubles"]))'
}

test_by_signal() {
	agree_by signal
}

test_by_clock() {
	agree_by clock
}

# Without --by there is one histogram of each, of everything.
test_histograms_of_all() {
	keep
	assert_status 0 timersnoop stat -i "$recording" --hist "$all_histograms" --format json
	# shellcheck disable=SC2016 # jq's variables
	jq -r --slurpfile rows stdout "$stat_compare"'merged as $all
		| [$rows[] | select(.event == "hist")] as $hists
		| (select(($hists | map(.hist)) != ["value", "interval", "late", "signal", "duration"])
			| "not all of them"),
		($hists[] | select(.pid != null or .comm != null or .timer != null) | "of somebody"),
		($hists[] | hist_problems(.; $all[.hist]))' "$kept/expected.json" >differences 2>&1 ||
		fail "jq could not compare: $(head -c 2000 differences)"
	assert_empty differences
	# The same in text: each count in its line, and empty lines between the first and the last.
	jq -r 'select(.hist == "late") | .buckets[] | "\(if .to > 1 then .from else 0 end) \(.to) \(.count)"' \
		stdout >counted
	assert_status 0 timersnoop stat -i "$recording" --hist late
	awk '/^lateness of expiries/ { on = 1; next }
		on && $2 == "->" && $5 != 0 { print $1, $3, $5 }
		on && !NF { exit }' stdout | sed 's/|$//' >shown
	diff -U 0 counted shown || fail "the text's histogram is another"
}

# Live, each number that the program knows is in its row.
test_program() {
	lossless stat --format json -o ours.json -- troubles -o truth.json clean rearm-storm too-short past overrun \
		signal-blocked signal-ignored calls-fail bad-value never-armed zero-value late wrong-clock herd leak
	assert_empty stdout
	# shellcheck disable=SC2016 # jq's variables
	jq -n -r --slurpfile truth truth.json --slurpfile rows ours.json '
		def key: "\(.pid) \(.timer // "\(.family) calls")";
		($rows | map(select(.event == "stat") | {key: key, value: .}) | from_entries) as $seen
		| (select(($seen | length) != ($truth | length)) | "\($seen | length) rows instead of \($truth | length)"),
		($truth[] | . as $own | $seen[key] as $row
		| if $row == null then "no row for \(key)" else
			($own | keys[] | select(. != "event" and . != "tid" and (startswith("_") | not)) | . as $k
			| $own[$k] as $o | $row[$k] as $r
			| select(if $k == "expiries" then $r < $o or $r > $o + $own._more
				elif $k | endswith("_ns") then
					(if $o == null then null else [$o.min, $o.max] end)
						!= (if $r == null then null else [$r.min, $r.max] end)
				else $o != $r end)
			| "\($own | key): \($k) is \($r | tojson) instead of \($o | tojson)")
		end),
		# and all together
		(["timers", "created", "deleted", "calls", "failed", "arms", "disarms", "one_shot", "periodic",
			"absolute", "replaced", "gettimes", "getoverruns", "signals_taken", "signals_ignored"][]
		| . as $k | ($truth | map(.[$k]) | add) as $o | ($rows[] | select(.event == "total"))[$k] as $r
		| select($o != $r) | "total: \($k) is \($r) instead of \($o)")' >differences 2>&1 ||
		fail "jq could not compare: $(head -c 2000 differences)"
	[[ ! -s differences ]] || fail "the rows are not what the program did
$(head -n 30 differences)"
}

# Of timers that go on, what /proc says of them at the end is in their rows.
test_proc() {
	start_ticker every=10 loop=0 call=1 end
	assert_status 0 timersnoop stat -p "$ticker" -d 500ms --format json
	# shellcheck disable=SC2016 # jq's variable
	assert_json stdout --argjson pid "$ticker" 'map(select(.event == "stat")) | length == 1 and all(
		.pid == $pid and .comm == "ticker" and .timer == "0" and .family == "posix" and .created == 0
		and .deleted == 0 and .arms == .calls and .arms >= 3 and .failed == 0 and .expiries == 0
		and .clock == "CLOCK_MONOTONIC" and .signal == "none")'
	assert_match 'notify: none/' "$(<"/proc/$ticker/timers")"
}

run_tests
