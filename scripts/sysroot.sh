#!/usr/bin/env bash
# Fetch what an arm64 program is linked with, and what an arm64 guest runs, from Debian.
#
#   scripts/sysroot.sh
#
# Prints the directory: a tree of unpacked packages, for a cross compiler's --sysroot.
# It is kept in ${TIMERSNOOP_CACHE:-${XDG_CACHE_HOME:-~/.cache}/timersnoop}/sysroot and
# fetched once (about 100 MB); remove it there to get a newer one. The archive is that of
# scripts/kernels.sh. Nothing is installed.
set -euo pipefail
# shellcheck source=scripts/lib_apt.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib_apt.sh"

[[ ${1:-} != -h && ${1:-} != --help ]] || {
	show_help "$0"
	exit
}

packages=(libtracefs-dev libtraceevent-dev libzstd-dev zlib1g-dev libc6-dev libcunit1-dev
	bash busybox-static coreutils jq libc-bin ncurses-base strace
	trace-cmd)

# unpack DEB ROOT: with links in ROOT followed, where Debian has merged /usr since.
unpack() {
	dpkg-deb --fsys-tarfile "$1" | tar -C "$2" -x --keep-directory-symlink --no-same-owner
}

# fetch DIR: makes DIR/made, for make_once.
fetch() {
	local dir=$1 deb name
	note "fetching an arm64 userland"
	private_apt "$dir" arm64 <<-EOF
		main bookworm
		security bookworm-security
	EOF
	apt_fetch "$dir" "the packages" apt-get -q -y --download-only install "${packages[@]}"
	mkdir -p "$dir/made/usr"/{bin,lib,sbin}
	for name in bin lib sbin; do
		ln -s "usr/$name" "$dir/made/$name"
	done
	for deb in "$dir"/archives/*.deb; do
		unpack "$deb" "$dir/made"
	done
}

sysroot=$(cache_dir)/sysroot/arm64
make_once "$sysroot" fetch
echo "$sysroot"
