# shellcheck shell=bash
# An apt of our own, which leaves the machine's as it is and installs nothing. Source it;
# it only defines.
# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

# Sets $main_uri and $security_uri to the archives, either may be empty.
find_archives() {
	need apt-get apt-get
	need apt-cache apt
	need dpkg-deb dpkg
	need flock util-linux
	[[ -r $keyring ]] ||
		die "no $keyring to verify packages with: run scripts/deps.sh guest"
	main_uri=${TIMERSNOOP_DEBIAN_MIRROR:-$(archive_uri Debian)}
	security_uri=${TIMERSNOOP_DEBIAN_SECURITY_MIRROR:-$(archive_uri Debian-Security)}
	[[ $main_uri || $security_uri ]] ||
		die "apt knows no Debian archive here. Run 'apt-get update' if this is Debian," \
			"or set TIMERSNOOP_DEBIAN_MIRROR and TIMERSNOOP_DEBIAN_SECURITY_MIRROR"
}

# private_apt DIR ARCHITECTURE: writes configuration and sources into DIR, for the suites
# on standard input ("archive suite" a line). With APT_CONFIG=DIR/apt.conf apt heeds them.
private_apt() {
	local dir=$1 architecture=$2 archive suite uri
	mkdir -p "$dir"/{lists,archives}/partial
	: >"$dir/status"
	{
		apt_transport
		cat <<-EOF
			Dir::Etc::main "/dev/null";
			Dir::Etc::parts "/dev/null";
			Dir::Etc::sourcelist "$dir/sources.list";
			Dir::Etc::sourceparts "/dev/null";
			Dir::Etc::preferences "/dev/null";
			Dir::Etc::preferencesparts "/dev/null";
			Dir::State "$dir";
			Dir::State::lists "$dir/lists";
			Dir::State::status "$dir/status";
			Dir::Cache "$dir";
			APT::Architecture "$architecture";
			APT::Architectures { "$architecture"; };
			APT::Sandbox::User "root";
			APT::Install-Recommends "false";
			Acquire::Languages "none";
			// An archived suite is still signed, but not signed anew.
			Acquire::Check-Valid-Until "false";
		EOF
	} >"$dir/apt.conf"
	while read -r archive suite; do
		[[ $archive == security ]] && uri=$security_uri || uri=$main_uri
		if [[ $uri ]]; then
			echo "deb [arch=$architecture signed-by=$keyring] $uri $suite main"
		fi
	done >"$dir/sources.list"
}

# apt_fetch DIR WHAT COMMAND [ARG...]: COMMAND, an apt-get that downloads, in DIR, which
# private_apt has made, with lists that are new; dies with what it said.
apt_fetch() {
	local dir=$1 what=$2
	local -x APT_CONFIG=$dir/apt.conf
	shift 2
	if ! (cd "$dir" && apt-get -q update && "$@") >"$dir/log" 2>&1; then
		tail -n 20 "$dir/log" | sed 's/^/  /' >&2
		die "could not fetch $what: try again"
	fi
}

# make_once PLACE COMMAND [ARG...]: COMMAND ARG... DIR makes DIR/made, with what is fetched;
# that becomes the directory PLACE, complete or not at all. Nothing where PLACE is there.
make_once() (
	place=$1
	[[ ! -d $place ]] || exit 0
	shift
	find_archives
	mkdir -p "$(dirname "$place")"
	exec 9>"$(dirname "$place")/.lock"
	flock 9
	# We hold the lock, so these belong to runs that were cut short.
	rm -rf "$(dirname "$place")"/.fetch.*
	work=$(mktemp -d "$(dirname "$place")/.fetch.XXXXXX")
	trap 'rm -rf "$work"' EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	# Another run may have brought it while this one waited.
	[[ -d $place ]] || {
		"$@" "$work"
		mv "$work/made" "$place"
	}
)
