#!/usr/bin/env bash
# Build a small kernel of Debian's sources that has tracing but no kprobes: Debian has none
# that is built.
#
#   scripts/small-kernel.sh VERSION DIR
#
# VERSION is that of Debian's linux-source package, as 6.1; in DIR appear vmlinuz, config,
# version and package, as scripts/kernels.sh has them. That script calls this one. It takes
# some minutes and 2 GB in DIR meanwhile. Needs scripts/deps.sh small-kernel.
set -euo pipefail
# shellcheck source=scripts/lib_apt.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib_apt.sh"

(($# == 2)) || {
	show_help "$0"
	exit 2
}
version=$1 dir=$2

# What the guest's init and programs need (scripts/guest.sh), beside the least there is.
wanted=(
	64BIT SMP ACPI PCI                                    # the machine
	PRINTK BUG KALLSYMS DEBUG_FS                          # what is told
	TTY SERIAL_8250 SERIAL_8250_CONSOLE                   # what the guest reports by
	BLK_DEV_INITRD RD_GZIP RD_ZSTD TMPFS SHMEM DEVTMPFS   # files
	PROC_FS PROC_SYSCTL SYSFS INOTIFY_USER FILE_LOCKING ADVISE_SYSCALLS
	BINFMT_ELF BINFMT_SCRIPT MULTIUSER NAMESPACES FUTEX   # programs
	POSIX_TIMERS HIGH_RES_TIMERS TIMERFD SIGNALFD EVENTFD EPOLL RTC_CLASS
	NET UNIX INET
	FTRACE SCHED_TRACER                                   # tracefs, and something to trace with
)

for command in gcc make flex bison bc xz; do
	need "$command" "$command"
done
find_archives
private_apt "$dir/apt" amd64 <<-EOF
	main bookworm
	security bookworm-security
EOF
apt_fetch "$dir/apt" "the sources" apt-get -q download "linux-source-$version"
deb=$(echo "$dir"/apt/linux-source-*.deb)
dpkg-deb --fsys-tarfile "$deb" | tar -C "$dir" -x "./usr/src/linux-source-$version.tar.xz"
tar -C "$dir" -x -f "$dir/usr/src/linux-source-$version.tar.xz"

cd "$dir/linux-source-$version"
{
	printf 'CONFIG_%s=y\n' "${wanted[@]}"
	echo 'CONFIG_SERIAL_8250_NR_UARTS=8'
	echo 'CONFIG_SERIAL_8250_RUNTIME_UARTS=8'
	echo '# CONFIG_KPROBES is not set'
} >"$dir/wanted"
if ! { make tinyconfig && scripts/kconfig/merge_config.sh -m .config "$dir/wanted" &&
	make olddefconfig && make -j"$(nproc)" bzImage; } >"$dir/log" 2>&1; then
	tail -n 20 "$dir/log" | sed 's/^/  /' >&2
	die "could not build the kernel (what it needs: scripts/deps.sh small-kernel)"
fi
for option in "${wanted[@]}"; do
	grep -qx "CONFIG_$option=y" .config || die "the kernel has no CONFIG_$option: did it move?"
done
mv arch/x86/boot/bzImage "$dir/vmlinuz"
mv .config "$dir/config"
make -s kernelrelease >"$dir/version"
echo "linux-source-$version $(dpkg-deb -f "$deb" Version)" >"$dir/package"
