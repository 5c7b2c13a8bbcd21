#!/usr/bin/env bash
# Run a command as root in a small guest on a stock kernel, under QEMU.
#
#   scripts/guest.sh KERNEL [OPTION...] -- COMMAND [ARG...]
#
# KERNEL is a series (5.10, 6.1, 6.12, 7.2 and others; see scripts/kernels.sh) or the
# path of a vmlinuz. 6.12-arm64 is of that processor; "scripts/arm64.sh --build" makes what
# runs there. In the guest are busybox, bash, strace, jq, cyclictest and
# stress-ng where they are installed, ./timersnoop if it was built,
# build/tests/guest/bin/* in /usr/bin, tests/guest/*.sh in /tests and
# scripts/examples/*.sh in /examples.
# The command's output arrives on standard output, its two streams together.
#
#   --image DIR        lay the tree DIR over the guest's file system
#   --out DIR          bring back what the command leaves in the guest's /out
#   --timeout SECONDS  for the whole run, boot included (default 120)
#   --cpus N           virtual CPUs (default 2)
#   --mem MIB          memory (default 1024)
#   --append ARGS      more arguments for the kernel
#   --icount           one CPU whose clock counts instructions: repeatable costs
#   --kvm              use KVM if a trial boot shows that it works
#                      (or TIMERSNOOP_KVM=1); otherwise everything is emulated
#   --console FILE     keep the console, with the kernel's messages
#   --interactive      run COMMAND on this terminal (see scripts/vm-shell.sh)
#
# Exit status: the command's own; 124 when time ran out; 125 when the guest did
# not report (it panicked, did not boot, or its files arrived damaged), or when
# there was no guest to start. Complaints of the guest's kernel go to standard
# error and leave the status alone.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck disable=SC2034 # read by die
die_status=125

kernel='' image='' out='' limit=120 cpus=2 mem=1024 append='' console=''
icount='' interactive='' kvm=${TIMERSNOOP_KVM:-} force_kvm=''
command=()

parse() {
	while (($#)); do
		case $1 in
		--image | --out | --timeout | --cpus | --mem | --append | --console)
			(($# > 1)) || die "$1 needs a value"
			;;&
		--image) image=$2 && shift ;;
		--out) out=$2 && shift ;;
		--timeout) limit=$2 && shift ;;
		--cpus) cpus=$2 && shift ;;
		--mem) mem=$2 && shift ;;
		--append) append=$2 && shift ;;
		--console) console=$2 && shift ;;
		--icount) icount=1 ;;
		--kvm) kvm=1 ;;
		--force-kvm) force_kvm=1 ;; # the trial boot itself
		--interactive) interactive=1 ;;
		-h | --help)
			show_help "$0"
			exit 0
			;;
		--)
			shift
			command=("$@")
			break
			;;
		-*) die "unknown option '$1' (see --help)" ;;
		*)
			[[ ! $kernel ]] || die "unexpected '$1' (the command comes after --)"
			kernel=$1
			;;
		esac
		shift
	done
	[[ $kernel ]] || die "which kernel? (see --help)"
	((${#command[@]})) || die "no command (see --help)"
	[[ ! $image || -d $image ]] || die "no directory $image"
	[[ $limit =~ ^[1-9][0-9]*$ ]] || die "not a number of seconds: $limit"
}

# A KVM that exists may yet hang a stock kernel, so it is asked to boot one,
# once for each boot of this machine. The trial is abandoned rather than waited
# for: a hung one may not even die.
kvm_works() {
	local verdicts verdict tries trial
	[[ -w /dev/kvm ]] || return 1
	verdicts=$(cache_dir)/kvm
	verdict=$verdicts/$(</proc/sys/kernel/random/boot_id)-$(cksum <"$vmlinuz" | cut -d' ' -f1)
	if [[ ! -e $verdict ]]; then
		mkdir -p "$verdicts"
		"$0" "$vmlinuz" --force-kvm --timeout 20 -- true >/dev/null 2>&1 </dev/null &
		trial=$!
		tries=250
		while kill -0 "$trial" 2>/dev/null && ((tries-- > 0)); do sleep 0.1; done
		if ((tries > 0)) && wait "$trial"; then
			echo yes >"$verdict"
		else
			kill "$trial" 2>/dev/null || :
			echo no >"$verdict"
		fi
	fi
	[[ $(<"$verdict") == yes ]]
}

# Documentation/arch/arm64/booting.rst: the magic number of an image
is_arm64() {
	[[ $(od -An -c -j 56 -N 4 "$1" | tr -d ' ') == ARMd ]]
}

# Sets $qemu to the command line that boots the guest.
describe_machine() {
	# An oops must not look like a pass: it panics, and the guest never reports.
	local arguments="panic=-1 oops=panic quiet $append" serial0=(-serial "file:$work/console")
	[[ ! $interactive ]] || serial0=(-serial mon:stdio)
	[[ ! $icount ]] || cpus=1
	if [[ $sysroot ]]; then
		describe_arm64
	else
		describe_x86
	fi
	qemu+=(-smp "$cpus" -m "$mem" -nographic -nodefaults -no-reboot
		-kernel "$vmlinuz" -initrd "$work/initramfs" -append "$arguments")
}

describe_x86() {
	# One thread for all CPUs: with several, QEMU may run an instruction that
	# the kernel is patching, as it does for every probe, and the guest panics.
	# Without cmpxchg16b: interrupted in it, QEMU 7.2 leaves garbage in the flags,
	# and the memory allocator of Linux 6.12 uses it all the time.
	local accel=(-accel 'tcg,thread=single' -cpu 'max,-cx16')
	if [[ $icount ]]; then
		accel=(-accel 'tcg,thread=single' -icount 'shift=0,sleep=off' -cpu 'max,-cx16')
	elif [[ $force_kvm ]]; then
		accel=(-accel kvm -cpu host)
	elif [[ $kvm && $kvm != 0 ]]; then
		if kvm_works; then
			accel=(-accel kvm -cpu host)
		else
			note "KVM does not work here; emulating"
		fi
	fi
	arguments="console=ttyS0 $arguments"
	qemu=(qemu-system-x86_64 "${accel[@]}" "${serial0[@]}"
		-serial "file:$work/written" -serial "file:$work/report")
}

# It has one serial port, the console; others are on PCI. The first of them, ttyS0, leads
# nowhere, so that ttyS1 and ttyS2 are what they are elsewhere.
describe_arm64() {
	local accel=(-accel 'tcg,thread=multi')
	[[ ! $icount ]] || accel=(-accel 'tcg,thread=single' -icount 'shift=0,sleep=off')
	arguments="console=ttyAMA0 $arguments"
	# Authentication of pointers takes half of the time, unless QEMU's own way does.
	qemu=(qemu-system-aarch64 -M virt "${accel[@]}" -cpu 'max,pauth-impdef=on' \
		"${serial0[@]}"
		-chardev 'null,id=nowhere' -device 'pci-serial,chardev=nowhere'
		-chardev "file,id=written,path=$work/written" -device 'pci-serial,chardev=written'
		-chardev "file,id=report,path=$work/report" -device 'pci-serial,chardev=report')
}

make_initramfs() {
	make_root "$work/root" "$image"
	printf 'exec --' >"$work/root/cmd"
	printf ' %q' "${command[@]}" >>"$work/root/cmd"
	[[ ! $out ]] || : >"$work/root/want-out"
	[[ ! $interactive ]] || : >"$work/root/interactive"
	pack_root "$work/root" "$work/initramfs"
	rm -rf "$work/root"
}

# Runs the machine to its end and passes on what the command writes meanwhile.
run_machine() {
	rm -f "$work"/{console,written,report}
	touch "$work"/{console,written,report}
	if [[ $interactive ]]; then
		"${qemu[@]}" || ended=$?
		return
	fi
	timeout --kill-after=5 "$limit" "${qemu[@]}" </dev/null >"$work/qemu" 2>&1 &
	machine=$!
	tail -c +1 -s 0.1 -f --pid="$machine" "$work/written" 2>/dev/null &
	reader=$!
	wait "$machine" && ended=0 || ended=$?
	machine=''
	wait "$reader" || :
	reader=''
}

# An emulated CPU goes astray now and then, and the kernel panics while it boots:
# nothing of ours ran yet, so nothing is hidden by another try.
died_before_command() {
	[[ ! $interactive ]] && ((ended != 124 && ended != 137)) &&
		! grep -qa 'guest: command starts' "$work/console"
}

show_console() {
	note "the end of the console:"
	# Without the escape codes that firmware and shells write.
	tail -n 40 "$work/console" | sed 's/\x1b\[[0-9;?=]*[a-zA-Z]//g; s/\x1bc//g; s/\r//g; s/^/  /' >&2
	[[ ! -s $work/qemu ]] || sed 's/^/  qemu: /' "$work/qemu" >&2
}

fail() {
	local status=$1
	shift
	note "$*"
	[[ $interactive ]] || show_console
	exit "$status"
}

# take_files BYTES SHA256: unpacks the archive behind the report's first line.
take_files() {
	local sum
	tail -n +2 "$work/report" >"$work/out.tgz"
	sum=$(sha256sum <"$work/out.tgz")
	[[ $(stat -c %s "$work/out.tgz") == "$1" && ${sum%% *} == "$2" ]] ||
		fail 125 "the files in /out arrived damaged"
	mkdir -p "$out"
	tar -C "$out" --no-same-owner -xzf "$work/out.tgz"
}

# Reads the report (see tests/guest/init) and exits with the command's status.
conclude() {
	local line pattern='^status ([0-9]+) written ([0-9]+) out ([0-9]+) ([0-9a-f]+|-) complaints ([0-9]+)$'
	((ended != 124 && ended != 137)) || fail 124 "the guest was stopped after $limit s"
	line=$(head -n 1 "$work/report" | tr -d '\0')
	[[ $line =~ $pattern ]] || fail 125 "the guest ended without a report (QEMU's status: $ended)"

	local status=${BASH_REMATCH[1]} written=${BASH_REMATCH[2]} complaints=${BASH_REMATCH[5]}
	[[ $(stat -c %s "$work/written") == "$written" ]] ||
		fail 125 "of $written bytes that the command wrote $(stat -c %s "$work/written") arrived"
	[[ ! $out ]] || take_files "${BASH_REMATCH[3]}" "${BASH_REMATCH[4]}"
	if ((complaints)) && [[ ! $interactive ]]; then
		note "the guest's kernel complained ($complaints lines):"
		show_console
	fi
	exit "$status"
}

machine='' reader='' ended=0 work='' boots=3
# shellcheck disable=SC2317 # called by the trap
clean_up() {
	trap '' INT TERM HUP
	local child
	for child in $machine $reader; do
		kill "$child" 2>/dev/null || :
		wait "$child" || :
	done
	if [[ $work ]]; then
		[[ ! $console || ! -e $work/console ]] || cp "$work/console" "$console"
		rm -rf "$work"
	fi
}

parse "$@"
need cpio cpio
vmlinuz=$(kernel_path "$kernel") || exit "$die_status"
if is_arm64 "$vmlinuz"; then
	need qemu-system-aarch64 qemu-system-arm arm64
	sysroot=$("$top/scripts/sysroot.sh") || exit "$die_status"
	built=$top/build/arm64
else
	need qemu-system-x86_64 qemu-system-x86
	need busybox busybox-static
fi
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP
work=$(mktemp -d)
make_initramfs
describe_machine
run_machine
while died_before_command && ((boots-- > 1)); do
	note "the guest died before the command started; booting it again"
	run_machine
done
conclude
