#!/usr/bin/env bash
# Install what timersnoop needs on Debian and its relatives.
#
#   scripts/deps.sh [build|test|guest|arm64|bench|valgrind|small-kernel|package|builds|all]...      (default: build)
#
#   build  compile the program
#   test   unit tests, fuzzers, linters, the manual's check, programs to trace
#   guest  boot test kernels under QEMU (scripts/kernels.sh, scripts/guest.sh)
#   arm64  build for arm64, and boot test kernels of it (scripts/arm64.sh)
#   bench  measure it beside others (scripts/bench.sh)
#   valgrind  run it under valgrind in guests (scripts/valgrind.sh)
#   small-kernel  build a kernel without kprobes (scripts/small-kernel.sh)
#   package  make Debian packages (scripts/package.sh)
#   builds  build with the libraries of other releases (scripts/builds.sh)
#   all    what build, test and guest need
#
# Only missing packages are installed; silent when nothing is missing.
# Exit status: 0 all there, 3 something is missing and has to be installed by
# hand, 2 usage, anything else from apt-get.

# shellcheck disable=SC2034 # the tables below are read by name, in collect
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

build_packages=(gcc make pkg-config libc6-dev libtracefs-dev libtraceevent-dev libzstd-dev
	zlib1g-dev)
build_commands=(gcc make pkg-config)
build_libraries=(libtracefs libtraceevent libzstd zlib)

test_packages=(libcunit1-dev clang clang-format clang-tidy libclang-rt-dev cppcheck
	shellcheck mandoc jq python3 rt-tests stress-ng trace-cmd libkshark-dev libtracecmd-dev
	libjson-c-dev zsh fish git xz-utils)
test_commands=(clang clang-format clang-tidy cppcheck shellcheck mandoc jq python3 cyclictest
	stress-ng trace-cmd zsh fish git xz)
test_libraries=(cunit libkshark)

guest_packages=(qemu-system-x86 busybox-static cpio strace trace-cmd jq bash xz-utils zstd binutils
	debian-archive-keyring)
guest_commands=(qemu-system-x86_64 busybox cpio strace trace-cmd jq bash xz zstd readelf)
guest_libraries=()

arm64_packages=(make pkg-config qemu-system-arm gcc-aarch64-linux-gnu gcc-arm-linux-gnueabihf
	libc6-dev-armhf-cross cpio binutils debian-archive-keyring)
arm64_commands=(make pkg-config qemu-system-aarch64 aarch64-linux-gnu-gcc arm-linux-gnueabihf-gcc cpio
	readelf)
arm64_libraries=()

bench_packages=("${guest_packages[@]}" linux-perf bpftrace valgrind)
bench_commands=("${guest_commands[@]}" perf bpftrace valgrind)
bench_libraries=()

# libc6-dbg: valgrind knows nothing of the dynamic linker without.
valgrind_packages=("${guest_packages[@]}" libc6-dbg)
valgrind_commands=("${guest_commands[@]}")
valgrind_libraries=()

small_kernel_packages=(gcc make flex bison bc libelf-dev xz-utils debian-archive-keyring)
small_kernel_commands=(gcc make flex bison bc xz)
small_kernel_libraries=(libelf)

package_packages=("${build_packages[@]}" libcunit1-dev git xz-utils dpkg-dev debhelper lintian)
package_commands=("${build_commands[@]}" git xz dpkg-buildpackage dh lintian)
package_libraries=("${build_libraries[@]}" cunit)

builds_packages=(git xz-utils mmdebstrap qemu-user-static debian-archive-keyring)
builds_commands=(git xz mmdebstrap qemu-aarch64-static)
builds_libraries=()

# Sets $packages, $commands and $libraries to what the named groups hold.
collect() {
	local group
	packages=() commands=() libraries=()
	for group; do
		local -n p=${group//-/_}_packages c=${group//-/_}_commands l=${group//-/_}_libraries
		packages+=("${p[@]}") commands+=("${c[@]}") libraries+=("${l[@]}")
	done
}

installed() {
	[[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

# pkg-config is a virtual package from trixie on.
satisfied() {
	installed "$1" || { [[ $1 == pkg-config ]] && installed pkgconf; }
}

with_apt() {
	local missing=() as_root=() package
	for package in "${packages[@]}"; do
		satisfied "$package" || missing+=("$package")
	done
	((${#missing[@]})) || return 0

	if ((EUID != 0)); then
		if ! command -v sudo >/dev/null; then
			note "missing: ${missing[*]}. Run this as root:"
			printf '%s\n' "apt-get update && apt-get install --yes --no-install-recommends ${missing[*]}"
			return 3
		fi
		as_root=(sudo)
	fi
	"${as_root[@]}" apt-get update
	"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
		apt-get install --yes --no-install-recommends "${missing[@]}"
}

without_apt() {
	local missing=() name
	for name in "${commands[@]}"; do
		command -v "$name" >/dev/null || missing+=("command $name")
	done
	for name in "${libraries[@]}"; do
		pkg-config --exists "$name" 2>/dev/null || missing+=("library $name (pkg-config file)")
	done
	((${#missing[@]})) || return 0

	note "no apt-get here; please install by your system's means:"
	printf '  %s\n' "${missing[@]}" | sort -u >&2
	return 3
}

groups=()
for arg in "${@:-build}"; do
	case $arg in
	build | test | guest | arm64 | bench | valgrind | small-kernel | package | builds) groups+=("$arg") ;;
	all) groups+=(build test guest) ;;
	-h | --help)
		show_help "$0"
		exit 0
		;;
	*)
		note "unknown group '$arg' (build, test, guest, arm64, bench, valgrind, small-kernel, package, builds or all)"
		exit 2
		;;
	esac
done

collect "${groups[@]}"
if command -v apt-get >/dev/null && command -v dpkg-query >/dev/null; then
	with_apt
else
	without_apt
fi
