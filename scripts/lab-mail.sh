# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash disable=SC2034,SC2154 # the variables are those of scripts/lab and its table
#
# scripts/lab --mail: a real Postfix sends a mail to each zone of the lab, once by the addresses that the
# server without the module gives, and once by those of the server with it. Each asks its own Unbound,
# which validates. All of it runs in name spaces: the network there has the addresses of the mail
# server and of the proxy, and resolv.conf names the Unbound. To be sourced.

# mail_possible: ends the lab where there are no name spaces to be had.
mail_possible() {
	unshare --net --mount --pid --mount-proc --fork true 2>/dev/null ||
		die "--mail needs networks of its own, which this chroot or container does not give"
}

# mail_enter: runs this lab in name spaces, and waits for its end. The folder is the one of this shell:
# when the lab there has ended, no process is left that writes to it.
mail_enter() {
	MXGUARD_LAB_DIR=$dir MXGUARD_MODULE=$module unshare --net --mount --pid --mount-proc --fork \
		--kill-child "$top/scripts/lab" --mail --mode "$mode" &
	entered=$!
	wait "$entered" || exit
	entered=''
}

# mail_leave: ends that lab, if it runs. unshare takes no signals while it waits for its child.
mail_leave() {
	local child
	[ -n "$entered" ] && kill -0 "$entered" 2>/dev/null || return
	child=$(grep -lx "PPid:[[:space:]]*$entered" /proc/[0-9]*/status 2>/dev/null)
	child=${child#/proc/}
	kill "${child%/status}" 2>/dev/null || kill -KILL "$entered"
	wait "$entered"
}

# mail_run NAME COMMAND [ARG]...: in the background, until the name spaces end.
mail_run() {
	local name=$1
	shift
	"$@" >"$dir/mail/$name" 2>&1 </dev/null &
}

# Postfix' processes are of several users, who may not enter a folder below a private one. So the folder
# of this lab is mounted over the queues of an installed Postfix, which then can't be changed either.
mail_folder() {
	mount --bind "$MXGUARD_LAB_DIR" /var/spool/postfix || die "the folder can't be mounted"
	dir=/var/spool/postfix
	chmod 711 "$dir"
}

# A network of its own, where mail is received at the addresses that take mail, and where nobody
# listens at those of the proxy.
mail_network() {
	local address
	ip link set lo up || die "there is no network in the name space"
	for address in 198.51.100.25 203.0.113.25 2001:db8:25::25; do
		ip address add "$address" dev lo || die "lo can't have the address $address"
	done
	for address in 104.16.0.0/13 2606:4700::/32; do
		ip route add local "$address" dev lo || die "lo can't have the addresses $address"
	done
	mkdir "$dir/mail" && cp "$top"/etc/lab/mail/*.zone "$dir/mail" || exit 2
	for address in 198.51.100.25 203.0.113.25 '[2001:db8:25::25]'; do
		mail_run "sink-$address" smtp-sink -u postfix "$address:25" 100
	done
}

# mail_start SIDE PORT RESOLVER: an Unbound at RESOLVER that asks the server at PORT, and a Postfix that
# asks that Unbound.
mail_start() {
	local folder=$dir/$1/mail port=$2 resolver=$3 file deadline=$((SECONDS + 30))
	mkdir "$folder" "$dir/$1/queue" "$dir/$1/data" && chown postfix: "$dir/$1/data" || exit 2
	dnskeys "$port" | sed "s/^/$signed. DNSKEY /" >"$folder/anchor"
	for file in unbound.conf main.cf master.cf; do
		fill "mail/$file" SIDE="$1" PORT="$port" RESOLVER="$resolver" >"$folder/$file" || exit 2
	done
	mail_run "unbound-$1" unbound -c "$folder/unbound.conf"
	until dig_short 53 "$signed" MX IN "$resolver" | grep -q '^[0-9]'; do
		[ $SECONDS -lt $deadline ] || die "Unbound does not answer: $(cat "$dir/mail/unbound-$1")"
		sleep 0.1
	done

	echo "nameserver $resolver" >"$folder/resolv.conf"
	# shellcheck disable=SC2016 # expanded by that shell
	unshare --mount sh -c '
		mount --bind "$1/resolv.conf" /etc/resolv.conf && exec postfix -c "$1" start' \
		sh "$folder" >"$dir/mail/postfix-$1" 2>&1 ||
		die "Postfix does not start: $(cat "$dir/mail/postfix-$1" "$dir/$1/mail.log")"
}

# mail_send SIDE: one mail to all the zones. The sender is the null sender: nothing is returned to it.
mail_send() {
	local zone recipients=()
	for zone in $zones; do
		recipients+=("postmaster@$zone")
	done
	printf 'Subject: lab\n\nTo whom it may concern.\n' |
		sendmail -C "$dir/$1/mail" -f '' "${recipients[@]}" || die "sendmail can't send"
}

# mail_wait SIDE: until Postfix has said of each zone what became of its mail.
mail_wait() {
	local zone deadline=$((SECONDS + 60))
	for zone in $zones; do
		until [ -n "$(mail_status "$1" "$zone")" ]; do
			[ $SECONDS -lt $deadline ] || die "Postfix says nothing of $zone: $(cat "$dir/$1/mail.log")"
			sleep 0.1
		done
	done
}

# mail_status SIDE ZONE: what became of the mail to ZONE, and Postfix' reasons, one a line. Sent late is
# what has first been tried at an address where nobody takes it.
mail_status() {
	awk -v to=" to=<postmaster@$2>," '
		# A delivery agent says of one mail after the other where it can not connect.
		$6 == "connect" { tried[$5] = tried[$5] substr($0, index($0, "connect ")) "\n" }
		$7 ~ /^to=/ {
			if (index($0, to)) {
				status = relay = reason = $0
				sub(/.* status=/, "", status)
				sub(/ .*/, "", status)
				sub(/.* relay=/, "", relay)
				sub(/,.*/, "", relay)
				sub(/[^(]*\(/, "", reason)
				sub(/\)$/, "", reason)
				if (status != "sent")
					print status "\n" reason
				else
					printf "sent%s\n%s%s\n", tried[$5] ? " late" : "", tried[$5], "by " relay
				exit
			}
			tried[$5] = ""
		}' "$dir/$1/mail.log"
}

# mail_proxied SIDE: how many connections to the proxy Postfix has tried.
mail_proxied() {
	grep -cE ": connect to [^ ]*\[($proxied)" "$dir/$1/mail.log"
}

# mail_compare ZONE TITLE BEFORE AFTER: the row of a zone.
mail_compare() {
	local zone=$1 want_before=$3 want_after=$4 got_plain got_guarded before after
	[ "$mode" = log ] && want_after=$want_before
	got_plain=$(mail_status plain "$zone")
	got_guarded=$(mail_status guarded "$zone")
	before=${got_plain%%$'\n'*} after=${got_guarded%%$'\n'*}
	# Marked is the outcome, not the reasons.
	table_row "$zone"$'\n'"$2" "$got_plain" "$got_guarded" "$before${got_guarded#"$after"}" \
		"$after${got_plain#"$before"}"
	[ "$before" = "$want_before" ]
	expect "mail to $zone is $want_before without the module" $?
	[ "$after" = "$want_after" ]
	expect "mail to $zone is $want_after with the module" $?
}

mail_show() {
	local kind rest one two three title='' without with
	widths=(17 38 35)
	table_head "mail to" "without mod-mxguard" "with it, mode $mode"
	while read -r kind rest; do
		IFS='|' read -r one two three _ <<<"$rest"
		trim one two three
		case $kind in
		case) title=${two%%:*} ;;
		mail)
			table_rule
			mail_compare "$one" "$title" "$two" "$three"
			;;
		esac
	done <"$top/etc/lab/cases"
	table_end
	without=$(mail_proxied plain)
	with=$(mail_proxied guarded)
	say
	say "Postfix has tried to connect to the proxy $without times without the module and $with times" \
		"with it."
}

# Both resolvers validate, or the signed zone would show nothing.
mail_validates() {
	local resolver
	for resolver in 127.0.0.1 127.0.0.2; do
		kdig @$resolver +dnssec -t MX "$signed" | grep -q '^;; Flags:.* ad'
		expect "Unbound at $resolver validates the answers of $signed" $?
		# The denial of a name beside the mail host, which denies all names that are not there.
		kdig @$resolver +dnssec -t A "a.$signed" | grep -q '^;; Flags:.* ad'
		expect "Unbound at $resolver validates the denials of $signed" $?
	done
}

mail_main() {
	local first
	wait_signing "$plain_port"
	wait_signing "$guarded_port"
	mail_start plain "$plain_port" 127.0.0.1 &
	first=$!
	mail_start guarded "$guarded_port" 127.0.0.2
	wait "$first" || exit 2
	mail_validates
	mail_send plain
	mail_send guarded
	mail_wait plain
	mail_wait guarded
	mail_show
}
