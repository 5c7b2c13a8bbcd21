# shellcheck shell=bash
# A recording of the kernel's timers on a busy machine, that more than one script asks.
# Source it.

# shellcheck source=tests/guest/lib_kernel.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib_kernel.sh"

# For sh: three processes at once, each for a second or less, do all that ktimers can.
# shellcheck disable=SC2034 # for the tests
everything='
	ktimers -o truth.json nanosleeps 30 3000000 timerfds 10 3000000 timerfds-periodic 10 5000000 \
		posix 10 3000000 posix-periodic 10 5000000 &
	ktimers -o truth.json polls 10 5 waker 10 10 itimers 10 3000000 itimers-periodic 10 5000000 \
		past-sleeps 5 past-timerfds 5 past-posix 5 &
	ktimers -o truth.json timeouts 10 12 answered 10 3000 tcp 10 silent 900 &
	wait'

# A recording of that, with programs of others beside it and all that can be asked of it,
# for whatever needs no live trace: $recording, the account in $truth. Where the kernel
# missed hits of probes each time, which may be as probes interrupt each other, a number
# of callers is not known, and $load_status is 4.
load_kept=/tmp/kernel_load

record_load() {
	rm -f "$load_kept.new"/*
	start_kernel record --kernel --callers --wakeups -o "$load_kept.new/recording" 2>"$load_kept.new/stderr"
	if command -v stress-ng >/dev/null; then
		start stress-ng -q --timer 1 --timer-freq 100 --timerfd 1 --timerfd-fds 16 --timerfd-freq 100 \
			--itimer 1 --itimer-freq 100 -t 1s
	fi
	(cd "$load_kept.new" && sh -c "$everything")
	sleep 0.5
	kill -INT "$snoop"
	wait "$snoop"
	load_status=$?
	[[ $load_status == 0 ]] && return
	show "$load_kept.new/stderr"
	[[ $load_status == 4 ]] || fail "record ended with $load_status"
	grep -qxE '(timersnoop: data incomplete: [0-9]+ probe hits? missed.*)?' "$load_kept.new/stderr" ||
		fail "it was not lossless"
}

keep_load() {
	local tries=3
	if [[ ! -e $load_kept ]]; then
		mkdir "$load_kept.new"
		until record_load || ((--tries == 0)); do :; done
		echo "$load_status" >"$load_kept.new/status"
		mv "$load_kept.new" "$load_kept"
	fi
	# shellcheck disable=SC2034 # for the tests
	recording=$load_kept/recording truth=$load_kept/truth.json
	load_status=$(<"$load_kept/status")
}

# shown ARG...: `timersnoop kernel -i` of it.
shown() {
	assert_status "$load_status" timersnoop kernel -i "$recording" "$@"
	[[ $load_status == 4 ]] || assert_empty stderr
}

# Figures that are added up.
counts=started,older,replaced,cancelled,fired,pending,unknown,rearmed,immediate,from_interrupt
counts+=,deferrable,pinned,irqsafe,absolute,soft,migrations,wakeups,alongside

identity=event,callback,module,mechanism,pid,comm,cpu,caller,timer

# balanced_by BY...: whatever the figures of $recording are grouped by, they are balanced,
# all of them are the same, and nothing was lost. jq takes long to begin.
balanced_by() {
	local by
	mkdir by
	for by; do
		shown --callers --wakeups --by "$by" --top 0 --fields "$identity,$counts,incomplete" \
			--format json -o "by/$by"
	done
	# shellcheck disable=SC2016 # jq's variables
	jq -n -r --arg counts "$counts" "$kernel_rows"'
		($counts | split(",")) as $counts
		| reduce inputs as $row ({}; .[input_filename | ltrimstr("by/")] += [$row])
		| ([.[]][0] | totals) as $total
		| to_entries[] | .key as $by | .value
		| (unbalanced, not_the_total($counts),
			(select(totals != $total) | "another total: \(totals)"),
			(rows | . as $rows
				| ($by | split(",") | map({process: "pid"}[.] // .)
					+ if $by | test("process") then ["comm"] else [] end
					+ if $by | test("callback|timer") then ["callback", "mechanism"] else [] end) as $keys
				| select(length != (map([.[$keys[]]]) | unique | length)) | "a row twice"),
			(rows[] | select(.unknown != 0 or .incomplete) | "\(.callback): \(.unknown) unknown"))
		| "by \($by): \(.)"' by/* >differences 2>&1 || fail "jq could not compute: $(head -c 2000 differences)"
	[[ ! -s differences ]] || fail "the rows are not right
$(head -n 30 differences | cut -c 1-1000)"
	assert_eq $# "$(find by -type f | wc -l)" files
}
