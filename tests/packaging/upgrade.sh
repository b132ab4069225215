#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Upgrades a bare Debian with the packages, and a knotd that repairs, to the next release: once by
# itself, once together with the packages for that release, and once by itself with an apt that does not
# ask before it begins. Whatever apt does, knotd has to answer afterwards, or apt has to say why it
# stopped. Needs root or sudo, network and some minutes.

set -u -o pipefail

top=$(cd "$(dirname "$0")/../.." && pwd) || exit 2

die() {
	printf 'upgrade: %s\n' "$*" >&2
	exit 1
}

# In the chroot

apt=(apt-get -qy -o Dpkg::Options::=--force-confold -o Dpkg::Use-Pty=0)

# Takes the place of systemd: the packages' scripts call it, and what it does is in a log.
service_manager() {
	mkdir -p /run/systemd/system
	dpkg-divert --quiet --local --no-rename --add /usr/bin/deb-systemd-invoke
	cat >/usr/bin/deb-systemd-invoke <<-'END'
		#!/bin/sh
		# As knot.service: checks the configuration, then starts.
		case "$*" in
		*knot.service*) ;;
		*) exit 0 ;;
		esac
		stop() {
			pid=$(cat /run/knot/knot.pid 2>/dev/null) && kill "$pid" 2>/dev/null || return 0
			while kill -0 "$pid" 2>/dev/null; do
				sleep 0.1
			done
		}
		mkdir -p /run/knot && chown knot: /run/knot
		case $1 in
		stop) stop && echo "stopped" ;;
		*)
			stop
			if said=$(knotc conf-check 2>&1) && knotd -d >/dev/null 2>&1; then
				echo "$1: $(knotd -V) is running"
			else
				echo "$1: $(knotd -V) can't be started: $said"
			fi
			;;
		esac >>/srv/services
		exit 0
	END
	chmod 755 /usr/bin/deb-systemd-invoke
}

services() {
	printf '%s\n' "-- what became of the service"
	cat /srv/services
	: >/srv/services
}

# ask: the address of the mail host.
ask() {
	local answer
	for _ in $(seq 50); do
		answer=$(kdig @127.0.0.1 +short +timeout=1 +retry=0 mail.example.com A 2>/dev/null | tail -n 1)
		[ -n "$answer" ] && [ "${answer#;}" = "$answer" ] && break
		sleep 0.2
	done
	printf '%s\n' "$answer"
}

# expect ANSWER WHEN
expect() {
	local answer
	answer=$(ask)
	printf '%s\n' "-- $2: mail.example.com is at $answer"
	[ "$answer" = "$1" ] || die "expected $1"
}

versions() {
	dpkg-query -W -f '${db:Status-Abbrev} ${Package} ${Version}\n' knot knot-module-mxguard kmxcheck \
		mxguard-proxies 2>/dev/null
}

# full_upgrade [PACKAGE]...: what apt says of it, but for each single package.
full_upgrade() {
	local status
	"${apt[@]}" full-upgrade "$@" >/srv/apt.log 2>&1
	status=$?
	printf '%s\n' "-- apt-get full-upgrade $*"
	awk '/^The following packages will be REMOVED/ { on = 1 } /^[^ ]/ && !/REMOVED/ { on = 0 } on' /srv/apt.log
	grep -A4 '^knot-module-mxguard: ' /srv/apt.log
	grep -E '^E: |^(Removing|Unpacking|Setting up) knot' /srv/apt.log
	printf '%s\n' "-- its exit status is $status, $(grep -c '^Setting up' /srv/apt.log) packages were set up"
	versions
	return $status
}

# The way out, as the page tells it.
way_out() {
	awk '/^## Knot DNS does not start/ { on = 1 } /^Build the module again|^This comments out/ { exit }
		on && /^```$/ { code = 0 } on && code; on && /^```sh$/ { code = 1 }' doc/operating.md |
		sed 's/systemctl restart knot/deb-systemd-invoke restart knot.service/' >/srv/way-out
	grep -q 'mod-mxguard' /srv/way-out || die "doc/operating.md has no way out"
	sh -e /srv/way-out
}

# inside RELEASE alone|together|unasked
inside() {
	local release=$1 way=$2 status
	export DEBIAN_FRONTEND=noninteractive
	service_manager
	if ! { "${apt[@]}" update && "${apt[@]}" --no-install-recommends install knot knot-dnsutils \
		/srv/packages/now/*.deb; } >/srv/apt.log 2>&1; then
		die "can't install: $(tail -n 20 /srv/apt.log)"
	fi
	cat >/etc/knot/knot.conf <<-'END'
		server:
		    rundir: "/run/knot"
		    user: knot:knot
		    listen: 127.0.0.1@53
		database:
		    storage: "/var/lib/knot"
	END
	awk '/^```/ { if (on) exit; on = /yaml/; next } on' README.md | sed 's/mode: log/mode: enforce/' \
		>>/etc/knot/knot.conf
	cat >/var/lib/knot/example.com.zone <<-'END'
		$TTL 3600
		@ SOA ns hostmaster 1 3600 600 86400 300
		@ NS ns
		@ MX 10 mail
		ns A 192.0.2.53
		mail A 104.16.1.2
	END
	deb-systemd-invoke restart knot.service
	services
	versions
	expect 198.51.100.25 "before the upgrade"

	sed -i "s/ [a-z]* main\$/ $release main/" /etc/apt/sources.list
	"${apt[@]}" update >/srv/apt.log 2>&1 || die "can't get the lists of $release"
	printf '%s\n' "-- apt-get upgrade would say"
	apt-get -s upgrade 2>&1 | awk '/kept back/ { on = 1 } /^[^ ]/ && !/kept back/ { on = 0 } on' |
		tr -s ' \n' '\n' | grep -E 'back|knot|kmx' | tr '\n' ' '
	printf '\n'

	[ "$way" != unasked ] || rm /etc/apt/apt.conf.d/50knot-module-mxguard
	if [ "$way" = together ]; then
		full_upgrade /srv/packages/next/*.deb || die "not upgraded"
		services | tee /srv/said
		! grep -q "can't be started" /srv/said || die "Knot DNS was down"
		expect 198.51.100.25 "after the upgrade"
		return
	fi

	full_upgrade
	status=$?
	services | tee /srv/said
	! grep -q "can't be started" /srv/said || die "Knot DNS was down"
	[ $status -ne 0 ] || die "upgraded without the module"
	grep -q "names mod-mxguard" /srv/apt.log || die "nothing was said"
	if [ "$way" = alone ]; then
		! grep -q '^\(Unpacking\|Removing\|Setting up\) ' /srv/apt.log || die "stopped half way"
	fi
	expect 198.51.100.25 "after the upgrade has stopped"
	knotc conf-check || die "Knot DNS would not start"

	printf '%s\n' "-- the way out, then the rest of the upgrade"
	way_out || die "the way out does not work"
	expect 104.16.1.2 "without the module"
	if [ "$way" = unasked ]; then
		"${apt[@]}" --fix-broken install >/srv/apt.log 2>&1 || die "$(tail -n 20 /srv/apt.log)"
	fi
	full_upgrade || die "not upgraded"
	services | tee /srv/said
	! grep -q "can't be started" /srv/said || die "Knot DNS was down"
	expect 104.16.1.2 "after the upgrade"

	"${apt[@]}" install /srv/packages/next/*.deb >/srv/apt.log 2>&1 || die "$(tail -n 20 /srv/apt.log)"
	mv /etc/knot/knot.conf.mxguard /etc/knot/knot.conf
	deb-systemd-invoke restart knot.service
	services
	versions
	expect 198.51.100.25 "with the new module"
}

case ${1-} in
--inside)
	cd "$top" && inside "$2" "$3"
	exit
	;;
[a-z]*) ;;
*)
	cat <<-'END'
		Usage: tests/packaging/upgrade.sh RELEASE NEXT-RELEASE [alone|together|unasked]...
		For example: tests/packaging/upgrade.sh bookworm trixie

		Environment:
		  PACKAGES  folder with packages that are built already, in RELEASE/ and NEXT-RELEASE/
	END
	exit 2
	;;
esac

release=$1 next=$2
shift 2
[ $# -gt 0 ] || set -- alone together unasked
# shellcheck source=scripts/setup.sh
. "$top/scripts/setup.sh"
tmp=$(mktemp -d) || exit 2
trap 'setup_root rm -rf "$tmp"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

if [ -z "${PACKAGES-}" ]; then
	PACKAGES=$tmp
	for one in "$release" "$next"; do
		"$top/scripts/package" --release "$one" --output "$PACKAGES/$one" || exit 2
	done
fi

# A bare one, of which each way has a copy.
XDG_CACHE_HOME=$tmp/bare "$top/scripts/in-release" "$release" mkdir -p /srv/packages/now /srv/packages/next || exit 2
root=$tmp/bare/knot-mxguard/$release
for package in knot-module-mxguard kmxcheck mxguard-proxies; do
	setup_root cp "$PACKAGES/$release/${package}_"*.deb "$root/srv/packages/now" || exit 2
	setup_root cp "$PACKAGES/$next/${package}_"*.deb "$root/srv/packages/next" || exit 2
done

failed=0
mkdir "$tmp/knot-mxguard"
for way; do
	printf '%s\n' "== $release to $next, $way"
	setup_root rm -rf "$tmp/knot-mxguard/$release"
	setup_root cp -a "$root" "$tmp/knot-mxguard/$release" || exit 2
	XDG_CACHE_HOME=$tmp "$top/scripts/in-release" "$release" bash tests/packaging/upgrade.sh --inside \
		"$next" "$way" || failed=1
done
exit $failed
