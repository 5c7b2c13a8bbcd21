# shellcheck shell=bash
# What the tests with injected faults share beyond lib_behaviour.sh. Source it.

# shellcheck source=tests/guest/lib_behaviour.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib_behaviour.sh"

# With T_EACH_FAULT each call is made to fail in turn, which takes hours; else the first that does
# the same to the same file of tracefs, be it of another event or CPU, and the last where it changes
# something, but for what the first of the runs below does as well and changes nothing: of the first
# run all of these, of the others these many, evenly. Of what asks for memory these many of the first
# of each place that does, and of other kinds of all.
fault_samples=10
t_limit=600
[[ ! ${T_EACH_FAULT:-} ]] || t_limit=20000

# with_faults NAME=VALUE... COMMAND [ARG...]: as run, with these of faults.so's variables.
# It is killed where it hangs.
with_faults() {
	rm -f failed
	run timeout -s KILL 30 env FAULT_LOG=failed LD_PRELOAD=/usr/bin/faults.so "$@"
}

# What is probed by a timersnoop that is none of these pids.
ours_in_tracefs() {
	local others="timersnoop[-_]($1)[-_]"
	{
		ls "$tracefs/instances"
		sed 's/ .*//' "$tracefs/kprobe_events"
	} | grep -vE "${1:+$others|}^$"
}

# --- what is run ---------------------------------------------------------------------

# Each is a small run, by name; `told_by` is what it tells, without what differs from one
# run to the next.
declare -A fault_runs=(
	[trace]='-e timer_settime --format json -- ticker call=3'
	[expiries]='-e timer_settime,timer_expire --format json -- ticker call=3'
	[stat]='stat -e timer_settime --fields comm,calls,failed -- ticker call=3'
	[read]='stat --aggregate user -e timer_settime --fields comm,calls,failed -- ticker call=3'
	[record]='record -e timer_settime -o kept.dat -- ticker call=3'
	[kernel]='kernel --callback hrtimer_wakeup --fields callback,mechanism -- ticker sleep=1'
	[report]='report kept.dat --format json'
	[list]='list --format json'
	[to-file]='-e timer_settime --format json -o kept.json -- ticker call=3'
	[report-to-file]='report kept.dat --format json -o kept.json'
)

calls_told() {
	jq -c 'select(.event != "lost") | [.event, .comm, .timer_id, .flags, .new, .ret, .incomplete]' "$1"
}

# told_by RUN: of the last one.
told_by() {
	case $1 in
	trace | expiries | report) calls_told stdout ;;
	to-file | report-to-file) calls_told kept.json ;;
	record)
		timersnoop report kept.dat --format json >reported 2>/dev/null
		calls_told reported
		;;
	list) grep -v '"comm":"timeout"' stdout ;; # our own, that ends what hangs
	*) cat stdout ;;
	esac
}

# --- what is expected ------------------------------------------------------------------

# What a run cannot do without: how and of whom it records, but for what it tries beforehand
# (calibrate_*), and what it lost.
needed='write .*/(trace_clock|buffer_[a-z_]*|event-fork|set_event_pid|tracing_on|filter|trigger)
write .*/events/[^/]*/([^/c]|c[^/a])[^/]*/enable
(open|read) .*/(stats|kprobe_profile)'

# Why the last run did not survive its fault as it should; nothing when it did.
# unsurvived RUN REGEX: REGEX is what a message names.
unsurvived() {
	local regex=$2 called
	case $status in
	0)
		told_by "$1" >told
		cmp -s "told-$1" told || echo "status 0, and it tells something else"
		# With COMMAND the status is not about what was lost.
		! sed -n 's/^failed [0-9]* //p' failed | grep -qxE "$needed" ||
			grep -q '^timersnoop: data incomplete: ' stderr || echo "status 0 all the same"
		;;
	4) grep -q '^timersnoop: data incomplete: ' stderr || echo "status 4 without a reason" ;;
	3 | 125)
		called=$(sed -n 's/^failed [0-9]* [a-z]* //p' failed | head -n 1)
		# Where it has a path, the message may name that.
		[[ ! ${called##*/} ]] || regex+="|${called##*/}"
		grep '^timersnoop: ' stderr | grep -qE "$regex" ||
			echo "status $status without a reason"
		;;
	*) echo "status $status" ;;
	esac
}

# What is left in tracefs must be told of, and be removed by --cleanup.
unclean() {
	local left
	left=$(ours_in_tracefs '')
	[[ $left ]] || return 0
	grep -q 'timersnoop --cleanup' stderr || echo "left without a word: ${left//$'\n'/, }"
	timersnoop --cleanup >cleaned 2>&1 || echo "--cleanup ends with $?: $(<cleaned)"
	left=$(ours_in_tracefs '')
	[[ ! $left ]] || echo "left by --cleanup: ${left//$'\n'/, }"
}

# judge_fault RUN REGEX WHAT: adds what is wrong to the file wrong.
judge_fault() {
	local wrong
	wrong=$(
		unsurvived "$1" "$2"
		unclean
	)
	[[ $wrong ]] || return 0
	{
		echo "$3: ${wrong//$'\n'/; }"
		sed 's/^/    /' failed stderr
	} >>wrong
}

# count_calls RUN KIND: how many there are without a fault, in $total; and what it tells then.
count_calls() {
	local args
	read -r -a args <<<"${fault_runs[$1]}"
	with_faults "FAULT_KIND=$2" timersnoop "${args[@]}"
	[[ $status == 0 ]] || fail "status $status without a fault: $(<stderr)"
	total=$(sed -n 's/^counted //p' failed)
	grep '^passed .*[/@]' failed >passed
	told_by "$1" >"told-$1"
	[[ -s told-$1 ]] || fail "it tells nothing"
}

# chosen_by_file FILE...: of those in the last FILE, by number, what changes something or the others
# do not have.
chosen_by_file() {
	awk -v last="${*: -1}" '{
		key = $3 " " $4
		gsub(/timersnoop[-_][0-9]+[-_][0-9a-f]+/, "OURS", key)
		gsub(/cpu[0-9]+/, "cpu", key)
		sub(/events\/[^\/]*\/[^\/]*\//, "events/", key)
	}
	FILENAME != last && $3 !~ /^(write|mkdir|rmdir)$/ { has[key] }
	FILENAME == last && !(key in has) {
		if (!(key in first))
			first[key] = $2
		if ($3 ~ /^(write|mkdir|rmdir)$/)
			final[key] = $2
	}
	END {
		for (key in first)
			print first[key]
		for (key in final)
			print final[key]
	}' "$@" | sort -nu
}

# Of the lines of standard input so many, evenly.
samples() {
	local lines step
	mapfile -t lines
	step=$(((${#lines[@]} + fault_samples - 1) / fault_samples))
	((step == 0)) || printf '%s\n' "${lines[@]}" | awk -v step="$step" 'NR % step == int(step / 2)'
}

# chosen_of TOTAL [KIND]: which of them are made to fail.
chosen_of() {
	local files=(passed)
	[[ ! -e passed-trace ]] || files=(passed-trace passed)
	if [[ ${T_EACH_FAULT:-} ]]; then
		seq "$1"
	elif [[ ! -s passed ]]; then
		seq "$1" | samples
	elif [[ ${2:-} == tracefs && ${#files[@]} == 1 ]]; then
		chosen_by_file passed
	else
		chosen_by_file "${files[@]}" | samples
	fi
}

# walk_faults RUN KIND REGEX [NAME=VALUE...]: one call of the kind fails after the other.
walk_faults() {
	local run=$1 kind=$2 regex=$3 at args total
	shift 3
	read -r -a args <<<"${fault_runs[$run]}"
	if [[ $run != trace && $run != report ]]; then
		count_calls trace "$kind"
		mv passed passed-trace
	fi
	count_calls "$run" "$kind"
	[[ "$*" != *FAULT_LAST=* ]] || : >passed
	for at in $(chosen_of "$total" "$kind"); do
		with_faults "FAULT_KIND=$kind" "FAULT_AT=$at" "$@" timersnoop "${args[@]}"
		grep -q '^failed' failed || continue # there were fewer this time
		judge_fault "$run" "$regex" "$run, $kind $at of $total"
	done
	[[ ! -s wrong ]] || fail "$(grep -c '^[a-z]' wrong) faults are not survived
$(<wrong)"
}
