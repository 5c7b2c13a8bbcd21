#!/bin/bash
# The text and CSV formats, on calls whose every value is known: `workload known`.
# (The JSON format is what accuracy.sh compares, strace's is in accuracy_strace.sh.)

# shellcheck source=tests/guest/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# columns NAME...: these columns of a table on standard input, in this order.
columns() {
	awk -v names="$*" '
		BEGIN { count = split(names, name, " ") }
		NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; fields = NF }
		NR > 1 {
			if (NF != fields) { print "not " fields " fields: " $0; exit }
			line = $at[name[1]]
			for (i = 2; i <= count; i++) line = line " " $at[name[i]]
			print line
		}'
}

test_text() {
	assert_status 0 timersnoop -e timer_settime --time none -- workload -o truth.json known
	assert_eq "workload settime 0 relative 2.00000075s 1.0000005s - 0
workload settime 0 relative disarm - - 0
workload settime 0 TIMER_ABSTIME 100000s once old=disarmed 0
workload settime 0 TIMER_ABSTIME|0x6 disarm 500ns - 0
workload settime 0 relative 3600s 1.5ms - 0
workload settime 0 relative 1s+2000000000ns once - -EINVAL
workload settime 1000 relative 5s once - -EINVAL" \
		"$(columns COMM EVENT ID FLAGS VALUE INTERVAL DETAILS RET <stdout)"
	assert_no_match '[ 	]$' "$(<stdout)" "trailing space"
}

# The header is a line of the same form, and can be left out.
test_text_header() {
	assert_status 0 timersnoop -e timer_settime --time none --no-header -- workload -o truth.json known
	assert_eq 7 "$(wc -l <stdout)" lines
	assert_no_match COMM "$(<stdout)"
}

# A call as most calls are, with times and a name of the usual length.
test_text_is_narrow() {
	local line
	assert_status 0 timersnoop -e timer_settime -- workload -o truth.json threads 1 3
	while IFS= read -r line; do
		((${#line} < 90)) || fail "${#line} columns: $line"
	done < <(sed -n '2p' stdout)
	assert_eq 4 "$(wc -l <stdout)" lines
}

test_text_caller() {
	assert_status 0 timersnoop -e timer_settime --time none -- workload -o truth.json threads 2 1
	assert_eq "$(jq -r '"\(.pid)/\(.tid) \(.comm)"' truth.json | sort)" \
		"$(columns PID/TID COMM <stdout | sort)" callers
}

test_text_wide() {
	assert_status 0 timersnoop -e timer_settime --time none -w -- workload -o truth.json known
	assert_eq "64 2.00000075s 1.0000005s kernel NULL - -
64 disarm - kernel NULL - -
64 100000s once kernel OLD disarmed -
64 disarm 500ns kernel NULL - -
64 3600s 1.5ms kernel NULL - -
64 1s+2000000000ns once kernel NULL - -
64 5s once kernel NULL - -" \
		"$(columns ABI VALUE INTERVAL FROM OLD-PTR OLD-VALUE OLD-INTERVAL <stdout |
			sed 's/ 0x[0-9a-f]* / OLD /')"
	assert_eq "$(jq -r '"\(.pid) \(.tid) \(.new_ptr)"' truth.json)" \
		"$(columns PID TID NEW-PTR <stdout)" "callers and pointers"
}

# A hostile name can neither make fields nor reach the terminal.
# shellcheck disable=SC2016 # a name that looks like a substitution
test_text_odd_names() {
	assert_status 0 timersnoop -e timer_settime --time none -- workload -o truth.json rename
	assert_eq 'plain
two\040words
15-characters-x
quote"s
back\134slash
new\012line
tab\011here
\033[31mred
del\177
not\377utf8
c1\302\205x
\343\202\277\343\202\244\343\203\236
cut\040\303
long\040\300\200
a,b;{}'\''$(x)`
\040
-' "$(columns COMM <stdout)"
	assert_eq 0 "$(tr -d '\n\040-\176' <stdout | wc -c)" "bytes that are no plain text"
}

test_text_errors() {
	assert_status 0 timersnoop -e timer_settime --time none -- workload -o truth.json errors
	assert_eq "$(jq -r '{"0": "0", "-3": "-ESRCH", "-14": "-EFAULT", "-22": "-EINVAL"}["\(.ret)"]' \
		truth.json)" "$(columns RET <stdout)"
	# what could not be read is not there, in particular not as zero
	columns VALUE INTERVAL <stdout >values
	jq -r '.new == null' truth.json | paste -d' ' - values >both
	assert_eq 'true - -' "$(grep ^true both | sort -u)" "values that cannot be read"
}

# The rest of a row, without what is different in every run.
steady_fields() {
	awk -F, -v OFS=, '{ $2 = $3 = $4 = $5 = $6 = ""; if ($13 != "0x0") $13 = "NEW"
		if ($14 != "0x0") $14 = "OLD"
		if (!sub(/^[0-9]+$/, "NS", $27)) $27 = "no duration"; print }' | sed 's/,,,,,,/,/'
}

test_csv() {
	assert_status 0 timersnoop -e timer_settime --format csv -- workload -o truth.json known
	assert_eq "event,time,mono_ns,cpu,pid,tid,comm,timer_id,flags,flag_names,abi,time_bits,\
new_ptr,old_ptr,new_value_sec,new_value_nsec,new_interval_sec,new_interval_nsec,new_from,\
old_value_sec,old_value_nsec,old_interval_sec,old_interval_nsec,old_from,\
ret,error,duration_ns,incomplete,lost" "$(head -n 1 stdout | cut -d, -f1-29)" header
	assert_eq "timer_settime,workload,0,0,,64,64,NEW,0x0,2,750,1,500,kernel,,,,,,0,,NS,,
timer_settime,workload,0,0,,64,64,NEW,0x0,0,0,0,0,kernel,,,,,,0,,NS,,
timer_settime,workload,0,1,TIMER_ABSTIME,64,64,NEW,OLD,100000,0,0,0,kernel,0,0,0,0,kernel,0,,NS,,
timer_settime,workload,0,7,TIMER_ABSTIME|0x6,64,64,NEW,0x0,0,0,0,500,kernel,,,,,,0,,NS,,
timer_settime,workload,0,0,,64,64,NEW,0x0,3600,0,0,1500000,kernel,,,,,,0,,NS,,
timer_settime,workload,0,0,,64,64,NEW,0x0,1,2000000000,0,0,kernel,,,,,,-22,EINVAL,NS,,
timer_settime,workload,1000,0,,64,64,NEW,0x0,5,0,0,0,kernel,,,,,,-22,EINVAL,NS,," \
		"$(tail -n +2 stdout | cut -d, -f1-29 | steady_fields)"
}

# The same number of columns, whatever the call and its result.
test_csv_columns() {
	local what
	for what in errors compat; do
		assert_status 0 timersnoop -e timer_settime --format csv -- workload -o truth.json "$what"
		assert_eq 53 "$(awk -F, '{ print NF }' stdout | sort -u)" "columns of $what"
		assert_eq "$(wc -l <truth.json)" "$(tail -n +2 stdout | wc -l)" "calls of $what"
		rm truth.json
	done
}

# As RFC 4180 has it: the field that holds a quote, a comma or a newline is quoted.
test_csv_odd_names() {
	assert_status 0 timersnoop -e timer_settime --format csv --no-header -- workload -o truth.json rename
	assert_match ',"quote""s",' "$(<stdout)"
	assert_match $',"new\nline",' "$(<stdout)"
	assert_match ',"a,b;\{\}' "$(<stdout)"
	assert_match ',back\\slash,' "$(<stdout)"
	# all bytes as they are
	assert_match ',not'$'\xff''utf8,' "$(LC_ALL=C cat stdout)"
	assert_eq 18 "$(wc -l <stdout)" "lines, one of them broken by the name"
}

# The forms of --time all mean the moment in the JSON of accuracy.sh.
test_times() {
	local form
	for form in wall mono relative; do
		assert_status 0 timersnoop -e timer_settime --time "$form" -- workload -o truth.json known
		columns TIME <stdout >"$form"
		assert_eq 7 "$(wc -l <"$form")" "times"
		sort -c "$form" || fail "$form times are not in order"
	done
	assert_match '^[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}' "$(<wall)"
	assert_match '^[0-9]+\.[0-9]{6}' "$(<relative)"
	# the second of the three accounts in the file
	sed -n '8,14p' truth.json | jq -r '"\(.before) \(.after)"' | paste -d' ' mono - |
		awk '{ ns = $1 * 1e9; if (ns < $2 - 2e3 || ns > $3 + 2e3) { print; exit 1 } }' >wrong ||
		fail "not the time of the call: $(<wrong)"
}

run_tests
