# shellcheck shell=bash
# What the scripts share that scripts/bench.sh runs in its guests. Source it.
#
# A tool is a name; `prepare TOOL` brings about what it needs, `describe TOOL PROGRAM...`
# sets $command to what runs PROGRAM under it, and `undo` takes back what was prepared.
# Each result is a line of JSON.

tracefs=/sys/kernel/tracing
probes=$tracefs/kprobe_events
out=/tmp/bench-out kept=/tmp/bench-kept said=/tmp/bench-said

# do_timer_settime, or what this kernel has of it.
settime=$(grep -oE ' do_timer_settime(\.part\.0)?$' /proc/kallsyms | sort | head -n 1)
settime=${settime# }

# The four probes that anybody would make: the entry with the caller's value, the
# kernel's copy, the old value where it is written, and the return.
four_probes() {
	cat <<-END
		p:bench/enter __x64_sys_timer_settime id=+112(%di):s32 flags=+104(%di):x32 new=+96(%di):x64 old=+56(%di):x64 uis=+u0(+96(%di)):s64 uin=+u8(+96(%di)):s64 uvs=+u16(+96(%di)):s64 uvn=+u24(+96(%di)):s64
		p:bench/copy $settime id=%di:s32 flags=%si:x32 is=+0(%dx):s64 in=+8(%dx):s64 vs=+16(%dx):s64 vn=+24(%dx):s64
		p:bench/old put_itimerspec64 is=+0(%di):s64 in=+8(%di):s64 vs=+16(%di):s64 vn=+24(%di):s64
		r:bench/exit __x64_sys_timer_settime ret=\$retval:s32
	END
}

# A recording process that is none of the traced ones.
start_other() {
	timersnoop "$@" >"$said" 2>&1 &
	other=$!
	until is_tracing "$other"; do sleep 0.1; done
	sleep 1
}

# is_tracing PID: all its events are on, in one of its instances.
is_tracing() {
	local made on
	made=$(grep -c "timersnoop_$1_" "$probes")
	on=$(cat "$tracefs"/instances/timersnoop-"$1"-*/set_event 2>/dev/null |
		grep -c "^timersnoop_$1_")
	((made > 0 && made == on))
}

other='' sleeper=''
prepare() {
	case $1 in
	bare-kprobe) echo 'p:bench/bare __x64_sys_timer_settime' >>"$probes" ;;
	bare-kretprobe) echo 'r:bench/bare __x64_sys_timer_settime' >>"$probes" ;;
	trace-cmd*) four_probes >>"$probes" ;;
	other-pid)
		sleep 1000000 &
		sleeper=$!
		start_other -o "$out" -p "$sleeper"
		;;
	other-pid-settime)
		sleep 1000000 &
		sleeper=$!
		start_other -e timer_settime -o "$out" -p "$sleeper"
		;;
	other-name) start_other -o "$out" -n nobody ;;
	other-name-settime) start_other -e timer_settime -o "$out" -n nobody ;;
	bpftrace*) sed "s/@SETTIME@/$settime/" /bench/settime.bt >/tmp/settime.bt ;;
	esac
	[[ $1 != bare-* ]] || echo 1 >"$tracefs/events/bench/enable"
	sleep 2
}

undo() {
	if [[ $other ]]; then
		kill -INT "$other"
		wait "$other"
		[[ ! $sleeper ]] || { kill "$sleeper" && wait "$sleeper"; }
		other='' sleeper=''
	fi 2>/dev/null
	if [[ -e $tracefs/events/bench ]]; then
		echo 0 >"$tracefs/events/bench/enable"
		echo '-:bench/' >>"$probes" 2>/dev/null ||
			sed -n 's/^[pr][0-9]*:\(bench\/[^ ]*\) .*/-:\1/p' "$probes" | while read -r line; do
				echo "$line" >>"$probes"
			done
		echo >"$tracefs/trace"
	fi
	rm -f /tmp/bench-out "$kept" "$kept".cpu*
}

# What the output is written to, of tools that can be told: a file, or with $out empty
# the pipe that measure reads.
describe() {
	local tool=$1 to=()
	shift
	[[ ! $out ]] || to=(-o "$out")
	case $tool in
	untraced* | bare-* | other-*) command=("$@") ;;
	text) command=(timersnoop "${to[@]}" -- "$@") ;;
	json) command=(timersnoop --format json "${to[@]}" -- "$@") ;;
	text-settime) command=(timersnoop -e timer_settime "${to[@]}" -- "$@") ;;
	json-settime) command=(timersnoop -e timer_settime --format json "${to[@]}" -- "$@") ;;
	json-all) command=(timersnoop -e all --format json "${to[@]}" -- "$@") ;;
	lives) command=(timersnoop --lives --format json "${to[@]}" -- "$@") ;;
	record) command=(timersnoop record -o "$kept" -- "$@") ;;
	record-settime) command=(timersnoop record -e timer_settime -o "$kept" -- "$@") ;;
	report) command=(timersnoop report "$kept" --format json "${to[@]}") ;;
	stat) command=(timersnoop stat --format json "${to[@]}" -- "$@") ;;
	stat-settime) command=(timersnoop stat -e timer_settime --aggregate user --format json
		"${to[@]}" -- "$@") ;;
	stat-kernel) command=(timersnoop stat -e timer_settime --aggregate kernel --by process
		--fields 'pid,comm,arms,disarms,failed' "${to[@]}" -- "$@") ;;
	strace) command=(strace -f -e trace=timer_settime "${to[@]}" "$@") ;;
	perf-trace) command=(perf trace -m 16M -e timer_settime "${to[@]}" "$@") ;;
	perf-trace-small) command=(perf trace -e timer_settime "${to[@]}" "$@") ;;
	trace-cmd) command=(trace-cmd record -q -b 16384 -e bench -o "$kept" "$@") ;;
	trace-cmd-small) command=(trace-cmd record -q -e bench -o "$kept" "$@") ;;
	trace-cmd-report) command=(trace-cmd report "$kept") ;;
	bpftrace) command=(env BPFTRACE_PERF_RB_PAGES=4096 bpftrace "${to[@]}" -c "$*"
		/tmp/settime.bt) ;;
	bpftrace-small) command=(bpftrace "${to[@]}" -c "$*" /tmp/settime.bt) ;;
	*) return 1 ;;
	esac
}

# By what trace-cmd has counted itself: of CALLS, those whose records it has read
# or was about to. To print them all takes longer than all else here.
told_by_stat() {
	trace-cmd dump --options "$kept" | awk -v calls="$1" '
		/^(overrun|commit overrun|dropped events):/ { lost += $NF }
		/^(entries|read events):/ { read += $NF }
		END { if (read) printf "%d\n", calls * read / (read + lost) }'
}

# count_told TOOL CALLS: how many of the program's calls the output tells.
count_told() {
	case $1 in
	text*) grep -cE '^ +[0-9]+\.[0-9]{6} .* settime ' "$out" ;;
	json* | report) grep -c '"event":"timer_settime"' "$out" ;;
	record*) timersnoop report "$kept" --fields event --no-header | grep -c '^timer_settime$' ;;
	stat-kernel) awk 'NR > 1 { n += $(NF - 2) + $(NF - 1) + $NF } END { print n + 0 }' "$out" ;;
	stat*) jq -s 'map(select(.event == "total") | .arms + .disarms + .failed) | add' "$out" ;;
	lives) jq -s 'map(select(.event == "life") | .arms + .disarms + .failed) | add' "$out" ;;
	strace | perf-trace*) grep -c 'timer_settime(' "$out" ;;
	trace-cmd-report) grep -c ' exit: ' "$said" ;;
	trace-cmd*)
		if (($2 > 6000)); then
			told_by_stat "$2"
		else
			trace-cmd report "$kept" 2>/dev/null | grep -c ' exit: '
		fi
		;;
	bpftrace*) grep -c 'ret=' "$out" ;;
	*) echo null ;;
	esac
}

# Standard input as a string of JSON.
quoted() {
	jq -R -s -c 'rtrimstr("\n") | .[:300]'
}

# Why a tool does not run on this kernel, or nothing. Each is tried.
refusal() {
	local command program
	case $1 in
	strace | trace-cmd* | bpftrace*) program=${1%-small} program=${program%-report} ;;
	perf-trace*) program=perf ;;
	*) program=timersnoop ;;
	esac
	command -v "$program" >/dev/null || { echo "$program is not installed" && return; }
	[[ $1 != *report ]] || return
	prepare "$1"
	describe "$1" settime null 100
	"${command[@]}" >"$said" 2>&1 || {
		grep -v '^{' "$said" | head -n 2 | paste -sd ' '
	}
	undo
}

# tell KIND TOOL [KEY VALUE]...: a line of JSON; values are JSON.
tell() {
	printf '{"part":"%s","kernel":"%s","tool":"%s"' "$1" "$BENCH_KERNEL" "$2"
	shift 2
	while (($#)); do
		printf ',"%s":%s' "$1" "${2:-null}"
		shift 2
	done
	printf '}\n'
}
