#!/usr/bin/env bash
# Run the guest tests: one guest for each kernel, two at a time.
#
#   tests/guest/run-all.sh [OPTION...] [KERNEL...]
#
# KERNEL is as for scripts/guest.sh (default: 6.1 7.2 5.10 6.12). The tests are
# the executable tests/guest/*.sh; see tests/guest/lib.sh for what they print.
# Needs ./timersnoop and the guest programs: make timersnoop guest-programs; for a KERNEL
# of arm64, scripts/arm64.sh --build.
#
#   -t REGEX    only tests whose SCRIPT/NAME matches (extended, not anchored)
#   -j N        N guests at a time (default 2)
#   -v          with the time that each test took
#   --all       each test on each kernel. Without it, and without -t and KERNEL, each
#               of the scripts that test the command more than a kernel runs on one
#   --timeout SECONDS   for each guest (default 1500)
#
# Each line of a guest has its kernel in front of it. A guest, or a script, that
# does not get to its end is one failed test. What failed is told once more at the
# end. With T_EACH_FAULT=1 in the environment, faults.sh tries each fault there is, for
# hours. The last line is "guests: N passed, N failed, N skipped"; exit status 1 when
# a test failed.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib.sh"

only='' jobs=2 times='' limit=1500 kernels=() all=''
# What these test is the same on every kernel, as far as other scripts do not test it:
# each runs on one of two kernels.
of_any_kernel=(accuracy_formats.sh behaviour_command.sh behaviour_output.sh behaviour_end.sh
	behaviour_select.sh cost_idle.sh examples.sh fields.sh kernel_end.sh kernel_loss.sh
	kernel_replay.sh kernel_run.sh kernel_select.sh lives_formats.sh record_files.sh
	record_same.sh stat_findings.sh stat_run.sh privilege_files.sh privilege_names.sh
	behaviour_storm.sh faults.sh doctor.sh soak.sh stat_figures.sh)
with_them=(6.1 7.2)

parse() {
	while (($#)); do
		case $1 in
		-t | -j | --timeout)
			(($# > 1)) || die "$1 needs a value"
			;;&
		-t) only=$2 && shift ;;
		-j) jobs=$2 && shift ;;
		--timeout) limit=$2 && shift ;;
		-v) times=1 ;;
		--all) all=1 ;;
		-h | --help)
			show_help "$0"
			exit 0
			;;
		-*) die "unknown option '$1' (see --help)" ;;
		*) kernels+=("$1") ;;
		esac
		shift
	done
	[[ $jobs =~ ^[1-9][0-9]*$ ]] || die "not a number of guests: $jobs"
	[[ ! $only ]] && ((${#kernels[@]} == 0)) || all=1
	# Those with the most tests first, so that both lanes end together.
	((${#kernels[@]})) || kernels=(6.1 7.2 5.10 6.12)
}

find_scripts() {
	local script
	for script in "$top"/tests/guest/*.sh; do
		[[ -x $script && $script != */run-all.sh ]] || continue
		scripts+=("$(basename "$script")")
	done
	((${#scripts[@]})) || die "there are no tests"
}

# What runs in the guest. No script must keep the others from running.
# shellcheck disable=SC2016 # for the shell there
in_guest='for script; do
	bash "/tests/$script" || :
	echo "END $script"
done'

# runs_on KERNEL SCRIPT: those of any kernel in turns.
runs_on() {
	local i
	for i in "${!of_any_kernel[@]}"; do
		[[ ${of_any_kernel[i]} != "$2" ]] || {
			[[ ${with_them[i % ${#with_them[@]}]} == "$1" ]]
			return
		}
	done
}

# choose KERNEL LOG: the scripts for it, in $chosen; a line for each that is skipped.
choose() {
	local kernel=$1 log=$2 script
	chosen=()
	for script in "${scripts[@]}"; do
		if [[ ! $all ]] && ! runs_on "$kernel" "$script"; then
			printf 'TESTS 0 0 1\nEND %s\n' "$script" >>"$log"
			echo "$kernel skip ${script%.sh}: runs on another kernel (--all: on each)"
		else
			chosen+=("$script")
		fi
	done
}

# run_guest KERNEL LOG: what the guest said to LOG, its tests also to us.
run_guest() {
	local kernel=$1 log=$2 status=0 chosen
	choose "$kernel" "$log"
	"$top/scripts/guest.sh" "$kernel" --timeout "$limit" -- \
		env T_ONLY="$only" T_TIMES="$times" T_EACH_FAULT="${T_EACH_FAULT:-}" bash -c "$in_guest" tests "${chosen[@]}" 2>&1 |
		tee -a "$log" | grep --line-buffered -vE '^(TESTS [0-9 ]+|END .*)$' |
		sed -u "s/^/${kernel//\//\\/} /" || status=${PIPESTATUS[0]}
	echo "STATUS $status" >>"$log"
}

# judge KERNEL LOG: the failures that the tests did not tell themselves.
judge() {
	local kernel=$1 log=$2 status script
	status=$(sed -n '$s/^STATUS //p' "$log")
	if [[ $status != 0 ]]; then
		echo "$kernel not ok guest: it did not report (status ${status:-unknown})"
		return
	fi
	for script in "${scripts[@]}"; do
		# TESTS is the line before END, unless the script broke off.
		grep -B 1 -xF "END $script" "$log" | grep -q '^TESTS ' ||
			echo "$kernel not ok ${script%.sh}: it did not get to its end"
	done
}

# sum LOG...: "passed failed skipped"
sum() {
	awk '/^TESTS / { p += $2; f += $3; s += $4 } END { print p + 0, f + 0, s + 0 }' "$@"
}

# failures KERNEL LOG: each with the beginning of what it wrote.
failures() {
	awk -v kernel="$1" '
		/^not ok / { told = 0; print kernel " " $0; next }
		/^    / { if (told >= 0 && told++ < 40) print kernel " " $0; next }
		{ told = -1 }
		BEGIN { told = -1 }
	' "$2"
}

conclude() {
	local kernel log passed=0 failed=0 skipped=0 p f s more counts=''
	for kernel in "${kernels[@]}"; do
		log=$work/${kernel//\//_}
		more=$(judge "$kernel" "$log")
		read -r p f s < <(sum "$log")
		failures "$kernel" "$log"
		if [[ $more ]]; then
			echo "$more"
			f=$((f + $(wc -l <<<"$more")))
		fi
		counts+="$kernel: $p passed, $f failed, $s skipped"$'\n'
		((passed += p, failed += f, skipped += s)) || :
	done
	printf '%s' "$counts"
	echo "guests: $passed passed, $failed failed, $skipped skipped"
	((passed + failed + skipped)) || die "no test matches '$only'"
	((failed == 0))
}

running=()
# shellcheck disable=SC2317 # called by the trap
clean_up() {
	trap '' INT TERM HUP
	local child
	for child in "${running[@]}"; do
		# its pipeline, whose guest.sh cleans up after itself
		pkill -TERM -P "$child" 2>/dev/null || :
	done
	wait
	rm -rf "$work"
}

scripts=()
parse "$@"
find_scripts
for kernel in "${kernels[@]}"; do
	if [[ $kernel != *-arm64 ]]; then
		[[ -x $top/timersnoop ]] || die "no ./timersnoop: run make first"
	else
		[[ -x $top/build/arm64/timersnoop ]] || die "no build/arm64: run scripts/arm64.sh --build first"
	fi
done
work=$(mktemp -d)
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

for kernel in "${kernels[@]}"; do
	while (($(jobs -rp | wc -l) >= jobs)); do wait -n || :; done
	run_guest "$kernel" "$work/${kernel//\//_}" &
	running+=("$!")
done
wait "${running[@]}" || :
running=()
conclude
