/* SPDX-License-Identifier: GPL-3.0-or-later */

/*
 * What is said of the rules.
 */

#include <string.h>

#include "kmxcheck/audit.h"

const audit_rule_info_t audit_rules[AUDIT_RULE_COUNT] = {
[AUDIT_PROXIED_HOST] = {
	.name = "proxied-host",
	.severity = SEVERITY_ERROR,
	.summary = "a mail host has a proxied address",
	.explain =
"A name that mail needs has an address in a network of a web proxy. It is the mail\n"
"exchange, a name listed as a mail host, or a target of the MX at the apex.\n"
"A web proxy speaks HTTP. It does not take mail on port 25 and does not pass it on, so\n"
"whoever sends mail to this address waits for a connection that never comes. Of several\n"
"addresses, the proxied ones fail, and mail is late.\n"
"Make the record DNS only (\"grey cloud\") and give it the address of the mail server. If\n"
"the name has to serve the proxied web site as well, give mail a name of its own and\n"
"point the MX there.\n",
	.rfc = "RFC 5321 5.1",
},
[AUDIT_PROXIED_ALIAS] = {
	.name = "proxied-alias",
	.severity = SEVERITY_ERROR,
	.summary = "a mail host or mail target is an alias that leads to a proxy",
	.explain =
"A name that mail needs is a CNAME, or below a DNAME, and the chain ends in a proxied\n"
"address or passes a name of the proxy's own.\n"
"Mail servers follow the alias and arrive at the web proxy, which does not take mail.\n"
"Often the alias was made when the whole site was moved behind the proxy.\n"
"Replace the alias by A and AAAA records of the mail server. A mail target must not be an\n"
"alias in the first place.\n",
	.rfc = "RFC 2181 10.3",
},
[AUDIT_PROXIED_TARGET] = {
	.name = "proxied-target",
	.severity = SEVERITY_ERROR,
	.summary = "an MX or mail SRV points at a proxied name",
	.explain =
"The exchange of an MX, or the target of an SRV of a mail service, has a proxied address\n"
"or is a name of the proxy's own. It is not a mail host itself: it is the web site, most\n"
"often the apex or www.\n"
"Its addresses have to stay proxied for the web site, and mail that is sent there is\n"
"lost. Give mail a name of its own, such as mail, with the address of the mail server,\n"
"and point the MX or SRV at that name.\n",
	.rfc = "RFC 5321 5.1",
},
[AUDIT_ALIAS_TARGET] = {
	.name = "alias-target",
	.severity = SEVERITY_ERROR,
	.summary = "an MX or mail SRV points at an alias",
	.explain =
"The exchange of an MX, or the target of an SRV, is a CNAME. It does not lead to a proxy.\n"
"That is not allowed, and not all mail servers follow it. Some send to the alias and get\n"
"a loop or a certificate that does not match; some refuse the domain as a sender.\n"
"Point the MX or SRV at the name where the alias ends, or replace the alias by addresses.\n",
	.rfc = "RFC 2181 10.3, RFC 2782",
},
[AUDIT_MISSING_TARGET] = {
	.name = "missing-target",
	.severity = SEVERITY_ERROR,
	.summary = "an MX or mail SRV points at a name without address",
	.explain =
"The exchange of an MX, or the target of an SRV, is in this zone and does not exist or\n"
"has neither A nor AAAA.\n"
"Nobody can connect to it. If no other exchange works, mail comes back at once. A common\n"
"reason is a name without its final dot: \"mail.example.com\" in the zone example.com is\n"
"mail.example.com.example.com.\n"
"Add the address of the mail server, or correct the name. A server with mod-mxguard in\n"
"mode enforce answers for the mail exchange all the same, others don't.\n",
	.rfc = "RFC 5321 5.1",
},
[AUDIT_LITERAL_TARGET] = {
	.name = "literal-target",
	.severity = SEVERITY_ERROR,
	.summary = "an MX or mail SRV points at an IP address",
	.explain =
"The exchange of an MX, or the target of an SRV, is an IP address written where a name\n"
"belongs. DNS takes it as a name whose labels are numbers. Such a name has no address, so\n"
"mail servers find no host to connect to.\n"
"Give a name that address with an A or AAAA record, and point the MX or SRV at the name.\n",
	.rfc = "RFC 1035 3.3.9",
},
[AUDIT_MIXED_NULL_MX] = {
	.name = "mixed-null-mx",
	.severity = SEVERITY_ERROR,
	.summary = "a null MX stands beside other MX",
	.explain =
"One MX says \".\", which means that the domain takes no mail, and another MX names an\n"
"exchange. The null MX has to be the only one. Beside others, some mail servers refuse\n"
"all mail for the domain, others look for addresses of the root.\n"
"Remove the null MX if the domain takes mail, and all the others if it does not.\n",
	.rfc = "RFC 7505 3",
},
[AUDIT_PROXIED_SPF] = {
	.name = "proxied-spf",
	.severity = SEVERITY_WARNING,
	.summary = "an SPF record authorises a proxy network",
	.explain =
"An SPF record lets addresses of a web proxy send mail for the domain: an ip4 or ip6 term\n"
"overlaps one of its networks, or an a or mx term leads to a proxied address.\n"
"The mail server does not send from there, so its mail fails SPF; and the address is\n"
"shared with all other customers of the proxy. Both change as soon as the web site is put\n"
"behind a proxy. Name the addresses that mail is sent from, with ip4 and ip6, or with a:\n"
"and the mail host.\n",
	.rfc = "RFC 7208 5",
},
[AUDIT_IMPLICIT_MX] = {
	.name = "implicit-mx",
	.severity = SEVERITY_WARNING,
	.summary = "a domain without MX has a proxied address, where its mail would go",
	.explain =
"The apex, or a name with an SPF record of its own, has no MX, and its own address is\n"
"proxied. Without MX, mail for a domain is sent to the domain's own address. Here that is\n"
"the web proxy: mail waits for days before it comes back.\n"
"Add an MX that points at the mail host, or a null MX (\"MX 0 .\") if the domain takes no\n"
"mail.\n",
	.rfc = "RFC 5321 5.1",
},
[AUDIT_SHARED_ADDRESS] = {
	.name = "shared-address",
	.severity = SEVERITY_WARNING,
	.summary = "mail and web share an address: the MX shows the origin",
	.explain =
"A mail host has an address of the web origin, or one that a web host of the zone has\n"
"too. The proxy hides where the web site runs. An MX can't be hidden: whoever looks it up\n"
"knows the address of the web server and can attack it past the proxy.\n"
"Run mail on another address, best in another network.\n",
	.rfc = NULL,
},
[AUDIT_ADJACENT_ADDRESS] = {
	.name = "adjacent-address",
	.severity = SEVERITY_WARNING,
	.summary = "mail and web have neighbouring addresses: the MX shows where to look",
	.explain =
"A mail host has an address in the same /24 (IPv4) or /48 (IPv6) as the web origin or a\n"
"web host. Who looks for the web server behind the proxy begins with the addresses around\n"
"the mail server. Run mail in another network, or make sure that the web server answers\n"
"the proxy only.\n",
	.rfc = NULL,
},
[AUDIT_DANE_MISMATCH] = {
	.name = "dane-mismatch",
	.severity = SEVERITY_WARNING,
	.summary = "a target with TLSA would be replaced by the mail exchange, which has none",
	.explain =
"An MX target that mode enforce replaces by the mail exchange has TLSA records at\n"
"_25._tcp, and the mail exchange has none.\n"
"Senders that use DANE encrypt to the old target with a certificate they can verify. To\n"
"the mail exchange they send without this protection.\n"
"Publish TLSA at _25._tcp below the mail exchange, for the certificate the mail server\n"
"has there.\n",
	.rfc = "RFC 7672",
},
[AUDIT_STS_MISMATCH] = {
	.name = "sts-mismatch",
	.severity = SEVERITY_WARNING,
	.summary = "a target would be replaced, the MTA-STS policy has to list the mail exchange",
	.explain =
"The domain publishes an MTA-STS policy, and mode enforce replaces one of its MX targets\n"
"by the mail exchange.\n"
"Senders that honour MTA-STS connect only to exchanges that the policy file lists, and\n"
"hold back all other mail.\n"
"List the mail exchange in the policy file (\"mx: mail.example.com\"), and change the id in\n"
"the _mta-sts record so that senders fetch the file again.\n",
	.rfc = "RFC 8461 4.1",
},
[AUDIT_LIST_STALE] = {
	.name = "list-stale",
	.severity = SEVERITY_WARNING,
	.summary = "a list of proxy networks is older than 180 days",
	.explain =
"A file of proxy networks says in its \"# date:\" line that it is more than 180 days old.\n"
"Proxies get new networks every now and then. Addresses in those are not recognised.\n"
"Fetch the list that the operator of the proxy publishes, put it in the file, write the\n"
"date into the \"# date:\" line, and reload.\n",
	.rfc = NULL,
},
};

audit_rule_t audit_rule_of(const char *name)
{
	audit_rule_t rule = 0;
	while (rule < AUDIT_RULE_COUNT && strcmp(audit_rules[rule].name, name) != 0) {
		rule++;
	}
	return rule;
}
