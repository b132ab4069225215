# SPDX-License-Identifier: GPL-3.0-or-later
"""A policy as a test writes it down: the items of a mod-mxguard stanza as Python values.

The same object makes the configuration text that knotd reads and is what the oracle judges by, so
the two cannot drift apart. Names stay in the notation of the configuration until resolved against
a zone.
"""

import dataclasses
import ipaddress

import dns.name

MAIL_SERVICES = ("_submission._tcp", "_submissions._tcp", "_imap._tcp", "_imaps._tcp",
                 "_pop3._tcp", "_pop3s._tcp", "_sieve._tcp")


def quote(value):
    """A value as the configuration parser reads it back."""
    return '"%s"' % str(value).replace('"', '\\"')


@dataclasses.dataclass
class Policy:
    """One stanza. None leaves an item out of the configuration; its default then applies. Most
    tests are about an exchange that people have heard of, so that is named."""

    id: str = "guard"
    mode: str = "enforce"
    zone: tuple = None
    proxy: tuple = ("104.16.0.0/13", "2606:4700::/32")
    proxy_file: tuple = None
    proxy_except: tuple = None
    proxy_name: tuple = None
    web_host: tuple = None
    mail_host: tuple = None
    mail_exchange: str = "mail"
    mail_address: tuple = ("198.51.100.25", "2001:db8::25")
    web_origin: tuple = None
    mail_service: tuple = None
    ttl: int = None
    signing_key: tuple = None
    list_reload: int = None
    ede: bool = None
    log_interval: int = None

    def stanza(self):
        """The lines of the mod-mxguard section for this policy."""
        lines = ["  - id: %s" % self.id]
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if field.name == "id" or value is None:
                continue
            if isinstance(value, bool):
                text = "on" if value else "off"
            elif isinstance(value, (tuple, list)):
                text = "[ %s ]" % ", ".join(quote(item) for item in value)
            else:
                text = quote(value)
            lines.append("    %s: %s" % (field.name.replace("_", "-"), text))
        return "\n".join(lines) + "\n"

    def with_(self, **changes):
        """A copy with some items changed."""
        return dataclasses.replace(self, **changes)


class Network:
    """ADDR, ADDR/LEN (host bits are ignored) or ADDR-ADDR."""

    def __init__(self, text):
        if "-" in text:
            first, last = (ipaddress.ip_address(part) for part in text.split("-"))
        else:
            net = ipaddress.ip_network(text, strict=False)
            first, last = net[0], net[-1]
        self.first, self.last = first, last

    def __contains__(self, address):
        return (address.version == self.first.version
                and self.first <= address <= self.last)


class Resolved:
    """A policy seen from one protected zone: names are absolute, networks are parsed."""

    def __init__(self, policy, apex):
        self.apex = apex
        self.ttl = 300 if policy.ttl is None else policy.ttl
        self.proxies = [Network(text) for text in policy.proxy or ()]
        self.excepts = [Network(text) for text in policy.proxy_except or ()]
        self.proxy_names = [dns.name.from_text(text) for text in policy.proxy_name or ()]
        self.web_hosts = self._patterns(("@", "www") if policy.web_host is None
                                        else policy.web_host)
        self.mail_hosts = self._patterns(policy.mail_host or ())
        self.exchange = dns.name.from_text(policy.mail_exchange or "mx-direct", apex)
        self.services = [dns.name.from_text(text, None)
                         for text in policy.mail_service or MAIL_SERVICES]
        addresses = [ipaddress.ip_address(text) for text in policy.mail_address or ()]
        self.mail = {4: [a for a in addresses if a.version == 4],
                     6: [a for a in addresses if a.version == 6]}

    def _patterns(self, texts):
        """Pairs of a name and whether it stands for everything below it."""
        patterns = []
        for text in texts:
            name = dns.name.from_text(text, self.apex)
            below = name.labels[0] == b"*"
            patterns.append((dns.name.Name(name.labels[1:]) if below else name, below))
        return patterns

    @staticmethod
    def _match(patterns, name):
        return any(name != base and name.is_subdomain(base) if below else name == base
                   for base, below in patterns)

    def web_host(self, name):
        return self._match(self.web_hosts, name)

    def mail_host(self, name):
        return self._match(self.mail_hosts, name)

    def proxied(self, address):
        """True for an address (text or object) in a proxy network and in no exception."""
        address = ipaddress.ip_address(str(address))
        return (any(address in net for net in self.proxies)
                and not any(address in net for net in self.excepts))

    def proxy_name(self, name):
        return any(name.is_subdomain(proxy) for proxy in self.proxy_names)

    def mail_service(self, owner):
        """True if the owner begins with the labels of a mail service and has more."""
        def starts(labels):
            return (len(owner.labels) > len(labels) and
                    [l.lower() for l in owner.labels[:len(labels)]] == [l.lower() for l in labels])
        return any(starts(service.labels) for service in self.services)
