#!/usr/bin/env bash
# How often the kernel's timers are armed and expire, by callback: against hist
# triggers on the same events, against /proc/timer_list, and against what a program
# knows of itself. See programs/ktimers.c.

# shellcheck source=tests/guest/lib_kernel_load.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib_kernel_load.sh"

# programs STATUS ARG...: `timersnoop ARG... -- all of that`; it shows figures of it,
# nothing was lost, and what the programs know of themselves is so.
programs() {
	rm -f truth.json
	assert_status "$1" timersnoop "${@:2}" -- sh -c "$everything"
}

# Of each callback the kernel has counted so many before timersnoop recorded, while it
# certainly did, and when it had ended: it has all of those between, and no more than
# all. What only the programs use it has exactly.
# between EVENT KEY CALLBACK...: the files EVENT.1, .2 and .3 are what was counted.
between() {
	local event=$1 key=$2
	shift 2
	# shellcheck disable=SC2016 # jq's variables
	jq -r -s --arg event "$event" --arg key "$key" --rawfile one "$event.1" --rawfile two "$event.2" \
		--rawfile three "$event.3" "$kernel_rows"'
		def counts: split("\n") | map(select(. != "") | split(" ") | {key: .[0], value: .[1] | tonumber})
			| from_entries;
		($one | counts) as $before | ($two | counts) as $during | ($three | counts) as $all
		| (if $event | startswith("hr") then "hrtimer" else "timer_list" end) as $mechanism
		| (rows | map(select(.mechanism == $mechanism))) as $rows | ($ARGS.positional[] | select($all[.] == null) | "nobody counted \(.)"),
		($rows[] | select(.[$key] > 0 and $all[.callback] == null) | "\(.callback): \(.[$key]), and nobody counted it"),
		($all | keys[] as $callback | ($rows | of($callback) | sum($key)
				# these do not get to their callback
				- (if $key == "fired" then sum("immediate") else 0 end)) as $n
			| ($during[$callback] // 0) - ($before[$callback] // 0) | . as $between
			# some of the expiries are of what timersnoop, or the scheduler for it, has armed
			| (if $key == "fired" and ($callback | IN("hrtimer_wakeup", "process_timeout", "hrtick", "dl_task_timer"))
				then . * 0.8 - 10 else . end) as $least
			| (select($n < $least or $n > $all[$callback])
				| "\($callback): \($key) is \($n), and there were \($least) to \($all[$callback])"),
			(select($between != $all[$callback] and ($ARGS.positional | index($callback)))
				| "\($callback): not only by the programs"))' ours.json --args "$@" >differences 2>&1 ||
		fail "jq could not compare: $(head -c 2000 differences)"
	[[ ! -s differences ]] || fail "$key is not what the kernel counts
$(head -n 30 differences)"
}

test_hist_triggers() {
	local event at events=(timer_start hrtimer_start timer_expire_entry hrtimer_expire_entry)
	# What timersnoop arms itself it does not show.
	start_counts '' timer_expire_entry hrtimer_expire_entry
	count_more 'comm != "timersnoop" || common_flags & 24' timer_start hrtimer_start
	start_kernel kernel --format json --top 0 -o ours.json
	for at in 1 2 3; do
		for event in "${events[@]}"; do
			counted "$event" >"$event.$at"
		done
		case $at in
		1) sh -c "$everything" ;;
		2) kill -INT "$snoop" && ended 0 "$snoop" ;;
		esac
	done
	end_counts
	assert_balanced ours.json
	assert_json ours.json 'map(select(.event == "total")) | all(.incomplete | not)'
	between timer_start started tcp_write_timer
	between hrtimer_start started timerfd_tmrproc posix_timer_fn it_real_fn
	between timer_expire_entry fired tcp_write_timer
	between hrtimer_expire_entry fired timerfd_tmrproc posix_timer_fn it_real_fn
}

# asleep PID...: each is sleep(1), and sleeps. That many more are in /proc/timer_list is no
# sign of it: timersnoop sleeps as well.
asleep() {
	local pid comm state
	for pid; do
		read -r _ comm state _ <"/proc/$pid/stat"
		[[ $comm == "(sleep)" && $state == S ]] || return
	done
}

# all_listed N CALLBACK...: so many of each are in /proc/timer_list. It is made timer by
# timer: what begins or ends meanwhile makes it tell of another one twice or not at all.
all_listed() {
	local callback
	for callback in "${@:2}"; do
		[[ $(timers_listed "$callback") == "$1" ]] || return
	done
}

# What is pending at the end is what /proc/timer_list has. Nobody else has timers of
# two of the callbacks; what slept before is none of timersnoop's. The scheduler's hrtick
# is armed for whoever runs and may be pending for a while.
test_timer_list() {
	local sleepers=()
	mkfifo go
	exec 8<>go
	sleep 1000 &
	start_kernel kernel --by callback,process -n ktimers,sleep --format json -o ours.json
	for _ in 1 2 3 4 5 6 7 8 9; do
		sleep 1000 &
		sleepers+=("$!")
	done
	start ktimers -o truth.json armed 25 wait <go >said
	wait_for 20 grep -q ready said
	wait_for 20 asleep "${sleepers[@]}"
	wait_for 5 all_listed 25 timerfd_tmrproc posix_timer_fn
	kill -INT "$snoop"
	ended 0 "$snoop"
	assert_account ours.json truth.json
	assert_balanced ours.json
	# shellcheck disable=SC2016 # jq's variables
	assert_json ours.json --argjson its "[$(tr ' ' , <<<"${sleepers[*]} $started")]" '
		[.[] | select(.event == "kernel" and .pending > 0 and .callback != "hrtick")]
		| map(select(.pid | IN($its[])) | [.callback, .comm, .timers, .pending])
		| group_by(.[:2]) | map(.[0][:2] + [map(.[3]) | add])
		== [["hrtimer_wakeup", "sleep", 9], ["posix_timer_fn", "ktimers", 25],
			["timerfd_tmrproc", "ktimers", 25]]'
	echo >&8
}

# COMMAND's timers alone, and all of them; from a clock that both have in common.
test_account() {
	programs 0 kernel --by callback,process --format json -o ours.json
	assert_empty stderr
	assert_account ours.json truth.json tcp_write_timer
	assert_balanced ours.json
	rows_say ours.json 'not_the_total(["started", "older", "replaced", "cancelled", "fired", "pending",
		"unknown", "rearmed", "immediate", "from_interrupt", "migrations"])'
	# callbacks run in interrupts, and what they arm is armed there
	assert_json ours.json 'map(select(.event == "kernel")) | all(.rearmed <= .from_interrupt)'
	assert_json ours.json 'map(select(.event == "total")) | length == 1 and all((.incomplete | not) and .unknown == 0)'
	instants_gone_by
}

# 15 arms were for an instant that had gone by: the kernel does not even queue them, or
# they expire at once. How late that was is no figure.
instants_gone_by() {
	local immediate=0
	! has_event hrtimer_start_expired || immediate=15
	# shellcheck disable=SC2016 # jq's variables
	assert_json ours.json --slurpfile truth truth.json --argjson immediate "$immediate" '
		($truth | map(select(.event == "past-posix"))[0]) as $own
		| map(select(.event == "kernel" and .pid == $own.pid and .callback != "it_real_fn"))
		| (map(.immediate) | add) == $immediate
			and map(select(.callback == "timerfd_tmrproc" or .callback == "posix_timer_fn"))
			== map(select(.past == 5 and .late_ns == null and .timeout_ns == null
				and (if $immediate > 0 then .immediate == 5 and .fired == 5 else .immediate == 0 end)))'
}

run_tests
