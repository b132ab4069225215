#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Carries out packaging/container/Containerfile where there is no container engine: each stage is a
# chroot, what the image cznic/knot is made by is the Dockerfile in the sources of Knot DNS. Then starts
# knotd in the last stage, and asks. Needs root, network, a quarter of an hour; not run by make check.

set -eu -o pipefail

if [ $# -ne 1 ] || ! [ -e "$1/Dockerfile" ]; then
	echo "Usage: tests/packaging/container.sh FOLDER (the sources of a Knot DNS, with its Dockerfile)" >&2
	exit 2
fi
knot=$(realpath "$1")
top=$(realpath "$(dirname "$0")/../..")
# shellcheck source=scripts/setup.sh
. "$top/scripts/setup.sh"

work=$(mktemp -d)
trap 'rm -rf --one-file-system "$work"' EXIT
declare -A stages=()

# in_chroot ROOT COMMAND: with what an engine mounts; nothing of it is left when it ends.
in_chroot() {
	# shellcheck disable=SC2016 # expanded by that shell
	unshare --mount --pid --fork --kill-child --propagation private sh -c '
		mount --bind "$1" "$1" && mount -t proc proc "$1/proc" && mount -t tmpfs tmpfs "$1/dev/shm" &&
			exec chroot "$1" /usr/bin/env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
				DEBIAN_FRONTEND=noninteractive sh -c "$2"' sh "$1" "$2"
}

# instructions FILE: one a line, without comments.
instructions() {
	awk '/^[ \t]*#/ { next }
		{ more = sub(/\\$/, ""); line = line $0 }
		!more { if (line ~ /[^ \t]/) print line; line = "" }' "$1"
}

# from IMAGE NAME: the chroot of a new stage.
from() {
	root=$work/$2
	if [ -n "${stages[$1]-}" ]; then
		cp -a "${stages[$1]}" "$root"
		return
	fi
	local release=${1#debian:}
	release=${release%-slim}
	"$top/scripts/in-release" "$release" true
	cp -a "${XDG_CACHE_HOME:-$HOME/.cache}/knot-mxguard/$release" "$root"
}

# build FILE CONTEXT IMAGE [NAME=VALUE]...: carries a file out. Its last stage becomes IMAGE.
build() {
	local file=$1 context=$2 image=$3 root='' folder=/ given number=0 word rest source
	local -A args=()
	shift 3
	for given; do
		args[${given%%=*}]=${given#*=}
	done
	while read -r word rest; do
		printf '%s\n' "$image: $word ${rest:0:70}"
		case $word in
		ARG)
			# One that was given goes before the default.
			[ -n "${args[${rest%%=*}]-}" ] || args[${rest%%=*}]=${rest#*=}
			;;
		FROM)
			for given in "${!args[@]}"; do
				rest=${rest//\$\{$given\}/${args[$given]}}
			done
			number=$((number + 1)) folder=/
			from "${rest%% *}" "$(basename "$image").$number"
			[ "$rest" = "${rest% AS *}" ] || stages[${rest##* AS }]=$root
			: >"$root/environment"
			;;
		ENV) printf 'export %s\n' "$rest" >>"$root/environment" ;;
		WORKDIR) folder=$rest ;;
		COPY)
			source=$context
			if [ "$rest" != "${rest#--from=}" ]; then
				source=${rest%% *}
				source=${stages[${source#--from=}]}
				rest=${rest#* }
			fi
			read -r word rest <<<"$rest"
			source=$source/$word
			if [ -d "$source" ]; then
				mkdir -p "$root$rest"
				cp -a "$source/." "$root$rest"
			else
				install -D -t "$root$rest" "$source"
			fi
			;;
		RUN)
			for given in "${!args[@]}"; do
				rest="$given='${args[$given]}'; $rest"
			done
			in_chroot "$root" ". /environment; mkdir -p $folder; cd $folder; $rest" >"$work/log" 2>&1 </dev/null || {
				tail -n 40 "$work/log"
				exit 1
			}
			;;
		esac
	done < <(instructions "$file")
	stages[$image]=$root
}

# expect WHAT COMMAND [ARG]...
expect() {
	local what=$1
	shift
	if "$@" >"$work/log" 2>&1; then
		echo "ok - $what"
	else
		cat "$work/log"
		echo "not ok - $what"
		exit 1
	fi
}

build "$knot/Dockerfile" "$knot" docker.io/cznic/knot:tested
setup_copy "$top" "$work/clone"
build "$top/packaging/container/Containerfile" "$work/clone" knot-mxguard KNOT_VERSION=tested
root=${stages[knot-mxguard]}

# shellcheck disable=SC2016 # expanded in the chroot
expect "no module directory" in_chroot "$root" '[ -z "$(knotd -VV | sed -n "s/^ *Module dir: *//p")" ]'
expect "without the section the module is unknown" in_chroot "$root" '
	sed "/^module:/,/file:/d" /config/knot.conf >/tmp/knot.conf
	knotc -c /tmp/knot.conf conf-check 2>&1 | grep "unknown module"'
cat >"$root/storage/example.com.zone" <<-'END'
	$TTL 300
	@ SOA ns hostmaster 1 3600 900 604800 300
	@ NS ns
	ns A 192.0.2.53
	@ MX 10 mail
	mail A 104.16.1.2
END
sed -e 's/mode: log/mode: enforce\n    mail-address: 198.51.100.25/' -e 's/listen:.*/listen: 127.0.0.1@5353/' \
	"$root/config/knot.conf" >"$root/config/enforce.conf"
# shellcheck disable=SC2016 # expanded in the chroot
expect "answers are repaired" in_chroot "$root" '
	knotd -c /config/enforce.conf >/tmp/log 2>&1 &
	for try in 1 2 3 4 5 6 7 8 9 10; do
		answer=$(kdig @127.0.0.1 -p 5353 +short +timeout=1 +retry=0 mail.example.com A)
		[ "$answer" != 198.51.100.25 ] || exit 0
		sleep 1
	done
	cat /tmp/log
	exit 1'
