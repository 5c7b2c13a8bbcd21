#!/usr/bin/env bash
# The forms of output for all events and for lives; JSON is what the other lives
# tests compare.

# shellcheck source=tests/guest/lib_lives.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib_lives.sh"

# table FILE: fails when a line has another number of fields than the header.
table() {
	awk 'NR == 1 { fields = NF } NF != fields { print NR ": " $0; wrong = 1 } END { exit wrong }' \
		"$1" >wrong || fail "not $(awk '{ print NF; exit }' "$1") fields: $(<wrong)"
}

# column NAME FILE
column() {
	awk -v name="$1" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) at = i }
		NR > 1 { print $at }' "$2"
}

# shows FILE EVENT REGEX [COUNT]: so many lines of this event have such DETAILS.
shows() {
	local found
	found=$(paste -d' ' <(column EVENT "$1") <(column DETAILS "$1") | grep -cE "^$2 $3\$")
	[[ $found == "${4:-1}" ]] || fail "$found lines instead of ${4:-1}: $2 $3
$(paste -d' ' <(column EVENT "$1") <(column DETAILS "$1") | grep "^$2 " | head -n 20)"
}

time='-?[0-9.]+(ns|us|ms|s)'

test_text() {
	lossless -e all --time none -o ours -- lives -o truth.json signals itimers
	assert_eq "PID/TID COMM EVENT ID FLAGS VALUE INTERVAL RET TOOK DETAILS" \
		"$(head -n 1 ours | xargs)" header
	table ours
	assert_eq "$(jq -r -s 'map(select(.ret) | .event | ltrimstr("timer_") | sub("^.etitimer$"; "settime")
		| sub("^get"; "")) | group_by(.)[] | "\(length) \(.[0])"' truth.json | sort)" \
		"$(column EVENT ours | grep -vE 'expire|signal|deliver' | sed 's/^get\(time\)$/\1/' |
			sort | uniq -c | sed 's/^ *//' | sort)" "calls"
	shows ours create 'clock=MONOTONIC,notify=SIGUSR1,sigev_value=0xfeedface'
	shows ours create 'clock=MONOTONIC,notify=SIGALRM\(default\).*'
	shows ours create 'clock=MONOTONIC,notify=none.*'
	shows ours expire "late=$time,clock=MONOTONIC,armed=user" 16
	shows ours signal "signal=SIGUSR1,result=delivered,.*after=$time" 12
	shows ours deliver "signal=SIGUSR1,result=handler,overrun=0,after=$time" 3
	shows ours deliver "signal=SIGUSR1,result=sigwait,overrun=0,after=$time" 6
	shows ours deliver "signal=SIGUSR1,result=signalfd,overrun=0,after=$time" 3
	assert_eq "0 1 2 prof real virtual" "$(column ID ours | sort -u | xargs)" "timers"
	assert_no_match '[ 	]$' "$(<ours)" "trailing space"
}

test_wide_and_csv() {
	assert_status 0 timersnoop -e timer_create,settime -w --time none -o wide -- \
		lives -o truth2.json signals
	table wide
	assert_match 'OLD-VALUE +OLD-INTERVAL +DETAILS' "$(head -n 1 wide)"
	lossless -e all --format csv -o csv -- lives -o truth.json signals timerfds
	assert_eq 1 "$(awk -F, '{ print NF }' csv | sort -u | wc -l)" "numbers of columns"
	# as before, and what is new behind it
	assert_match '^event,time,mono_ns,cpu,pid,tid,comm,timer_id,flags,flag_names,abi,' "$(head -n 1 csv)"
	assert_eq "lost fd which clock clock_id seconds sigevent_ptr sigevent_notify sigevent_signo \
sigevent_value sigevent_tid sigevent_from asked_ns asked_clock late_ns interval_ns armed_by signo signal \
result target_tid after_ns overrun sigev_value changed" \
		"$(head -n 1 csv | sed 's/.*,lost,/lost,/' | tr , ' ')" "columns"
	assert_eq "$(jq -s 'map(select(.event == "read")) | length' truth.json)" \
		"$(grep -c '^timerfd_expire,' csv | awk '{ print $1 - 1 }')" "expiries that were read"
}

# The figures themselves are compared as JSON.
test_lives_text_and_csv() {
	assert_status 0 timersnoop --lives -- everycall -o truth.json replace
	local pid
	pid=$(jq -s '.[0].pid' truth.json)
	assert_match "timer 0 of everycall \($pid\): CLOCK_MONOTONIC, SIGUSR1" "$(<stdout)"
	assert_match "armed +5 times \(3 one-shot, 2 periodic, 0 absolute\), disarmed 4" "$(<stdout)"
	assert_match "replaced before expiry 4" "$(<stdout)"
	assert_match "never fired" "$(<stdout)"
	assert_match "never deleted" "$(<stdout)"
	assert_match "created +by thread $pid at \+.*; deleted at \+" "$(<stdout)"
	assert_eq 4 "$(grep -c "of everycall ($pid)" stdout)" "blocks"
	(($(grep -c '^$' stdout) >= 3)) || fail "no blank lines between blocks"

	assert_status 0 timersnoop --lives --format csv -- everycall -o truth.json replace
	assert_eq 5 "$(wc -l <stdout)" "rows, with the header"
	assert_match '^event,pid,comm,family,timer_id,fd,which,origin,' "$(head -n 1 stdout)"
	assert_eq 1 "$(awk -F, '{ print NF }' stdout | sort -u | wc -l)" "numbers of columns"
}

run_tests
