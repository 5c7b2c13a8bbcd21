# shellcheck shell=bash
# The lives that timersnoop --lives tells of, against the account of the program
# (programs/account.h) and against the events of the same run; see lib_lives.sh.

# shellcheck source=tests/guest/lib_lives.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib_lives.sh"

# shellcheck disable=SC2034,SC2016 # for lib_lives.sh; jq's variables
read -r -d '' lives_figures <<'JQ' || :
def is_create: (.event == "timer_create" or .event == "timerfd_create") and succeeded
  and (._part | not);
def ns_text: .sec + ("000000000" + .nsec)[-9:] | sub("^0+(?=[0-9])"; "");
def count(f): map(select(f)) | length | tostring;
def sum(f): map(f // "0" | number) | add // 0 | tostring;

# The account of one timer -> one list for each life of it. An exec belongs to
# all timers of its process.
def segments:
  reduce .[] as $line ([];
    if $line | is_create then . + [[$line]]
    elif length == 0 then [[$line]]
    else .[-1] += [$line] end);

def ends_it($create):
  (.event == "timer_delete" and succeeded) or .event == "closed"
  or (.event == "exec" and $create != null
    and ($create.timer_id != null or ($create.flags | number) % 1048576 >= 524288));
def lived: # up to its end
  .[0] as $first | (if $first | is_create then $first else null end) as $create
  | [range(length) as $i | .[$i] | select(ends_it($create)) | $i] as $ends
  | if $ends == [] then . else .[:$ends[0] + 1] end;
def ended_by($create):
  .[-1] as $last
  | if $last | ends_it($create) | not then "exit"
    elif $last.event == "exec" then (if $create.fd then "closed" else "exec" end)
    elif $last.event == "closed" then "closed"
    else "deleted" end;

# Arms that another arm or a disarm ended before they expired.
def replaced($expired):
  map(select(is_set and succeeded)) as $sets
  | [range($sets | length - 1) as $i | select($sets[$i] | is_arm)
      | select([$expired[] | select(mono >= ($sets[$i] | mono) and mono < ($sets[$i + 1] | mono))]
          == [])]
  | length | tostring;

def extremes: if length == 0 then null else [min, max] | map(tostring) end;
def signal_counts($ev):
  def of($event; $results):
    [$results[] as $result | {key: $result, value: $ev
      | count(.event == $event and .result == $result)}] | from_entries;
  { generated: of("signal_generate"; ["delivered", "ignored", "pending", "lost"]),
    delivered: of("signal_deliver"; ["handler", "default", "dropped", "sigwait", "signalfd"]) };

# ns between expiries of one arm, by period
def observed($arms; $expired):
  [range($expired | length - 1) as $i | $expired[$i] as $e | $expired[$i + 1] as $n
    | select($n.armed_by == "kernel" and $e.asked_ns != null)
    | (minus($n.mono_ns; $e.mono_ns)
        / (minus($n.asked_ns; $e.asked_ns) / ($n.interval_ns | number)))];

def expected($ev):
  (.[0] | if is_create then . else null end) as $create
  | map(select(is_arm)) as $arms
  | map(select(is_set and succeeded and (is_arm | not))) as $disarms
  | ($ev | map(select(.event | endswith("_expire")))) as $expired
  | map(select(is_call and (succeeded | not))) as $failed
  | ended_by($create) as $how
  | { "end": $how, arms: ($arms | length | tostring), disarms: ($disarms | length | tostring),
      one_shot: ($arms | count(interval == 0)), periodic: ($arms | count(interval != 0)),
      absolute: ($arms | count(absolute)),
      gettimes: count((.event | endswith("gettime") or endswith("getitimer")) and succeeded),
      getoverruns: count(.event == "timer_getoverrun" and succeeded),
      last_getoverrun: (map(select(.event == "timer_getoverrun" and succeeded)) | last.overrun),
      replaced: replaced($expired),
      value_ns: ($arms | last | if . then .new.value | ns_text else null end),
      interval_ns: ($arms | last | if . then .new.interval | ns_text else null end),
      expiries: ($expired | length | tostring),
      rearmed: ($expired | count(.armed_by == "kernel")),
      signals: signal_counts($ev),
      never_fired: ($arms != [] and $expired == []),
      never_deleted: ($create != null and ($how == "exit" or $how == "open")),
      incomplete: false }
    + if $create then
        { origin: "created", created_tid: $create.tid, clock: $create.clock,
          clock_id: $create.clock_id, failed: ($failed | length | tostring) }
      else { origin: "found", created_tid: null } end
    + if $create.timer_id then
        { sigevent: ($create.sigevent | del(.from)), overruns: (map(select(.event == "handled")) | sum(.overrun)) }
      elif $create.fd then
        { overruns: (map(select(.event == "read").count | number - 1) | add // 0 | tostring) }
      else {} end;

def spread_problems($name; $values; $slack):
  .[$name] as $spread
  | if $values == [] then select($spread != null) | "\($name) without any"
    elif $spread == null then "no \($name)"
    else
      ($spread | map_values(number)) as $s
      | select($s.min > $s.median or $s.median > $s.p99 or $s.p99 > $s.max
          or (($s.min - ($values | min)) | fabs) > $slack
          or (($s.max - ($values | max)) | fabs) > $slack)
      | "\($name): \($s | tojson), but \($values | [min, max] | tojson)"
    end;

def moment_problems($name; $before; $after):
  select(.[$name] == null or (.[$name] | number) < ($before | number) - 1e3
    or (.[$name] | number) > ($after | number) + 1e3) | $name;

def life_problems($segment; $ev):
  . as $life
  | ($segment | lived) as $lived
  | ($lived | expected($ev)) as $expected
  | ($ev | map(select(.event | endswith("_expire")))) as $expired
  | ($expected | keys[] as $key | select($life[$key] != $expected[$key])
      | "\($key) is \($life[$key] | tojson) instead of \($expected[$key] | tojson)"),
    spread_problems("late_ns"; $expired | map(.late_ns | select(. != null) | number); 0),
    spread_problems("signal_after_ns";
      $ev | map(select(.event == "signal_deliver") | .after_ns | select(. != null) | number); 0),
    (select($expired | all(.asked_ns != null)) # what periods CPU time spans, nobody knows
      | spread_problems("observed_interval_ns"; observed($lived; $expired); 1)),
    (select($expected.origin == "created")
      | moment_problems("born_ns"; $lived[0]._before.CLOCK_MONOTONIC;
          $lived[0]._after.CLOCK_MONOTONIC)),
    (select(.end_ns == null) | "no end_ns"),
    ($lived[-1] | select((.event == "timer_delete" or .event == "closed") and ._after)
      | . as $last | $life | moment_problems("end_ns"; $last._before.CLOCK_MONOTONIC;
          $last._after.CLOCK_MONOTONIC));

# Has this timer lived at all? One that was only asked for may or may not.
def counts: any(.[]; is_create or (.which and is_set and succeeded));
def is_asked_for: any(.[]; succeeded? // false);

def by_timer: group_by(timer) | map({key: .[0] | timer, value: .}) | from_entries;

def lives_problems($truth; $ours):
  ($ours | map(select(.event == "life")) | by_timer | map_values(sort_by(.born_ns | number)))
    as $lives
  | ($ours | map(select((has("ret") or .event == "life" | not) and timer)) | by_timer) as $events
  | ($truth | to_entries | map(.value + {_at: .key})) as $lines
  | ($lines | map(select(.event == "exec"))) as $execs
  | ($lines | map(select(timer)) | by_timer) as $told
  | ($told | keys[]) as $key
  | $told[$key] as $of_timer
  | ($of_timer + ($execs | map(select(.pid == $of_timer[0].pid))) | sort_by(._at)
      | segments | map(select(counts))) as $segments
  | ($lives[$key] // [] | map(select(.origin != "inherited"))) as $of_it
  | if ($segments | length) != ($of_it | length) then
      select($segments != [] or ($of_timer | is_asked_for | not))
      | "of \($key): \($of_it | length) lives instead of \($segments | length)"
    else
      range($segments | length) as $i
      | ($segments[$i][0] | mono) as $from
      | ($segments[$i + 1] | if . then .[0] | mono else infinite end) as $to
      | ($events[$key] // [] | map(select(($i == 0 or mono >= $from) and mono < $to))) as $ev
      | [$of_it[$i] | life_problems($segments[$i]; $ev)]
      | select(length > 0)
      | "of \($key): \(join(", "))\n  life \($of_it[$i] | tojson)"
    end;
JQ

# Calls, expiries, signals and lives: all that there is.
agree_in_all() {
	# shellcheck disable=SC2016 # jq's variables
	problems 'calls_problems($truth; $ours), occurrences_problems($truth; $ours),
		lives_problems($truth; $ours)'
}
