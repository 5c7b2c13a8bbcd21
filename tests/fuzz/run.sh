#!/usr/bin/env bash
# Runs every fuzzer in the directory BIN for SECONDS, from the seeds in
# tests/fixtures and its own corpus, and prints what passed.
#
#   tests/fuzz/run.sh BIN SECONDS
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit
bin=$1 seconds=$2
passed=0 failed=0

# Seeds for a fuzzer, made of what real kernels wrote.
seed() {
	local corpus=$1 name=$2 id
	case $name in
	page) cp tests/fixtures/*/*.raw "$corpus/" 2>/dev/null || : ;;
	decode)
		# An empty record of each event: its id, and room for its fields.
		while read -r _ id; do
			{ printf '%b' "$(printf '\\x%02x\\x%02x' $((id & 255)) $((id >> 8)))" &&
				head -c 126 /dev/zero; } >"$corpus/$id"
		done < <(grep '^ID:' tests/fixtures/5.10/formats)
		;;
	procfs_timers)
		printf '%s\n' 'ID: 4' 'signal: 32/000055bb3f76d470' 'notify: signal/tid.22275' \
			'ClockID: -178198' >"$corpus/posix"
		printf '%s\n' 'clockid: 7' 'ticks: 0' 'settime flags: 03' 'it_value: (1, 5)' \
			'it_interval: (0, 0)' >"$corpus/timerfd"
		;;
	options) printf '%s\n' -p 1,2 -n a -x -c 3 -d 1.5s --format json -- a b >"$corpus/words" ;;
	esac
}

for program in "$bin"/fuzz_*; do
	name=${program##*/fuzz_}
	corpus=$(mktemp -d)
	seed "$corpus" "$name"
	if "$program" -max_total_time="$seconds" -max_len=8192 -rss_limit_mb=512 -timeout=10 \
		-artifact_prefix="$bin/" -verbosity=0 "$corpus" >"$bin/$name.log" 2>&1; then
		echo "ok fuzz $name: ${seconds} s"
		passed=$((passed + 1))
	else
		echo "not ok fuzz $name"
		tail -n 40 "$bin/$name.log"
		failed=$((failed + 1))
	fi
	rm -rf "$corpus"
done
echo "fuzz: $passed passed, $failed failed"
((failed == 0))
