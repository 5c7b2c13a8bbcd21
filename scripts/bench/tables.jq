# The figures of doc/benchmarks.json as tables: Markdown whose columns line up. Raw (-r).

def spaces(n): if n > 0 then " " * n else "" end;
def grouped: tostring | if test("^-?[0-9]{5,}$") then
	[scan(".")] | reverse | [range(0; length; 3) as $i | .[$i:$i + 3] | reverse | join("")]
	| reverse | join(",") | sub("^-,"; "-") else . end;
def cell: if . == null then "-" elif type == "number" then grouped else . end;
# Rows of cells; the first is the head. The first column is text, the others are figures.
def table:
	map(map(cell)) as $rows
	| [range(0; $rows[0] | length) as $i | $rows | map(.[$i] | length) | max] as $width
	| def line: . as $row | [range(0; length)] | map(. as $i | $row[$i]
		| if $i == 0 then . + spaces($width[$i] - length) else spaces($width[$i] - length) + . end)
		| "| " + join(" | ") + " |";
	($rows[0] | line),
	([range(0; $width | length)] | map(. as $i
		| if $i == 0 then "-" * $width[0] else "-" * ($width[$i] - 1) + ":" end)
		| "| " + join(" | ") + " |"),
	($rows[1:][] | line);

def names: {
	"untraced": "untraced", "untraced-again": "untraced, in the end",
	"bare-kprobe": "one bare kprobe", "bare-kretprobe": "one bare kretprobe",
	"text": "timersnoop", "text-settime": "timersnoop -e timer_settime",
	"json": "timersnoop --format json", "json-settime": "timersnoop --format json -e timer_settime",
	"json-all": "timersnoop --format json -e all", "lives": "timersnoop --lives --format json",
	"record": "timersnoop record", "record-settime": "timersnoop record -e timer_settime",
	"report": "timersnoop report, of that",
	"stat": "timersnoop stat", "stat-settime": "timersnoop stat -e timer_settime",
	"stat-kernel": "timersnoop stat --aggregate kernel",
	"other-pid": "timersnoop -p OTHER", "other-pid-settime": "timersnoop -p OTHER -e timer_settime",
	"other-name": "timersnoop -n OTHER", "other-name-settime": "timersnoop -n OTHER -e timer_settime",
	"strace": "strace", "perf-trace": "perf trace, buffer of 16 MiB", "perf-trace-small": "perf trace",
	"trace-cmd": "trace-cmd record, buffer of 16 MiB", "trace-cmd-small": "trace-cmd record",
	"trace-cmd-report": "trace-cmd report, of that",
	"bpftrace": "bpftrace, buffer of 16 MiB", "bpftrace-small": "bpftrace" };
def order: names | keys_unsorted;
def in_order: sort_by(.tool as $t | order | index($t));
def named: .tool as $t | names[$t] // $t;
def loads: { "null": "one timer armed again and again, old value not asked for",
	"old": "the same, old value asked for",
	"mix": "rounds of 16 calls, with creation, expiry, signal, error and deletion",
	"threads": "32 threads with a timer each" };
def lost: if .lost == null or .lost == 0 then .lost else
	"\(.lost | cell) (\(.lost * 100 / .calls | round)%)" end;

def cost_tables:
	.kernel as $kernel | .cost as $cost
	| loads | keys_unsorted[] as $load | .[$load] as $about
	| ($cost | map(select(.load == $load or (.refused and $load == "null")))) as $rows
	| select($rows | length > 0)
	| "", "Linux \($kernel), \($load): \($about). Instructions per call.", "",
	  ([["", "program", "x bare", "elapsed", "machine", "KiB", "calls lost"]]
	  + ($rows | in_order | map(if .refused then [named, "none", null, null, null, null, null]
		else [named, .program, .times_bare, .elapsed, .machine, .memory_kib, lost] end))
	  | table),
	  ($rows[] | select(.refused) | "", "\(named): does not run on \($kernel): \(.refused)"),
	  ($rows[] | select(.failed) | "", "\(named): ended badly: \(.failed[0])");

def start_table:
	select(.start | length > 0)
	| "", "Linux \(.kernel), one call, and `true`. Milliseconds of 1,000,000 instructions.", "",
	  ([["", "start", "complete", "stop", "whole run of true", "of it busy"]]
	  + (.start | in_order | map(if .refused then [named, "none", null, null, null, null]
		else [named, .start_ms, .complete_ms, .stop_ms, .true_ms, .true_busy_ms] end))
	  | table);

def loss_table:
	select(.loss | length > 0)
	| "", "Linux \(.kernel), two CPUs calling without pause for \(.loss | map(.seconds // 0) | max) s, default buffer.", "",
	  ([["", "calls made", "calls told", "records lost", "accounted for", "KiB"]]
	  + (.loss | map(if .refused then [named, "none", null, null, null, null]
		else [named, .calls, .told, .lost_records, (if .accounted then "all" else "NO" end),
			.memory_kib] end))
	  | table);

def idle_table:
	[.kernels[] | select(.idle | length > 0)] as $kernels
	| select($kernels | length > 0)
	| "", "Wakeups in 10 s, with one process traced, which sleeps.", "",
	  ([[""] + ($kernels | map("Linux " + .kernel))]
	  + ($kernels[0].idle | map(.tool) | map(. as $tool
		| [({ tool: $tool } | named)] + ($kernels | map(.idle[] | select(.tool == $tool)
			| if .refused then "none" else .wakeups end))))
	  | table);

def replay_table:
	select(.replay | length > 0)
	| "", "A recording of \(.replay[0].calls | grouped) calls of Linux \(.replay[0].kernel), \(.replay[0].bytes / 1000000 | round) MB, read on the build machine.", "",
	  ([["", "ms of CPU", "times faster", "instructions a call", "times fewer", "KiB", "KiB, a quarter as long"]]
	  + (.replay | map([{ json: "timersnoop trace -i, JSON", text: "timersnoop trace -i, text",
		stat: "timersnoop stat -i", "trace-cmd": "trace-cmd report" }[.tool],
		.ms, .times_faster, .instructions, .instructions_fewer, .memory_kib, .memory_kib_quarter]))
	  | table);

(.kernels[] | cost_tables), (.kernels[] | start_table), (.kernels[] | loss_table), idle_table,
replay_table
