# SPDX-License-Identifier: GPL-3.0-or-later
#
# The DNS records of one zone at Cloudflare, from a Terraform state, as a zone file for kmxcheck:
#
#   terraform show -json | jq -r --arg zone example.com -f terraform-zone.jq | kmxcheck -
#
# For cloudflare_record (provider 4) and cloudflare_dns_record (provider 5). A record that is proxied
# is marked as an export of the vendor marks it. Types that mail has no use for are left out.

def absolute: if . == "" or endswith(".") then . else . + "." end;
def owner:
	if . == "@" then $zone
	elif . == $zone or endswith("." + $zone) then .
	else . + "." + $zone end | absolute;
def content: .content // .value // "";
def rdata:
	if .type == "A" or .type == "AAAA" then content
	elif .type == "CNAME" then content | absolute
	elif .type == "MX" then "\(.priority // 0) \(content | absolute)"
	elif .type == "TXT" then content | if startswith("\"") then . else tojson end
	elif .type == "SRV" then
		(.data | if type == "array" then .[0] else . end) as $data
		| "\($data.priority) \($data.weight) \($data.port) \($data.target | absolute)"
	else null end;

"\($zone). 3600 SOA . . 1 7200 3600 1209600 300",
(.. | objects | select(.type? == "cloudflare_record" or .type? == "cloudflare_dns_record")
	| .values | select(rdata != null)
	| "\(.name | owner) \(.ttl // 1) \(.type) \(rdata)"
		+ if .proxied then " ; cf_tags=cf-proxied:true" else "" end)
