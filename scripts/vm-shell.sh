#!/usr/bin/env bash
# A shell in a test guest, with timersnoop in it.
#
#   scripts/vm-shell.sh KERNEL [-- OPTION...]
#
# KERNEL and the options are those of scripts/guest.sh. The guest ends with its
# shell; Ctrl-A X ends it at once.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

case ${1:---help} in
-h | --help)
	show_help "$0"
	exit
	;;
esac
kernel=$1
shift
[[ ${1:-} != -- ]] || shift

# A serial line carries no window size, so the guest is told.
size=$(stty size 2>/dev/null) || size='24 80'
[[ $size != '0 0' ]] || size='24 80'
read -r rows columns <<<"$size"
terminal=${TERM:-vt100}
[[ -e /lib/terminfo/${terminal:0:1}/$terminal ]] || terminal=vt100

echo "Booting. 'exit' or Ctrl-D ends the guest, Ctrl-A X stops it at once."
exec "$top/scripts/guest.sh" "$kernel" --interactive "$@" -- \
	bash -c "stty rows $rows columns $columns; export TERM=$terminal; exec bash -l"
