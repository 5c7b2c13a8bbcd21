#!/usr/bin/env bash
# What doctor says, to a script, of a machine that can be traced, and of each thing that
# keeps one from it, on the machine where it happens.
# shellcheck disable=SC2016 # jq's variables

# shellcheck source=tests/guest/lib_behaviour.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib_behaviour.sh"

pmu=/sys/bus/event_source/devices/kprobe

# state CHECK: the state of a check in the file stdout.
state() {
	jq -r --arg check "$1" '.checks[] | select(.check == $check).state' stdout
}

# assert_refused CHECK REASON HINT: a file stdout has the machine refused for CHECK, and
# stderr says so, too. The checks that need it are skipped.
assert_refused() {
	assert_json stdout 'length == 1'
	assert_json stdout --arg check "$1" 'all(.[]; .event == "doctor" and .can_trace == false
		and .status == 3 and .plan == null
		and (.checks[] | select(.check == $check).state) == "failed"
		and (.checks[-1].state == "skipped") and (.checks[-2].state == "skipped"))'
	assert_match "$2" "$(jq -r .error.text stdout)" "error"
	assert_match "$3" "$(jq -r .error.hint stdout)" "hint"
	assert_match "$2" "$(<stderr)" "stderr"
	assert_eq "$(jq -r .error.text stdout)" \
		"$(jq -r --arg check "$1" '.checks[] | select(.check == $check).found' stdout)" "what was found"
}

test_can_trace() {
	assert_status 0 timersnoop doctor --json
	assert_empty stderr
	assert_eq 1 "$(wc -l <stdout)" "lines"
	assert_json stdout --arg release "$(uname -r)" --arg machine "$(uname -m)" 'all(.[]; .event == "doctor"
		and .can_trace and .status == 0 and .error == null and .release == $release
		and .machine == $machine and all(.libraries[]; .built and .loaded)
		and all(.checks[]; .state == "ok" or (.check == "probes" and .state == "limited"))
		and .given_up.capabilities and .given_up.calls
		and (.plan.new_from == "kernel") and (.plan.probes | length > 10))'
	jq -r '.plan.probes[].text' stdout >probes
	assert_status 0 timersnoop doctor
	grep -E '^[pr][0-9]*:' stdout >in-text
	diff probes in-text || fail "the plans differ"
	assert_match 'a call was traced, whole +yes' "$(<stdout)"
	assert_status 0 timersnoop doctor --format json
	assert_json stdout 'length == 1'
}

# What others do with tracefs is no matter.
test_others() {
	mkdir "$tracefs/instances/other"
	echo 0 >"$tracefs/instances/other/tracing_on"
	echo 0 >"$tracefs/tracing_on"
	run timersnoop doctor --json
	echo 1 >"$tracefs/tracing_on"
	rmdir "$tracefs/instances/other"
	assert_eq 0 "$status" status
	assert_json stdout 'all(.[]; .can_trace)'
}

test_leftovers() {
	start_snoop -q
	kill -KILL "$snoop"
	wait "$snoop" 2>/dev/null
	assert_status 0 timersnoop doctor --json
	assert_json stdout 'all(.[].checks[] | select(.check == "leftovers");
		.state == "ok" and (.found | test("what 1 of them left was removed")))'
}

# What the kernel is not known to have is not planned; what it only seems to have, it refuses;
# and a name that several functions have is none.
test_functions() {
	local address name
	[[ ! -e $pmu ]] || mount -t tmpfs none "$(readlink -f "$pmu")"
	assert_status 0 timersnoop doctor --json
	jq -r '.absent[]' stdout >absent
	address=$(awk '$3 == "do_timer_create" || $3 == "hrtimer_interrupt" { print $1; exit }' /proc/kallsyms)
	cp stdout before
	{
		grep -vE ' (put_itimerspec64|commit_creds)$' /proc/kallsyms
		grep -E ' commit_creds$' /proc/kallsyms | sed p
		while read -r name; do
			echo "$address t $name"
		done <absent
	} >kallsyms
	mount --bind kallsyms /proc/kallsyms
	run timersnoop doctor --json
	umount /proc/kallsyms
	[[ ! -e $pmu ]] || umount "$(readlink -f "$pmu")"
	assert_eq 0 "$status" "status, whatever is second best"
	assert_json stdout 'all(.[]; .can_trace and (.absent | index("put_itimerspec64") != null)
		and .ambiguous == ["commit_creds"]
		and (.refused | length > 0) and all(.refused[]; .why | length > 0)
		and (.plan.missing | length > 0))'
	# The reason is the kernel's own.
	sed -n 's/^\[.*error: //p' "$tracefs/error_log" | sort -u >reasons
	show reasons
	[[ -s reasons ]] || fail "the kernel gave no reason"
	jq -r '.refused[].why' stdout | sort -u >given
	grep -vxFf reasons given && fail "these reasons are not the kernel's"
	assert_eq limited "$(state probes)" "state of the probes"
	assert_eq "$(jq '.plan.missing | length' before)" \
		"$(jq --slurpfile b before '[.plan.missing[] | select(IN($b[0].plan.missing[]))] | length' stdout)" \
		"what is missing anyway"
}

# Names and values are as before; only what needs addresses is less.
test_hidden_addresses() {
	echo 2 >/proc/sys/kernel/kptr_restrict
	trap 'echo 1 >/proc/sys/kernel/kptr_restrict' EXIT
	assert_status 0 timersnoop doctor --json
	assert_json stdout 'all(.[]; .can_trace)'
	assert_eq limited "$(state addresses)" "state of the addresses"
	assert_match 'kptr_restrict' \
		"$(jq -r '.checks[] | select(.check == "addresses").hint' stdout)" "hint"
	assert_eq ok "$(state functions)" "state of the functions"

	assert_status 0 timersnoop -e timer_settime --format json -o calls -- ticker call=5
	assert_counts calls '{"1000":5}'
	assert_json calls 'all(.[] | select(.event == "timer_settime");
		.new.from == "kernel" and .ret == 0)'
	assert_status 0 timersnoop -e all --format json -o all -- bash -c 'timeout 0.2 sleep 5 || :'
	assert_json all '["timer_create", "timer_settime", "timer_expire", "signal_generate",
		"signal_deliver"] - map(.event) == []'
}

# In mount namespaces of their own: nothing has to be put back.
test_not_mounted() {
	cat >unmounted <<-'EOS'
		umount -l /sys/kernel/debug/tracing 2>/dev/null
		umount -l /sys/kernel/debug && umount -l /sys/kernel/tracing || exit 99
		exec timersnoop doctor --json
	EOS
	assert_status 3 unshare -m bash unmounted
	assert_refused tracefs 'tracefs is not mounted' 'mount -t tracefs nodev /sys/kernel/tracing'
	assert_eq skipped "$(state permission)" permission
	assert_eq ok "$(state pid_namespace)" "PID namespace"
}

test_unprivileged() {
	assert_status 3 su tester -c 'timersnoop doctor --json'
	assert_refused permission 'no permission to use /sys/kernel' 'run it as root'
	assert_eq ok "$(state tracefs)" tracefs
}

# Debian's kernels for amd64, those of its installer too, have CONFIG_KPROBE_EVENTS: one that has
# not is played by a tracefs without its files.
test_no_kprobe_events() {
	without_kprobe_events >hidden
	echo 'exec timersnoop doctor --json' >>hidden
	assert_status 3 unshare -m bash hidden
	assert_refused kprobe_events 'no kprobe events' 'CONFIG_KPROBE_EVENTS'
	assert_eq ok "$(state permission)" permission
}

test_kprobes_switched_off() {
	echo 0 >/sys/kernel/debug/kprobes/enabled
	run timersnoop doctor --json
	echo 1 >/sys/kernel/debug/kprobes/enabled
	assert_eq 3 "$status" status
	assert_refused kprobes_on 'kprobes are switched off' 'echo 1 > /sys/kernel/debug/kprobes/enabled'
	assert_eq ok "$(state kprobe_events)" "kprobe events"
}

test_pid_namespace() {
	assert_status 3 unshare -pf --mount-proc timersnoop doctor --json
	assert_refused pid_namespace 'not the first PID namespace' 'on the host'
	assert_eq ok "$(state kprobes_on)" kprobes
}

test_no_instance() {
	cat >full <<-'EOS'
		mount -t tmpfs -o ro nodev /sys/kernel/tracing/instances
		exec timersnoop doctor --json
	EOS
	assert_status 3 unshare -m bash full
	assert_refused instance 'cannot make the tracefs instance' '^null$'
	assert_eq ok "$(state pid_namespace)" "PID namespace"
	assert_eq skipped "$(state probes)" probes
}

run_tests
