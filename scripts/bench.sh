#!/usr/bin/env bash
# What timersnoop costs, beside strace, perf trace, trace-cmd and bpftrace.
#
#   scripts/bench.sh [OPTION...]
#
# In guests whose clock counts instructions, so that figures repeat on any machine:
#
#   cost    per call: to the traced program, and to the whole machine
#   start   how long each tool takes to begin and to end
#
# in guests with two CPUs and a clock of time:
#
#   loss    two CPUs that call without pause: is each call told or counted as lost
#   idle    how often timersnoop wakes while nothing happens
#
# and on this machine:
#
#   replay  a large recording, read by timersnoop and by trace-cmd
#
#   --kernel K    on this kernel alone; may be repeated (default 5.10 6.1 6.12 7.2)
#   --part P      this part alone; may be repeated
#   --tool T      cost and start: this tool alone, as scripts/bench/lib.sh names it, with
#                 the untraced run and the bare kretprobe; may be repeated
#   --load L      cost: this load alone (null, old, mix, threads); may be repeated
#   --quick       fewer tools and calls: shows that the benchmark works
#   --json FILE   the figures for machines, too
#   --update      the figures into doc/benchmarks.json and doc/BENCHMARKS.md; those of
#                 parts and kernels that were not run stay as they are
#   --show FILE   runs nothing: the tables of a FILE of --json
#   --keep DIR    what the guests said, line by line, stays in DIR/lines
#   --lines FILE  runs nothing: the figures of such lines
#
# Needs scripts/deps.sh bench. The tables come on standard output. See doc/BENCHMARKS.md
# for what the figures mean. Exit status 1 when a part failed.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

kernels=() parts=() tools=() loads=() said=() quick='' json='' update='' show='' keep=''
all_tools=(untraced bare-kprobe bare-kretprobe text text-settime json json-settime json-all lives
	record record-settime report stat stat-settime stat-kernel other-pid other-pid-settime
	other-name other-name-settime strace perf-trace perf-trace-small trace-cmd trace-cmd-small
	trace-cmd-report bpftrace bpftrace-small untraced-again)
few_tools=(untraced bare-kretprobe json json-settime lives record-settime stat-settime stat-kernel
	other-pid strace perf-trace trace-cmd bpftrace)
start_tools=(untraced text text-settime json-settime json-all lives record record-settime stat
	stat-settime stat-kernel strace perf-trace trace-cmd bpftrace)
quick_tools=(untraced bare-kretprobe json-settime stat-kernel strace trace-cmd)

parse() {
	while (($#)); do
		case $1 in
		--kernel | --part | --tool | --load | --json | --show | --keep | --lines)
			(($# > 1)) || die "$1 needs a value"
			;;&
		--kernel) kernels+=("$2") && shift ;;
		--part) parts+=("$2") && shift ;;
		--tool) tools+=("$2") && shift ;;
		--load) loads+=("$2") && shift ;;
		--lines) said+=("$2") && shift ;;
		--json) json=$2 && shift ;;
		--show) show=$2 && shift ;;
		--keep) keep=$2 && shift ;;
		--quick) quick=1 ;;
		--update) update=1 ;;
		-h | --help)
			show_help "$0"
			exit 0
			;;
		*) die "unknown option '$1' (see --help)" ;;
		esac
		shift
	done
	((${#kernels[@]})) || kernels=(5.10 6.1 6.12 7.2)
	((${#parts[@]})) || parts=(cost start loss idle replay)
	local part
	for part in "${parts[@]}"; do
		[[ $part =~ ^(cost|start|loss|idle|replay)$ ]] || die "no part '$part' (see --help)"
	done
}

has_part() {
	[[ " ${parts[*]} " == *" $1 "* ]]
}

# What the guests have besides: the scripts, the programs, and whoever is measured.
make_image() {
	local name program
	mkdir -p "$work/image"/{bench,usr/bin}
	cp "$top"/scripts/bench/*.{sh,bt} "$work/image/bench"
	cp "$top"/build/tests/bench/bin/* "$work/image/usr/bin"
	for name in perf bpftrace; do
		program=$(command -v "$name") || continue
		copy_program "$work/image" "$(readlink -f "$program")" "usr/bin/$name"
	done
}

# guest KERNEL OPTION... -- COMMAND...: its lines of JSON are added to $lines.
guest() {
	local kernel=$1 status=0
	shift
	note "Linux $kernel: ${*: -1}" # what it does there
	"$top/scripts/guest.sh" "$kernel" --image "$work/image" "$@" >"$work/said" 2>"$work/errors" ||
		status=$?
	grep '^{.*}$' "$work/said" >>"$lines" || :
	if ((status)) || grep -qv '^{.*}$' "$work/said"; then
		grep -v '^{.*}$' "$work/said" | head -n 20 >&2 || :
		head -n 20 "$work/errors" >&2
		((status == 0)) || { note "the guest ended with $status" && failed=1; }
	fi
}

# Sets $script to what measures the costs, all of them in one boot. The loads beside the
# first are for fewer tools, unless they were asked for.
describe_costs() {
	local all="${all_tools[*]}" few="${few_tools[*]}" begin="${start_tools[*]}"
	script=''
	[[ ! $quick ]] || all="${quick_tools[*]}" few=$all begin=$all
	if ((${#tools[@]})); then
		all="untraced bare-kretprobe ${tools[*]}" few=$all begin="untraced ${tools[*]}"
	fi
	if ! has_part cost; then
		:
	elif ((${#loads[@]})); then
		script+="bash /bench/cost.sh '${loads[*]}' '$few'; "
	else
		script+="bash /bench/cost.sh 'null' '$all'; "
		[[ $quick ]] || script+="bash /bench/cost.sh 'old mix threads' '$few'; "
	fi
	! has_part start || script+="bash /bench/start.sh '$begin'; "
}

costs() {
	local kernel=$1 script
	describe_costs
	[[ ! $script ]] || guest "$kernel" --icount --cpus 1 --mem 3072 --timeout 3600 -- \
		env BENCH_KERNEL="$kernel" BENCH_QUICK="$quick" bash -c "$script"
}

# No loss, and no wakeups: with a clock of time.
losses() {
	local kernel=$1 seconds=30
	[[ ! $quick ]] || seconds=3
	! has_part loss || guest "$kernel" --cpus 2 --mem 4096 --timeout 1200 -- \
		env BENCH_KERNEL="$kernel" bash /bench/loss.sh "$seconds"
	! has_part idle || guest "$kernel" --cpus 2 --timeout 600 -- \
		env BENCH_KERNEL="$kernel" bash /bench/idle.sh
}

# recording CALLS: the path of a recording of so many calls, in $recording. It is kept
# beside the kernels, for this very ./timersnoop.
recording() {
	local sum dir
	sum=$(sha256sum <"$top/timersnoop")
	dir=$(cache_dir)/bench/${sum:0:16}
	recording=$dir/$replay_kernel-$1.dat
	[[ ! -e $recording ]] || return 0
	rm -rf "$(cache_dir)/bench/unfinished"
	mkdir -p "$dir"
	note "Linux $replay_kernel: a recording of $1 calls"
	"$top/scripts/guest.sh" "$replay_kernel" --image "$work/image" --mem 4096 --timeout 1200 \
		--out "$(cache_dir)/bench/unfinished" -- timersnoop record -e timer_settime \
		--buffer-size 64M -o /out/recording.dat -- settime null "$1" >"$work/said" 2>&1 || {
		cat "$work/said" >&2
		die "no recording"
	}
	mv "$(cache_dir)/bench/unfinished/recording.dat" "$recording"
}

# replay_command TOOL: what reads $recording, in $command.
replay_command() {
	case $1 in
	json) command=("$top/timersnoop" trace -i "$recording" --format json -o /dev/null) ;;
	text) command=("$top/timersnoop" trace -i "$recording" -o /dev/null) ;;
	stat) command=("$top/timersnoop" stat -i "$recording" -o /dev/null) ;;
	trace-cmd) command=(trace-cmd report "$recording") ;;
	esac
}

# instructions TOOL: those of user space, for $recording.
instructions() {
	replay_command "$1"
	valgrind --tool=callgrind --callgrind-out-file=/dev/null "${command[@]}" 2>&1 >/dev/null |
		sed -n 's/.*Collected : //p'
}

replay_line() {
	printf '{"part":"replay","kernel":"%s","tool":"%s","calls":%s,"%s":%s}\n' \
		"$replay_kernel" "$@" >>"$lines"
}

# Tools take turns, so that what else the machine does is the same for all.
replay() {
	local calls=(250000 1000000) few=(2000 6000) rounds=5 round n tool
	replay_kernel=${kernels[-1]}
	[[ ! $quick ]] || calls=(5000 20000) few=(1000 2000) rounds=1
	for n in "${calls[@]}"; do
		recording "$n"
		for ((round = 0; round < rounds; round++)); do
			for tool in json text stat trace-cmd; do
				replay_command "$tool"
				replay_line "$tool" "$n" run \
					"$("$top/build/tests/bench/bin/measure" -o /dev/null "${command[@]}")"
			done
		done
		replay_line file "$n" bytes "$(stat -c %s "$recording")"
	done
	command -v valgrind >/dev/null || { note "no valgrind: no instructions of replay" && return; }
	for n in "${few[@]}"; do
		recording "$n"
		for tool in json text stat trace-cmd; do
			replay_line "$tool" "$n" instructions "$(instructions "$tool")"
		done
	done
}

summarise() {
	jq -s -f "$top/scripts/bench/summary.jq" "$lines"
}

tables() {
	jq -r -f "$top/scripts/bench/tables.jq" "$1"
}

# Figures of what was not run now stay those of doc/benchmarks.json.
# shellcheck disable=SC2016 # jq's variables
merged='
def key: [.tool, .load];
def taken(new): map(select(key as $key | new | any(key == $key) | not)) + new;
.[0] as $old | .[1] as $new
| { kernels: ([$old.kernels[], $new.kernels[]] | group_by(.kernel)
	| map(if length == 1 then .[0] else .[0] as $o | .[1] as $n
		| reduce ("cost", "start", "loss", "idle") as $part ({ kernel: $o.kernel };
			.[$part] = ($o[$part] | taken($n[$part]))) end)
	| sort_by(.kernel | split(".") | map(tonumber))),
    replay: ($old.replay | taken($new.replay)) }'

update_documents() {
	local json=$top/doc/benchmarks.json text=$top/doc/BENCHMARKS.md
	[[ -s $json ]] || echo '{"kernels":[],"replay":[]}' >"$json"
	jq -s "$merged" "$json" "$1" >"$work/merged"
	cp "$work/merged" "$json"
	tables "$json" >"$work/tables"
	awk -v tables="$work/tables" '
		/^<!-- figures end/ { inside = 0 }
		!inside { print }
		/^<!-- figures begin/ {
			inside = 1
			while ((getline line <tables) > 0) print line
			print ""
		}' "$text" >"$work/text"
	cp "$work/text" "$text"
}

parse "$@"
need jq jq
if [[ $show ]]; then
	tables "$show"
	exit
fi
failed=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
lines=${keep:-$work}/lines
mkdir -p "$(dirname "$lines")"
if ((${#said[@]})); then
	cat "${said[@]}" >"$work/lines"
	lines=$work/lines
else
	make -C "$top" --no-print-directory -s timersnoop bench-programs >&2
	: >"$lines"
	make_image
	for kernel in "${kernels[@]}"; do
		costs "$kernel"
		losses "$kernel"
	done
	! has_part replay || replay
fi
summarise >"$work/figures"
[[ ! $json ]] || cp "$work/figures" "$json"
[[ ! $update ]] || update_documents "$work/figures"
tables "$work/figures"
exit "$failed"
