#!/usr/bin/env bash
# Is the tarball the same wherever it is made, and what is built of it? Does it install
# what belongs to the command, and is that gone again?
#
#   tests/builds/dist.sh
#
# Builds twice. Prints "ok NAME" or "not ok NAME" for each test; exit status 1 when one
# failed.
set -uo pipefail
# shellcheck source=tests/builds/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
make=(make --no-print-directory -s -j2)
unset MAKEFLAGS MFLAGS CFLAGS DESTDIR PREFIX

unpack() {
	mkdir -p "$2" && tar -xJf "$1" -C "$2" --strip-components=1 --no-same-owner --no-same-permissions
}

# elsewhere COMMAND...: as somebody else would do it.
elsewhere() {
	(umask 077 && TZ=Pacific/Chatham LC_ALL=C.UTF-8 TAR_OPTIONS=--mtime=@1 XZ_OPT=-1 "$@")
}

tracked() {
	diff <(git -C "$top" ls-files | sed "s,^,$archive/," | LC_ALL=C sort) \
		<(tar -tJf "$first" | LC_ALL=C sort)
}

# The same files of another repository, whose clock and owner are others.
same_tarball() {
	unpack "$first" "$work/other" && find "$work/other" -exec touch -d '2001-02-03 04:05' {} + &&
		git -C "$work/other" init -q && git -C "$work/other" add -A -f &&
		SOURCE_DATE_EPOCH=$time "$work/other/scripts/dist.sh" "$work" &&
		cmp "$first" "$work/$archive.tar.xz"
}

same_binary() {
	unpack "$first" "$work/one" && "${make[@]}" -C "$work/one" &&
		mkdir "$work/at" && elsewhere unpack "$first" "$work/at/another/place" &&
		elsewhere "${make[@]}" -C "$work/at/another/place" &&
		cmp "$work/one/timersnoop" "$work/at/another/place/timersnoop"
}

tells_no_place() {
	! grep -aF "$work" "$work/one/timersnoop"
}

installed() {
	find "$work/root" -type f -printf '%m %P\n' | LC_ALL=C sort -k 2
}

installs() {
	elsewhere "${make[@]}" -C "$work/one" install DESTDIR="$work/root" PREFIX=/usr &&
		installed | diff - <(
			cat <<-EOF
				755 usr/sbin/timersnoop
				644 usr/share/bash-completion/completions/timersnoop
				644 usr/share/fish/vendor_completions.d/timersnoop.fish
				644 usr/share/man/man8/timersnoop.8
				644 usr/share/zsh/site-functions/_timersnoop
			EOF
		) && "$work/root/usr/sbin/timersnoop" --version
}

uninstalls() {
	"${make[@]}" -C "$work/one" uninstall DESTDIR="$work/root" PREFIX=/usr &&
		[[ ! $(installed) ]]
}

archive=timersnoop-$(sed -n 's/^VERSION := //p' "$top/Makefile")
time=$(git -C "$top" log -1 --format=%ct)
mkdir "$work/first"
first=$work/first/$archive.tar.xz
check 'a tarball is made' "$top/scripts/dist.sh" "$work/first"
check 'it holds what is tracked' tracked
check 'it is the same elsewhere' elsewhere same_tarball
check 'the binary is the same elsewhere' same_binary
check 'the binary tells no place' tells_no_place
check 'it installs what belongs to the command' installs
check 'it uninstalls that' uninstalls
echo "dist: $passed passed, $failed failed"
((failed == 0))
