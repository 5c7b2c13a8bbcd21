#!/usr/bin/env bash
# What timersnoop refuses, and where it cannot trace; doctor and --dry-run.

# shellcheck source=tests/guest/lib_behaviour.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib_behaviour.sh"

# refused REGEX ARG...: wrong usage, with a message that matches.
refused() {
	local regex=$1
	shift
	assert_status 2 timersnoop "$@"
	assert_match "^timersnoop: .*$regex" "$(<stderr)" "message about '$*'"
	assert_empty stdout
}

test_wrong_usage() {
	refused "unknown option '--nonsense'" --nonsense
	refused "unknown option '-Z'" -Z
	refused "short for more than one" --co
	refused "-p needs an argument" -p
	refused "--quiet takes no argument" --quiet=1
	refused "-p takes process ids" -p 0
	refused "-p takes process ids" -p -1
	refused "-p takes process ids" -p 12x
	refused "-p takes process ids" -p 99999999999
	refused "empty item" -p "$$,"
	refused "15 bytes" -n sixteen-bytes-xy
	refused "empty item" -n ''
	refused "no user 'nosuchuser'" -u nosuchuser
	refused "-c takes" -c 0
	refused "-c takes" -c 1.5
	refused "-c takes" -c 18446744073709551616
	refused "-d takes" -d 0
	refused "-d takes" -d -1s
	refused "-d takes" -d 5parsecs
	refused "-d takes" -d 1e3
	refused "--format takes" --format xml
	refused "--time takes" --time unix
	refused "--color takes" --color maybe
	refused "--buffer-size takes" --buffer-size 63K
	refused "--buffer-size takes" --buffer-size 65535
	refused "--buffer-size takes" --buffer-size 2G
	refused "--buffer-size takes" --buffer-size 1T
	refused "--loss-status takes" --loss-status 0
	refused "--loss-status takes" --loss-status 256
	refused "exclude each other" -p "$$" -- true
	refused "exclude each other" -q -v
	refused "exclude each other" -q -o calls
	refused "needs a COMMAND" --run-as
	refused "COMMAND is missing" --
	refused "put '--' before it" true
	refused "put '--' before it" trace true
	refused "takes no --user" kernel -u root
	refused "takes no" doctor -p "$$"
	refused "takes no" doctor -- true
	refused "doctor takes --format text or json" doctor --format csv
	refused "takes no" --cleanup -c 1
	! is_there calls || fail "an output file was made"
}

test_help_and_version() {
	local form
	for form in --help -h help; do
		assert_status 0 timersnoop "$form"
		assert_match '^usage: timersnoop' "$(<stdout)"
		assert_empty stderr
	done
	for form in --version -V; do
		assert_status 0 timersnoop "$form"
		assert_match '^timersnoop [0-9]+\.[0-9]' "$(<stdout)"
		assert_empty stderr
	done
	run timersnoop --help
	assert_eq '' "$(grep -E '.{81}' stdout)" "lines past 80 columns"
	timersnoop --help >/dev/full 2>stderr
	assert_eq 125 "$?" "status of --help on a full disk"
}

# as_tester ARG...: timersnoop by somebody without privileges.
as_tester() {
	su tester -c "timersnoop $*"
}

test_unprivileged() {
	assert_status 3 as_tester -d 1
	assert_match 'no permission to use /sys/kernel' "$(<stderr)"
	assert_match 'run it as root' "$(<stderr)" "hint"
	assert_empty stdout
	assert_status 125 as_tester -- touch "$PWD/ran"
	assert_match 'run it as root' "$(<stderr)" "hint"
	! is_there ran || fail "COMMAND ran"
	assert_status 3 as_tester doctor
	assert_match 'cannot be traced' "$(<stdout)"
	assert_match 'run it as root' "$(<stderr)" "hint"
	assert_status 3 as_tester --cleanup
	assert_status 2 as_tester -p 30999
	assert_status 0 as_tester --dry-run
	assert_match "p:timersnoop/settime_enter$of_any ${syscalls}timer_settime " "$(<stdout)"
}

# In a mount namespace of its own: nothing has to be put back.
test_tracefs_not_mounted() {
	cat >unmounted <<-'EOS'
		umount -l /sys/kernel/debug/tracing 2>/dev/null
		umount -l /sys/kernel/debug && umount -l /sys/kernel/tracing || exit 99
		timersnoop -d 1 >stdout-trace 2>stderr-trace
		echo "trace $?"
		timersnoop -- touch ran 2>stderr-command
		echo "command $?"
		timersnoop doctor >stdout-doctor 2>stderr-doctor
		echo "doctor $?"
		timersnoop --dry-run >stdout-plan 2>stderr-plan
		echo "plan $?"
		! grep -E 'tracefs|debugfs' /proc/self/mounts
		mkdir elsewhere
		mount -t tracefs nodev elsewhere
		timersnoop --format json -o calls -- ticker call=2
		echo "elsewhere $?"
		umount elsewhere
		mount -t debugfs nodev elsewhere
		timersnoop --format json -o calls-debugfs -- ticker call=2
		echo "debugfs $?"
	EOS
	assert_status 0 unshare -m bash unmounted
	assert_eq 'trace 3|command 125|doctor 3|plan 0|elsewhere 0|debugfs 0' \
		"$(paste -s -d '|' stdout)" "status of each"
	for file in stderr-trace stderr-command stderr-doctor; do
		assert_match 'tracefs is not mounted' "$(<"$file")" "$file"
		assert_match 'mount -t tracefs nodev /sys/kernel/tracing' "$(<"$file")" "$file"
	done
	assert_empty stdout-trace
	! is_there ran || fail "COMMAND ran"
	assert_match "p:timersnoop/settime_enter$of_any ${syscalls}timer_settime " "$(<stdout-plan)"
	assert_counts calls '{"1000":2}'
	assert_counts calls-debugfs '{"1000":2}'
}

# A kernel without CONFIG_KPROBE_EVENTS has all but a few files of tracefs.
test_no_kprobe_events() {
	without_kprobe_events >hidden
	cat >>hidden <<-'EOS'
		timersnoop -d 1 2>stderr-trace
		echo "trace $?"
		timersnoop doctor >/dev/null 2>stderr-doctor
		echo "doctor $?"
		timersnoop -- touch ran 2>stderr-command
		echo "command $?"
	EOS
	assert_status 0 unshare -m bash hidden
	assert_eq 'trace 3|doctor 3|command 125' "$(paste -s -d '|' stdout)" "status of each"
	for file in stderr-trace stderr-doctor stderr-command; do
		assert_match 'no kprobe events' "$(<"$file")" "$file"
		assert_match 'CONFIG_KPROBE_EVENTS' "$(<"$file")" "$file"
	done
	! is_there ran || fail "COMMAND ran"
}

test_kprobes_switched_off() {
	echo 0 >/sys/kernel/debug/kprobes/enabled
	run timersnoop -d 1
	echo 1 >/sys/kernel/debug/kprobes/enabled
	assert_eq 3 "$status" "status"
	assert_match 'kprobes are switched off' "$(<stderr)"
	assert_match 'echo 1 > /sys/kernel/debug/kprobes/enabled' "$(<stderr)" "hint"
	assert_empty stdout
}

test_doctor() {
	local line
	assert_status 0 timersnoop doctor
	assert_match 'this machine can be traced' "$(<stdout)"
	assert_empty stderr
	grep -E '^[pr][0-9]*:' stdout >pasted
	(($(wc -l <pasted) >= 4)) || fail "too few probes: $(<pasted)"
	# Somebody pastes all of it, comments included.
	sed -n '/^Probes, as text/,/^$/p' stdout | tail -n +2 | while read -r line; do
		[[ -z $line ]] || echo "$line" >>"$tracefs/kprobe_events" || echo "refused: $line"
	done >refused 2>&1
	wc -l <"$tracefs/kprobe_events" >made
	sed -E 's/^[pr][0-9]*:([^ ]*).*/-:\1/' pasted | while read -r line; do
		echo "$line" >>"$tracefs/kprobe_events"
	done
	assert_empty refused
	assert_eq "$(wc -l <pasted)" "$(<made)" "probes that the kernel made"

	assert_status 0 timersnoop --dry-run --lives -u 0
	grep -E '^[pr][0-9]*:' stdout >planned
	# The doctor has tried what the plan alone cannot know.
	if grep -q 'where the kernel has its copy' stdout; then
		grep -q '/settime_copied ' pasted || fail "the copy was not found"
		sed -i -E '/settime_(new|user|copied)/d' pasted planned
	fi
	diff pasted planned || fail "doctor and --dry-run plan differently"
	assert_status 0 timersnoop --dry-run -- touch ran
	! is_there ran || fail "--dry-run ran COMMAND"
	assert_status 0 timersnoop doctor -v
}

# What the kernel says of functions when asked is what kallsyms has.
test_same_plan_without_perf() {
	local pmu=/sys/bus/event_source/devices/kprobe wishes
	local plans=('-e timer_settime' '-e all --lives --toctou -u 0' 'stat --aggregate' 'kernel --callers')
	[[ -e $pmu/type ]] || skip "no PMU of kprobes"
	cat "$tracefs/error_log" >errors-before
	for wishes in "${plans[@]}"; do
		# shellcheck disable=SC2086 # words
		timersnoop $wishes --dry-run -v
	done >asked 2>&1
	grep -qE '^[pr][0-9]*:' asked || fail "no plans: $(head asked)"
	mount -t tmpfs none "$(readlink -f "$pmu")"
	for wishes in "${plans[@]}"; do
		# shellcheck disable=SC2086
		timersnoop $wishes --dry-run -v
	done >looked-up 2>&1
	umount "$(readlink -f "$pmu")"
	diff asked looked-up >differences || fail "the plans differ:
$(<differences)"
	cmp -s errors-before "$tracefs/error_log" || fail "the kernel's error_log has more than before"
}

run_tests
