# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash disable=SC2034 # the lists are used by those who source this
#
# What scripts/check, scripts/lab and scripts/package need on a machine that has nothing yet: Debian
# packages, and a copy of the clone to build in. To be sourced; everything here begins with setup_.

# To build the module; to run it and ask it; to test it.
setup_build=(autoconf automake gcc gettext libc6-dev libgnutls28-dev libjansson-dev libknot-dev
	libldns-dev libtool liburcu-dev make pkgconf)
setup_run=(knot knot-dnsutils)
setup_test=(libcmocka-dev python3 python3-dnspython python3-tap)
# To send mail by its answers, in a network of its own.
setup_mail=(iproute2 postfix unbound)
# Tested together with the module in those releases that have it as a package: other modules, what
# signs or keeps keys, and those who validate; checks the man pages and scripts; what fetches lists; a
# D-Bus for knotd's signals; what hands counters to Prometheus; another C library. The package with
# promtool is 90 MB and a service, so the rules are tested only where it is there already.
setup_extra=(knot-dnssecutils knot-keymgr knot-module-geoip bind9-dnsutils bind9-utils ldnsutils
	softhsm2 knot-resolver dns-root-data python3-cryptography graphviz mandoc python3-jsonschema jq
	curl openssl shellcheck dbus-daemon libglib2.0-bin knot-exporter musl-tools)
# To build Debian packages, to look them over, and to test them when they are installed.
setup_package=("${setup_build[@]}" build-essential debhelper lintian)
setup_package_test=(autopkgtest curl jq knot knot-dnsutils locales python3)

# setup_root COMMAND [ARG]...: runs it as root.
setup_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo -- "$@"
	else
		printf '%s\n' "this has to run as root, and there is no sudo: ${*%%$'\n'*}" >&2
		return 1
	fi
}

setup_installed() {
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# setup_missing PACKAGE...: those that are not installed.
setup_missing() {
	local package
	for package; do
		setup_installed "$package" || printf '%s\n' "$package"
	done
}

# setup_packages PACKAGE...: installs what is missing. Nothing is asked, and no service is started, now
# or at the next boot: a server that begins to listen is no part of running a test. Only knot stays
# enabled, for those who go on with it. Postfix is left without a configuration.
setup_packages() {
	local missing log status
	mapfile -t missing < <(setup_missing "$@")
	[ ${#missing[@]} -gt 0 ] || return 0
	if ! command -v apt-get >/dev/null; then
		printf '%s\n' "this is not Debian, install what these are there: ${missing[*]}" >&2
		return 1
	fi
	printf '%s\n' "installing ${missing[*]}"
	log=$(mktemp) || return
	# shellcheck disable=SC2016 # expanded by that shell
	setup_root env DEBIAN_FRONTEND=noninteractive sh -c '
		policy=/usr/sbin/policy-rc.d
		if ! [ -e $policy ]; then
			trap "rm -f $policy" EXIT
			trap "exit 1" INT TERM HUP
			printf "#!/bin/sh\nexit 101\n" >$policy && chmod 755 $policy || exit
		fi
		echo "postfix postfix/main_mailer_type select No configuration" | debconf-set-selections
		apt-get -q update && apt-get -qy install --no-install-recommends "$@" || exit
		for package; do
			[ "$package" != knot ] || continue
			dpkg -L "$package" | sed -nE "s,^(/usr)?/lib/systemd/system/,,p" |
				grep -E "^[^/@]+\.(service|socket|target|path)\$" |
				DPKG_MAINTSCRIPT_PACKAGE=$package xargs -r deb-systemd-helper disable
			dpkg -L "$package" | sed -n "s,^/etc/init\.d/,,p" | while read -r name; do
				update-rc.d "$name" disable
			done
		done' \
		setup "${missing[@]}" >"$log" 2>&1 </dev/null
	status=$?
	if [ $status -ne 0 ]; then
		tail -n 20 "$log" >&2
		printf '%s\n' "these packages can't be installed: ${missing[*]}" >&2
	fi
	rm -f "$log"
	return $status
}

# setup_available PACKAGE...: those that this release has. apt shows nothing, and no error, of one that
# others only replace.
setup_available() {
	local package
	for package; do
		if setup_installed "$package" ||
			[ -n "$(apt-cache show --no-all-versions "$package" 2>/dev/null)" ]; then
			printf '%s\n' "$package"
		fi
	done
}

# setup_copy TOP DIR: the clone's files as they are now, tracked or new, without what is ignored,
# go to the new folder DIR. Building there leaves the clone alone.
setup_copy() {
	mkdir -p "$2" || return
	if git -C "$1" -c safe.directory='*' ls-files -z >/dev/null 2>&1; then
		(
			cd "$1" &&
				git -c safe.directory='*' ls-files -z --cached --others --exclude-standard |
				while IFS= read -r -d '' file; do
					# One that is deleted but still in the index is left out.
					if [ -e "$file" ] || [ -L "$file" ]; then
						printf '%s\0' "$file"
					fi
				done | tar -cf - --null -T -
		) | tar -xf - -C "$2"
	else
		tar -C "$1" -cf - --exclude=./.git --exclude=./build --exclude=./autom4te.cache \
			--exclude=./config.status --exclude=./Makefile --exclude=__pycache__ \
			--exclude=.libs --exclude=.deps --exclude='*.o' --exclude='*.lo' --exclude='*.la' \
			--exclude='*.log' --exclude='*.trs' . |
			tar -xf - -C "$2"
	fi
}
