# shellcheck shell=bash
# What the scripts in this directory share. Source it; it only defines.

# The checkout.
# shellcheck disable=SC2034
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

note() {
	printf '%s: %s\n' "$(basename "$0")" "$*" >&2
}

# Ends the script with $die_status (default 1).
die() {
	note "$*"
	exit "${die_status:-1}"
}

# need COMMAND PACKAGE [GROUP]: of scripts/deps.sh, default guest.
need() {
	command -v "$1" >/dev/null || die "$1 is missing: install $2, or run scripts/deps.sh ${3:-guest}"
}

# Prints the comment that opens FILE.
show_help() {
	sed -n '1d; /^#/!q; s/^# \{0,1\}//p' "$1"
}

cache_dir() {
	echo "${TIMERSNOOP_CACHE:-${XDG_CACHE_HOME:-${HOME:?}/.cache}/timersnoop}"
}

# kernel_path KERNEL: the vmlinuz of a series, fetched if need be, or KERNEL
# itself when it is a file.
kernel_path() {
	local found
	if [[ -f $1 ]]; then
		echo "$1"
	else
		found=$("$top/scripts/kernels.sh" "$1") || return
		found=${found#* }
		echo "${found% *}"
	fi
}

# What Debian's packages are verified with.
# shellcheck disable=SC2034
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# The URI of the Debian archive that carries LABEL, from the machine's apt.
archive_uri() {
	# shellcheck disable=SC2016 # apt-get expands these, not the shell
	apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(REPO_URI)' 'Created-By: Packages' |
		awk -F'|' -v label="$1" '
			$1 == "Debian" && $2 == label && $3 !~ /^cdrom:/ && !found { print $3; found = 1 }'
}

# What the machine's apt is told of ways to an archive: proxies and the like, not its hooks.
apt_transport() {
	apt-config dump | grep -iE '^Acquire::(https?|Retries|ForceIPv[46])' || :
}

# The tree of another processor's userland, where the guest has one (scripts/sysroot.sh),
# and where what was built for the guest is.
sysroot=''
built=$top/build

# copy_program ROOT FILE NAME: FILE into ROOT, under NAME.
copy_program() {
	install -D -m 755 "$2" "$1/$3"
}

# The path of a program for the guest; fails where there is none.
find_program() {
	if [[ ! $sysroot ]]; then
		command -v "$1"
	elif [[ -x $sysroot/usr/bin/$1 ]]; then
		echo "$sysroot/usr/bin/$1"
	else
		return 1
	fi
}

# The paths of the shared libraries that the programs in ROOT need.
needed_libraries() {
	find "$1/usr" -type f -perm -u+x -print0 |
		# ldd speaks up about scripts and static programs; they need nothing.
		{ xargs -0 -r ldd 2>/dev/null || :; } |
		grep -oE '(=> |^[[:space:]]+)/[^ ]+ \(0x' | grep -oE '/[^ ]+' | sort -u
}

# The same of another processor, whose programs cannot be asked: libraries need others.
needed_in_sysroot() {
	local dir=/usr/lib/aarch64-linux-gnu known='' needed=/lib/ld-linux-aarch64.so.1
	while [[ $needed != "$known" ]]; do
		known=$needed
		# readelf speaks up about scripts
		needed=$({
			echo "$known"
			{
				find "$1/usr" -type f -perm -u+x -print0
				xargs printf "$sysroot%s\\0" <<<"$known"
			} | { xargs -0 -r readelf -d 2>/dev/null || :; } |
				sed -n "/ld-linux/!s|.*(NEEDED).*\[\(.*\.so[^/]*\)\]|$dir/\1|p"
		} | sort -u)
	done
	echo "$known"
}

# Copies the shared libraries that the programs in ROOT need to the paths at
# which they are found here.
copy_libraries() {
	local root=$1 lib list=needed_libraries
	[[ ! $sysroot ]] || list=needed_in_sysroot
	"$list" "$root" | while read -r lib; do
		[[ -e $root$lib ]] || install -D -m 755 "$sysroot$lib" "$root$lib"
	done
}

write_etc() {
	local etc=$1/etc
	mkdir -p "$etc"
	cat >"$etc/passwd" <<-EOF
		root:x:0:0:root:/root:/bin/bash
		tester:x:1000:1000:tester:/home/tester:/bin/bash
		nobody:x:65534:65534:nobody:/nonexistent:/bin/sh
	EOF
	cat >"$etc/group" <<-EOF
		root:x:0:
		tty:x:5:
		tester:x:1000:
		nogroup:x:65534:
	EOF
	printf 'passwd: files\ngroup: files\nhosts: files\n' >"$etc/nsswitch.conf"
	printf '127.0.0.1 localhost guest\n' >"$etc/hosts"
	ln -s /proc/mounts "$etc/mtab"
}

# make_root ROOT [IMAGE]: lays out the guest's file system in ROOT, IMAGE over it.
make_root() {
	local root=$1 image=${2:-} dir name program
	mkdir -p "$root"/usr/{bin,lib,lib64} "$root"/{dev,out,proc,root,run,sys,tests,tmp} \
		"$root/home/tester" "$root/var"
	for dir in bin lib lib64; do
		ln -s "usr/$dir" "$root/$dir"
	done
	ln -s usr/bin "$root/sbin"
	ln -s bin "$root/usr/sbin"
	ln -s ../run "$root/var/run"
	ln -s ../tmp "$root/var/tmp"
	write_etc "$root"

	copy_program "$root" "$(find_program busybox)" usr/bin/busybox
	ln -s busybox "$root/usr/bin/sh" # for init, which makes the other links
	for name in bash strace jq trace-cmd timeout cyclictest stress-ng; do
		program=$(find_program "$name") || continue
		copy_program "$root" "$program" "usr/bin/$name"
	done
	for dir in /usr/lib/locale/C.utf8 /lib/terminfo; do
		[[ ! -d $sysroot$dir ]] || { mkdir -p "$root$(dirname "$dir")" && cp -r "$sysroot$dir" "$root$dir"; }
	done

	program=$top/timersnoop
	[[ ! $sysroot ]] || program=$built/timersnoop
	for program in "$program" "$built"/tests/guest/bin/*; do
		[[ ! -f $program ]] || copy_program "$root" "$program" "usr/bin/$(basename "$program")"
	done
	for program in "$top"/tests/guest/*.sh; do
		[[ ! -f $program ]] || copy_program "$root" "$program" "tests/$(basename "$program")"
	done
	for program in "$top"/scripts/examples/*.sh; do
		[[ ! -f $program ]] || copy_program "$root" "$program" "examples/$(basename "$program")"
	done
	copy_program "$root" "$top/tests/guest/init" init
	if [[ $image ]]; then
		# Not cp: an image's bin/ must land in usr/bin, through the link.
		tar -C "$image" -cf - . | tar -C "$root" -xf - --no-same-owner --keep-directory-symlink
	fi
	copy_libraries "$root"
}

# pack_root ROOT FILE: uncompressed, because an emulated CPU unpacks slowly.
pack_root() {
	(cd "$1" && find . -mindepth 1 -print0 | LC_ALL=C sort -z |
		cpio --quiet --null -o -H newc -R 0:0) >"$2"
}
