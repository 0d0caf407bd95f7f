# shellcheck shell=bash
# lib.sh - what test/run and test/demo/run share: find or install what is needed,
# make a private copy of a server with hpimp in it. Sourced by bash.
#
# Nothing here changes a PostgreSQL that is installed: a server finds its files
# relative to its programs, so a copy of its three folders is a server of its own.

export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive
umask 022
checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
top='' log=''
# make's own variables and a user's connection settings must not leak in
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES
for name in "${!PG@}"; do
	case $name in PG_CONFIG | PG_TEST_*) ;; *) unset "$name" ;; esac
done

die() {
	printf '%s\n' "$@" >&2
	exit 1
}

# ---------------------------------------------------------------- the server

# What keeps a pg_config's server from being used; prints nothing if it is fine.
unusable() {
	local version pgxs
	version=$("$1" --version 2>/dev/null) || { echo "it does not run"; return; }
	version=${version#PostgreSQL }
	[ "${version%%[!0-9]*}" -ge 15 ] || { echo "it is PostgreSQL $version, hpimp needs 15 or later"; return; }
	pgxs=$("$1" --pgxs)
	[ -e "$pgxs" ] && [ -e "$("$1" --includedir-server)/postgres.h" ] ||
		{ echo "its server headers are not installed (Debian: postgresql-server-dev-${version%%[!0-9]*})"; return; }
	[ -x "$("$1" --bindir)/initdb" ] && [ -x "$("$1" --bindir)/postgres" ] ||
		{ echo "its server is not installed (Debian: postgresql-${version%%[!0-9]*})"; return; }
	[ -x "$(dirname "$pgxs")/../test/regress/pg_regress" ] ||
		{ echo "it comes without pg_regress"; return; }
}

# The pg_config of every usable server, newest version first, one a version.
all_servers() {
	local p
	for p in /usr/lib/postgresql/*/bin/pg_config /usr/pgsql-*/bin/pg_config /usr/local/pgsql/bin/pg_config \
		$(command -v pg_config || true); do
		[ -x "$p" ] && [ -z "$(unusable "$p")" ] || continue
		printf '%s %s\n' "$("$p" --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')" "$p"
	done | sort -k1,1nr -s -u | cut -d' ' -f2-
}

# Sets PG_CONFIG, unless it is set, to the newest server's; false if there is none.
find_server() {
	local why
	if [ -n "${PG_CONFIG:-}" ]; then
		PG_CONFIG=$(command -v "$PG_CONFIG") || die "there is no such PG_CONFIG"
		why=$(unusable "$PG_CONFIG")
		[ -z "$why" ] || die "PG_CONFIG=$PG_CONFIG cannot be used: $why"
	else
		PG_CONFIG=$(all_servers | head -n 1)
		[ -n "$PG_CONFIG" ]
	fi
}

# ---------------------------------------------------------------- packages

# The newest supported server that lacks only its headers, else the distribution's own.
debian_version() {
	local v
	for v in $(ls /usr/lib/postgresql 2>/dev/null | sort -rn); do
		[ -x "/usr/lib/postgresql/$v/bin/postgres" ] && [ "$v" -ge 15 ] && { echo "$v"; return; }
	done
	apt-cache show postgresql 2>/dev/null | sed -n 's/^Depends:.*postgresql-\([0-9]*\).*/\1/p' | head -n 1
}

# as_root [-n]: sets sudo to what goes before a command of root's; false if there
# is nothing. Without a terminal, or with -n, nobody is asked for a password.
sudo=()
as_root() {
	[ "$(id -u)" != 0 ] || return 0
	sudo=(sudo); [ -t 0 ] && [ "${1:-}" != -n ] || sudo=(sudo -n)
	"${sudo[@]}" true 2>/dev/null || return
	sudo+=(env DEBIAN_FRONTEND=noninteractive)
}

apt() { "${sudo[@]}" apt-get -y -q --no-install-recommends -o DPkg::Lock::Timeout=600 "$@" >>"$log" 2>&1 </dev/null; }

# need PACKAGES...: installs what is missing; beyond the packages named, which
# the caller has found missing, that is a compiler, make and a server.
need() {
	local missing=("$@") server='' version='' conf=/etc/postgresql-common/createcluster.d/no-main.conf made=''
	command -v make >/dev/null || missing+=(make)
	echo '#include <stdio.h>' | gcc -E - >/dev/null 2>&1 || missing+=(gcc libc6-dev)
	find_server || server=yes
	[ ${#missing[@]} -gt 0 ] || [ -n "$server" ] || return 0

	command -v apt-get >/dev/null ||
		die "Needed and not found: ${missing[*]} ${server:+a PostgreSQL server, 15 or later, with its headers}" \
			"Install them and try again (PG_CONFIG=/path/to/pg_config names a server)."
	if ! as_root; then
		[ -z "$server" ] || version=$(debian_version)
		die "Some packages are missing, and only root can install them:" \
			"  apt-get install --no-install-recommends ${missing[*]}${server:+ postgresql-${version:-15} postgresql-server-dev-${version:-15}}"
	fi
	log=$(mktemp)
	apt update || true				# offline, the lists there are may do
	if [ -n "$server" ]; then
		version=$(debian_version)
		[ "${version:-0}" -ge 15 ] ||
			die "This distribution's PostgreSQL is ${version:-missing}; hpimp needs 15 or later." \
				"Install one with its headers and name it: PG_CONFIG=/path/to/pg_config"
		missing+=("postgresql-$version" "postgresql-server-dev-$version")
	fi
	echo "Installing ${missing[*]} (once; it may take a few minutes) ..."
	# a first server package makes and starts a cluster "main" that nobody asked for
	if [ -n "$server" ] && [ ! -e "$conf" ]; then
		made=yes
		"${sudo[@]}" mkdir -p "${conf%/*}"
		echo 'create_main_cluster = false' | "${sudo[@]}" tee "$conf" >/dev/null
	fi
	if ! apt install "${missing[@]}"; then
		[ -z "$made" ] || "${sudo[@]}" rm -f "$conf"
		tail -n 20 "$log" >&2
		die "apt-get could not install ${missing[*]}; its whole output: $log"
	fi
	[ -z "$made" ] || "${sudo[@]}" rm -f "$conf"
	rm -f "$log"
	[ -z "$server" ] || find_server || die "PostgreSQL $version is installed but cannot be used"
}

# Of the packages named, those that are not installed.
not_installed() {
	local p
	for p; do
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null)" = installed ] || echo "$p"
	done
}

# wish PACKAGES...: installs what is missing of them if it can be had without
# asking anybody and without removing anything; says in a line what cannot.
wish() {
	local missing=() p
	command -v apt-get >/dev/null || return 0
	mapfile -t missing < <(not_installed "$@")
	[ ${#missing[@]} -gt 0 ] || return 0
	if as_root -n; then
		echo "Installing for optional tests (EXTRAS=no leaves them out): ${missing[*]}"
		log=$(mktemp)
		# all at once is fastest; one that cannot be had must not keep out the others,
		# nor lists that are old or not there
		if ! apt --no-remove install "${missing[@]}"; then
			! grep -qE 'Unable to locate|no installation candidate|404 ' "$log" || apt update || true
			for p in "${missing[@]}"; do apt --no-remove install "$p" || true; done
		fi
		rm -f "$log"
		mapfile -t missing < <(not_installed "$@")
	fi
	[ ${#missing[@]} -eq 0 ] || echo "Not installed, so that their tests may be skipped: ${missing[*]}"
}

# ---------------------------------------------------------------- a private server

# private_copy NAME: a new folder $top with copies of the server ($top/pg) and of
# the checkout ($top/src), owned by a user who may run a server: root may not, so
# for root everything from here on is done by "${as[@]}".
private_copy() {
	local kind dir user=''
	as=()
	top=$(mktemp -d "${TMPDIR:-/tmp}/hpimp-$1.XXXXXX")
	if [ "$(id -u)" = 0 ]; then
		user=nobody
		! id postgres >/dev/null 2>&1 || user=postgres
		as=(runuser -u "$user" -- env "HOME=$top")
	fi
	for kind in bindir pkglibdir sharedir; do
		dir=$("$PG_CONFIG" --$kind)
		[ -e "$top/pg$dir" ] || { mkdir -p "$top/pg${dir%/*}"; cp -a "$dir" "$top/pg$dir"; }
	done
	dir=$("$PG_CONFIG" --includedir)
	[ -e "$top/pg$dir" ] || { mkdir -p "$top/pg${dir%/*}"; ln -s "$dir" "$top/pg$dir"; }
	bin=$top/pg$("$PG_CONFIG" --bindir)
	version=$("$PG_CONFIG" --version)
	mkdir "$top/src"
	tar -C "$checkout" --exclude=./.git --exclude='*.o' --exclude='*.bc' --exclude='*.so' --exclude=./results \
		--exclude=./tmp_check --exclude=./test/unit/build --exclude=./test/fuzz/build -cf - . | tar -C "$top/src" --no-same-owner -xf -
	log=$top/log
	: >"$log"
	[ -z "$user" ] || chown -R "$user": "$top"
	cd "$top/src"
	"${as[@]}" test -r Makefile ||
		die "The user $user cannot read ${top%/*}: set TMPDIR to a folder that everybody may enter."
}

# in_copy TARGETS, VARIABLES...: make in the copy, for the private server.
in_copy() {
	"${as[@]}" make -C "$top/src" --no-print-directory PG_CONFIG="$bin/pg_config" ${CC:+"CC=$CC"} "$@"
}

# Ends whatever server still runs in $top and removes it.
remove_copy() {
	local pidfile
	[ -n "$top" ] && [ -d "$top" ] || return 0
	cd /
	find "$top" -name postmaster.pid 2>/dev/null | while IFS= read -r pidfile; do
		"${as[@]}" "$bin/pg_ctl" -D "${pidfile%/*}" -m immediate -w stop >/dev/null 2>&1 || true
	done
	rm -rf "$top"
	top=''
}
