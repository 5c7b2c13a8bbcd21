#!/usr/bin/env bash
# Install what is needed, build, and show what a program does with timers.
#
#   scripts/demo.sh [-- COMMAND [ARG...]]
#
# Traces on this machine where its kernel has kprobes; otherwise in a guest of
# the distribution's stock kernel under QEMU. Without COMMAND it traces
# coreutils' timeout(1), which arms a POSIX timer; in a guest COMMAND must be
# one of the programs there (see scripts/guest.sh).
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

case ${1:-} in
-h | --help)
	show_help "$0"
	exit
	;;
--) shift ;;
esac
command=("$@")
((${#command[@]})) || command=(timeout --kill-after=1h 0.25s sleep 3)

# The series whose stock kernel is this Debian's own.
stock_kernel() {
	local VERSION_ID=''
	# shellcheck disable=SC1091
	[[ ! -r /etc/os-release ]] || . /etc/os-release
	case $VERSION_ID in
	11*) echo 5.10 ;;
	12*) echo 6.1 ;;
	13*) echo 6.12 ;;
	*) echo 7.2 ;;
	esac
}

"$top/scripts/deps.sh" build
make -C "$top" --no-print-directory -s timersnoop

as_root=()
((EUID == 0)) || ! command -v sudo >/dev/null || as_root=(sudo)

tool=(timersnoop -e all)
show=("${tool[@]}" -- "${command[@]}")
if "${as_root[@]}" "$top/timersnoop" doctor >/dev/null 2>&1; then
	note "tracing on this machine, kernel $(uname -r)"
	printf '# %s\n' "${show[*]}"
	exec "${as_root[@]}" "$top/${tool[0]}" "${tool[@]:1}" -- "${command[@]}"
fi
kernel=$(stock_kernel)
note "this machine cannot be traced:"
"${as_root[@]}" "$top/timersnoop" doctor 2>&1 >/dev/null | sed 's/^timersnoop: /  /' >&2 || :
note "so this is a guest of Debian's stock kernel $kernel under QEMU, emulated"
"$top/scripts/deps.sh" guest
printf '# %s\n' "${show[*]}"
exec "$top/scripts/guest.sh" "$kernel" -- "${show[@]}"
