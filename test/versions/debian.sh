# shellcheck shell=bash
# debian.sh - a Debian of any suite in a folder, to run commands in: what the
# scripts here share. Sourced by bash; needs root and Debian's debootstrap. One
# suite, noble, is Ubuntu's: it has the PostgreSQL that no Debian has, 16.
#
# A machine is kept, packages and all, as a tarball in $cache for the next time
# (HPIMP_MACHINES=folder, default: hpimp-machines in the folder of temporary
# files); FRESH=1 makes it anew. What runs in it runs in namespaces of its own for
# mounts and processes: whatever happens, nothing of it stays.

export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive
umask 022
checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
here=$checkout/test/versions
cache=${HPIMP_MACHINES:-${TMPDIR:-/tmp}/hpimp-machines}
machine=''

die() {
	printf '%s\n' "$@" >&2
	exit 1
}

remove_machine() {
	[ -z "$machine" ] || rm -rf --one-file-system "$machine"
	machine=''
}
trap remove_machine EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

need_root() {
	[ "$(id -u)" = 0 ] || die "Making a Debian in a folder takes root."
	command -v unshare >/dev/null || die "unshare is needed (Debian: util-linux)."
	command -v debootstrap >/dev/null || {
		command -v apt-get >/dev/null || die "debootstrap is needed."
		apt-get install -y -q --no-install-recommends -o DPkg::Lock::Timeout=600 debootstrap >/dev/null
	}
	mkdir -p "$cache"
}

# The archive of a suite: Debian's is the one that this machine takes its packages
# from, else its own; Ubuntu's keys are not here, so its by https.
archive() {
	local uri
	[ "$1" != noble ] || { echo https://archive.ubuntu.com/ubuntu; return; }
	uri=$(apt-get indextargets --format '$(REPO_URI) $(COMPONENT) $(ORIGIN) $(LABEL)' 'Created-By: Packages' 2>/dev/null |
		awk '$2 == "main" && $3 == "Debian" && $4 == "Debian" {print $1; exit}')
	echo "${uri:-http://deb.debian.org/debian}"
}

# What apt in a machine reads of a suite. There Ubuntu's keys are; and what is in
# Debian's main is in its universe.
sources() {
	local uri
	uri=$(archive "$1")
	case $1 in
		noble) printf "deb ${uri/https:/http:} %s main universe\n" noble noble-updates ;;
		*) echo "deb $uri $1 main" ;;
	esac
}

# in_machine COMMAND: by bash, as root in $machine, /src being the checkout's copy.
# The inner shell is the first process of its namespace: with it, all of them end.
in_machine() {
	unshare --mount --propagation private --pid --fork --kill-child --ipc --uts bash -euc '
		machine=$1
		mount -t proc proc "$machine/proc"
		mount -t tmpfs -o mode=755 dev "$machine/dev"
		for node in null zero full random urandom tty; do
			: >"$machine/dev/$node"
			mount --bind "/dev/$node" "$machine/dev/$node"
		done
		ln -s /proc/self/fd "$machine/dev/fd"
		mkdir "$machine/dev/shm" "$machine/dev/pts"
		mount -t tmpfs -o mode=1777 shm "$machine/dev/shm"
		mount -t devpts -o newinstance,ptmxmode=0666 devpts "$machine/dev/pts"
		ln -s pts/ptmx "$machine/dev/ptmx"
		chroot "$machine" /usr/bin/env -i HOME=/root LC_ALL=C.UTF-8 TERM=dumb DEBIAN_FRONTEND=noninteractive \
			PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin bash -euc "$2"' bash "$machine" "$1" </dev/null
}

# make_machine NAME SUITES PACKAGES: a machine of the first suite, with packages of
# that and, where it has none of that name, of the others; a copy of the checkout
# in /src.
make_machine() {
	local name=$1 suites=$2 packages=$3 tarball suite base scripts=/usr/share/debootstrap/scripts script log
	tarball=$cache/$name.tar log=$cache/$name.log
	machine=$(mktemp -d "$cache/machine.XXXXXX")
	chmod 755 "$machine"
	[ "${FRESH:-0}" = 0 ] || rm -f "$tarball" "$cache/base-${suites%% *}.tar"
	if [ -s "$tarball" ]; then
		tar -C "$machine" --numeric-owner -xf "$tarball"
	else
		suite=${suites%% *} script='' base=$cache/base-$suite.tar
		if [ -s "$base" ]; then
			tar -C "$machine" --numeric-owner -xf "$base"
		else
			echo "Making a Debian $suite (a minute or two) ..."
			# a suite that is newer than debootstrap is made as its family always was
			[ -e "$scripts/$suite" ] || case $suite in
				noble) script=$scripts/gutsy ;;
				*) script=$scripts/sid ;;
			esac
			unshare --mount --propagation private debootstrap --variant=minbase --include=ca-certificates \
				"$suite" "$machine" "$(archive "$suite")" ${script:+"$script"} >"$log" 2>&1 ||
				{ tail -n 20 "$log" >&2; die "debootstrap failed; its whole output: $log"; }
			tar -C "$machine" --numeric-owner -cf "$base.new" .
			mv "$base.new" "$base"
		fi
		echo "Installing $packages in it (a few minutes) ..."
		for suite in $suites; do sources "$suite"; done >"$machine/etc/apt/sources.list"
		apt-config dump | grep -E '^Acquire::(Check-Valid-Until|Check-Date|Retries|https?::Proxy) ' >"$machine/etc/apt/apt.conf.d/90host" || true
		cp -L /etc/resolv.conf "$machine/etc/resolv.conf"
		printf '127.0.0.1 localhost\n::1 localhost\n' >"$machine/etc/hosts"
		echo force-unsafe-io >"$machine/etc/dpkg/dpkg.cfg.d/90fast"
		mkdir -p "$machine/etc/postgresql-common/createcluster.d"
		echo 'create_main_cluster = false' >"$machine/etc/postgresql-common/createcluster.d/no-main.conf"
		in_machine "apt-get update -q && apt-get install -y -q --no-install-recommends $packages && apt-get clean" >>"$log" 2>&1 ||
			{ tail -n 20 "$log" >&2; die "apt-get could not install $packages; its whole output: $log"; }
		tar -C "$machine" --numeric-owner -cf "$tarball.new" .
		mv "$tarball.new" "$tarball"
	fi
	mkdir -p "$machine/src"
	tar -C "$checkout" --exclude=./.git --exclude='*.o' --exclude='*.bc' --exclude='*.so' --exclude=./results \
		--exclude=./tmp_check --exclude=./test/unit/build -cf - . | tar -C "$machine/src" --no-same-owner -xf -
}
