#!/usr/bin/env bash
# Make timersnoop-VERSION.tar.xz, of what git tracks, as it is here.
#
#   scripts/dist.sh [DIRECTORY]       (default: the checkout)
#
# The same files make the same bytes, whoever makes it, where and when. The time in it
# is that of the last commit, or SOURCE_DATE_EPOCH. Prints where it is.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

case ${1:-} in
-h | --help)
	show_help "$0"
	exit
	;;
esac
directory=$(realpath "${1:-$top}")
need git git test
need xz xz-utils test
cd "$top"
[[ -e .git ]] || die "$top is no checkout: what is tracked is not known"
name=timersnoop-$(sed -n 's/^VERSION := //p' Makefile)
time=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}

unset TAR_OPTIONS XZ_OPT XZ_DEFAULTS
export LC_ALL=C
# What is executable is so for all, whatever the umask was; ls-files has sorted them.
git ls-files -z |
	tar --null --no-recursion --files-from=- --create --format=ustar --mtime="@$time" \
		--owner=root:0 --group=root:0 --mode=u=rwX,go=rX --transform="s,^,$name/," |
	xz -9 --threads=1 >"$directory/$name.tar.xz.new"
mv "$directory/$name.tar.xz.new" "$directory/$name.tar.xz"
echo "$directory/$name.tar.xz"
