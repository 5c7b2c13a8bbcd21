#!/usr/bin/env bash
# Build for arm64, and run the guest tests on an arm64 kernel, all of it emulated.
#
#   scripts/arm64.sh [--build] [OPTION...] [KERNEL...]
#
# Builds the command and the guests' programs into build/arm64, with Debian's cross compilers
# and the libraries of scripts/sysroot.sh; --build: no more than that. KERNEL (default:
# 6.12-arm64) and OPTION are those of tests/guest/run-all.sh. Without -t and KERNEL, the
# main job and the life of a timer are tested, against the programs' own account and against
# strace, what is lost, a recording and its replay, figures that the kernel counts, its own
# timers, doctor and what keeps from tracing, others beside, and what is left behind. That
# takes some ten minutes.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

main_tests='^(accuracy/(known|calls|errors|compat|registers|threads|tree|by_pid)$'
main_tests+='|accuracy_(formats|loss|strace)/|lives_(calls|expiries|strace|older|toctou)/'
main_tests+='|record_same/json$|stat_kernel/|kernel_counts/|doctor/|behaviour_refuse/'
main_tests+='|behaviour_disturbed/hands$|behaviour_beside/(other_tracer|misses_of_others)$'
main_tests+='|behaviour_killed/(killed_while_running|names_like_ours)$)'

[[ ${1:-} != -h && ${1:-} != --help ]] || {
	show_help "$0"
	exit
}
only_build=''
[[ ${1:-} != --build ]] || {
	only_build=1
	shift
}

need aarch64-linux-gnu-gcc gcc-aarch64-linux-gnu arm64
need arm-linux-gnueabihf-gcc gcc-arm-linux-gnueabihf arm64
sysroot=$("$top/scripts/sysroot.sh")
libraries=$sysroot/usr/lib/aarch64-linux-gnu
headers=$sysroot/usr/include
room=build/arm64
# Before the C library that came with the compiler, which may be newer than the guest's.
compiler="aarch64-linux-gnu-gcc --sysroot=$sysroot -B$libraries \
	-isystem $headers/aarch64-linux-gnu -isystem $headers"
PKG_CONFIG_SYSROOT_DIR=$sysroot PKG_CONFIG_LIBDIR=$libraries/pkgconfig:$sysroot/usr/share/pkgconfig \
	MAKEFLAGS='' make -C "$top" --no-print-directory -s -j"$(nproc)" BUILD="$room" PROGRAM="$room/timersnoop" \
	CC="$compiler" AR=aarch64-linux-gnu-ar CC32=arm-linux-gnueabihf-gcc \
	"$room/timersnoop" guest-programs
[[ ! $only_build ]] || exit 0

only=(-t "$main_tests") kernels=(6.12-arm64)
for ((i = 1; i <= $#; i++)); do
	case ${!i} in
	-t) only=() ;;&
	-t | -j | --timeout) ((i++)) ;;
	-*) ;;
	*) only=() kernels=() ;;
	esac
done
exec "$top/tests/guest/run-all.sh" "${only[@]}" "$@" "${kernels[@]}"
