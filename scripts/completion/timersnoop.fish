# SPDX-License-Identifier: GPL-2.0-or-later
# Completion of timersnoop(8) for fish. tests/docs/run.sh compares its lists with the
# program and the manual.

set -g __timersnoop_commands trace stat kernel record report doctor list help

set -g __timersnoop_events timer_create timer_settime timer_gettime timer_getoverrun \
    timer_delete timerfd_create timerfd_settime timerfd_gettime setitimer getitimer \
    alarm timer_expire timerfd_expire itimer_expire signal_generate signal_deliver

set -g __timersnoop_groups calls expire signal posix timerfd itimer settime all

set -g __timersnoop_findings rearm-storm too-short past overrun signal-blocked \
    signal-ignored calls-fail bad-value never-armed leak zero-value late wrong-clock \
    herd memory-changed data-incomplete

set -g __timersnoop_severities any warning error

set -g __timersnoop_limits storm short overruns blocked failures leak late herd herd-time

set -g __timersnoop_hists value interval late signal duration

set -g __timersnoop_bys timer process comm signal clock

set -g __timersnoop_stat_fields event pid comm timer family timer_id fd which clock \
    signal timers created deleted calls failed errors arms disarms one_shot periodic \
    absolute replaced gettimes getoverruns expiries rearmed overruns signals_sent \
    signals_taken signals_pending signals_ignored signals_lost value_ns_min \
    value_ns_median value_ns_p99 value_ns_max interval_ns_min interval_ns_median \
    interval_ns_p99 interval_ns_max observed_interval_ns_min \
    observed_interval_ns_median observed_interval_ns_p99 observed_interval_ns_max \
    late_ns_min late_ns_median late_ns_p99 late_ns_max signal_latency_ns_min \
    signal_latency_ns_median signal_latency_ns_p99 signal_latency_ns_max \
    duration_ns_min duration_ns_median duration_ns_p99 duration_ns_max rate \
    span_ns mono_ns incomplete

set -g __timersnoop_event_fields event time mono_ns cpu pid tid comm timer_id flags \
    flag_names abi time_bits new_ptr old_ptr new_value_sec new_value_nsec \
    new_interval_sec new_interval_nsec new_from old_value_sec old_value_nsec \
    old_interval_sec old_interval_nsec old_from ret error duration_ns incomplete lost \
    fd which clock clock_id seconds sigevent_ptr sigevent_notify sigevent_signo \
    sigevent_value sigevent_tid sigevent_from asked_ns asked_clock late_ns interval_ns \
    armed_by signo signal result target_tid after_ns overrun sigev_value changed timer \
    family value_ns new_interval_ns old_value_ns old_interval_ns failed absolute \
    periodic ns_pid ns_tid

# What kernel has of these.
set -g __timersnoop_kernel_groups timer_list hrtimer start cancel expire idle all

set -g __timersnoop_kernel_events timer_init timer_start timer_cancel timer_expire \
    hrtimer_init hrtimer_start hrtimer_cancel hrtimer_expire tick_stop base_idle \
    cpu_idle wakeup

set -g __timersnoop_kernel_findings always-fires slow-callback every-jiffy keeps-awake \
    overdue data-incomplete

set -g __timersnoop_kernel_limits fires run jiffies awake overdue

set -g __timersnoop_kernel_hists timeout late run

set -g __timersnoop_kernel_bys callback module mechanism process comm cpu caller timer

set -g __timersnoop_kernel_fields event callback module mechanism kind pid comm cpu \
    caller timer timers started older replaced cancelled fired pending unknown \
    fired_percent rearmed past immediate from_interrupt deferrable pinned irqsafe \
    absolute soft cpus migrations rate fired_rate timeout_ns_min timeout_ns_median \
    timeout_ns_p99 timeout_ns_max timeout_jiffies_min timeout_jiffies_median \
    timeout_jiffies_p99 timeout_jiffies_max late_ns_min late_ns_median late_ns_p99 \
    late_ns_max late_jiffies_min late_jiffies_median late_jiffies_p99 late_jiffies_max \
    beyond_ns_min beyond_ns_median beyond_ns_p99 beyond_ns_max run_ns_min \
    run_ns_median run_ns_p99 run_ns_max wakeups wakeup_rate alongside span_ns mono_ns \
    incomplete

set -g __timersnoop_kernel_event_fields event time mono_ns cpu pid tid comm mechanism \
    callback module timer armed_pid armed_comm armed_ns armed_cpu caller timeout_ns \
    timeout_jiffies expires_jiffies due_jiffies expires_ns slack_ns deferrable pinned \
    irqsafe absolute soft replaces rearmed immediate from_interrupt late_ns \
    late_jiffies beyond_ns run_ns migrated waker idle_ns is_idle dependency lost

# Is no command named as yet?
function __timersnoop_bare
    not __fish_seen_subcommand_from $__timersnoop_commands
end

# "kernel" may also be what --aggregate takes.
function __timersnoop_is_kernel
    __fish_seen_subcommand_from kernel; and not __fish_seen_subcommand_from stat
end

# __timersnoop_named NAME: what the command has of a list.
function __timersnoop_named
    set -l name __timersnoop_$argv[1]
    __timersnoop_is_kernel; and set name __timersnoop_kernel_$argv[1]
    printf '%s\n' $$name
end

function __timersnoop_fields
    if __fish_seen_subcommand_from stat
        printf '%s\n' $__timersnoop_stat_fields
    else if __timersnoop_is_kernel; and __fish_contains_opt -s e events
        printf '%s\n' $__timersnoop_kernel_event_fields
    else if __timersnoop_is_kernel
        printf '%s\n' $__timersnoop_kernel_fields
    else
        printf '%s\n' $__timersnoop_event_fields
    end
end

# The items of a list, behind those that are there.
function __timersnoop_list
    set -l before (string match -r '^.*,' -- (commandline -ct | string replace -r '^--[a-z-]+=' ''))
    printf "$before%s\n" $argv
end

# stat takes one of them, kernel a list.
function __timersnoop_by
    if __timersnoop_is_kernel
        __timersnoop_list $__timersnoop_kernel_bys
    else
        printf '%s\n' $__timersnoop_bys
    end
end

function __timersnoop_pids
    for directory in /proc/[0-9]*
        printf '%s\n' (string replace /proc/ '' $directory)
    end
end

function __timersnoop_names
    cat /proc/[0-9]*/comm 2>/dev/null | string match -v '*,*' | sort -u
end

complete -c timersnoop -f
complete -c timersnoop -n __timersnoop_bare -a trace -d 'Trace (what runs when no command is named)'
complete -c timersnoop -n __timersnoop_bare -a stat -d 'Figures, findings and an exit status'
complete -c timersnoop -n __timersnoop_bare -a kernel -d 'Figures of timers of the kernel, by callback'
complete -c timersnoop -n __timersnoop_bare -a record -d 'Trace, and keep it in a file'
complete -c timersnoop -n __timersnoop_bare -a report -d 'Show a recording'
complete -c timersnoop -n __timersnoop_bare -a doctor -d 'Say whether this machine can be traced'
complete -c timersnoop -n __timersnoop_bare -a list -d 'Show the timers that exist now'
complete -c timersnoop -n __timersnoop_bare -a help -d 'Show the options'
complete -c timersnoop -n '__fish_seen_subcommand_from report' -F

complete -c timersnoop -s p -l pid -x -d 'Of these processes' -a '(__timersnoop_list (__timersnoop_pids))'
complete -c timersnoop -s n -l name -x -d 'Of tasks with this name' -a '(__timersnoop_list (__timersnoop_names))'
complete -c timersnoop -s u -l user -x -d 'Of this real user' -a '(__timersnoop_list (__fish_complete_users | string replace -r "\t.*" ""))'
complete -c timersnoop -s e -l events -x -d 'Events and groups' -a '(__timersnoop_list (__timersnoop_named groups) (__timersnoop_named events))'
complete -c timersnoop -s x -l failed -d 'Calls that failed'
complete -c timersnoop -l where -x -d 'Of which this condition holds' -a '(__timersnoop_fields)'
complete -c timersnoop -l callback -x -d 'kernel: with these callback functions'
complete -c timersnoop -l cpu -x -d 'kernel: on these CPUs'
complete -c timersnoop -l callers -d 'kernel: which function armed a timer'
complete -c timersnoop -l wakeups -d 'kernel: which timer woke a CPU'
complete -c timersnoop -l lives -d 'What happened to each timer'
complete -c timersnoop -l toctou -d 'Tell when memory changed during a call'
complete -c timersnoop -l entry -d 'Time timer_settime from its entry'
complete -c timersnoop -l run-as -d 'Run COMMAND as this user' -a '(__fish_complete_users)'
complete -c timersnoop -s c -l count -x -d 'End after so many events, or tables'
complete -c timersnoop -s d -l duration -x -d 'End after this time'
complete -c timersnoop -s i -l input -r -F -d 'Show this recording'
complete -c timersnoop -s o -l output -r -F -d 'Write to this file'
complete -c timersnoop -l print -d 'record: show it, too'
complete -c timersnoop -l ring -x -d 'record: keep only the last SIZE or TIME'
complete -c timersnoop -l kernel -d 'record: timers of the kernel'
complete -c timersnoop -l by -x -d 'figures: what a row is for' -a '(__timersnoop_by)'
complete -c timersnoop -l sort -x -d 'figures: order by this field' -a '(__timersnoop_fields)'
complete -c timersnoop -l top -x -d 'figures: so many rows'
complete -c timersnoop -l interval -x -d 'figures: a table each TIME, 10ms or more'
complete -c timersnoop -l live -d 'figures: redraw the table'
complete -c timersnoop -l hist -x -d 'figures: histograms' -a '(__timersnoop_list (__timersnoop_named hists))'
complete -c timersnoop -l fail-on -x -d 'figures: findings for status 5' -a '(__timersnoop_list $__timersnoop_severities (__timersnoop_named findings))'
complete -c timersnoop -l expect -x -d 'figures: status 5 unless this holds' -a '(__timersnoop_fields)'
complete -c timersnoop -l until -x -d 'figures: end when this holds' -a '(__timersnoop_fields)'
complete -c timersnoop -l limit -x -d 'figures: from where on it is found' -a '(__timersnoop_list (__timersnoop_named limits)=)'
complete -c timersnoop -l aggregate -x -d 'figures: who counts' -a 'auto kernel user'
complete -c timersnoop -l format -x -d 'Form of the output' -a 'text json csv tsv strace'
complete -c timersnoop -l json -d 'One JSON object a line'
complete -c timersnoop -l strace -d 'The notation of strace'
complete -c timersnoop -l time -x -d 'Form of times' -a 'wall mono relative none'
complete -c timersnoop -s w -l wide -d 'More columns'
complete -c timersnoop -l no-header -d 'No names of columns'
complete -c timersnoop -l fields -x -d 'These fields' -a '(__timersnoop_list help (__timersnoop_fields))'
complete -c timersnoop -s 0 -l null -d 'tsv: end each field with a NUL'
complete -c timersnoop -l color -x -d 'Colour' -a 'auto always never'
complete -c timersnoop -s q -l quiet -d 'Show nothing but errors'
complete -c timersnoop -s v -l verbose -d 'Say what is done and why'
complete -c timersnoop -l dry-run -d 'Show the probes, and end'
complete -c timersnoop -l buffer-size -x -d 'Ring buffer of each CPU'
complete -c timersnoop -l loss-status -x -d 'Exit status when data are incomplete'
complete -c timersnoop -l cleanup -d 'Remove what killed runs left'
complete -c timersnoop -s h -l help -d 'Show the options'
complete -c timersnoop -s V -l version -d 'Show the version'
