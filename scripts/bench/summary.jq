# Lines of the guests' scripts to the figures of doc/benchmarks.json. Slurp them (-s).

def program: .run.program;
def busy: .run.busy;
def per_call(f): ((.[1] | f) - (.[0] | f)) / (.[1].calls - .[0].calls);
def median: sort | if length == 0 then null else (.[((length - 1) / 2) | floor] + .[(length / 2) | floor]) / 2 end;
def rounded: if . == null then null else (. | round) end;
def ms: if . == null then null else (. / 100000 | round) / 10 end;

# The runs of one tool under one load, the short one first.
def raw:
	sort_by(.calls)
	| { program: per_call(program.cpu // 0), elapsed: per_call((program.end // 0) - (program.begin // 0)),
	    machine: per_call(busy), memory_kib: (map(.run.memory_kib) | max),
	    calls: (map(.calls) | add),
	    told: (if any(.told == null) then null else map(.told) | add end),
	    failed: map(select(.run.status != 0) | .said) };

def cost:
	# Both lengths, or nothing: a guest may have broken off.
	(map(select(.part == "cost" and .refused == null)) | group_by([.tool, .load])
		| map(select(length == 2)) | add // []) as $runs
	| ($runs | map(select(.tool == "untraced")) | group_by(.load)
		| map({ key: .[0].load, value: raw }) | from_entries) as $bare
	| ($runs | map(select(.tool == "bare-kretprobe")) | group_by(.load)
		| map({ key: .[0].load, value: (raw.program - $bare[.[0].load].program) })
		| from_entries) as $unit
	| ($runs | group_by([.tool, .load]) | map(.[0] as $first | raw
		| { tool: $first.tool, load: $first.load } + . )
		| map(($bare[.load]) as $b
		| (.tool | test("report$")) as $reads
		| (.tool | startswith("untraced")) as $untraced
		| (if $untraced or $reads then 0 else 1 end) as $less
		| { tool, load,
		    program: (if $reads then null else (.program - $less * $b.program) | rounded end),
		    elapsed: (if $reads then null else (.elapsed - $less * $b.elapsed) | rounded end),
		    machine: (.machine - $less * $b.elapsed | rounded),
		    times_bare: (if $reads or $untraced or $unit[.load] == null then null
			else ((.program - $b.program) / $unit[.load] * 100 | round) / 100 end),
		    memory_kib, calls, lost: (if .told == null then null else .calls - .told end) }
		+ (if .failed == [] then {} else { failed: .failed } end)))
	  + map(select(.part == "cost" and .refused != null) | { tool, refused });

def start:
	map(select(.part == "start" and .refused == null)) | group_by(.tool)
	| map(.[0].tool as $tool
	| map(select(.program == "true").run) as $true
	| map(select(.program == "settime").run) as $one
	| { tool: $tool,
	    true_ms: ($true | map(.elapsed) | median | ms),
	    true_busy_ms: ($true | map(.busy) | median | ms),
	    start_ms: ($one | map(.program.begin - .began) | median | ms),
	    stop_ms: ($one | map(.began + .elapsed - .program.end) | median | ms),
	    complete_ms: ($one | map(([.last_output, (.written // -1)] | max) as $last
		| if $last > 0 then .began + $last - .program.end else null end
		| select(. != null)) | median | ms) });

def refused: map(select(.part == "start" and .refused != null) | { tool, refused });

def loss:
	map(select(.part == "loss")) | map(if .refused then { tool, refused } else
		{ tool, seconds, calls: .run.program.calls, told, lost_records: .lost,
		  # A call that is not told has lost one record at least.
		  accounted: (.run.program.calls as $made | .told <= $made and $made - .told <= .lost
			and (.lost > 0 or .told == $made)),
		  memory_kib: .run.memory_kib } end);

def idle: map(select(.part == "idle")) | map(if .refused then { tool, refused } else
	{ tool, seconds, wakeups } end);

def replay:
	map(select(.part == "replay")) as $all
	| ($all | map(select(.run)) | group_by([.calls, .tool])
		| map({ tool: .[0].tool, calls: .[0].calls,
			ms: (map(.run.user + .run.system) | median | ms),
			memory_kib: (map(.run.memory_kib) | max) })) as $runs
	| ($all | map(select(.instructions)) | group_by(.tool)
		| map({ key: .[0].tool, value: (sort_by(.calls)
			| (.[1].instructions - .[0].instructions) / (.[1].calls - .[0].calls) | rounded) })
		| from_entries) as $instructions
	| if $runs == [] then [] else
	($runs | map(.calls) | max) as $long
	| ($runs | map(select(.tool == "trace-cmd" and .calls == $long).ms)[0]) as $peer
	| $runs | map(select(.calls == $long)) | map(.tool as $tool
		| { tool, kernel: $all[0].kernel, calls: $long,
		    bytes: ($all | map(select(.bytes and .calls == $long).bytes)[0]),
		    ms, times_faster: ($peer / .ms * 10 | round / 10),
		    instructions: $instructions[$tool],
		    instructions_fewer: (if $instructions[$tool] == null then null
			else ($instructions["trace-cmd"] / $instructions[$tool] * 10 | round / 10) end),
		    memory_kib_quarter: ($runs | map(select(.tool == $tool and .calls < $long).memory_kib)[0]),
		    memory_kib }) end;

{ kernels: (map(select(.kernel and .part != "replay")) | group_by(.kernel) | map({
	kernel: .[0].kernel, cost: cost, start: (start + refused), loss: loss, idle: idle })
	| sort_by(.kernel | split(".") | map(tonumber))),
  replay: replay }
