#!/usr/bin/env bash
# Run timersnoop under valgrind's memcheck in guests, with representative command lines.
#
#   scripts/valgrind.sh [KERNEL...]
#
# KERNEL is as for scripts/guest.sh (default: 6.1 7.2). The tests are those of
# tests/guest/valgrind.sh; T_ONLY in the environment, an extended regular expression, is of
# which of them, as valgrind/NAME. The guest gets the newest valgrind of Debian, since older
# ones do not know pidfd_open(2) and Landlock, and what it must know of this machine's dynamic
# linker (libc6-dbg). It is kept in ${TIMERSNOOP_CACHE:-${XDG_CACHE_HOME:-~/.cache}/timersnoop}/valgrind
# and fetched once; remove it there to get a newer one. The archive is that of
# scripts/kernels.sh. Needs ./timersnoop and the guest programs: make timersnoop
# guest-programs. Exit status 1 when a test failed.
set -euo pipefail
# shellcheck source=scripts/lib_apt.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib_apt.sh"

case ${1:-} in
-h | --help)
	show_help "$0"
	exit 0
	;;
-*) die "unknown option '$1' (see --help)" ;;
esac
kernels=("$@")
((${#kernels[@]})) || kernels=(6.1 7.2)

# fetch DIR: makes DIR/made, for make_once.
# shellcheck disable=SC2317 # which calls it
fetch() {
	local dir=$1
	note "fetching valgrind"
	private_apt "$dir" amd64 <<<'main sid'
	apt_fetch "$dir" valgrind apt-get -q download valgrind
	dpkg-deb -x "$dir"/valgrind_*.deb "$dir/made"
}

need readelf binutils
[[ -x $top/timersnoop ]] || die "no ./timersnoop: run make first"
image=$(mktemp -d)
trap 'rm -rf "$image"' EXIT
made=$(cache_dir)/valgrind/amd64
make_once "$made" fetch
program=$made/usr/bin/valgrind.bin # what Debian's script starts
[[ -x $program ]] || program=$made/usr/bin/valgrind
install -D "$program" "$image/usr/bin/valgrind"
install -D -t "$image/usr/libexec/valgrind" \
	"$made"/usr/libexec/valgrind/{memcheck-amd64-linux,vgpreload_core-amd64-linux.so} \
	"$made"/usr/libexec/valgrind/{vgpreload_memcheck-amd64-linux.so,default.supp}
id=$(readelf -n /lib64/ld-linux-x86-64.so.2 | sed -n 's/.*Build ID: //p')
symbols=/usr/lib/debug/.build-id/${id:0:2}/${id:2}.debug
[[ -f $symbols ]] || die "no symbols of the dynamic linker: install libc6-dbg, or run scripts/deps.sh valgrind"
install -D "$symbols" "$image$symbols"

failed=0
for kernel in "${kernels[@]}"; do
	"$top/scripts/guest.sh" "$kernel" --image "$image" --timeout 3600 -- \
		env T_ONLY="${T_ONLY:-}" T_TIMES=1 bash /tests/valgrind.sh 2>&1 | sed -u "s/^/${kernel//\//\\/} /" ||
		failed=1
done
exit "$failed"
