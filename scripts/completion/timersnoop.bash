# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# Completion of timersnoop(8) for bash. tests/docs/run.sh compares its lists with the
# program and the manual.

_timersnoop_commands='trace stat kernel record report doctor list help'

_timersnoop_options='--pid --name --user --events --failed --where --callback --cpu
	--callers --wakeups --lives --toctou --entry --run-as --count --duration --input --output
	--print --ring --kernel --by --sort --top --interval --live --hist --fail-on
	--expect --until --limit --aggregate --format --json --strace --time --wide --no-header
	--fields --null --color --quiet --verbose --dry-run --buffer-size --loss-status
	--cleanup --help --version
	-p -n -u -e -x -c -d -i -o -w -q -v -h -V -0'

_timersnoop_events='timer_create timer_settime timer_gettime timer_getoverrun
	timer_delete timerfd_create timerfd_settime timerfd_gettime setitimer getitimer
	alarm timer_expire timerfd_expire itimer_expire signal_generate signal_deliver'

_timersnoop_groups='calls expire signal posix timerfd itimer settime all'

_timersnoop_findings='rearm-storm too-short past overrun signal-blocked signal-ignored
	calls-fail bad-value never-armed leak zero-value late wrong-clock herd
	memory-changed data-incomplete'

_timersnoop_severities='any warning error'

_timersnoop_limits='storm short overruns blocked failures leak late herd herd-time'

_timersnoop_hists='value interval late signal duration'

_timersnoop_bys='timer process comm signal clock'

_timersnoop_aggregates='auto kernel user'

_timersnoop_formats='text json csv tsv strace'

_timersnoop_times='wall mono relative none'

_timersnoop_colors='auto always never'

_timersnoop_stat_fields='event pid comm timer family timer_id fd which clock signal
	timers created deleted calls failed errors arms disarms one_shot periodic absolute
	replaced gettimes getoverruns expiries rearmed overruns signals_sent signals_taken
	signals_pending signals_ignored signals_lost value_ns_min value_ns_median
	value_ns_p99 value_ns_max interval_ns_min interval_ns_median interval_ns_p99
	interval_ns_max observed_interval_ns_min observed_interval_ns_median
	observed_interval_ns_p99 observed_interval_ns_max late_ns_min late_ns_median
	late_ns_p99 late_ns_max signal_latency_ns_min signal_latency_ns_median
	signal_latency_ns_p99 signal_latency_ns_max duration_ns_min duration_ns_median
	duration_ns_p99 duration_ns_max rate span_ns mono_ns incomplete'

_timersnoop_event_fields='event time mono_ns cpu pid tid comm timer_id flags flag_names
	abi time_bits new_ptr old_ptr new_value_sec new_value_nsec new_interval_sec
	new_interval_nsec new_from old_value_sec old_value_nsec old_interval_sec
	old_interval_nsec old_from ret error duration_ns incomplete lost fd which clock
	clock_id seconds sigevent_ptr sigevent_notify sigevent_signo sigevent_value
	sigevent_tid sigevent_from asked_ns asked_clock late_ns interval_ns armed_by signo
	signal result target_tid after_ns overrun sigev_value changed timer family value_ns
	new_interval_ns old_value_ns old_interval_ns failed absolute periodic ns_pid
	ns_tid'

# What kernel has of these.
_timersnoop_kernel_groups='timer_list hrtimer start cancel expire idle all'

_timersnoop_kernel_events='timer_init timer_start timer_cancel timer_expire hrtimer_init
	hrtimer_start hrtimer_cancel hrtimer_expire tick_stop base_idle cpu_idle wakeup'

_timersnoop_kernel_findings='always-fires slow-callback every-jiffy keeps-awake overdue
	data-incomplete'

_timersnoop_kernel_limits='fires run jiffies awake overdue'

_timersnoop_kernel_hists='timeout late run'

_timersnoop_kernel_bys='callback module mechanism process comm cpu caller timer'

_timersnoop_kernel_fields='event callback module mechanism kind pid comm cpu caller
	timer timers started older replaced cancelled fired pending unknown
	fired_percent rearmed past immediate from_interrupt deferrable pinned irqsafe
	absolute soft cpus migrations rate fired_rate timeout_ns_min timeout_ns_median
	timeout_ns_p99 timeout_ns_max timeout_jiffies_min timeout_jiffies_median
	timeout_jiffies_p99 timeout_jiffies_max late_ns_min late_ns_median late_ns_p99
	late_ns_max late_jiffies_min late_jiffies_median late_jiffies_p99
	late_jiffies_max beyond_ns_min beyond_ns_median beyond_ns_p99 beyond_ns_max
	run_ns_min run_ns_median run_ns_p99 run_ns_max wakeups wakeup_rate alongside
	span_ns mono_ns incomplete'

_timersnoop_kernel_event_fields='event time mono_ns cpu pid tid comm mechanism
	callback module timer armed_pid armed_comm armed_ns armed_cpu caller
	timeout_ns timeout_jiffies expires_jiffies due_jiffies expires_ns slack_ns
	deferrable pinned irqsafe absolute soft replaces rearmed immediate
	from_interrupt late_ns late_jiffies beyond_ns run_ns migrated waker idle_ns
	is_idle dependency lost'

_timersnoop_processes() {
	local file
	for file in /proc/[0-9]*; do
		printf '%s\n' "${file#/proc/}"
	done
}

# Names with spaces or commas would have to be quoted, or cannot be given.
_timersnoop_names() {
	cat /proc/[0-9]*/comm 2>/dev/null | grep -vE '[[:space:],]' | sort -u
}

_timersnoop_users() {
	compgen -u
}

# _timersnoop_words CURRENT WORDS
_timersnoop_words() {
	mapfile -t COMPREPLY < <(compgen -W "$2" -- "$1")
}

# _timersnoop_list CURRENT WORDS: the last item of a list, without those before it.
_timersnoop_list() {
	local current=$1 before='' word words=()
	if [[ $current == *,* ]]; then
		before=${current%,*},
	fi
	for word in $2; do
		[[ ",$before" == *",$word,"* ]] || words+=("$before$word")
	done
	mapfile -t COMPREPLY < <(compgen -W "${words[*]}" -- "$current")
}

# What bash keeps of a word behind a '=' or ':', which break words.
_timersnoop_files() {
	compopt -o filenames 2>/dev/null
	mapfile -t COMPREPLY < <(compgen -f -- "$1")
}

# _timersnoop_value OPTION CURRENT COMMAND: 1 when OPTION takes no argument. COMMAND is
# "kernel -e" for the events of kernel.
_timersnoop_value() {
	local option=$1 current=$2 command=$3 fields=$_timersnoop_event_fields
	local groups=$_timersnoop_groups events=$_timersnoop_events hists=$_timersnoop_hists
	local findings=$_timersnoop_findings limits=$_timersnoop_limits
	case $command in
	stat) fields=$_timersnoop_stat_fields ;;
	kernel*)
		groups=$_timersnoop_kernel_groups events=$_timersnoop_kernel_events
		hists=$_timersnoop_kernel_hists findings=$_timersnoop_kernel_findings
		limits=$_timersnoop_kernel_limits fields=$_timersnoop_kernel_fields
		[[ $command != 'kernel -e' ]] || fields=$_timersnoop_kernel_event_fields
		;;
	esac
	case $option in
	-e | --events) _timersnoop_list "$current" "$groups $events" ;;
	-p | --pid) _timersnoop_list "$current" "$(_timersnoop_processes)" ;;
	-n | --name) _timersnoop_list "$current" "$(_timersnoop_names)" ;;
	-u | --user) _timersnoop_list "$current" "$(_timersnoop_users)" ;;
	--run-as) _timersnoop_words "$current" "$(_timersnoop_users)" ;;
	-i | --input | -o | --output) _timersnoop_files "$current" ;;
	--fields) _timersnoop_list "$current" "help $fields" ;;
	--sort)
		case $current in
		+* | -*)
			_timersnoop_words "${current:1}" "$fields"
			COMPREPLY=("${COMPREPLY[@]/#/${current:0:1}}")
			;;
		*) _timersnoop_words "$current" "$fields" ;;
		esac
		;;
	--by)
		if [[ $command == kernel* ]]; then
			_timersnoop_list "$current" "$_timersnoop_kernel_bys"
		else
			_timersnoop_words "$current" "$_timersnoop_bys"
		fi
		;;
	--hist) _timersnoop_list "$current" "$hists" ;;
	--fail-on) _timersnoop_list "$current" "$_timersnoop_severities $findings" ;;
	--limit)
		_timersnoop_list "$current" "$limits"
		COMPREPLY=("${COMPREPLY[@]/%/=}")
		compopt -o nospace 2>/dev/null
		;;
	--aggregate) _timersnoop_words "$current" "$_timersnoop_aggregates" ;;
	--format) _timersnoop_words "$current" "$_timersnoop_formats" ;;
	--time) _timersnoop_words "$current" "$_timersnoop_times" ;;
	--color) _timersnoop_words "$current" "$_timersnoop_colors" ;;
	# A condition begins with a field; the rest is for who writes it.
	--where | --expect | --until)
		_timersnoop_words "$current" "$fields"
		compopt -o nospace 2>/dev/null
		;;
	-c | --count | -d | --duration | --ring | --top | --interval | --buffer-size | --loss-status) ;;
	--callback | --cpu) ;;
	*) return 1 ;;
	esac
	return 0
}

# The words before the cursor, as readline broke them at '=': put together again.
_timersnoop() {
	local current=${COMP_WORDS[COMP_CWORD]} previous='' command='' events='' word i
	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		word=${COMP_WORDS[i]}
		if [[ $word == -- ]]; then
			# COMMAND and its arguments
			if declare -F _command_offset >/dev/null; then
				_command_offset $((i + 1))
			elif ((i + 1 == COMP_CWORD)); then
				mapfile -t COMPREPLY < <(compgen -c -- "$current")
			else
				_timersnoop_files "$current"
			fi
			return
		fi
		if [[ ! $command && " $_timersnoop_commands " == *" $word "* &&
			${COMP_WORDS[i - 1]} != -[pnuecdio] && ${COMP_WORDS[i - 1]} != = &&
			${COMP_WORDS[i - 1]} != --aggregate ]]; then
			command=$word
		fi
		[[ $word != -e* && $word != --events ]] || events=' -e'
	done
	[[ $command != kernel ]] || command+=$events
	((COMP_CWORD > 0)) && previous=${COMP_WORDS[COMP_CWORD - 1]}
	# --limit late=1ms is no option with a value behind '='
	if [[ $previous == = || $current == = ]]; then
		i=$((COMP_CWORD - 1))
		[[ $current == = ]] || i=$((COMP_CWORD - 2))
		previous=${COMP_WORDS[i]}
		[[ $current != = ]] || current=''
		[[ $previous == --* ]] || return 0
		# --run-as alone has a value only in this form
		_timersnoop_value "$previous" "$current" "$command" || COMPREPLY=()
		return 0
	fi
	if [[ $previous != --run-as ]] && _timersnoop_value "$previous" "$current" "$command"; then
		return 0
	fi
	if [[ $current == -* ]]; then
		_timersnoop_words "$current" "$_timersnoop_options"
	elif [[ ! $command ]]; then
		_timersnoop_words "$current" "$_timersnoop_commands"
	elif [[ $command == report ]]; then
		_timersnoop_files "$current"
	fi
	return 0
}

complete -F _timersnoop timersnoop
