#!/usr/bin/env bash
# Is what is written about the program what the program knows? Options, events,
# findings, limits and fields, in the code, in --help, in the manual and in the
# completions for three shells; and what bash completes.
#
#   tests/docs/run.sh FACTS
#
# FACTS is what tests/docs/facts.c is built into. Prints a line for each test, "ok
# NAME", "skip NAME: reason" or "not ok NAME: what is missing where"; exit status 1
# when one failed.
set -uo pipefail
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
facts=$(realpath "$1")
cd "$top" || exit
timersnoop=$top/timersnoop
manual=doc/timersnoop.8
bash=scripts/completion/timersnoop.bash
zsh=scripts/completion/_timersnoop
fish=scripts/completion/timersnoop.fish
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0 skipped=0

# verdict NAME WHAT: it passes when there is nothing to be said.
verdict() {
	if [[ $2 ]]; then
		echo "not ok $1: ${2%; }"
		failed=$((failed + 1))
	else
		echo "ok $1"
		passed=$((passed + 1))
	fi
}

skip() {
	echo "skip $1: $2"
	skipped=$((skipped + 1))
}

# put NAME: a set, from standard input, one a line.
put() {
	sed '/^$/d' | LC_ALL=C sort -u >"$work/$1"
}

# same NAME CODE [WHERE SET]...: each set is that of the code.
same() {
	local name=$1 code=$work/$2 what='' missing more
	shift 2
	[[ -s $code ]] || what="nothing was found in the code; "
	while (($#)); do
		missing=$(LC_ALL=C comm -23 "$code" "$work/$2" | paste -sd ' ')
		more=$(LC_ALL=C comm -13 "$code" "$work/$2" | paste -sd ' ')
		[[ ! $missing ]] || what+="not in $1: $missing; "
		[[ ! $more ]] || what+="in $1 alone: $more; "
		shift 2
	done
	verdict "$name" "$what"
}

# --- where what is written stands ------------------------------------------------

# between FROM TO: the lines behind the first that begins with FROM, up to TO.
between() {
	awk -v from="$1" -v to="$2" 'inside && index($0, to) == 1 { exit }
		inside { print } index($0, from) == 1 { inside = 1 }'
}

# section FROM TO: the same of the manual.
section() {
	between "$1" "$2" <"$manual"
}

# chapter HEADING: what stands in the manual behind this line, up to the next heading.
chapter() {
	awk -v heading="$1" 'inside && /^\.S[hs] / { exit }
		inside { print } $0 == heading { inside = 1 }' "$manual"
}

# part FROM TO: the lines from one that has FROM in it, up to TO.
part() {
	awk -v from="$1" -v to="$2" 'index($0, from) { inside = 1 }
		inside && index($0, to) { exit } inside { print }'
}

# help_part FROM TO: the same of --help. kernel_help_part FROM TO: of what it says of kernel.
help_part() {
	"$timersnoop" --help | part "$1" "$2"
}

kernel_help_part() {
	help_part "The kernel's own timers (kernel" 'Recordings (' | part "$1" "$2"
}

# What the manual has on options of kernel alone, and on kernel's form of others.
kernel_options=".Ss The kernel's own timers"

# items: the first word of each item of a list.
items() {
	sed -nE 's/^\.It Cm ([^ ]+).*/\1/p'
}

words() {
	tr -s ' \t,' '[\n*]'
}

# in_bash NAME, in_zsh NAME, in_fish NAME: a list of words.
in_bash() {
	command bash --norc -c '. "$1"; name=_timersnoop_$2; printf "%s\n" ${!name}' - "$bash" "$1"
}

in_zsh() {
	awk -v name="$1" 'index($0, name "=(") == 1 { inside = 1; sub(/^[^(]*\(/, "") }
		inside { end = sub(/\).*/, ""); print; if (end) exit }' "$zsh" | words
}

in_fish() {
	awk -v name="__timersnoop_$1" '$1 == "set" && $3 == name { inside = 1; $1 = $2 = $3 = "" }
		inside { more = sub(/\\$/, ""); print; if (!more) exit }' "$fish" | words
}

# value_in_zsh OPTION, value_in_fish OPTION: the words that are written beside it.
value_in_zsh() {
	sed -nE "s/^ +'--$1=\[.*:\((.*)\)'.*/\1/p" "$zsh" | words
}

value_in_fish() {
	sed -nE "s/^complete .* -l $1 .* -a '(.*)'\$/\1/p" "$fish" | words
}

# shells SET NAME: what all three have as a list, for `same`.
shells() {
	in_bash "$2" | put "$1-bash"
	in_zsh "$2" | put "$1-zsh"
	in_fish "$2" | put "$1-fish"
}

# --- options ---------------------------------------------------------------------

# "--pid required p", of long_options in src/options.c
options_of_code() {
	sed -n '/long_options\[\] = {/,/^};/p' src/options.c |
		sed -nE "s/^\t\{ \"([a-z-]+)\", ([a-z]+)_argument, NULL, ('(.)'|[A-Z_]+) \},/--\1 \2 -\4/p"
}

test_options() {
	options_of_code | awk '{ print $1 } $3 != "-" { print $3 }' | put code
	"$timersnoop" --help |
		sed -nE 's/^ {2,6}((-[[:alnum:]]), )?(--[a-z-]+).*/\2\n\3/p' | put help
	awk '/^\.It Fl / { for (i = 2; i < NF; i++)
		if ($i == "Fl" && $(i + 1) != "-") print "-" $(i + 1) }' "$manual" | put manual
	in_bash options | put bash
	sed -nE "s/^ +'\(.*\{(-[[:alnum:]])\+?,(--[a-z-]+)=?\}.*/\1\n\2/p
		s/^ +'\*?(--[a-z-]+).*/\1/p" "$zsh" | put zsh
	sed -nE 's/^complete .* -l ([a-z-]+).*/--\1/p' "$fish" >"$work/both"
	sed -nE 's/^complete .* -s ([[:alnum:]]) .*/-\1/p' "$fish" >>"$work/both"
	put fish <"$work/both"
	same 'options' code --help help 'the manual' manual bash bash zsh zsh fish fish
}

test_arguments() {
	options_of_code | awk '$2 == "required" { print $1 }' | put code
	"$timersnoop" --help |
		sed -nE 's/^ {2,6}(-[[:alnum:]], )?(--[a-z-]+) [A-Z].*/\2/p' | put help
	awk '/^\.It Fl / { for (i = 2; i < NF - 1; i++)
		if ($i == "Fl" && $(i + 1) ~ /^-./ && $(i + 2) ~ /^(Ar|Cm)$/) print "-" $(i + 1) }' \
		"$manual" | put manual
	sed -nE "s/^ +'.*(--[a-z-]+)=[[}].*/\1/p" "$zsh" | put zsh
	sed -nE 's/^complete .* -l ([a-z-]+) (-x|-r).*/--\1/p' "$fish" | put fish
	same 'which options take an argument' code --help help 'the manual' manual zsh zsh fish fish
}

test_commands() {
	sed -n '/^} commands\[\] = {/,/^};/p' src/options.c | grep -oE '\{ "[a-z]+"' |
		tr -d '{ "' | put code
	section '.Sh DESCRIPTION' '.Sh OPTIONS' | items | put manual
	in_bash commands | put bash
	in_fish commands | put fish
	sed -n '/^commands=(/,/^)/p' "$zsh" | sed -nE "s/^ +'([a-z]+):.*/\1/p" | put zsh
	same 'commands' code 'the manual' manual bash bash zsh zsh fish fish
}

# choices NAME OPTION LIST-IN-BASH: what an option takes, as the program says it when it is
# given something else: "takes text, json or csv, not '?'".
choices() {
	"$timersnoop" stat "--$2" '?' 2>&1 |
		sed -nE "s/.* takes (.*), not '\?'.*/\1/p" | sed 's/ or /, /' | words | put code
	section ".Sh OPTIONS" ".Sh OUTPUT" | sed -nE "s/^\.It Fl -$2 Cm (.*)/\1/p" |
		tr -d '|' | words | put manual
	in_bash "$3" | put bash
	value_in_zsh "$2" | put zsh
	value_in_fish "$2" | put fish
	same "$1" code 'the manual' manual bash bash zsh zsh fish fish
}

# As `choices` has it, but that what kernel takes is a list of other words.
test_bys() {
	"$timersnoop" stat --by '?' 2>&1 |
		sed -nE "s/.* takes (.*), not '\?'.*/\1/p" | sed 's/ or /, /' | words | put code
	fact by | put facts
	section ".Sh OPTIONS" ".Sh OUTPUT" | sed -nE "s/^\.It Fl -by Cm (.*)/\1/p" |
		tr -d '|' | words | put manual
	shells bys bys
	same 'what a row is for' code tests/docs/facts.c facts 'the manual' manual \
		bash bys-bash zsh bys-zsh fish bys-fish

	fact kernel-by | put code
	kernel_help_part '--by' '--events' | grep -oE '[a-z]+' | put words
	grep -xF -f "$work/code" "$work/words" | put help
	chapter "$kernel_options" | between '.It Fl -by ' '.It Fl e ' | items | put manual
	"$timersnoop" kernel --by '?' 2>&1 |
		sed -nE "s/.* takes any of (.*), not '\?'.*/\1/p" | words | put program
	shells bys kernel_bys
	same 'what a row of kernel is for' code 'what it says' program --help help \
		'the manual' manual bash bys-bash zsh bys-zsh fish bys-fish
}

# --- what the facts tell -----------------------------------------------------------

fact() {
	"$facts" | awk -v kind="$1" '$1 == kind { print $2 }'
}

test_events() {
	fact event | put code
	help_part 'names:' '--pid' | sed 's/.*names://' | grep -oE '[a-z_]*(timer|alarm|signal)[a-z_]*' |
		put help
	section '.Sh EVENTS' '.Sh LIVES' | sed -nE 's/^\.(It )?Cm //p' | words |
		grep -xE 'timer(fd)?_(create|settime|gettime|getoverrun|delete|expire)|[sg]etitimer|alarm|itimer_expire|signal_(generate|deliver)' |
		put manual
	shells events events
	same 'events' code --help help 'the manual' manual bash events-bash zsh events-zsh \
		fish events-fish

	fact kernel-event | put code
	kernel_help_part 'names:' '--hist' | sed 's/.*names://; s/(.*//' | words | put help
	chapter ".Ss Events of the kernel's timers" | sed -nE 's/^\.It Cm //p' | words |
		grep '[a-z]' | put manual
	shells events kernel_events
	same 'events of kernel' code --help help 'the manual' manual bash events-bash \
		zsh events-zsh fish events-fish
}

test_groups() {
	fact group | put code
	help_part '--events' 'names:' | sed -nE 's/^ {30}([a-z]+) .*/\1/p' | put help
	section '.It Fl e ' '.It Fl p ' | items | put manual
	shells groups groups
	same 'groups of events' code --help help 'the manual' manual bash groups-bash \
		zsh groups-zsh fish groups-fish

	fact kernel-group | put code
	kernel_help_part '--events' 'names:' | sed -nE 's/^ {30}([a-z_]+) .*/\1/p' | put help
	chapter "$kernel_options" | between '.It Fl e ' '.It Fl -hist ' | items | put manual
	shells groups kernel_groups
	same 'groups of events of kernel' code --help help 'the manual' manual \
		bash groups-bash zsh groups-zsh fish groups-fish
}

# findings_of NAME KIND HEADING SET: ids, and how bad each is; KIND is "" or "kernel-".
findings_of() {
	local name=$1 kind=$2finding heading=$3 list=$4
	fact "$kind" | put code
	"${2:+kernel_}help_part" '--fail-on' '--limit' | sed '0,/or$/d' | words | put help
	chapter "$heading" | items | put manual
	shells findings "$list"
	same "$name" code --help help 'the manual' manual bash findings-bash \
		zsh findings-zsh fish findings-fish

	"$facts" | sed -n "s/^$kind //p" | put code
	chapter "$heading" | sed -nE 's/^\.It Cm ([^ ]+) Pq (.*)/\1 \2/p' | put manual
	same "how bad $name are" code 'the manual' manual
}

test_findings() {
	findings_of 'findings' '' '.Sh FINDINGS' findings
	findings_of 'findings of kernel' kernel- ".Ss Findings of the kernel's timers" kernel_findings
}

# limits_of NAME KIND OF HEADING SET NEXT: OF is what src/findings.c calls it, NEXT the
# option behind --limit in --help.
limits_of() {
	local name=$1 kind=$2limit of=$3 heading=$4 list=$5 next=$6
	"$facts" | sed -nE "s/^$kind (.*) (.*)/\1=\2/p" | put code
	"${2:+kernel_}help_part" '--limit' "$next" | grep -oE '[a-z-]+=[0-9][0-9a-z]*' | put help
	chapter "$heading" | sed -nE 's/^\.It Cm ([^ ]+) Ns = Ns (.*)/\1=\2/p' | put manual
	same "$name and their defaults" code --help help 'the manual' manual

	sed -n '/limit_names\[\] = {/,/^};/p' src/findings.c |
		sed -nE "s/^\t\{ \"([a-z-]+)\".* $of \},/\1/p" | put code
	fact "$kind" | put facts
	shells limits "$list"
	same "names of $name" code tests/docs/facts.c facts bash limits-bash zsh limits-zsh \
		fish limits-fish
}

test_limits() {
	limits_of 'limits' '' FINDING_OF_STAT '.Ss Limits' limits '--aggregate'
	limits_of 'limits of kernel' kernel- FINDING_OF_KERNEL \
		".Ss Limits of the kernel's timers" kernel_limits '--kernel'
}

test_hists() {
	fact hist | put code
	section '.It Fl -hist' '.It Fl -until' | items | put manual
	shells hists hists
	same 'histograms' code 'the manual' manual bash hists-bash zsh hists-zsh fish hists-fish

	fact kernel-hist | put code
	kernel_help_part '--hist' '--fail-on' | sed 's/.*LIST//' | words | put help
	chapter "$kernel_options" | between '.It Fl -hist ' '.It Fl -fail-on ' | items | put manual
	shells hists kernel_hists
	same 'histograms of kernel' code --help help 'the manual' manual bash hists-bash \
		zsh hists-zsh fish hists-fish
}

# test_fields KIND HEADING COMMAND...: fields and their units; KIND-field are the facts.
test_fields() {
	local kind=$1 heading=$2
	shift 2
	if [[ ! $(fact "$kind-field") ]]; then
		skip "fields of $kind" 'they are not in the code as yet'
		return
	fi
	"$facts" | sed -n "s/^$kind-field //p" | put code
	chapter "$heading" | sed -nE 's/^\.It Cm ([^ ]+) Ta ([^ ]+) Ta .*/\1 \2/p' | put manual
	same "fields of $kind and their units" code 'the manual' manual

	fact "$kind-field" | put code
	shells fields "${kind/-/_}_fields"
	same "fields of $kind in completions" code bash fields-bash zsh fields-zsh fish fields-fish

	if "$timersnoop" "$@" --fields help >"$work/said" 2>/dev/null; then
		"$facts" | sed -n "s/^$kind-field //p" | put code
		awk '{ print $1, $2 }' "$work/said" | put program
		same "fields of $kind in --fields help" code 'what it says' program
	else
		skip "fields of $kind in --fields help" 'it is not in the program as yet'
	fi
}

test_help_fits() {
	verdict '--help fits in 80 columns' "$("$timersnoop" --help | awk 'length > 80' | head -n 1)"
}

# --- what bash completes ---------------------------------------------------------------

# completed LINE: COMPREPLY for a line with the cursor at its end, broken into words as
# readline does.
completed() {
	command bash --norc -c '. "$1" || exit
		COMP_LINE=$2 COMP_POINT=${#2} COMP_WORDS=()
		rest=$2
		while [[ $rest ]]; do
			[[ $rest =~ ^(\ +|=|[^\ =]+) ]]
			[[ ${BASH_REMATCH[1]} == " "* ]] || COMP_WORDS+=("${BASH_REMATCH[1]}")
			last=${BASH_REMATCH[1]}
			rest=${rest:${#last}}
		done
		[[ $last != " "* ]] || COMP_WORDS+=("")
		COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
		_timersnoop
		printf "%s\n" "${COMPREPLY[@]}"' - "$bash" "$1" 2>&1
}

# completes LINE [WORD...]: that is what it is completed with, in this order or another.
completes() {
	local line=$1
	shift
	printf '%s\n' "$@" | put wanted
	completed "$line" | put got
	same "bash completes '$line'" wanted "COMPREPLY" got
}

# offers LINE WORD...: these are among it.
offers() {
	local line=$1 what='' word
	shift
	completed "$line" >"$work/got"
	for word; do
		grep -qxF -e "$word" "$work/got" || what+="$word "
	done
	verdict "bash offers, for '$line': $*" "${what:+not there: $what}"
}

# offers_nothing LINE
offers_nothing() {
	verdict "bash offers nothing for '$1'" "$(completed "$1" | paste -sd ' ')"
}

test_bash() {
	completes 'timersnoop st' stat
	completes 'timersnoop re' record report
	completes 'timersnoop ke' kernel
	offers 'timersnoop ' trace stat kernel record report doctor list help
	completes 'timersnoop stat --fa' --fail-on --failed
	completes 'timersnoop stat --fail-on her' herd
	completes 'timersnoop stat --fail-on late,re' late,rearm-storm
	completes 'timersnoop stat --fail-on=wa' warning
	offers_nothing 'timersnoop stat --fail-on late,lat'
	completes 'timersnoop -e settime,timer_e' settime,timer_expire
	offers_nothing 'timersnoop --fields addr'
	completes 'timersnoop --fields pid,asked' pid,asked_ns pid,asked_clock
	completes 'timersnoop stat --fields pid,late_ns_p' pid,late_ns_p99
	completes 'timersnoop stat --sort -late_ns_p' -late_ns_p99
	completes 'timersnoop stat --sort +late_ns_p' +late_ns_p99
	completes 'timersnoop stat --expect expi' expiries
	completes 'timersnoop stat --limit herd' herd= herd-time=
	offers_nothing 'timersnoop stat --limit late=1ms,sh'
	completes 'timersnoop stat --hist value,l' value,late
	completes 'timersnoop stat --by p' process
	completes 'timersnoop stat --aggregate k' kernel
	completes 'timersnoop kernel -e hrtimer_c' hrtimer_cancel
	completes 'timersnoop kernel -e start,hrtimer_c' start,hrtimer_cancel
	completes 'timersnoop kernel --by process,call' process,callback process,caller
	completes 'timersnoop kernel --hist=late,t' late,timeout
	completes 'timersnoop kernel --fail-on any,o' any,overdue
	completes 'timersnoop kernel --limit r' run=
	completes 'timersnoop kernel --fields callback,fired_r' callback,fired_rate
	completes 'timersnoop kernel --sort -run_ns_p' -run_ns_p99
	offers_nothing 'timersnoop kernel -e start --fields fired_r'
	completes 'timersnoop kernel -e start --fields armed_c' armed_comm armed_cpu
	completes 'timersnoop record --ke' --kernel
	completes 'timersnoop --aggregate kernel --by sig' signal
	completes 'timersnoop stat --aggregate kernel --by sig' signal
	offers_nothing 'timersnoop kernel --cpu '
	offers_nothing 'timersnoop kernel --callback '
	completes 'timersnoop --format t' text tsv
	completes 'timersnoop --format=js' json
	completes 'timersnoop --time w' wall
	completes 'timersnoop --color n' never
	completes 'timersnoop --run-as=roo' root
	offers 'timersnoop -u ' root
	offers 'timersnoop -p ' $$
	offers 'timersnoop -n ba' bash
	completes 'timersnoop report READ' README.md
	completes 'timersnoop stat -i READ' README.md
	completes 'timersnoop -o READ' README.md
	offers 'timersnoop -- tru' true
	offers_nothing 'timersnoop -d '
	offers_nothing 'timersnoop -c '
	offers_nothing 'timersnoop stat '
}

# Behind an option with an argument there are no options, behind any other there are.
test_bash_arguments() {
	local option takes _ what=''
	while read -r option takes _; do
		completed "timersnoop stat $option --" >"$work/got"
		if grep -qx -e --pid "$work/got"; then
			[[ $takes != required ]] || what+="$option takes an argument; "
		else
			[[ $takes == required ]] || what+="$option takes none; "
		fi
	done < <(options_of_code)
	verdict 'bash knows which options take an argument' "$what"
}

# syntax SHELL FILE OPTION
syntax() {
	if command -v "$1" >/dev/null; then
		verdict "$1 takes $2" "$("$1" "$3" "$2" 2>&1 || echo "status $?")"
	else
		skip "$1 takes $2" "there is no $1 here"
	fi
}

test_options
test_arguments
test_commands
test_bys
choices 'who counts' aggregate aggregates
choices 'formats' format formats
choices 'colours' color colors
choices 'times' time times
test_events
test_groups
test_findings
test_limits
test_hists
test_fields stat '.Ss Fields of figures' stat
test_fields event '.Ss Fields of events' trace
test_fields kernel ".Ss Fields of the kernel's figures" kernel
test_fields kernel-event ".Ss Fields of the kernel's events" kernel -e all
test_help_fits
test_bash
test_bash_arguments
syntax bash "$bash" -n
syntax zsh "$zsh" -n
syntax fish "$fish" --no-execute

if ((skipped)); then
	echo "docs: $passed passed, $failed failed, $skipped skipped"
else
	echo "docs: $passed passed, $failed failed"
fi
((failed == 0))
