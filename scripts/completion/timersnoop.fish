# SPDX-License-Identifier: GPL-2.0-or-later
# Completion of timersnoop(8) for fish. tests/docs/run.sh compares its lists with the
# program and the manual.

set -g __timersnoop_commands trace stat record report doctor list help

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
    periodic

# Is no command named as yet?
function __timersnoop_bare
    not __fish_seen_subcommand_from $__timersnoop_commands
end

function __timersnoop_fields
    if __fish_seen_subcommand_from stat
        printf '%s\n' $__timersnoop_stat_fields
    else
        printf '%s\n' $__timersnoop_event_fields
    end
end

# The items of a list, behind those that are there.
function __timersnoop_list
    set -l before (string match -r '^.*,' -- (commandline -ct | string replace -r '^--[a-z-]+=' ''))
    printf "$before%s\n" $argv
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
complete -c timersnoop -n __timersnoop_bare -a record -d 'Trace, and keep it in a file'
complete -c timersnoop -n __timersnoop_bare -a report -d 'Show a recording'
complete -c timersnoop -n __timersnoop_bare -a doctor -d 'Say whether this machine can be traced'
complete -c timersnoop -n __timersnoop_bare -a list -d 'Show the timers that exist now'
complete -c timersnoop -n __timersnoop_bare -a help -d 'Show the options'
complete -c timersnoop -n '__fish_seen_subcommand_from report' -F

complete -c timersnoop -s p -l pid -x -d 'Of these processes' -a '(__timersnoop_list (__timersnoop_pids))'
complete -c timersnoop -s n -l name -x -d 'Of tasks with this name' -a '(__timersnoop_list (__timersnoop_names))'
complete -c timersnoop -s u -l user -x -d 'Of this real user' -a '(__timersnoop_list (__fish_complete_users | string replace -r "\t.*" ""))'
complete -c timersnoop -s e -l events -x -d 'Events and groups' -a '(__timersnoop_list $__timersnoop_groups $__timersnoop_events)'
complete -c timersnoop -s x -l failed -d 'Calls that failed'
complete -c timersnoop -l where -x -d 'Of which this condition holds' -a '(__timersnoop_fields)'
complete -c timersnoop -l lives -d 'What happened to each timer'
complete -c timersnoop -l toctou -d 'Tell when memory changed during a call'
complete -c timersnoop -l run-as -d 'Run COMMAND as this user' -a '(__fish_complete_users)'
complete -c timersnoop -s c -l count -x -d 'End after so many events, or tables'
complete -c timersnoop -s d -l duration -x -d 'End after this time'
complete -c timersnoop -s i -l input -r -F -d 'Show this recording'
complete -c timersnoop -s o -l output -r -F -d 'Write to this file'
complete -c timersnoop -l print -d 'record: show it, too'
complete -c timersnoop -l ring -x -d 'record: keep only the last SIZE or TIME'
complete -c timersnoop -l by -x -d 'stat: what a row is for' -a 'timer process comm signal clock'
complete -c timersnoop -l sort -x -d 'stat: order by this field' -a '(__timersnoop_fields)'
complete -c timersnoop -l top -x -d 'stat: so many rows'
complete -c timersnoop -l interval -x -d 'stat: a table each TIME, 10ms or more'
complete -c timersnoop -l live -d 'stat: redraw the table'
complete -c timersnoop -l hist -x -d 'stat: histograms' -a '(__timersnoop_list $__timersnoop_hists)'
complete -c timersnoop -l fail-on -x -d 'stat: findings for status 5' -a '(__timersnoop_list $__timersnoop_severities $__timersnoop_findings)'
complete -c timersnoop -l expect -x -d 'stat: status 5 unless this holds' -a '(__timersnoop_fields)'
complete -c timersnoop -l until -x -d 'stat: end when this holds' -a '(__timersnoop_fields)'
complete -c timersnoop -l limit -x -d 'stat: from where on it is found' -a '(__timersnoop_list $__timersnoop_limits=)'
complete -c timersnoop -l aggregate -x -d 'stat: who counts' -a 'auto kernel user'
complete -c timersnoop -l format -x -d 'Form of the output' -a 'text json csv tsv strace'
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
