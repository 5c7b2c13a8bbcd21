# shellcheck shell=bash
# What the tests of the kernel's own timers share: the same events, counted without
# timersnoop in an instance of the test's own, /proc/timer_list, and the account of
# programs/ktimers.c against the rows that timersnoop shows. Source it.

# shellcheck source=tests/guest/lib_behaviour.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib_behaviour.sh"

# The test's instance: no name of timersnoop's.
counting=$tracefs/instances/counting

has_hists() {
	[[ -e $tracefs/events/timer/timer_start/hist ]]
}

has_event() {
	[[ -e $tracefs/events/timer/$1 ]]
}

# is_snooping PID: whether the timersnoop with this pid records the kernel's timers by
# now: the last of its events is on, and it has gone to sleep over them.
is_snooping() {
	local state last='^timer:tick_stop$'
	grep -qs '^power:cpu_idle$' "$tracefs"/instances/timersnoop-"$1"-*/set_event &&
		last='^irq:irq_handler_entry$'
	grep -qs "$last" "$tracefs"/instances/timersnoop-"$1"-*/set_event || return
	read -r _ _ state _ <"/proc/$1/stat" && [[ $state == S ]]
}

# start_kernel ARG...: as start_snoop, of the kernel's own timers.
start_kernel() {
	start timersnoop "$@"
	snoop=$started
	wait_for 60 is_snooping "$snoop"
}

# make_instance: empty, with a clock that both CPUs have in common, and room.
make_instance() {
	mkdir "$counting"
	echo mono >"$counting/trace_clock"
	echo 16384 >"$counting/buffer_size_kb"
}

# start_counts FILTER EVENT...: counts these events of group timer by callback from
# here on, those that FILTER lets through (empty: all). Where the kernel has no hist
# triggers the events are recorded, and counted when they are read.
start_counts() {
	make_instance
	count_more "$@"
}

# count_more FILTER EVENT...: these as well.
count_more() {
	local filter=$1 event
	shift
	for event; do
		if has_hists; then
			# not '>', which takes away those there are
			echo "hist:keys=function.sym:size=4096${filter:+ if $filter}" \
				>>"$counting/events/timer/$event/trigger" || fail "no hist of $event"
		else
			echo "${filter:-0}" >"$counting/events/timer/$event/filter" || fail "no filter: $filter"
			echo 1 >"$counting/events/timer/$event/enable" || fail "no events $event"
		fi
	done
}

# counted EVENT: what was counted so far: "callback count", a line for each.
counted() {
	local event=$1
	if has_hists; then
		cat "$counting/events/timer/$event/hist" >"$event.hist"
		grep -q '^ *Dropped: 0$' "$event.hist" || fail "the kernel's table of $event was full"
		awk '$1 == "{" && $2 == "function:" { print $4, $NF }' "$event.hist"
	else
		nothing_overwritten
		grep -F " $event: " "$counting/trace" |
			awk 'match($0, /function=[^ ]+/) { n[substr($0, RSTART + 9, RLENGTH - 9)]++ }
				END { for (f in n) print f, n[f] }'
	fi | sort
}

# counted_of EVENT CALLBACK: its number.
counted_of() {
	counted "$1" | awk -v callback="$2" '$1 == callback { n = $2 } END { print n + 0 }'
}

nothing_overwritten() {
	grep -qE '^(overrun|commit overrun|dropped events): [1-9]' "$counting"/per_cpu/cpu*/stats ||
		return 0
	fail "the test's own buffer was too small"
}

end_counts() {
	local trigger line
	for trigger in "$counting"/events/timer/*/trigger; do
		sed -n '/^hist/s/ \[[a-z]*\]$//p' "$trigger" | while read -r line; do
			echo "!$line" >>"$trigger"
		done
	done
	echo 0 >"$counting/events/enable"
	rmdir "$counting"
}

# timers_listed [CALLBACK]: the active hrtimers of /proc/timer_list: "callback count",
# a line for each, or the number of those with this callback.
timers_listed() {
	awk -v callback="${1:-}" '
		/^ #[0-9]+:/ { sub(/,$/, "", $3); n[$3]++ }
		END {
			if (callback) print n[callback] + 0
			else for (f in n) print f, n[f]
		}' /proc/timer_list | sort
}

# --- idle CPUs ---------------------------------------------------------------

# start_idle: records what ends idle periods. The periods come last: to switch events
# on is a matter of many interrupts.
start_idle() {
	local event
	make_instance
	for event in timer/timer_start timer/hrtimer_start timer/hrtimer_expire_entry \
		timer/timer_expire_entry irq/irq_handler_entry irq_vectors power/cpu_idle; do
		echo 1 >"$counting/events/$event/enable" || fail "no events $event"
	done
}

# idle_ends CPU FROM TO TRACE: "cause count" of this CPU's idle periods in a copy of
# $counting/trace that ended between these two times of CLOCK_MONOTONIC, in ns. The
# trace has its times in us, of a moment of its own. The cause is what the first
# interrupt was; of the timer interrupt, the first hrtimer that fired before the period's
# end. The tick is then only the messenger of a timer of timer_list, the first one,
# unless it goes on by itself or that timer can be put off.
idle_ends() {
	awk -v cpu="$(printf '[%03d]' "$1")" -v from="$2" -v to="$3" '
		function word_behind(key) {
			return match($0, key "=[^ ]+") ? substr($0, RSTART + length(key) + 1, RLENGTH - length(key) - 1) : ""
		}
		!match($0, / [0-9]+\.[0-9]+: [a-z_]+: /) { next }
		{
			split(substr($0, RSTART + 1, RLENGTH - 3), word, ": ")
			now = word[1] * 1e9
			event = word[2]
		}
		event == "timer_start" { put_off[word_behind("timer")] = word_behind("flags") ~ /D/; next }
		!index($0, cpu) { next }
		event == "cpu_idle" && /state=4294967295/ {
			if (idle && now >= from && now <= to)
				n[hr ~ tick && list ? list : hr ? hr : first ? first : "nothing"]++
			idle = 0
			next
		}
		event == "cpu_idle" { idle = 1; goes_on = 0; first = hr = list = ""; next }
		!idle || event ~ /_exit$/ || event ~ /^vector_/ { next }
		event == "hrtimer_start" { if (hr ~ tick && word_behind("function") == hr) goes_on = 1; next }
		event !~ /^(hr)?timer_expire_entry$/ { if (!first) first = event; next }
		first != "local_timer_entry" { next }
		event == "hrtimer_expire_entry" { if (!hr) hr = word_behind("function"); next }
		!list && !goes_on && !put_off[word_behind("timer")] { list = word_behind("function") }
		END { for (cause in n) print cause, n[cause] }' \
		tick='^tick_(sched_timer|nohz_handler)$' "$4" | sort
}

end_idle() {
	echo 0 >"$counting/events/enable"
	rmdir "$counting"
}

# --- what timersnoop shows ---------------------------------------------------

# For jq; the input is an array of what `timersnoop kernel --format json` shows.
# shellcheck disable=SC2016 # jq's variables
read -r -d '' kernel_rows <<'JQ' || :
def rows: map(select(.event == "kernel"));
def totals: map(select(.event == "total"));
def of($callback): map(select(.callback == $callback));
def sum($key): map(.[$key] // 0) | add // 0;

# What has begun is what has ended or goes on.
def begun: .started + .older;
def over: .fired + .cancelled + .replaced + .pending + .unknown;
def unbalanced: (rows + totals)[] | select(begun != over)
  | "\(.callback // .event) (\(.mechanism)) \(.pid) \(.comm): \(.started) started and \(.older) older, but "
    + "\(.fired) fired, \(.cancelled) cancelled, \(.replaced) replaced, \(.pending) pending, "
    + "\(.unknown) unknown";
# The total is the sum of the rows.
def not_the_total($keys): rows as $rows | totals[] as $total | $keys[] as $key
  | ($rows | sum($key)) as $sum | select($total[$key] != $sum)
  | "total: \($key) is \($total[$key]) instead of \($sum)";

# Of an account of ktimers: what is known of each callback of a process, also of the
# sleeps that it made meanwhile; null where it knows nothing.
def known($key): if all(.[]; .[$key] != null) then sum($key) else null end;
def told: (. + map(select(.naps) | {pid, comm, callback: "hrtimer_wakeup", mechanism: "hrtimer",
      started: .naps, replaced: 0, cancelled: 0, fired: .naps, _more: 0}))
  | group_by([.pid, .callback])
  | map({pid: .[0].pid, comm: .[0].comm, callback: .[0].callback, mechanism: .[0].mechanism,
      more: sum("_more"), started: known("started"), replaced: known("replaced"),
      cancelled: known("cancelled"), fired: known("fired")});

# Rows by callback,process against that account. Timers that an interrupt armed, as
# for a retransmission, are nobody's: $anybody's rows of the callback are added up.
def differs($truth; $anybody): rows as $rows | $truth | told[] as $own
  | ($rows | of($own.callback)
      | if $anybody | index($own.callback) then . else map(select(.pid == $own.pid)) end) as $seen
  | (select(any($seen[]; .mechanism != $own.mechanism)) | "\($own.callback): another mechanism"),
    (("started", "replaced", "cancelled", "fired") as $key | $own[$key] as $o
      | select($o != null) | ($seen | sum($key)) as $n
      | select($n < $o or $n > $o + (if $key == "started" or $key == "fired" then $own.more else 0 end))
      | "\($own.callback) of \($own.comm): \($key) is \($n) instead of \($o)");
JQ

# rows_say FILE EXPRESSION [JQ-OPTION...]: EXPRESSION makes a line of each problem of
# the array of all objects in FILE; there is none.
rows_say() {
	jq -r -s "$kernel_rows $2" "$1" "${@:3}" >differences 2>&1 ||
		fail "jq could not compute
$(head -c 2000 differences)"
	[[ -s differences ]] || return 0
	fail "$1: the rows are not right
$(head -n 30 differences | cut -c 1-1000)"
}

# assert_balanced FILE: of each callback, begun is what is over or goes on.
assert_balanced() {
	rows_say "$1" 'unbalanced'
	assert_json "$1" 'any(.[]; .event == "kernel")'
}

# assert_account FILE ACCOUNT [CALLBACK...]: rows by callback,process, and what
# ktimers knows; of these CALLBACKs anybody's.
assert_account() {
	# shellcheck disable=SC2016 # jq's variables
	rows_say "$1" 'differs($truth; $ARGS.positional)' --slurpfile truth "$2" --args "${@:3}"
}
