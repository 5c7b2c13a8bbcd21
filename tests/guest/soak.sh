#!/usr/bin/env bash
# timersnoop for long, in several modes at once, while programs come and go: its memory stays
# what it was, it leaves no descriptor open, and it tells of every call. Short, unless T_SOAK
# is set (make check-soak): then for an hour of the guest's time. How much memory each mode
# had is left in /out.

# shellcheck source=tests/guest/lib_behaviour.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib_behaviour.sh"

# So many processes, one each so many milliseconds, with so many timers each besides.
rounds=60 period=100 timers=10 interval=1s
# kB, from the second third of the time to the last one: what malloc() takes at once.
declare -A growth=([stat]=768 [process]=768)
growth_of_others=400
if [[ ${T_SOAK:-} ]]; then
	rounds=1800 period=2000 timers=20 interval=10s
	t_limit=7200
fi

# is_recording PID: as is_tracing, also where there are no probes.
is_recording() {
	is_tracing "$1" || grep -qs '^timer:' "$tracefs/instances/timersnoop-$1"-*/set_event
}

# watch NAME ARG...: timersnoop with these, its pid in pids[NAME].
declare -A pids
watch() {
	local name=$1
	shift
	start timersnoop "$@" >"$name.out" 2>"$name.err"
	pids[$name]=$started
	wait_for 60 is_recording "$started"
}

# sample: how much memory each has, in kB, and how many descriptors, to NAME.samples.
sample() {
	local name pid key value fds
	for name in "${!pids[@]}"; do
		pid=${pids[$name]}
		while read -r key value _; do
			[[ $key != RssAnon: ]] || break
		done <"/proc/$pid/status"
		fds=("/proc/$pid/fd/"*)
		((${#fds[@]})) || continue # it could not be listed: there are some, always
		echo "$value ${#fds[@]}" >>"$name.samples"
	done
}

# What comes and goes, with 60 samples or so meanwhile; its account in $made.
churn_and_sample() {
	local ms=$((rounds * period / 60)) churn
	start churn "$rounds" "$period" "$timers" account >told
	churn=$started
	mkfifo never
	exec 6<>never
	while kill -0 "$churn" 2>/dev/null; do
		sample
		read -r -t "$(printf '%d.%03d' $((ms / 1000)) $((ms % 1000)))" -u 6
	done
	exec 6>&-
	wait "$churn" || fail "churn ended with $?"
	made=$(awk '{ calls += $2 } END { print calls }' told)
	cp -- *.samples /out
}

# end NAME: it ends when it is told to, and nothing went wrong but what was lost.
end() {
	local status
	kill -INT "${pids[$1]}"
	wait_for 120 is_gone "${pids[$1]}"
	wait "${pids[$1]}"
	status=$?
	[[ $status == 0 ]] || { [[ $status == 4 ]] && lost_some "$1"; } || {
		show "$1.err"
		fail "$1 ended with $status"
	}
}

lost_some() {
	grep -q '^timersnoop: data incomplete: ' "$1.err"
}

# assert_all NAME CALLS: it has told of all calls, or says that some were lost.
assert_all() {
	(($2 == made)) || { (($2 < made)) && lost_some "$1"; } || {
		show told "$1.err"
		fail "$1 tells of $2 calls of $made"
	}
}

# assert_flat NAME: no more memory in the last third of the time than in the second, and no
# more descriptors, but for files of /proc that are open for a moment.
assert_flat() {
	awk -v growth="${growth[$1]:-$growth_of_others}" '
		{ memory[NR] = $1 + 0; files[NR] = $2 + 0 } # numbers, or they are compared as text
		function most(from, to, i, found) {
			found = memory[from]
			for (i = from; i <= to; i++) if (memory[i] > found) found = memory[i]
			return found
		}
		function least(from, to, i, found) {
			found = files[from]
			for (i = from; i <= to; i++) if (files[i] < found) found = files[i]
			return found
		}
		END {
			third = int(NR / 3)
			if (NR < 20) print NR " samples"
			if (least(2 * third, NR) > least(third, 2 * third))
				print least(third, 2 * third) " descriptors, then " least(2 * third, NR)
			if (most(2 * third, NR) > most(third, 2 * third) + growth)
				print most(third, 2 * third) " kB, then " most(2 * third, NR)
		}' "$1.samples" >grown
	[[ ! -s grown ]] || {
		paste -s -d, "$1.samples"
		fail "$1: $(<grown)"
	}
}

# Not those of another timersnoop that begins. A program that is executed by way of
# /proc/self/exe is called exe.
calls_in() {
	grep -E '"event":"(timer_(create|settime|gettime|delete)|timerfd_(create|settime)|setitimer)"' "$1" |
		grep -cE '"comm":"(churn|exe)"'
}

test_soak() {
	local mode made seen
	watch lives --lives -e all --format json -o lives.json
	watch stat stat --interval "$interval" --format csv --fields comm,calls -o stat.csv
	watch process stat --by process --interval "$interval" --format json -o process.json
	watch ring record --ring 128K -o ring.dat
	watch record record -o all.dat
	watch kernel kernel --interval "$interval" --format csv --fields callback,started -o kernel.csv
	churn_and_sample
	for mode in "${!pids[@]}"; do
		end "$mode"
	done

	assert_all lives "$(calls_in lives.json)"
	assert_all stat "$(awk -F, '/^(churn|exe),/ { calls += $2 } END { print calls }' stat.csv)"
	run timersnoop report all.dat --format json -o all.json
	[[ $status == 0 ]] || lost_some record || { show stderr && fail "report of all.dat: status $status"; }
	assert_all record "$(calls_in all.json)"
	run timersnoop report ring.dat --format json -o ring.json
	[[ $status == 0 ]] || lost_some ring || { show stderr && fail "report of ring.dat: status $status"; }
	seen=$(calls_in ring.json)
	((seen > 0 && seen < made)) || fail "the ring holds $seen calls of $made"
	[[ -s kernel.csv && -s process.json ]] || fail "no tables"

	# Of stat, rows are put together when there are many: a short run ends before.
	[[ ${T_SOAK:-} ]] || unset 'pids[stat]' 'pids[process]'
	for mode in "${!pids[@]}"; do
		assert_flat "$mode"
	done
}

run_tests
