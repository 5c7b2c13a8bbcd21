#!/usr/bin/env bash
# Has the binary what the compiler and the linker can do against the use of mistakes?
#
#   tests/builds/hardening.sh BINARY CC FLAG...
#
# CC FLAG... compiles and links a program as BINARY was built. That is done with each of the
# flags turned off as well, and its lack has to be seen. Prints a line for each test, "ok
# NAME", "skip NAME: reason" or "not ok NAME"; exit status 1 when one failed. OBJDUMP is
# for code that is not this machine's.
set -uo pipefail
# shellcheck source=tests/builds/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
here=$top/tests/builds
binary=$1
shift
compile=("$@")
export LC_ALL=C

# --- what a binary shows, each by its path -----------------------------------------------

# has FILE PATTERN READELF-OPTION...: whether a line matches. All are read: readelf shall
# not fail because nobody listens.
has() {
	local file=$1 pattern=$2
	shift 2
	readelf -W "$@" "$file" | grep -E "$pattern" >/dev/null
}

disassembled() {
	"${OBJDUMP:-objdump}" -d --no-show-raw-insn "$@"
}

pie() {
	has "$1" '^ *Type: +DYN ' -h && has "$1" 'FLAGS_1.* PIE' -d
}

relro() {
	has "$1" '^ *GNU_RELRO ' -l
}

bind_now() {
	has "$1" '\(FLAGS_1\).* NOW' -d
}

stack_protector() {
	has "$1" ' UND +__stack_chk_fail\b' --dyn-syms
}

fortify() {
	has "$1" ' UND +__([a-rt-z]|s[a-su-z])[a-z_]*_chk\b' --dyn-syms # not __stack_chk_fail
}

# On x86 no step is over a page; on arm64 what is stored in each 64 KiB is zero.
stack_clash() {
	local step
	if [[ $machine != x86 ]]; then
		disassembled "$1" | grep -E 'str\s+xzr, \[sp(, #1024)?\]' >/dev/null
		return
	fi
	# shellcheck disable=SC2016 # $0x is no variable
	while read -r step; do
		((16#$step <= 4096)) || return
	done < <(disassembled "$1" | sed -nE 's/.*\bsub +\$0x([0-9a-f]+),%rsp$/\1/p')
}

# Where it can be jumped to, code says so; on arm64 what it returns to is signed, too.
branches() {
	disassembled --disassemble=main "$1" | sed -n '/<main>:$/{n;p}' |
		grep -E '\b(endbr64|paciasp|bti)\b' >/dev/null
}

stack_data() {
	has "$1" '^ *GNU_STACK .* RW +0x' -l
}

# What is read of the file first is no code.
separate_code() {
	! has "$1" '^ *LOAD +0x0+ .* R E +0x' -l
}

# --- the same in a program that was built without ----------------------------------------

built() {
	"${compile[@]}" "$@" -o "$work/program" "$here/hardened.c"
}

# differs FUNCTION FLAG...: a program has it, and has not with these.
differs() {
	local function=$1
	shift
	built && "$function" "$work/program" && built "$@" && ! "$function" "$work/program"
}

# takes FLAG...: whether the compiler does, without a word.
takes() {
	"${compile[@]}" -Werror "$@" -o "$work/takes" "$here/hardened.c" 2>/dev/null
}

# property NAME FUNCTION FLAG WITHOUT...: by FLAG; BINARY has it, and with WITHOUT it is missed.
property() {
	local name=$1 function=$2 flag=$3
	shift 3
	if ! takes "$flag"; then
		skip "$name" "${compile[0]} does not take it"
		return
	fi
	check "$name" "$function" "$binary"
	check "$name, missed without" differs "$function" "$@"
}

warns() {
	! "${compile[@]}" -Werror -o "$work/format" "$here/format.c" "$@" 2>"$work/said" &&
		grep -q 'format-security' "$work/said"
}

case $(readelf -h "$binary" | sed -n 's/^ *Machine: *//p') in
*X86-64) machine=x86 ;;
AArch64) machine=arm64 ;;
*) machine=other ;;
esac

check 'a program is built' built
property 'position independent' pie -pie -fno-PIE -no-pie
property 'relocations read-only' relro -Wl,-z,relro -Wl,-z,norelro
property 'symbols bound at the start' bind_now -Wl,-z,now -Wl,-z,lazy
property 'stack protector, strong' stack_protector -fstack-protector-strong -fstack-protector
property 'fortified' fortify -O2 -U_FORTIFY_SOURCE
property 'stack probed' stack_clash -fstack-clash-protection -fno-stack-clash-protection
property 'stack not executable' stack_data -Wl,-z,noexecstack -Wl,-z,execstack
property 'code apart' separate_code -Wl,-z,separate-code -Wl,-z,noseparate-code
case $machine in
x86) property 'targets of branches' branches -fcf-protection -fcf-protection=none ;;
arm64) property 'targets of branches' branches -mbranch-protection=standard -mbranch-protection=none ;;
*) skip 'targets of branches' 'not of this processor' ;;
esac
check 'a text as a format warns' warns
check 'a text as a format, missed without' eval '! warns -Wno-format-security'
echo "hardening: $passed passed, $failed failed, $skipped skipped"
((failed == 0))
