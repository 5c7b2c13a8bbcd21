#!/usr/bin/env bash
# Runs every fuzzer in the directory BIN for SECONDS, from the seeds in
# tests/fixtures and its own corpus, and prints what passed.
#
#   tests/fuzz/run.sh BIN SECONDS
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit
bin=$1 seconds=$2

# Seeds for a fuzzer, made of what real kernels wrote.
seed() {
	local corpus=$1 name=$2 id series count file
	case $name in
	page) cp tests/fixtures/*/*.raw "$corpus/" 2>/dev/null || : ;;
	decode)
		# An empty record of each event, with room for its fields, some in a
		# file, as fuzz_decode.c has them: by the formats of two kernels.
		for series in 5.10 7.2; do
			count=0
			while read -r _ id; do
				file=$corpus/$series-$((count++ / 16))
				if [[ ! -e $file && $series == 5.10 ]]; then
					printf '\0' >"$file"
				elif [[ ! -e $file ]]; then
					printf '\1' >"$file"
				fi
				{
					printf '%b' "$(printf '\\x40\\x01\\x%02x\\x%02x' $((id & 255)) $((id >> 8)))" &&
						printf '\0\0\12\0\0\0' && head -c 248 /dev/zero
				} >>"$file"
			done < <(grep '^ID:' "tests/fixtures/$series/formats")
		done
		;;
	format)
		# Each format of a kernel, behind a byte for what its records mean.
		csplit -s -z -f "$corpus/" -n 3 tests/fixtures/7.2/formats '/^name: /' '{*}'
		count=0
		for file in "$corpus"/*; do
			printf '%b' "$(printf '\\x%02x' $((count++ % 40)))" | cat - "$file" >"$file.seed"
			rm "$file"
		done
		;;
	recording)
		for file in tests/fixtures/*/{calls,calls-7,toctou,kernel-command}.dat; do
			cp "$file" "$corpus/$(tr / - <<<"$file")"
		done
		;;
	scene)
		for file in tests/fixtures/*/*.dat; do
			strings -n 3 "$file" | sed -n '/^timersnoop scene/,/^missed/p' \
				>"$corpus/$(tr / - <<<"$file")"
		done
		;;
	procfs_timers)
		printf '%s\n' 'ID: 4' 'signal: 32/000055bb3f76d470' 'notify: signal/tid.22275' \
			'ClockID: -178198' >"$corpus/posix"
		printf '%s\n' $'flags:\t02000002' 'clockid: 7' 'ticks: 0' 'settime flags: 03' \
			'it_value: (1, 5)' 'it_interval: (0, 0)' >"$corpus/timerfd"
		;;
	expr)
		printf '%s' 'late < 1ms && comm == "app" || !(count >= 100/s)' >"$corpus/usual"
		printf '%s' "comm ~ 'a\\x41*' && comm_2 !~ a?b && !failed" >"$corpus/text"
		printf '%s' 'number == -5 || handler != 0x7f00 && rate <= 1.5/m' >"$corpus/numbers"
		printf '%s' 'count > number_2 && late.2 == late && failed == true' >"$corpus/fields"
		;;
	aggregate)
		for file in tests/fixtures/*/hist-*; do
			cp "$file" "$corpus/$(tr / - <<<"$file")"
		done
		;;
	symbols)
		for file in tests/fixtures/*/kallsyms; do
			cp "$file" "$corpus/$(tr / - <<<"$file")"
		done
		;;
	options)
		printf '%s\n' -p 1,2 -n a -x -c 3 -d 1.5s --format json -- a b >"$corpus/words"
		printf '%s\n' -e expire,timer_settime --events=all --lives --toctou >"$corpus/events"
		;;
	esac
}

# One fuzzer; what it says, to its log. A line to ours.
fuzz() {
	local program=$1 name=${1##*/fuzz_} longest=8192 corpus
	[[ $name != recording ]] || longest=131072
	corpus=$(mktemp -d)
	seed "$corpus" "$name"
	if "$program" -max_total_time="$seconds" -max_len="$longest" -rss_limit_mb=512 -timeout=10 \
		-artifact_prefix="$bin/" -verbosity=0 "$corpus" >"$bin/$name.log" 2>&1; then
		echo "ok fuzz $name: ${seconds} s"
	else
		echo "not ok fuzz $name"
		tail -n 40 "$bin/$name.log"
	fi
	rm -rf "$corpus"
}

results=$(mktemp)
trap 'rm -f "$results"' EXIT
for program in "$bin"/fuzz_*; do
	[[ -x $program && $program != *.* ]] || continue
	# As many at a time as there are processors; each writes its lines at once.
	while (($(jobs -rp | wc -l) >= $(nproc))); do wait -n; done
	{ said=$(fuzz "$program") && printf '%s\n' "$said" >>"$results"; } &
done
wait
cat "$results"
passed=$(grep -c '^ok fuzz ' "$results")
failed=$(grep -c '^not ok fuzz ' "$results")
echo "fuzz: $passed passed, $failed failed"
((failed == 0))
