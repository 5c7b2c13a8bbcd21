#!/usr/bin/env bash
# How much of src/ the unit tests have run: of the rooms that are pure (doc/DESIGN.md) 95 %
# of the lines of each file, or it fails; of the rest it is only told, as guests run that,
# and of what is linked into no unit test nothing.
#
#   tests/unit/coverage.sh BUILD
#
# BUILD is where the unit tests were built with --coverage, and have run: make coverage.
set -euo pipefail

build=$1 least=95
pure='aggregate|btf|calls|decode[a-z_]*|diagnosis|distribution|event[a-z_]*|expr[a-z_]*|fields|findings'
pure+='|histogram|kernel_(callers|clocks|diagnosis|event[a-z_]*|features|functions|recorded|rows|stats)'
pure+='|kernel_(timers[a-z_]*|view|wakeups)|life|line|lives|merge|options[a-z_]*|page|plan_[a-z]+|printable'
pure+='|probe_plan|scene|selection|stats[a-z_]*|symbols|table|task_lookup|tasks|timer_table|timers[a-z_]*'
pure+='|timerspec|view'

# "File 'src/x.c'" and behind it "Lines executed:97.37% of 38"; a file without lines has none.
gcov --no-output --object-directory "$build/src" "$build"/src/*.gcda |
	awk -v pure="^src/($pure)[.]c\$" -v least="$least" -F "[':% ]+" '
		/^File / { file = $2; next }
		/^Lines executed/ && file ~ /^src\// {
			run = $3 / 100 * $5
			if (file ~ pure) {
				enough = $3 >= least
				printf "%s %s: %s %% of %d lines\n", enough ? "ok" : "not ok", file, $3, $5
				passed += enough
				failed += !enough
				pure_run += run
				pure_lines += $5
			} else {
				printf "rest %s: %s %% of %d lines\n", file, $3, $5
				rest_run += run
				rest_lines += $5
			}
			file = ""
		}
		END {
			if (pure_lines && rest_lines)
				printf "pure rooms: %.1f %% of %d lines; the rest: %.1f %% of %d\n", 100 * pure_run / pure_lines,
					pure_lines, 100 * rest_run / rest_lines, rest_lines
			printf "coverage: %d passed, %d failed\n", passed, failed
			exit failed || !passed
		}'
