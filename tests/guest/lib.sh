# shellcheck shell=bash
# What the guest tests share. A test script sources this, defines functions
# named test_*, and ends with run_tests:
#
#   # shellcheck source=tests/guest/lib.sh
#   . "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
#   test_something() {
#           assert_status 0 timersnoop --version
#           assert_match '^timersnoop [0-9]' "$(<stdout)"
#   }
#   run_tests
#
# Every test runs in the order of the file, in a subshell of its own and in an
# empty directory of its own. It fails by `fail` (every assertion calls it), by
# the status of its last command, by running longer than its time limit, by
# leaving tracefs other than it was, and by what the kernel complains of
# meanwhile. `fail` inside $(...) ends only the substitution.
#
# For each test one line: "ok NAME", "not ok NAME: reason" or "skip NAME:
# reason", and after a failure what the test wrote, indented. In an emulated machine
# the kernel loses a few records to the ring buffer's reader now and then (see
# capture.c), or skips a probe, when an interrupt comes in another one; timersnoop says
# so. A test that failed and in which it has said so runs again, and its line tells it.
# The last line is "TESTS passed failed skipped". NAME is script/function without test_.
# With T_ONLY, an extended regular expression, only the names that match run.

# shellcheck disable=SC2034 # for the tests
tracefs=/sys/kernel/tracing
t_script=$(basename "$0" .sh)
t_limit=60 # seconds; a script may set it
t_status_skip=77
# What the functions that 64-bit callers enter are called, in front of a system call's name,
# and how timersnoop's events there end, where 32-bit callers enter the same.
syscalls=__x64_sys_ of_any=''
[[ $(uname -m) != aarch64 ]] || syscalls=__arm64_sys_ of_any=_any
t_complaint='WARNING:|BUG[: ]|Oops|[Cc]all [Tt]race|general protection|INFO: '

# Each probe that is deleted waits for a grace period of RCU: half of the time
# that these tests would take. There are enough of them left.
[[ ! -w /sys/kernel/rcu_expedited ]] || echo 1 >/sys/kernel/rcu_expedited

# --- for the tests -----------------------------------------------------------

# fail REASON...: ends the test. The first line is the reason, more are details.
fail() {
	printf '%s\n' "$*" | tail -n +2
	printf '%s\n' "$*" | head -n 1 >"$t_reason"
	exit 1
}

skip() {
	printf '%s\n' "$*" >"$t_reason"
	exit "$t_status_skip"
}

# show FILE...: the beginning of files, into the details of a failing test.
show() {
	local file
	for file; do
		[[ -s $file ]] || continue
		echo "--- $file:"
		head -c 4000 "$file" | head -n 30
	done
}

# run COMMAND [ARG...]: its output goes to the files stdout and stderr, its
# status to $status.
run() {
	"$@" >stdout 2>stderr
	status=$?
}

# lost_a_few FILE...: timersnoop says so there; of a directory, in a file of it. There may be
# pipes, which nobody writes to.
lost_a_few() {
	find "$@" -type f -exec grep -qsE \
		'^timersnoop: data incomplete: [0-9]{1,2} ((or more )?records? (lost|committed)|probe hits? missed)' {} \; -print |
		grep -q .
}

# What makes a test's own records of a run those of one run; a script may have its own.
begin_anew() {
	rm -f truth.json
}

# assert_status EXPECTED COMMAND [ARG...]: as run, and the status must be this. Where
# timersnoop says that a few records are missing it runs once more. With a COMMAND its
# status is not about that.
assert_status() {
	local expected=$1 tries=4
	shift
	run "$@"
	while [[ $expected == 0 && $status =~ ^[04]$ && $1 == timersnoop && $2 != report ]] &&
		((--tries)) && lost_a_few stderr; do
		begin_anew
		run "$@"
	done
	[[ $status == "$expected" ]] && return
	show stdout stderr
	fail "status $status instead of $expected: $*"
}

# assert_eq EXPECTED ACTUAL [WHAT]
assert_eq() {
	[[ $1 == "$2" ]] || fail "${3:-value}: expected '$1', got '$2'"
}

# assert_match REGEX TEXT [WHAT]: REGEX is an extended one, and not anchored.
assert_match() {
	[[ $2 =~ $1 ]] || fail "${3:-text}: nothing matches '$1'
$2"
}

# assert_no_match REGEX TEXT [WHAT]
assert_no_match() {
	[[ ! $2 =~ $1 ]] || fail "${3:-text}: '$1' matches '${BASH_REMATCH[0]}'
$2"
}

# assert_json FILE [JQ-OPTION...] EXPRESSION: jq's EXPRESSION holds for the
# array of all objects in FILE.
assert_json() {
	jq -e -s "${@:2}" "$1" >jq-said 2>&1 && return
	show jq-said "$1"
	fail "$1: not so: ${*:2}"
}

# assert_empty FILE
assert_empty() {
	[[ ! -s $1 ]] && return
	show "$1"
	fail "$1 is not empty"
}

# wait_for SECONDS COMMAND [ARG...]: until COMMAND succeeds; fails after SECONDS.
wait_for() {
	local seconds=$1 end
	shift
	end=$((SECONDS + seconds + 1))
	until "$@"; do
		((SECONDS < end)) || fail "not within $seconds s: $*"
		sleep 0.05
	done
}

# start COMMAND [ARG...]: in the background, its pid in $started. Unlike with a
# bare '&', SIGINT and SIGQUIT are not ignored in it, and it is the leader of a
# process group. Redirections of `start` are those of COMMAND.
start() {
	set -m
	"$@" &
	started=$!
	set +m
}

# whole_calls FILE: the lines of `strace -f -o FILE`, with each call that it broke
# off and took up again as one line, where that ends.
whole_calls() {
	awk '
		/ <unfinished \.\.\.>$/ { sub(/ <unfinished \.\.\.>$/, ""); begun[$1] = $0; next }
		/ resumed>/ {
			rest = $0
			sub(/^.* resumed>/, "", rest)
			$0 = begun[$1] rest
			sub(/\) += /, ") = ") # it pads those
		}
		{ print }
	' "$1"
}

# has_one_instance PID: whether this timersnoop has the instance that it keeps, and no other.
# A sweep of another one that begins may take the first, and removes it in a while.
has_one_instance() {
	local dirs=("$tracefs"/instances/timersnoop-"$1"-????????)
	[[ ${#dirs[@]} == 1 && -d ${dirs[0]} ]]
}

# is_tracing PID: whether the timersnoop with this pid records by now: all its
# events are on, in one of its instances, and it has gone to sleep over them.
is_tracing() {
	local state made on
	has_one_instance "$1" || return
	made=$(grep -c "timersnoop_$1_" "$tracefs/kprobe_events")
	on=$(cat "$tracefs"/instances/timersnoop-"$1"-*/set_event 2>/dev/null |
		grep -c "^timersnoop_$1_")
	((made > 0 && made == on)) || return
	read -r _ _ state _ <"/proc/$1/stat" && [[ $state == S ]]
}

# --- the runner --------------------------------------------------------------

# What must be the same after a test as before it.
t_tracefs_state() {
	(cd "$tracefs" && grep -s '' kprobe_events uprobe_events dynamic_events set_event \
		set_event_pid tracing_on trace_clock current_tracer options/event-fork \
		options/record-tgid)
	echo "instances:" "$tracefs"/instances/*
}

# Brings tracefs back to nothing, so that the next test does not inherit it.
t_tracefs_reset() {
	local instance
	timersnoop --cleanup >/dev/null 2>&1 || :
	for instance in "$tracefs"/instances/*/; do
		[[ -d $instance ]] || continue
		echo 0 >"$instance/events/enable"
		rmdir "$instance"
	done
	echo 0 >"$tracefs/events/enable"
	echo >"$tracefs/set_event_pid"
	echo nop >"$tracefs/current_tracer"
	echo 1 >"$tracefs/tracing_on"
	echo local >"$tracefs/trace_clock"
	: >"$tracefs/kprobe_events"
	[[ ! -w $tracefs/uprobe_events ]] || : >"$tracefs/uprobe_events"
}

# Kills what the test left running, wherever it hid: its environment tells.
t_kill_leftovers() {
	local environ pid
	while read -r environ; do
		pid=${environ#/proc/}
		kill -9 "${pid%/environ}" 2>/dev/null
	done < <(grep -lszF "T_TEST=$1" /proc/[0-9]*/environ)
}

# t_body FUNCTION DIR: what the subshell of a test does.
t_body() {
	cd "$2" || exit
	"$1"
}

# t_attempt FUNCTION DIR LOG: its status; 124 when time ran out.
t_attempt() {
	local test watch result
	# Job control gives the test a process group and leaves SIGINT alone.
	set -m
	(T_TEST=$3 && export T_TEST && t_body "$1" "$2") >"$3" 2>&1 </dev/null &
	test=$!
	(sleep "$t_limit" && : >"$3.late" && kill -9 -- "-$test") &
	watch=$!
	set +m
	# Not wait -n, which does not see what has ended before.
	{ wait "$test"; } 2>/dev/null
	result=$?
	[[ ! -e $3.late ]] || result=124
	{ kill -9 -- "-$watch" && wait "$watch"; } 2>/dev/null
	t_kill_leftovers "$3"
	return "$result"
}

# t_kernel_said DIR: what its log has behind the line of this test, without the warnings that
# match $t_excused, from first to last line.
t_kernel_said() {
	dmesg | awk -v excused="${t_excused:-^$}" -v from="$1" '
		!begun { begun = index($0, " in " from) > 0; next }
		/-\[ cut here \]-/ { block = ""; within = 1 }
		within { block = block $0 "\n"; if ($0 ~ excused) drop = 1 }
		within && /-\[ end trace / { if (!drop) printf "%s", block; within = drop = 0; next }
		!within
		END { if (within && !drop) printf "%s", block }'
}

# t_verdict STATUS DIR: the reason of a failure, or nothing.
t_verdict() {
	local reason=''
	[[ ! -s $t_reason ]] || reason=$(<"$t_reason")
	case $1 in
	0 | "$t_status_skip") ;;
	124) echo "did not end within $t_limit s" ;;
	*) echo "${reason:-its last command failed ($1)}" ;;
	esac
	t_tracefs_state >"$2/state-after"
	if ! cmp -s "$2/state-before" "$2/state-after"; then
		if (($1 != 124)); then # after a kill it is no wonder
			echo "tracefs is not as it was"
			diff -U 0 "$2/state-before" "$2/state-after" | tail -n +3 >>"$2/log"
		fi
		t_tracefs_reset 2>>"$2/log"
	fi
	t_kernel_said "$2" >"$2/dmesg"
	if [[ -s $2/dmesg ]] && grep -qE "$t_complaint" "$2/dmesg"; then
		echo "the kernel complained"
		head -n 40 "$2/dmesg" >>"$2/log"
	fi
}

# t_try FUNCTION NAME: in $dir, with $result, $reason and $took.
t_try() {
	local function=$1 name=$2
	dir=/tmp/test.$BASHPID.$((++t_tries))
	mkdir -m 755 "$dir" # tests may have other users
	mkdir -m 1777 "$dir/work"
	t_reason=$dir/reason
	t_tracefs_state >"$dir/state-before"
	echo "test $name in $dir" >/dev/kmsg
	took=${EPOCHREALTIME/./}
	t_attempt "$function" "$dir/work" "$dir/log"
	result=$?
	took=" ($(((${EPOCHREALTIME/./} - took) / 1000)) ms)"
	[[ ${T_TIMES:-} ]] || took=''
	reason=$(t_verdict "$result" "$dir" | sed ':a; N; $!ba; s/\n/; /g')
}

t_run_one() {
	local name=$2 dir result reason took again='' tries=3
	t_try "$@"
	while [[ $reason ]] && ((--tries)) && lost_a_few "$dir/work" "$dir/log"; do
		again=' (run again: the kernel had lost a few records)'
		rm -rf "$dir"
		t_try "$@"
	done
	if [[ $reason ]]; then
		t_failed=$((t_failed + 1))
		echo "not ok $name: $reason$again$took"
		{ head -c 12000 "$dir/log" && echo; } | sed 's/^/    /'
	elif ((result == t_status_skip)); then
		t_skipped=$((t_skipped + 1))
		echo "skip $name: $(<"$t_reason")"
	else
		t_passed=$((t_passed + 1))
		echo "ok $name$again$took"
	fi
	rm -rf "$dir"
}

# The functions test_*, in the order of the file.
t_list() {
	local name
	shopt -s extdebug
	for name in $(compgen -A function test_); do
		declare -F "$name"
	done | sort -k 2n | cut -d' ' -f1
}

run_tests() {
	local function name
	t_passed=0 t_failed=0 t_skipped=0 t_tries=0
	for function in $(t_list); do
		name=$t_script/${function#test_}
		if [[ $name =~ ${T_ONLY:-} ]]; then
			t_run_one "$function" "$name"
		fi
	done
	echo "TESTS $t_passed $t_failed $t_skipped"
	((t_failed == 0))
}
