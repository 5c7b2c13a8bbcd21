#!/usr/bin/env bash
# Two timersnoops that trace everything, at once; one that was killed doing so.

# shellcheck source=tests/guest/lib_lives_figures.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib_lives_figures.sh"

# watch_twice: ours.json and second, of one program that begins when both trace.
# False when the kernel skipped a probe, see lossless.
watch_twice() {
	local first second
	rm -f go truth.json ours.json second
	mkfifo go
	exec 8<>go
	# shellcheck disable=SC2016 # that shell's
	start bash -c 'read -r _; exec lives -o truth.json "$@"' lives periodic timerfds <go
	start timersnoop -e all --lives --format json -o ours.json -p "$started" 2>stderr-first
	first=$started
	start timersnoop -e all --lives --format json -o second -n lives 2>stderr-second
	second=$started
	tracing "$first" "$second"
	echo >&8
	wait_for 60 is_gone "$first"
	kill -INT "$second"
	wait_for 60 is_gone "$second"
	! skipped_probes stderr-first stderr-second || return
	ended 0 "$first" stderr-first
	ended 0 "$second" stderr-second
	assert_empty stderr-first
	assert_empty stderr-second
}

test_two_at_once() {
	local tries=5 same='[.event, .timer_id, .fd, .ret, .asked_ns, .result, .overrun, .expiries]'
	until watch_twice; do
		((--tries)) || fail "the kernel skips probes all the time"
	done
	agree_in_all
	jq -c "$same" ours.json | sort >first-saw
	jq -c "$same" second | sort >second-saw
	diff first-saw second-saw || fail "the two saw different things"
}

# A run may have more than one instance.
test_killed() {
	start_snoop -e all --lives --toctou -- sleep 600
	kill -KILL "$snoop"
	wait "$snoop"
	compgen -G "$tracefs/instances/timersnoop-$snoop-*" >left ||
		fail "a killed run left no instance: nothing to test"
	assert_status 0 timersnoop --cleanup
	assert_eq '' "$(ls "$tracefs/instances")" instances
	assert_eq '' "$(<"$tracefs/kprobe_events")" probes
	assert_status 1 timersnoop --cleanup
}

run_tests
