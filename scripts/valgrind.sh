#!/usr/bin/env bash
# Run timersnoop under valgrind's memcheck in guests, with representative command lines.
#
#   scripts/valgrind.sh [KERNEL...]
#
# KERNEL is as for scripts/guest.sh (default: 6.1 7.2). The tests are those of
# tests/guest/valgrind.sh; T_ONLY in the environment, an extended regular expression, is of
# which of them, as VALGRIND/NAME. The guest gets valgrind of this machine, and what it must
# know of the dynamic linker (libc6-dbg). Needs ./timersnoop and the guest programs: make
# timersnoop guest-programs. Exit status 1 when a test failed.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

case ${1:-} in
-h | --help)
	show_help "$0"
	exit 0
	;;
-*) die "unknown option '$1' (see --help)" ;;
esac
kernels=("$@")
((${#kernels[@]})) || kernels=(6.1 7.2)

# copy FILE...: to the same place in the image.
copy() {
	local file
	for file; do
		install -D -m 755 "$file" "$image$file"
	done
}

need valgrind valgrind valgrind
need readelf binutils
[[ -x $top/timersnoop ]] || die "no ./timersnoop: run make first"
image=$(mktemp -d)
trap 'rm -rf "$image"' EXIT
program=/usr/bin/valgrind.bin # what Debian's script starts
[[ -x $program ]] || program=$(command -v valgrind)
install -D -m 755 "$program" "$image/usr/bin/valgrind"
copy /usr/libexec/valgrind/{memcheck-amd64-linux,vgpreload_core-amd64-linux.so} \
	/usr/libexec/valgrind/{vgpreload_memcheck-amd64-linux.so,default.supp}
id=$(readelf -n /lib64/ld-linux-x86-64.so.2 | sed -n 's/.*Build ID: //p')
symbols=/usr/lib/debug/.build-id/${id:0:2}/${id:2}.debug
[[ -f $symbols ]] || die "no symbols of the dynamic linker: install libc6-dbg, or run scripts/deps.sh valgrind"
copy "$symbols"

failed=0
for kernel in "${kernels[@]}"; do
	"$top/scripts/guest.sh" "$kernel" --image "$image" --timeout 3600 -- \
		env T_ONLY="${T_ONLY:-}" T_TIMES=1 bash /tests/valgrind.sh 2>&1 | sed -u "s/^/${kernel//\//\\/} /" ||
		failed=1
done
exit "$failed"
