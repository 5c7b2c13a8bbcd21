#!/usr/bin/env bash
# What timersnoop gives up, and when: asked of the kernel, and tried from within.

# shellcheck source=tests/guest/lib_behaviour.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib_behaviour.sh"

# confines_files: whether this kernel has Landlock switched on.
confines_files() {
	[[ -r /sys/kernel/security/lsm && $(</sys/kernel/security/lsm) == *landlock* ]]
}

# assert_given_up PID CAPABILITIES
assert_given_up() {
	local key value
	local -A of=()
	while read -r key value; do
		of[${key%:}]=$value
	done < <(cat "/proc/$1/status") # in one read: it changes
	assert_eq 1 "${of[NoNewPrivs]}" NoNewPrivs
	assert_eq 2 "${of[Seccomp]}" Seccomp
	assert_eq "$2" "${of[CapEff]}" CapEff
	assert_eq "$2" "${of[CapPrm]}" CapPrm
	assert_eq 0000000000000000 "${of[CapInh]}" CapInh
}

# assert_inside PID EXPECTED CALL [ARG...]: what comes of a call that it makes.
assert_inside() {
	local said
	said=$(inject "$1" "${@:3}") || fail "inject $*"
	assert_match "^$2\$" "$said" "${*:3}"
}

# What nobody who has taken it over can do.
assert_confined() {
	local pid=$1
	assert_inside "$pid" EPERM execve @/usr/bin/true 0 0
	assert_inside "$pid" EPERM fork
	assert_inside "$pid" EPERM socket 2 1 0
	assert_inside "$pid" EPERM ptrace 16 1 0 0
	assert_inside "$pid" EPERM mount @none @/mnt @tmpfs 0 0
	assert_inside "$pid" EPERM bpf 0 0 0
	assert_inside "$pid" EPERM init_module 0 0 0
	assert_inside "$pid" EPERM setuid 0
	assert_inside "$pid" EPERM unshare 0x20000
	assert_inside "$pid" EPERM kill 1 0
	assert_inside "$pid" EPERM kill -1 0
	assert_inside "$pid" EPERM prlimit64 1 7 0 0
	assert_inside "$pid" EPERM ioctl 0 0x5412 0
	assert_inside "$pid" EPERM mmap 0 4096 5 0x22 -1 0
	assert_inside "$pid" EPERM openat -100 "@$PWD/made" 0x41 0600
	assert_inside "$pid" EPERM openat -100 "@$PWD" 0x410002 0600
	assert_inside "$pid" EPERM unlink "@$PWD/ours"
	assert_inside "$pid" EPERM link "@$PWD/ours" "@$PWD/other"
	assert_inside "$pid" EPERM chmod "@$PWD/ours" 04777
}

# What it has to do yet.
assert_able() {
	assert_inside "$1" 'ok [0-9]+' openat -100 @/proc/1/status 0
	assert_inside "$1" 'ok [0-9]+' openat -100 "@$tracefs/kprobe_events" 0x401
}

# Where the kernel has Landlock: nothing else, also of root's.
assert_files_confined() {
	local pid=$1 expected=EACCES
	confines_files || expected='ok [0-9]+'
	assert_inside "$pid" "$expected" openat -100 @/etc/passwd 0
	assert_inside "$pid" "$expected" openat -100 "@$PWD/ours" 1
	assert_inside "$pid" "$expected" openat -100 @/proc/sys/kernel/core_pattern 1
	assert_inside "$pid" "$expected" rmdir "@$PWD/dir"
}

test_trace() {
	touch ours && mkdir dir
	start_ticker wait=go call=1
	start_snoop -e timer_settime --format json -o calls -p "$ticker"
	assert_given_up "$snoop" 0000000000000000
	assert_confined "$snoop"
	assert_able "$snoop"
	assert_files_confined "$snoop"
	# It ends as it would have.
	touch go
	ended 0 "$snoop" calls
	assert_counts calls '{"1000":1}'
}

# COMMAND can be sent signals, as nobody else can, whoever it is.
test_command() {
	start timersnoop -e timer_settime --run-as=tester -o calls -- ticker tell="$PWD/told" wait="$PWD/go" call=1
	snoop=$started
	tracing "$snoop"
	wait_for 20 is_there told
	assert_given_up "$snoop" 0000000000000020
	read -r pid _ <told
	assert_inside "$snoop" 'ok 0' kill "$pid" 0
	assert_inside "$snoop" EPERM kill 1 0
	kill -INT "$snoop"
	ended 130 "$snoop" calls
}

test_recordings() {
	start timersnoop record -e timer_settime -o rec -d 1m
	tracing "$started"
	assert_given_up "$started" 0000000000000000
	kill -INT "$started"
	ended 0 "$started"
	# In the end it reads what /proc keeps for a process's owner.
	start timersnoop record --ring 1M -o rec
	tracing "$started"
	assert_given_up "$started" 0000000000080004
	assert_inside "$started" EPERM execve @/usr/bin/true 0 0
	kill -INT "$started"
	ended 0 "$started"
	# And the addresses of functions.
	start timersnoop record --kernel -o rec
	wait_for 60 sleeps_confined "$started"
	assert_given_up "$started" 0000000400000000
	kill -INT "$started"
	ended 0 "$started"
	assert_status 0 timersnoop kernel -i rec
	assert_match tick_ "$(<stdout)" "names of functions"
}

# sleeps_confined PID
sleeps_confined() {
	local state
	read -r _ _ state _ <"/proc/$1/stat" && [[ $state == S ]] &&
		grep -q '^Seccomp:.2' "/proc/$1/status"
}

# start_report: a report that waits for its reader, its pid in $report.
start_report() {
	start timersnoop report rec --format json >stuck 2>stderr
	report=$started
	wait_for 20 sleeps_confined "$report"
	sleep 0.3
}

# A recording that takes it over finds nothing that can be done, and its end.
test_report() {
	local call
	mkfifo stuck
	exec 6<>stuck
	assert_status 0 timersnoop record -e timer_settime -o rec -- ticker call=1500
	start_report
	assert_given_up "$report" 0000000000000000
	assert_inside "$report" 'ok [0-9]+' getpid
	kill "$report"
	for call in 'openat -100 @/etc/passwd 0' 'execve @/usr/bin/true 0 0' 'kill 1 0'; do
		start_report
		# shellcheck disable=SC2086 # words
		assert_inside "$report" 'exited with 125' $call
		assert_match 'stopped at a system call that it has no need of \(number [0-9]+\)' "$(<stderr)"
	done
	exec 6>&-
}

# position PATTERN: the number of the first line of the file `calls` that matches.
position() {
	grep -nE -m 1 "$1" calls | cut -d: -f1
}

# assert_before FIRST SECOND: both are there, in this order.
assert_before() {
	local first second
	first=$(position "$1") second=$(position "$2")
	[[ $first && $second ]] && ((first < second)) && return
	grep -vE 'mmap|openat\(AT_FDCWD, "/(usr|lib)' calls | tail -n 60
	fail "not so: '$1' (${first:-none}) before '$2' (${second:-none})"
}

# Before anything is read that others had a part in, and before COMMAND runs.
test_when() {
	timersnoop record -e timer_settime -o rec -- ticker call=2
	strace -y -o calls timersnoop report rec >/dev/null
	assert_before '^seccomp\(.* = 0' '^(pread64|read)\([0-9]+<[^>]*/rec>'
	strace -y -o calls timersnoop list >/dev/null
	assert_before '^seccomp\(.* = 0' '^openat\(.*"/proc/[0-9]'
	strace -y -o calls timersnoop -e timer_settime -q -- ticker call=2
	assert_before '^seccomp\(.* = 0' '^read\([0-9]+<[^>]*trace_pipe_raw>'
	# That lets it go.
	assert_before '^seccomp\(.* = 0' '^sendto\([0-9]+<.*"\\0\\0\\0\\0", 4,'
}

test_doctor() {
	local files='this kernel has no Landlock'
	! confines_files || files=yes
	assert_status 0 timersnoop doctor
	assert_match 'capabilities that are not needed: yes' "$(<stdout)"
	assert_match "files, but tracefs and /proc: +$files" "$(<stdout)"
	assert_match 'system calls \(seccomp\): +yes' "$(<stdout)"
}

# Where /proc hides processes, who may not trace them sees none: names would be missing.
test_hidden_processes() {
	local hidden
	mount -o remount,hidepid=2 /proc || skip "/proc cannot hide"
	start su tester -c "$(command -v ticker) wait=$PWD/go name=hidden call=1"
	hidden=$started
	start_snoop -e timer_settime --format json -o calls -n hidden
	assert_given_up "$snoop" 0000000000080004
	touch go
	wait_for 20 is_gone "$hidden"
	kill -INT "$snoop"
	ended 0 "$snoop" calls
	mount -o remount,hidepid=0 /proc
	assert_json calls 'map(.comm) == ["hidden"]'
}

run_tests
