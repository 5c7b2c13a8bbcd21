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
# the lower half of a register
function low(text) {
	sub(/^0x/, "", text)
	return hex("0x" substr(text, length(text) > 8 ? length(text) - 7 : 1))
}
function signed(number) { return number < 2147483648 ? number : number - 4294967296 }
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
event ~ /_enter(_any|_ia32|_compat)?(_time32)?$/ {
	if (split(field("args", text), regs, ",") == 3)
		text = "flags=" low(regs[2]) " id=" signed(low(regs[3]))
	begun[tid] = time; kind[tid] = event; args[tid] = text; new[tid] = "-"; old[tid] = "-"
	next
}
# a return that tells the arguments, too, of a call whose first record is the copy
event ~ /^settime_call/ {
	from = begun[tid]
	if (!(tid in begun)) { from = time; new[tid] = old[tid] = "-" }
	id = field("id", text); flags = hex(field("flags", text))
	if (split(field("args", text), regs, ",") == 3) { flags = low(regs[2]); id = signed(low(regs[3])) }
	print "call", from, tid, "settime", id, flags, new[tid], old[tid], field("ret", text)
	delete begun[tid]
	next
}
event == "settime_new" && !(tid in begun) { begun[tid] = time; old[tid] = "-" }
event ~ /^(settime_new|fd_settime_new|settime_new_.*|setitimer_new)$/ { new[tid] = field("new", text); next }
# other calls copy their values by the same function
event ~ /^settime_copied/ {
	if (kind[tid] ~ /^settime_/ && field("ret", text) == 0) new[tid] = field("new", text)
	next
}
event ~ /^old/ { old[tid] = field("old", text); next }
event ~ /_exit(_any|_ia32|_compat)?(_time32)?$/ {
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

# From `trace-cmd report -t`, since a time in ns, of the kernel's timers:
#   WHAT TIME CPU TIMER CALLBACK TASK
# shellcheck disable=SC2016 # awk's
trace_cmd_kernel_records='
	!match($0, /\[[0-9]+\] +[0-9]+\.[0-9]+: [a-z_]+: /) { next }
	{
		task = substr($0, 1, RSTART - 1)
		gsub(/^ +|-[0-9]+ +$/, "", task)
		gsub(" ", "_", task)
		split(substr($0, RSTART, RLENGTH), word, / +/)
		gsub(/[^0-9]/, "", word[1]); cpu = word[1] + 0
		time = word[2]; gsub(/[^0-9]/, "", time); sub(/^0+/, "", time)
		event = word[3]; sub(":", "", event)
		sub(/^[a-z]+:_*/, "", task) # the instance
		timer = callback = "-"
		if (match($0, /timer=0x[0-9a-f]+/)) timer = substr($0, RSTART + 6, RLENGTH - 6)
		if (match($0, /function=[^ ]+/)) callback = substr($0, RSTART + 9, RLENGTH - 9)
		sub("/0x0$", "", callback) # as some versions write it
	}
	length(time) < length(since) || (length(time) == length(since) && time < since) { next }
	event ~ /^(hr)?timer_start$/ { print event, time, cpu, timer, callback, task }
	event ~ /^(hr)?timer_expire_entry$/ { sub(/_entry$/, "", event); print event, time, cpu, timer, callback, task }
	event == "hrtimer_start_expired" { print "immediate", time, cpu, timer, "-", task }
	event == "cpu_idle" { print event, time, $0 ~ /state=4294967295/ ? "busy" : "idle", $0 ~ "cpu_id=" cpu "$" ? cpu : "?", "-", task }'

# kernel_records RECORDING [EVENTS]: what timersnoop (or $TIMERSNOOP) shows of the kernel's
# timers and trace-cmd's report has not is in the file ours.only; what the report has
# alone is in the file missing, as above. Status: timersnoop's own.
kernel_records() {
	local events=${2:-start,expire,cpu_idle}
	"${TIMERSNOOP:-timersnoop}" kernel -i "$1" --top 1 --format json >shown.json 2>/dev/null || return
	trace-cmd report -t "$1" 2>/dev/null |
		awk -v since="$(jq -r 'select(.event == "total") | .mono_ns - .span_ns' shown.json)" \
			"$trace_cmd_kernel_records" >theirs
	"${TIMERSNOOP:-timersnoop}" kernel -i "$1" -e "$events" \
		--fields event,mono_ns,cpu,timer,callback,immediate,is_idle --no-header >shown 2>/dev/null || return
	awk -F '\t' '
		$1 == "cpu_idle" { print $1, $2, $7 == "true" ? "idle" : "busy", $3, "-"; next }
		$1 ~ /_expire$/ && $6 == "true" { print "immediate", $2, $3, $4, "-"; next }
		{ print $1, $2, $3, $4, $5 }' shown >ours
	awk 'function key() { return $1 " " $2 " " $3 " " $4 " " $5 }
		NR == FNR { theirs[key()]++; next }
		theirs[key()]-- < 1' theirs ours >ours.only
	awk 'function key() { return $1 " " $2 " " $3 " " $4 " " $5 }
		NR == FNR { ours[key()]++; next }
		ours[key()]-- < 1' ours theirs >missing
}
