#!/usr/bin/env bash
# Fetch stock Debian kernels for the guest tests.
#
#   scripts/kernels.sh [SERIES...]          (default: 5.10 6.1 6.12 7.2)
#
# These are of the cloud flavour, of amd64, or of arm64 where the series says so: 6.1-arm64,
# 6.12-arm64 and so on. Besides there are 6.1-rt (PREEMPT_RT), 6.12-generic (the flavour of
# most machines) and experimental (the newest there is, be it in sid, cloud again), for make
# check-kernels, and 6.1-no-kprobes, which is not fetched but built (scripts/small-kernel.sh).
#
# Prints one line for each: SERIES PATH-TO-VMLINUZ VERSION. Kernels are kept
# in ${TIMERSNOOP_CACHE:-${XDG_CACHE_HOME:-~/.cache}/timersnoop}/kernels and
# fetched once; remove a series' directory there to get a newer one.
#
# The archive is found in this machine's own apt configuration. Elsewhere, or
# for suites that have been archived, name it:
#   TIMERSNOOP_DEBIAN_MIRROR             URI of the main archive
#   TIMERSNOOP_DEBIAN_SECURITY_MIRROR    URI of the security archive
# Nothing is installed, and the machine's apt is left as it was.
set -euo pipefail
# shellcheck source=scripts/lib_apt.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib_apt.sh"

all_series=(5.10 6.1 6.12 7.2)
more_series=(6.1-rt 6.12-generic experimental 6.1-no-kprobes 5.10-arm64 6.1-arm64 6.12-arm64 7.2-arm64)

# The suites that may hold a series, as "archive suite". Not all of them need
# to exist: the newest kernel in those that do is taken.
suites_of() {
	case ${1%-arm64} in
	5.10) printf '%s\n' 'security bullseye-security' 'main bullseye' ;;
	6.1 | 6.1-rt | 6.1-no-kprobes) printf '%s\n' 'security bookworm-security' 'main bookworm' ;;
	6.12 | 6.12-generic) printf '%s\n' 'security trixie-security' 'main trixie' ;;
	7.2) printf '%s\n' 'main sid' 'main forky' ;;
	experimental) printf '%s\n' 'main experimental' 'main sid' ;; # there may be none
	*) return 1 ;;
	esac
}

architecture_of() {
	[[ $1 == *-arm64 ]] && echo arm64 || echo amd64
}

# What the end of a package's name has for SERIES, as a regular expression.
flavour_of() {
	case $1 in
	*-rt) echo '-rt-amd64' ;;
	# 6.12.48+deb13-amd64, and not 6.12.48+deb13-cloud-amd64
	*-generic) echo '-amd64' ;;
	*) echo "-cloud-$(architecture_of "$1")" ;;
	esac
}

# The newest kernel package of SERIES. Where the kernel is split, the image
# package is only a shell and linux-binary has the kernel.
newest_package() {
	local kind names version=${1%-*}
	[[ $version != experimental ]] || version='[0-9]+.[0-9]+'
	for kind in binary image; do
		names=$(apt-cache pkgnames "linux-$kind-" |
			grep -E "^linux-$kind-${version//./\\.}([.~][^/-]*)?(-[0-9]+)?$(flavour_of "$1")\$" |
			sort -V) || continue
		echo "${names##*$'\n'}"
		return 0
	done
	return 1
}

no_kernel() {
	sed 's/^/  /' "$1" >&2
	die "no $2 kernel found in: $(suites_of "$2" | cut -d' ' -f2 | paste -sd' ')" \
		"(apt's messages are above). If the suites were archived, point" \
		"TIMERSNOOP_DEBIAN_MIRROR and TIMERSNOOP_DEBIAN_SECURITY_MIRROR at the archive," \
		"or put a vmlinuz and a file 'version' into $kernels/$2 by hand."
}

# fetch SERIES DIR: makes DIR/made, for make_once.
fetch() {
	local series=$1 dir=$2 package deb vmlinuz version config
	if [[ $series == *-no-kprobes ]]; then
		note "building a kernel: $series"
		mkdir "$dir/built"
		"$(dirname "${BASH_SOURCE[0]}")/small-kernel.sh" "${series%%-*}" "$dir/built"
		mkdir "$dir/made"
		mv "$dir/built"/{vmlinuz,config,version,package} "$dir/made"
		return
	fi
	note "fetching a kernel: $series"
	private_apt "$dir" "$(architecture_of "$series")" < <(suites_of "$series")
	export APT_CONFIG=$dir/apt.conf
	# One missing suite makes this fail, yet the others are there and verified.
	apt-get -q update >"$dir/log" 2>&1 || :
	package=$(newest_package "$series") || no_kernel "$dir/log" "$series"

	(cd "$dir" && apt-get -q download "$package") >>"$dir/log" 2>&1 ||
		{
			sed 's/^/  /' "$dir/log" >&2
			die "could not download $package: try again"
		}
	deb=$(echo "$dir"/*.deb)
	dpkg-deb -x "$deb" "$dir/unpacked"

	vmlinuz=$(find "$dir/unpacked" -type f -name 'vmlinuz*' -print -quit)
	[[ $vmlinuz ]] || die "$package holds no vmlinuz: has Debian moved it?"
	case $vmlinuz in
	*/vmlinuz-*) version=${vmlinuz##*/vmlinuz-} ;;
	*) version=$(basename "$(dirname "$vmlinuz")") ;;
	esac
	mkdir "$dir/made"
	mv "$vmlinuz" "$dir/made/vmlinuz"
	config=$(find "$dir/unpacked" -type f \( -name "config-$version" -o -path "*/$version/config" \) -print -quit)
	[[ ! $config ]] || mv "$config" "$dir/made/config"
	echo "$package $(dpkg-deb -f "$deb" Version)" >"$dir/made/package"
	echo "$version" >"$dir/made/version"
}

wanted=()
for arg; do
	case $arg in
	-h | --help)
		show_help "$0"
		exit 0
		;;
	*)
		suites_of "$arg" >/dev/null || die "unknown series '$arg': known are ${all_series[*]} ${more_series[*]}"
		wanted+=("$arg")
		;;
	esac
done
((${#wanted[@]})) || wanted=("${all_series[@]}")

kernels=$(cache_dir)/kernels
for series in "${wanted[@]}"; do
	make_once "$kernels/$series" fetch "$series"
	[[ -s $kernels/$series/vmlinuz && -s $kernels/$series/version ]] ||
		die "$kernels/$series has not both of vmlinuz and version: remove it"
done
for series in "${wanted[@]}"; do
	echo "$series $kernels/$series/vmlinuz $(<"$kernels/$series/version")"
done
