# shellcheck shell=bash
# What the tests of whole lives share: ours.json, all that timersnoop saw of a
# program that keeps an account, against that account, truth.json. See
# programs/account.h for the account; lib_lives_figures.sh has the lives.

# shellcheck source=tests/guest/lib_behaviour.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib_behaviour.sh"

# All numbers are text, so that none is rounded. Each problem is one line.
read -r -d '' lives_common <<'JQ' || :
def number: tonumber;
# The difference of two moments, which are too large for jq's numbers.
def parts: "0000000000" + . | [.[:-9], .[-9:]] | map(number);
def minus($a; $b): ($a | parts) as $x | ($b | parts) as $y
  | ($x[0] - $y[0]) * 1e9 + $x[1] - $y[1];
def ns: (.sec | number) * 1e9 + (.nsec | number);

def own: with_entries(select(.key | startswith("_") | not));
def base: sub("_ALARM$"; "");

# Whose event it is: the same text in the account and in what was seen.
def timer:
  if .timer_id then "\(.pid) timer \(.timer_id)"
  elif .fd then "\(.pid) fd \(.fd)"
  elif .which then "\(.pid) \(.which)"
  else null end;

def is_set: .event == "timer_settime" or .event == "timerfd_settime"
  or .event == "setitimer" or .event == "alarm";
def is_call: .ret != null;
def succeeded: .ret | startswith("-") | not;
def is_arm: is_set and succeeded and (._part | not) and .new.value != {"sec": "0", "nsec": "0"};
def interval: .new.interval | ns;
def absolute: .flags != null and (.flags | number) % 2 == 1;

# In nanoseconds; null of a line that tells none.
def moment: .mono_ns // ._mono // ._before.CLOCK_MONOTONIC | if . then number else null end;
# A thread may write its line after another one has written what came later. A line
# that tells no time belongs behind the one before it.
def in_order_of_time:
  [foreach .[] as $line (null; ($line | moment) // .; {at: ., $line})] | sort_by(.at) | map(.line);
JQ

# shellcheck disable=SC2016 # jq's variables
read -r -d '' lives_calls <<'JQ' || :
def general: ["event", "time", "mono_ns", "cpu", "pid", "tid", "comm", "abi", "time_bits", "ret",
  "error", "duration_ns"];
def error: { "-9": "EBADF", "-14": "EFAULT", "-22": "EINVAL", "-95": "EOPNOTSUPP" }[.];
def flag_names:
  (if .event == "timer_settime" then [[1, "TIMER_ABSTIME"]]
   elif .event == "timerfd_settime" then [[1, "TFD_TIMER_ABSTIME"], [2, "TFD_TIMER_CANCEL_ON_SET"]]
   else [[524288, "TFD_CLOEXEC"], [2048, "TFD_NONBLOCK"]] end) as $known
  | { "6": ["0x6"], "16": ["0x10"], "2147483648": ["0x80000000"] }[.flags]
    // ((.flags | number) as $flags
      | [$known[] | select(($flags / .[0] | floor) % 2 == 1) | .[1]]);

# setitimer and getitimer show the program microseconds; the kernel has more.
def as_told($call):
  if . == null or ($call.which | not) then .
  else .value.nsec |= "\((number / 1000 | floor) * 1000)" end;
def values: if . then {interval, value} else null end;

def differs($o; $key):
  if $key == "sigevent" then .sigevent != $o.sigevent
  # setitimer looks at the times while it copies them
  elif $key == "new" and $o.new == null and .event == "setitimer" and (succeeded | not) then false
  elif $key == "new" then (.new | values) != ($o.new | values)
  # the kernel had it, and then it had nowhere to go
  elif $key == "current" and .ret == "-14" then false
  elif $key == "old" or $key == "current" then .[$key] != ($o[$key] | as_told($o) | values)
  else .[$key] != $o[$key] end;
# Where the kernel refused, no probe may have seen its copy.
def from_kernel($o; $key): $o[$key] == null or $o[$key].from == "kernel"
  or ($key == "new" and (succeeded | not) and $o.new.from == "user");

# alarm(2) never told the program the old value, but it returned its seconds.
def alarm_agrees($o): $o.old.from == "kernel" and ($o.old.value
  | (.sec | number) as $sec | (.nsec | number) as $nsec
  | if $nsec >= 5e8 or ($sec == 0 and $nsec > 0) then $sec + 1 else $sec end)
    == (.ret | number);

# Of a timer_settime that is refused before its value is copied, nobody knows, where its
# entry is not probed.
def took: if .duration_ns == null and .event == "timer_settime" and .new == null
    and (.ret == "-14" or (.ret == "-22" and .new_ptr == null)) then 0
  else .duration_ns | number end;
def shape($o): ($o | keys) - general - ["flag_names"];
def call_problems($o):
  (own | keys[] as $key | select(differs($o; $key)) | $key),
  (("new", "old", "current") as $key | select(from_kernel($o; $key) | not) | "\($key).from"),
  (select(.flags and flag_names != $o.flag_names) | "flag_names"),
  (select((.ret | error) != $o.error) | "error"),
  (select(.event == "alarm" and (alarm_agrees($o) | not)) | "old"),
  (($o | took) as $took
    | select(($o.mono_ns | number) < (._before.CLOCK_MONOTONIC | number) - 1e3
        or ($o.mono_ns | number) + $took > (._after.CLOCK_MONOTONIC | number) + 1e3
        or $took < 0) | "times"),
  ((own | keys) - general + (if .event == "alarm" then ["old"] else [] end) | sort) as $keys
  | select(shape($o) != $keys) | "keys \(shape($o) - $keys) instead of \($keys - shape($o))";
# libc makes some calls itself; the program knows a part of what they say.
def part_problems($o):
  own | keys[] as $key
  | select(if $key == "new" then .new != ($o.new | values) else .[$key] != $o[$key] end) | $key;

def by_thread: sort_by(.tid | number);
def calls_problems($truth; $ours):
  ($truth | map(select(is_call)) | by_thread) as $t
  | ($ours | map(select(has("ret"))) | by_thread) as $o
  | (if ($t | length) != ($o | length) then
      "\($t | length) calls were made, \($o | length) seen" else empty end),
    (range([$t, $o] | map(length) | min) as $i | $t[$i]
      | [if ._part then part_problems($o[$i]) else call_problems($o[$i]) end]
      | select(length > 0)
      | "\(join(", ")):\n  made \($t[$i] | tojson)\n  seen \($o[$i] | tojson)");
JQ

# Expiries and signals. What belongs to one arm of a timer is compared at a time.
# shellcheck disable=SC2016 # jq's variables
read -r -d '' lives_occurrences <<'JQ' || :
def cpu_clock: .clock != null and (.clock | test("CPU"))
  or .which == "ITIMER_VIRTUAL" or .which == "ITIMER_PROF";
def no_nulls: map(select(. != null));
def mono: moment // error("no time: \(tojson)");

# The instant that the first expiry was asked for.
def asked_agrees($arm; $e):
  ($arm.new.value | .sec + ("000000000" + .nsec)[-9:] | ltrimstr("0")) as $value
  | if $arm | absolute then
      minus($e.asked_ns; $value) == 0 and ($e.asked_clock | base) == ($e.clock | base)
    else
      ($arm._before[$e.asked_clock | base]) as $before
      | ($arm._after[$e.asked_clock | base]) as $after
      | $e.asked_clock == (if $e.clock == "CLOCK_REALTIME" then "CLOCK_MONOTONIC"
          else $e.asked_clock end)
        and (minus($e.asked_ns; $before) - ($arm.new.value | ns)
          | . >= 0 and . <= minus($after; $before))
    end;

def lateness_agrees($arm; $e):
  ($e.late_ns | number) as $late
  # not before it was asked for, and not earlier than it can have begun
  | $late >= 0
    and $late + minus($e.asked_ns; $arm._before[$e.asked_clock | base]) >= 0
    and ($e.asked_clock != "CLOCK_MONOTONIC"
      or (minus($e.mono_ns; $e.asked_ns) - $late | . >= -1e3 and . < 1e9));

# $before: the expiry before this one, of the same arm; or null
def expiry_problems($arm; $created; $before):
  . as $e
  | (select($created and (.clock_id != $created.clock_id or .clock != $created.clock)) | "clock"),
    (select((.interval_ns // "none") != "\($arm | interval)") | "interval_ns"),
    (select(.armed_by != (if $before then "kernel" else "user" end)) | "armed_by"),
    ( if cpu_clock then
        select(.asked_ns != null or .asked_clock != null or .late_ns != null)
        | "asked_ns of a CPU clock"
      elif .asked_ns == null or .asked_clock == null or .late_ns == null then "asked_ns"
      elif $before == null then select(asked_agrees($arm; $e) | not) | "asked_ns"
      elif ($arm | interval) == 0 then "it had expired, and has no interval"
      else select((minus(.asked_ns; $before.asked_ns) | . <= 0 or . % ($arm | interval) != 0)
          or .asked_clock != $before.asked_clock) | "asked_ns"
      end ),
    ( select(cpu_clock | not) | select(.late_ns == null or (lateness_agrees($arm; $e) | not))
      | "late_ns" );

# Periods that went by from one expiry to the next.
def periods($arm; $e; $next): minus($next.asked_ns; $e.asked_ns) / ($arm | interval);

# What was handled or read, one for one.
def taken_problems($arm; $expiries; $taken; $ignored):
  def counted: if .event == "read" then .count | number
    elif .overrun then (.overrun | number) + 1 else null end;
  ( range($taken | length) as $i | $taken[$i] as $t | $expiries[$i] as $e | $expiries[$i + 1] as $n
    | select($ignored == 0)
    | if $e == null then "nothing expired for \($t | tojson)"
      elif $t._mono and ($t | mono) < ($e | mono) then "expired after \($t | tojson)"
      elif $n and $t.asked_ns == null and ($t | counted) and ($e.asked_ns)
        and periods($arm; $e; $n) != ($t | counted) then
        "\(periods($arm; $e; $n)) periods, but \($t | tojson)"
      else empty end ),
  ( ($expiries | length) - ($taken | length)
    | select($ignored == 0 and . != 0) | "\(.) more expiries than signals or reads" );

def generate_problems($expiries; $notify_tid):
  . as $g
  | ($expiries | map(select(mono <= ($g | mono))) | last) as $e
  | (select(.target_tid != $notify_tid) | "target_tid"),
    (select($e == null) | "without an expiry"),
    (select($e and (.after_ns == null or .after_ns != "\(minus(.mono_ns; $e.mono_ns))"))
      | "after_ns");

# The oldest signal is the first to be delivered; $generated is unknown after ignored ones.
def deliver_problems($t; $generated; $ignored):
  . as $d
  | (select(.result != $t.how) | "result"),
    (("signo", "overrun", "sigev_value", "tid") as $key | select(.[$key] != $t[$key]) | $key),
    (select(.target_tid != .tid) | "target_tid"),
    (select($ignored == 0) | select($generated == null or mono < ($generated | mono))
      | "before it was generated"),
    (select($generated and $ignored == 0)
      | (minus(.mono_ns; $generated.mono_ns) + ($generated.after_ns | number)) as $after
      | select(.after_ns != "\($after)") | "after_ns is not \($after)"),
    (select($t._mono and mono > ($t | mono)) | "after it was handled");
JQ

# shellcheck disable=SC2016 # jq's variables
read -r -d '' lives_timers <<'JQ' || :
# Everything of one timer, in the order of time; $create may be null.
def timer_problems($create; $truth; $ours):
  def of($arms; $i): map(select(($i == ($arms | length) - 1 or mono < ($arms[$i + 1] | mono))
    and ($i == 0 or mono >= ($arms[$i] | mono))));
  ($truth | map(select(is_arm))) as $arms
  | ($truth | map(select(.event == "handled"))) as $handled
  | ($ours | map(select(.event | endswith("_expire")))) as $expired
  | ($ours | map(select(.event == "signal_generate"))) as $generated
  | ($ours | map(select(.event == "signal_deliver"))) as $delivered
  | ($generated | map(select(.result == "ignored")) | length) as $ignored
  | ($generated | map(select(.result == "delivered"))) as $queued
  | (if $create.sigevent.notify == "SIGEV_THREAD_ID" then $create.sigevent.tid else null end)
      as $notify_tid
  | ( select(($expired | length > 0) and ($arms | length == 0)) | "it expired and was never armed" ),
    ( range($arms | length) as $i | $arms[$i] as $arm
      | ($expired | of($arms; $i)) as $es
      | ($truth | map(select(.event == "handled" or .event == "read" or .event == "leftover"))
          | of($arms; $i)) as $taken
      | (range($es | length) as $k | $es[$k]
          | [expiry_problems($arm; $create; if $k > 0 then $es[$k - 1] else null end)]
          | select(length > 0) | "\(join(", ")):\n  arm \($arm | tojson)\n  seen \($es[$k] | tojson)"),
        # a timerfd may expire once more behind the last read
        ( $es | if $create.fd and length == ($taken | length) + 1 then .[:-1] else . end
          | taken_problems($arm; .; $taken;
              $ignored + ($generated | map(select(.result == "pending")) | length))) ),
    ( $generated[] | . as $g | [generate_problems($expired; $notify_tid)]
      | select(length > 0 and $ignored == 0) | "\(join(", ")):\n  seen \($g | tojson)" ),
    ( select($create.fd == null and $ignored == 0 and ($generated | length) != ($expired | length))
      | "\($expired | length) expiries, \($generated | length) signals generated" ),
    ( select(($handled | length) != ($delivered | map(select(.result != "dropped")) | length))
      | "\($handled | length) signals handled, delivered: \($delivered | map(.result) | tojson)" ),
    ( ($delivered | map(select(.result != "dropped"))) as $d
      | range([$handled, $d] | map(length) | min) as $i
      | [$d[$i] | deliver_problems($handled[$i]; $queued[$i]; $ignored)]
      | select(length > 0)
      | "\(join(", ")):\n  handled \($handled[$i] | tojson)\n  seen \($d[$i] | tojson)" );

def occurrences_problems($truth; $ours):
  ($truth | map(select(timer)) | group_by(timer)
    | map({key: .[0] | timer, value: .}) | from_entries) as $told
  | ($ours | map(select(has("ret") or .event == "life" | not)) | group_by(timer)
    | map({key: .[0] | timer | tostring, value: .}) | from_entries) as $seen
  # libc's own timers are in the account only in part
  | ($truth | map(select(._part)) != []) as $parts
  | ($told + $seen | keys[] | select($told[.] or ($parts | not))) as $key
  | ([$told[$key][]? | select(.event == "timer_create" or .event == "timerfd_create")] | first)
      as $create
  | timer_problems($create; $told[$key] // []; $seen[$key] // [])
  | "of \($key): \(.)";
JQ

# lossless ARG...: timersnoop, until nothing of the run was lost, six times at
# most. In an emulated machine an interrupt comes now and then while the kernel
# handles another probe, and then it skips those in the interrupt. It is told, so
# this hides nothing. Its files begin anew each time.
skipped_probes() {
	grep -qE 'probe hits? missed|timers? that (is|are) not known|records? lost' "$@"
}

lossless() {
	local tries=6
	while :; do
		rm -f truth.json ours.json
		assert_status 0 timersnoop "$@"
		if ! skipped_probes stderr || ((--tries == 0)); then
			break
		fi
	done
	assert_empty stderr
}

numbers_as_text() {
	sed -E 's/":(-?[0-9]+)/":"\1"/g' "$1" >"$1.text"
}

# problems FUNCTION: what the jq function makes of truth.json and ours.json.
problems() {
	numbers_as_text ours.json
	numbers_as_text truth.json
	jq -n -r --slurpfile ours ours.json.text --slurpfile truth truth.json.text \
		"$lives_common $lives_calls $lives_occurrences $lives_timers ${lives_figures:-}
			(\$truth | in_order_of_time) as \$truth | $1" \
		>differences 2>&1 ||
		fail "jq could not compare
$(head -c 2000 differences)"
	[[ ! -s differences ]] || fail "what was seen is not what was done
$(head -n 40 differences | cut -c 1-1500)"
}

# Calls, expiries and signals.
agree() {
	# shellcheck disable=SC2016 # jq's variables
	problems 'calls_problems($truth; $ours), occurrences_problems($truth; $ours)'
}
