#!/usr/bin/env bash
# Make Debian packages, of what git tracks, and let lintian look at them.
#
#   scripts/package.sh [DIRECTORY]       (default: build/package)
#
# The tarball of scripts/dist.sh is unpacked in DIRECTORY, with scripts/debian as its
# debian; dpkg-buildpackage makes a source and binary packages of it, which are in
# DIRECTORY as well, unsigned. DEB_BUILD_OPTIONS=nocheck for no unit tests. The same
# files make the same packages. Needs scripts/deps.sh package. Exit status 1 when it
# failed, or lintian has errors or warnings.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

case ${1:-} in
-h | --help)
	show_help "$0"
	exit
	;;
esac
umask 022 # it would be seen in the source package
need dpkg-buildpackage dpkg-dev package
need dh debhelper package
need lintian lintian package
directory=${1:-$top/build/package}
mkdir -p "$directory"
directory=$(realpath "$directory")

tarball=$("$top/scripts/dist.sh" "$directory")
name=$(basename "$tarball" .tar.xz)
cd "$directory"
rm -rf "$name"
tar -xJf "$tarball"
mv "$tarball" "${name/-/_}.orig.tar.xz"
cp -r "$name/scripts/debian" "$name/debian"
(cd "$name" && dpkg-buildpackage --unsigned-source --unsigned-changes)
lintian --fail-on error,warning --tag-display-limit 0 "${name/-/_}"-*.changes
