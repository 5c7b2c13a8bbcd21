# shellcheck shell=bash
# What the tests with injected faults share beyond lib_behaviour.sh. Source it.

# shellcheck source=tests/guest/lib_behaviour.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib_behaviour.sh"

# With T_EACH_FAULT each call is made to fail in turn, which takes hours; else these many of a
# run, evenly, and those asked for of its end.
fault_samples=5
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
)

calls_told() {
	jq -c 'select(.event != "lost") | [.event, .comm, .timer_id, .flags, .new, .ret, .incomplete]' "$1"
}

# told_by RUN: of the last one.
told_by() {
	case $1 in
	trace | expiries | report) calls_told stdout ;;
	record)
		timersnoop report kept.dat --format json >reported 2>/dev/null
		calls_told reported
		;;
	list) grep -v '"comm":"timeout"' stdout ;; # our own, that ends what hangs
	*) cat stdout ;;
	esac
}

# --- what is expected ------------------------------------------------------------------

# Why the last run did not survive its fault as it should; nothing when it did.
# unsurvived RUN REGEX: REGEX is what a message names.
unsurvived() {
	local called
	case $status in
	0)
		told_by "$1" >told
		cmp -s "told-$1" told || echo "status 0, and it tells something else"
		;;
	4) grep -q '^timersnoop: data incomplete: ' stderr || echo "status 4 without a reason" ;;
	3 | 125)
		called=$(sed -n 's/^failed [0-9]* [a-z]* //p' failed | head -n 1)
		grep '^timersnoop: ' stderr | grep -qE "$2|${called##*/}" ||
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
	told_by "$1" >"told-$1"
	[[ -s told-$1 ]] || fail "it tells nothing"
}

# chosen_of TOTAL [LAST]: which of them are made to fail; the last ones are the clean-up's.
chosen_of() {
	local step=$((($1 + fault_samples - 1) / fault_samples))
	[[ ! ${T_EACH_FAULT:-} ]] || step=1
	{
		seq $((step / 2 + 1)) "$step" "$1"
		[[ ! ${2:-} ]] || seq $(($1 - $2)) "$1"
	} | sort -nu
}

# walk_faults RUN KIND REGEX [LAST [NAME=VALUE...]]: one call of the kind fails after the other.
walk_faults() {
	local run=$1 kind=$2 regex=$3 last=${4:-} at args total
	shift $(($# > 4 ? 4 : $#))
	read -r -a args <<<"${fault_runs[$run]}"
	count_calls "$run" "$kind"
	for at in $(chosen_of "$total" "$last"); do
		with_faults "FAULT_KIND=$kind" "FAULT_AT=$at" "$@" timersnoop "${args[@]}"
		grep -q '^failed' failed || continue # there were fewer this time
		judge_fault "$run" "$regex" "$run, $kind $at of $total"
	done
	[[ ! -s wrong ]] || fail "$(grep -c '^[a-z]' wrong) faults are not survived
$(<wrong)"
}
