# shellcheck shell=bash
# What the behaviour tests share beyond lib.sh. Source it.

# shellcheck source=tests/guest/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# shellcheck disable=SC2034 # for lib.sh: emulated, and beside other guests
t_limit=180

is_gone() {
	! kill -0 "$1" 2>/dev/null
}

is_there() {
	[[ -e $1 ]]
}

# Whether the kernel can count, by triggers.
has_hist_triggers() { [[ -e $tracefs/events/sched/sched_switch/hist ]]; }
need_counts() { has_hist_triggers || skip 'this kernel has no hist triggers'; }

# tracing PID...: waits until all of these record.
tracing() {
	local pid
	for pid; do
		wait_for 60 is_tracing "$pid"
	done
}

# start_snoop [ARG...]: timersnoop in the background, its pid in $snoop, at a
# moment when it records.
start_snoop() {
	start timersnoop "$@"
	snoop=$started
	tracing "$snoop"
}

# shellcheck disable=SC2034 # for the tests
# start_ticker [WORD...]: ticker in the background, its pid in $ticker.
start_ticker() {
	start ticker "$@"
	ticker=$started
}

# ended STATUS PID [FILE...]: it ends soon, with this status; the files may say
# why if it does not.
ended() {
	local expected=$1 pid=$2 status
	shift 2
	wait_for 60 is_gone "$pid"
	wait "$pid"
	status=$?
	[[ $status == "$expected" ]] && return
	show "$@"
	fail "ended with $status instead of $expected${1:+, see $*}"
}

# How often PID went to sleep, in $sleeps, without a process that would be an event itself.
# shellcheck disable=SC2034 # sleeps: read by the tests
sleeps_of() {
	local key value
	while read -r key value; do
		[[ $key != voluntary_ctxt_switches: ]] || sleeps=$value
	done <"/proc/$1/status"
}

# assert_told CALLS TOLD: the tasks in the JSON file CALLS are those that wrote
# "PID TID COMM" to the file TOLD, all of them and nobody else.
assert_told() {
	jq -r 'select(.event == "timer_settime") | "\(.pid) \(.tid) \(.comm)"' "$1" |
		sort -u >tasks-seen
	sort -u "$2" >tasks-told
	diff -U 0 tasks-told tasks-seen && return
	fail "$1 has other tasks than those that made calls"
}

# assert_counts FILE JSON: how many calls of each tag (see ticker) are in FILE,
# none twice: '{"1":5,"2":10}'.
assert_counts() {
	jq -c 'select(.event == "timer_settime") | [.pid, .new.value.sec, .new.value.nsec]' "$1" |
		sort | uniq -d >twice
	assert_empty twice
	jq -c -s 'map(select(.event == "timer_settime").new.value.sec | tostring)
		| group_by(.) | map({key: .[0], value: length}) | from_entries' "$1" >counts
	assert_eq "$(jq -c -S . <<<"$2")" "$(jq -c -S . counts)" "calls of each tag in $1"
}

# A script that makes a mount namespace one where tracefs has all files but those that a
# kernel without CONFIG_KPROBE_EVENTS has not. What it is for comes behind it.
without_kprobe_events() {
	[[ -e $tracefs/kprobe_events ]] || return 0 # as 6.1-no-kprobes
	cat <<-'EOS'
		mkdir real
		mount --bind /sys/kernel/tracing real
		mount -t tmpfs nodev /sys/kernel/tracing
		cp real/README /sys/kernel/tracing
		mkdir /sys/kernel/tracing/{instances,events}
		mount --bind real/instances /sys/kernel/tracing/instances
		mount --bind real/events /sys/kernel/tracing/events
		umount real
		umount -l /sys/kernel/debug/tracing 2>/dev/null
		umount -l /sys/kernel/debug
	EOS
}
