#!/usr/bin/env bash
# Build with the compilers and libraries of Debian's releases, and run what was built.
#
#   scripts/builds.sh [SUITE...]          (default: bookworm trixie sid)
#
# With gcc and with clang, warnings as errors, for this machine and for arm64: the command
# and its unit tests are built, the unit tests run, and the binary is looked at
# (tests/builds/hardening.sh). What is for another processor shows a recording by qemu-user,
# which has not the kernel that the unit tests want. Prints
# "ok NAME", "not ok NAME" or "skip NAME: reason" for each; exit status 1 when one failed.
#
# Each release is a root of its own in ${TIMERSNOOP_CACHE:-${XDG_CACHE_HOME:-~/.cache}/timersnoop}/builds,
# made once (about 1 GB); remove a suite's directory there to get a newer one. The archive
# is that of the machine's own apt, or TIMERSNOOP_DEBIAN_MIRROR, as for scripts/kernels.sh.
# Needs root, and scripts/deps.sh builds.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=tests/builds/lib.sh
. "$top/tests/builds/lib.sh"

packages=(gcc clang make pkg-config libc6-dev libcunit1-dev)
libraries=(libtracefs-dev libtraceevent-dev libzstd-dev zlib1g-dev)

# make_suite SUITE: its root appears complete or not at all.
make_suite() {
	local suite=$1 new package include=("${packages[@]}" "${libraries[@]}")
	note "making a root of $suite"
	if [[ $native != arm64 ]]; then
		include+=(crossbuild-essential-arm64)
		for package in "${libraries[@]}" libcunit1-dev; do
			include+=("$package:arm64")
		done
	fi
	new=$(mktemp -d "$builds/.$suite.XXXXXX")
	apt_transport >"$work/apt.conf"
	# An archived suite is still signed, but not signed anew.
	cat >>"$work/apt.conf" <<-EOF
		Acquire::Check-Valid-Until "false";
		APT::Install-Recommends "false";
	EOF
	if ! mmdebstrap --quiet --mode=root --variant=apt --aptopt="$work/apt.conf" \
		--architectures="$(printf '%s\n' "$native" arm64 | uniq | paste -sd,)" \
		--include="$(IFS=, && echo "${include[*]}")" "$suite" "$new" \
		"deb [signed-by=$keyring] $uri $suite main" >"$work/made" 2>&1; then
		tail -n 20 "$work/made" >&2
		rm -rf "$new"
		return 1
	fi
	chmod 755 "$new"
	mv "$new" "$builds/$suite"
}

# inside SUITE COMMAND...: in its root, where the sources are.
inside() {
	# shellcheck disable=SC2016 # for the shell in there
	unshare --mount --propagation private sh -c '
		root=$1 && shift &&
		mount --bind /dev "$root/dev" && mount -t proc proc "$root/proc" &&
		exec chroot "$root" sh -c "cd /build/source && exec \"\$@\"" sh "$@"' \
		sh "$builds/$1" "${@:2}"
}

# Fresh sources, and the emulator, which needs nothing of the root.
lay_out() {
	local root=$builds/$1
	rm -rf "$root/build"
	mkdir -p "$root/build/source"
	tar -xJf "$tarball" -C "$root/build/source" --strip-components=1 --no-same-owner
	[[ ! $emulator ]] || cp "$emulator" "$root/build/emulator"
}

# tell_versions SUITE: what it is built with there.
tell_versions() {
	local library
	printf '# %s: gcc %s, clang %s' "$1" "$(inside "$1" gcc -dumpversion)" "$(inside "$1" clang -dumpversion)"
	for library in "${libraries[@]}"; do
		# shellcheck disable=SC2016 # dpkg-query's own
		printf ', %s %s' "$library" "$(inside "$1" dpkg-query -W -f '${Version}' "$library:$native")"
	done
	echo
}

# shows_recording SUITE: emulated, what it showed live where the recording was made.
shows_recording() {
	local fixture=$top/tests/fixtures/6.1/calls
	inside "$1" /build/emulator ./timersnoop trace -i tests/fixtures/6.1/calls.dat --format json |
		diff "$fixture.json" -
}

# build SUITE ARCHITECTURE COMPILER FLAGS...: FLAGS belong to COMPILER.
build() {
	local suite=$1 architecture=$2 name="$1 $2 $3" room=build/$2-$3 tools=()
	local make=(make --no-print-directory -s -j"$(nproc)" BUILD="$room" CC="${*:3}"
		CFLAGS='-O2 -g -Werror')
	if [[ $architecture != "$native" ]]; then
		tools=(env PKG_CONFIG_LIBDIR=/usr/lib/aarch64-linux-gnu/pkgconfig:/usr/share/pkgconfig
			OBJDUMP=aarch64-linux-gnu-objdump)
		make+=(AR=aarch64-linux-gnu-ar)
	fi

	rm -f "$builds/$suite/build/source/timersnoop"
	check "$name: builds" inside "$suite" "${tools[@]}" "${make[@]}" timersnoop "$room/tests/unit/run" ||
		return 0
	check "$name: hardening" inside "$suite" "${tools[@]}" "${make[@]}" check-hardening || :
	if [[ $architecture == "$native" ]]; then
		check "$name: unit tests" inside "$suite" timeout 1800 "$room/tests/unit/run" || :
		return
	fi
	skip "$name: unit tests" 'qemu-user has timers and signals of its own, which fail them'
	if [[ $emulator ]]; then
		check "$name: shows a recording" shows_recording "$suite" || :
	else
		skip "$name: shows a recording" 'no qemu-user to run it'
	fi
}

wanted=()
for arg; do
	case $arg in
	-h | --help)
		show_help "$0"
		exit
		;;
	bookworm | trixie | sid) wanted+=("$arg") ;;
	*) die "unknown suite '$arg': known are bookworm, trixie and sid" ;;
	esac
done
((${#wanted[@]})) || wanted=(bookworm trixie sid)

need mmdebstrap mmdebstrap builds
need flock util-linux builds
((EUID == 0)) || die 'roots are made and entered by root alone'
[[ -r $keyring ]] || die "no $keyring to verify packages with: run scripts/deps.sh builds"
uri=${TIMERSNOOP_DEBIAN_MIRROR:-$(archive_uri Debian)}
[[ $uri ]] || die 'apt knows no Debian archive here: set TIMERSNOOP_DEBIAN_MIRROR'
native=$(dpkg --print-architecture)
emulator=$(command -v qemu-aarch64-static || command -v qemu-aarch64 || :)

builds=$(cache_dir)/builds
mkdir -p "$builds"
exec 9>"$builds/.lock"
flock 9
# We hold the lock, so these belong to runs that were cut short.
rm -rf "$builds"/.*.??????
tarball=$("$top/scripts/dist.sh" "$work")

for suite in "${wanted[@]}"; do
	if [[ ! -d $builds/$suite ]]; then
		check "$suite: a root is made" make_suite "$suite" || continue
	fi
	lay_out "$suite"
	tell_versions "$suite"
	build "$suite" "$native" gcc
	build "$suite" "$native" clang
	if [[ $native != arm64 ]]; then
		build "$suite" arm64 aarch64-linux-gnu-gcc
		build "$suite" arm64 clang --target=aarch64-linux-gnu
	fi
done
echo "builds: $passed passed, $failed failed, $skipped skipped"
((failed == 0))
