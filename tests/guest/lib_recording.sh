# shellcheck shell=bash
# What the tests of recordings share, in guests and beside them: is what
# timersnoop shows of a recording what trace-cmd reads in it?

# From `trace-cmd report -t`: each call when it returns, as
#   call ENTRY TID NAME ID FLAGS NEW OLD RET
# each probe of an expiry or a signal, as
#   expire TIME ID INTERVAL, signal TIME SIGNO, deliver TIME SIGNO
# and "hint TIME" of whatever else tells of an expiry. A value is
# INTERVAL-SEC,INTERVAL-NSEC,SEC,NSEC; what a call has not is "-".
# shellcheck disable=SC2016 # awk's fields
trace_cmd_records='
function field(name, text, found) {
	if (!match(text, "(^|[ (])" name "=(\\{[^}]*\\}|[^ ]*)")) return "-"
	found = substr(text, RSTART, RLENGTH)
	sub("^.*[ (]?" name "=", "", found)
	gsub("[{}]", "", found)
	return found
}
function hex(text, value) {
	if (text !~ /^0x/) return text
	for (text = substr(text, 3); text != ""; text = substr(text, 2))
		value = value * 16 + index("0123456789abcdef", substr(text, 1, 1)) - 1
	return value + 0
}
/^cpus=/ { next }
{
	if (!match($0, /-[0-9]+ +\[[0-9]+\] +[0-9]+\.[0-9]+: [a-z_0-9]+: /)) { print "odd: " $0; next }
	rest = substr($0, RSTART + 1)
	text = substr($0, RSTART + RLENGTH)
	split(rest, word, / +/)
	tid = word[1]; time = word[3]; event = word[4]
	sub(":", "", time); sub(/\./, "", time); sub(/^0+/, "", time); sub(":", "", event)
	sub(/^try_/, "", event)
}
event ~ /_enter(_ia32|_ia32_time32)?$/ {
	begun[tid] = time; args[tid] = text; new[tid] = "-"; old[tid] = "-"
	next
}
event ~ /^(settime_new|fd_settime_new|settime_new_.*|setitimer_new)$/ { new[tid] = field("new", text); next }
event ~ /^old/ { old[tid] = field("old", text); next }
event ~ /_exit(_ia32|_ia32_time32)?$/ {
	sub(/_exit.*$/, "", event)
	if (!(tid in begun)) next
	ret = field("ret", text)
	id = field("id", args[tid])
	if (event ~ /create$/) id = "-"
	print "call", begun[tid], tid, event, id, hex(field("flags", args[tid])), new[tid], \
		event ~ /itimer|alarm/ ? "-" : old[tid], ret
	delete begun[tid]
	next
}
event ~ /^expire/ { print "expire", time, field("id", text), field("interval", text); next }
event == "signal_generate" { print "signal", time, field("sig", text); next }
event == "signal_deliver" { print "deliver", time, field("sig", text); next }
event ~ /^(hrtimer_expire_entry|hrtimer_start_expired|queue|itimer_expire)$/ { print "hint", time }
'

# The same lines of what timersnoop shows, of its JSON as text.
# shellcheck disable=SC2016 # jq's variables
read -r -d '' shown_records <<'JQ' || :
def value: if . == null then "-"
  else "\(.interval.sec),\(.interval.nsec),\(.value.sec),\(.value.nsec)" end;
def name: {"timer_create": "create", "timer_settime": "settime", "timer_gettime": "gettime",
  "timer_getoverrun": "getoverrun", "timer_delete": "delete", "timerfd_create": "fd_create",
  "timerfd_settime": "fd_settime", "timerfd_gettime": "fd_gettime"}[.] // .;
def which: {"ITIMER_REAL": "0", "ITIMER_VIRTUAL": "1", "ITIMER_PROF": "2"}[.] // .;
if has("ret") then
  "call \(.mono_ns) \(.tid) \(.event | name) \(
    if .event | test("create$|^alarm$") then "-" else .timer_id // .fd // (.which | which?) // "-" end) \(
    .flags // "-") \(if .new.from == "user" then "-" else .new | value end) \(
    if .event | test("itimer$|^alarm$") then "-" else .old // .current | value end) \(.ret)"
elif .event == "timer_expire" then "expire \(.mono_ns) \(.timer_id) \(.interval_ns // "-")"
elif .event == "timerfd_expire" or .event == "itimer_expire" then
  "expire \(.mono_ns) - \(.interval_ns // "-")"
elif .event == "signal_generate" then "signal \(.mono_ns) \(.signo)"
elif .event == "signal_deliver" and (.result == "handler" or .result == "default"
  or .result == "dropped") then "deliver \(.mono_ns) \(.signo)"
else empty end
JQ

# as_text FILE: JSON with all its numbers as text, so that none is rounded.
as_text() {
	sed -E 's/([:[])(-?[0-9]+)([],}])/\1"\2"\3/g; s/([:[])(-?[0-9]+)([],}])/\1"\2"\3/g' "$1"
}

# told KIND FILE: the lines of one kind.
told() {
	grep "^$1 " "$2"
}

# trace_cmd_agrees RECORDING: trace-cmd and timersnoop (or $TIMERSNOOP) read the
# same calls, expiries and signals in it, with the same values and in the same
# order. Otherwise the difference, and status 1.
trace_cmd_agrees() {
	local kind
	trace-cmd report -t "$1" 2>/dev/null | awk "$trace_cmd_records" >theirs || return
	"${TIMERSNOOP:-timersnoop}" report "$1" -e all --format json >shown.json || return
	as_text shown.json | jq -r "$shown_records" >ours || return
	if grep '^odd' theirs || ! [ -s ours ]; then
		return 1
	fi
	for kind in call signal deliver; do
		# a call without its return is told as well, but of no use here
		diff -U 1 <(told "$kind" theirs) <(told "$kind" ours) || return
	done
	# Of an expiry whose probe was missed, or that has none, other events tell.
	if told expire theirs | grep -vxFf <(told expire ours); then
		return 1
	fi
	told expire ours | cut -d' ' -f2 |
		grep -vxFf <(cat <(told expire theirs) <(told hint theirs) | cut -d' ' -f2) && return 1
	return 0
}
