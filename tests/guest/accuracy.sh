#!/bin/bash
# Every call of the workload is there, with every field right: what timersnoop
# saw against the program's own account, call by call. See programs/workload.c
# for the account and for what the workloads do.

# shellcheck source=tests/guest/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# For jq. Numbers come as text, so that none is rounded on the way.
read -r -d '' agreement <<'JQ' || :
# All numbers are text, so that none is rounded. One line for each difference.
def number: tonumber;
def ns: (.sec | number) * 1e9 + (.nsec | number);
def wall_ns: (.[0:19] + "Z" | fromdateiso8601) * 1e9 + (.[20:29] | number);
def values: if . then {interval, value} else null end;

def flag_names:
  { "0": [], "1": ["TIMER_ABSTIME"], "2": ["0x2"], "4": ["0x4"], "6": ["0x6"],
    "3": ["TIMER_ABSTIME", "0x2"], "5": ["TIMER_ABSTIME", "0x4"], "7": ["TIMER_ABSTIME", "0x6"],
    "2147483648": ["0x80000000"], "4294967295": ["TIMER_ABSTIME", "0xfffffffe"] }[.];
def error: { "0": null, "-3": "ESRCH", "-14": "EFAULT", "-22": "EINVAL" }[.];

def new_agrees($o): ($o.new | values) == .new and ($o.new == null or $o.new.from == "kernel");

# The old value could not be handed over, but it was there.
def old_near_agrees($o):
  $o.old != null and $o.old.interval == .old_near.interval
  and ((.old_near.value | ns) - ($o.old.value | ns) | . >= 0 and . < 5e9);
def old_agrees($o):
  if .old_near and .ret == "-14" then old_near_agrees($o)
  else ($o.old | values) == .old and ($o.old == null or $o.old.from == "kernel")
  end;

# Of a call that is refused before its value is copied, nobody knows where the entry is not
# probed.
def took: if .duration_ns == null and .new == null
    and (.ret == "-14" or (.ret == "-22" and .new_ptr == null)) then 0
  else .duration_ns | number end;
# The clocks are read by different means.
def times_agree($o):
  ($o.mono_ns | number) as $entry | ($o | took) as $took
  | $took >= 0 and $entry >= (.before | number) - 1e3 and $entry + $took <= (.after | number) + 1e3
    and (($o.time | wall_ns) - (.wall | number) | fabs) < 1e9;

def differing($o):
  ("pid", "tid", "comm", "timer_id", "flags", "new_ptr", "old_ptr", "abi", "time_bits", "ret")
    as $key | select(.[$key] != $o[$key]) | $key;
def problems($o):
  differing($o),
  (select(.flags | flag_names != $o.flag_names) | "flag_names"),
  (select(.ret | error != $o.error) | "error"),
  (select(new_agrees($o) | not) | "new"),
  (select(old_agrees($o) | not) | "old"),
  (select(times_agree($o) | not) | "times"),
  (select($o.event != "timer_settime" or $o.incomplete != null) | "incomplete");

def by_thread: sort_by(.tid | number);
($truth | by_thread) as $t | ($ours | by_thread) as $o
| if ($t | length) != ($o | length) then "\($t | length) calls, \($o | length) seen" else empty end,
  ( range([$t, $o] | map(length) | min) as $i | $t[$i]
    | [problems($o[$i])] | select(length > 0)
    | "\(join(", ")):\n  made \($t[$i] | tojson)\n  seen \($o[$i] | tojson)" )
JQ

# numbers_as_text FILE
numbers_as_text() {
	sed -E 's/":(-?[0-9]+)/":"\1"/g' "$1" >"$1.text"
}

# Compares ours.json with truth.json.
agree() {
	numbers_as_text ours.json
	numbers_as_text truth.json
	jq -n -r --slurpfile ours ours.json.text \
		--slurpfile truth truth.json.text "$agreement" >differences 2>&1 ||
		fail "jq could not compare
$(head -c 1000 differences)"
	[[ ! -s differences ]] || fail "what was seen is not what was done
$(head -n 30 differences)"
}

# account WHAT [NUMBER...]: that workload, traced, against its account. Its
# status and its silence come through.
account() {
	assert_status 7 timersnoop -e timer_settime --format json -o ours.json -- \
		workload -o truth.json -e 7 "$@"
	assert_empty stdout
	assert_empty stderr
	agree
}

# at_least CALLS: guards against a workload that did not do its work.
at_least() {
	local made
	made=$(wc -l <truth.json)
	((made >= $1)) || fail "only $made calls were made"
}

test_known() {
	account known
	at_least 7
}

test_calls() {
	account calls
	at_least 200
}

test_errors() {
	account errors
	at_least 60
	assert_json ours.json 'map(.error) | unique == [null, "EFAULT", "EINVAL", "ESRCH"]'
}

test_compat() {
	account compat
	at_least 60
	assert_json ours.json 'map([.abi, .time_bits]) | unique | length == 3'
}

# A 32-bit program has no wider registers than its calls look at: two calls less.
test_registers() {
	account registers
	at_least "$([[ $(uname -m) == x86_64 ]] && echo 4 || echo 3)"
}

test_threads() {
	account threads 4 500
	at_least 2000
	assert_json ours.json '[map(.comm)[]] | unique == ["t0", "t1", "t2", "t3"]'
}

test_many_threads() {
	account threads 60 3
	at_least 180
}

test_tree() {
	account tree 3 3 4
	at_least 160
}

test_short_lived() {
	account short 60
	at_least 60
}

test_execthread() {
	account execthread
	at_least 200
}

test_rename() {
	account rename
	at_least 17
}

# Twenty thousand calls, none of them missing, none out of order. Here awk
# counts; jq would take its time.
test_loop() {
	assert_status 7 timersnoop -e timer_settime --format json -o ours.json -- workload -e 7 loop 20000
	assert_eq "20000 calls" "$(<stdout)"
	assert_empty stderr
	assert_eq 20000 "$(wc -l <ours.json)" calls
	# the second number of nanoseconds in a line is the value's
	awk -F'"nsec":' '{
		split($3, rest, "}")
		if (NF != 3 || rest[1] != NR - 1) { print NR ": " $0; exit 1 }
	}' ours.json >wrong || fail "a call is out of place
$(<wrong)"
	assert_eq 20000 "$(grep -c '"ret":0,"error":null,"duration_ns":[0-9]*}$' ours.json)" complete
}

# The same by name and by pid instead of by COMMAND.
test_by_name() {
	start timersnoop -e timer_settime --format json -n workload -o ours.json
	wait_for 20 is_tracing "$started"
	workload -o truth.json calls
	kill -INT "$started"
	wait "$started"
	assert_eq 0 $? status
	agree
}

test_by_pid() {
	local workload
	mkfifo go
	workload -o truth.json -w threads 3 40 <go &
	workload=$!
	exec 9>go
	start timersnoop -e timer_settime --format json -p "$workload" -o ours.json 9>&-
	wait_for 20 is_tracing "$started"
	exec 9>&-
	wait "$workload"
	wait "$started"
	assert_eq 0 $? status
	agree
}

run_tests
