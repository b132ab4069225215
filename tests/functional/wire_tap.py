# SPDX-License-Identifier: GPL-3.0-or-later
"""Audits of running servers: runs kmxcheck, reads what it says, and taps the wire between them."""

import json
import select
import socket
import struct
import subprocess
import threading

import client
import harness
from kmxcheck_case import KMXCHECK, RUN_WAIT, TOP


def lab_zones():
    """{zone: text} of etc/lab."""
    return {path.name[:-len("zone")]: path.read_text()
            for path in sorted((TOP / "etc/lab").glob("*.zone"))}


class AuditCase(harness.Case):
    """A test case that audits."""

    def audit(self, *args, status=0, complains=None):
        """Runs kmxcheck and returns its standard output; complains is text in its errors."""
        done = subprocess.run([KMXCHECK, *map(str, args)], capture_output=True, text=True,
                              timeout=RUN_WAIT, stdin=subprocess.DEVNULL, check=False)
        said = "%s\n%s\n%s" % (args, done.stdout, done.stderr)
        self.assertEqual(done.returncode, status, said)
        if complains is None:
            self.assertNotRegex(done.stderr, r"(?m)^(?!kmxcheck: note: ).+", said)
        else:
            self.assertIn(complains, done.stderr, said)
            self.assertEqual(done.stdout, "", said)
        return done.stdout

    def report(self, *args, status=0):
        """{zone: its object} of the JSON output."""
        return {zone["zone"]: zone
                for zone in json.loads(self.audit("-f", "json", *args, status=status))["zones"]}

    def tap(self, server, **options):
        """A WireTap that ends with the test."""
        tap = WireTap(server.port if hasattr(server, "port") else server, **options)
        self.addCleanup(tap.stop)
        return tap


def findings(zone):
    """(rule, owner, type, target, address) of a zone object's findings."""
    return [tuple(found.get(key) for key in ("rule", "owner", "type", "target", "address"))
            for found in zone["findings"]]


def address(server):
    return "%s@%d" % (client.HOST, server.port)


class WireTap:
    """Stands between kmxcheck and a server, and does what networks and bad servers do.

    udp(query, ask), tcp(query, ask)  return a list of the messages to be sent, in order; ask()
                                      is what the server answers. None: there is no such socket.
    hold, held(query)                 UDP queries of which so many have to be there before any is
                                      answered
    """

    def __init__(self, port, udp=lambda query, ask: [ask()], tcp=lambda query, ask: [ask()],
                 hold=1, held=lambda query: False):
        self.server, self.udp, self.tcp, self.hold, self.held = port, udp, tcp, hold, held
        self.port = harness.free_port()
        self.asked = []
        self.ends = []
        if udp is not None:
            self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.sock.bind((client.HOST, self.port))
            self._serve(self.sock, self._run_udp)
        if tcp is not None:
            self.listener = socket.create_server((client.HOST, self.port), backlog=64)
            self._serve(self.listener, self._run_tcp)

    def _serve(self, sock, run):
        wake, end = socket.socketpair()
        thread = threading.Thread(target=run, args=(wake,), daemon=True)
        thread.start()
        self.ends.append((end, wake, thread, sock))

    def stop(self):
        for end, _, _, _ in self.ends:
            end.close()
        for _, wake, thread, sock in self.ends:
            thread.join()
            wake.close()
            sock.close()

    def _run_udp(self, wake):
        waiting = []
        while True:
            if wake in select.select([wake, self.sock], [], [])[0]:
                return
            waiting.append(self.sock.recvfrom(65535))
            query = waiting[-1][0]
            self.asked.append(("udp", query))
            if self.held(query) and len(waiting) < self.hold:
                continue
            for query, peer in waiting:
                for message in self.udp(query, lambda: client.udp(self.server, query)):
                    self.sock.sendto(message, peer)
            waiting = []

    def _run_tcp(self, wake):
        conns = {}
        while True:
            ready = select.select([wake, self.listener, *conns], [], [])[0]
            if wake in ready:
                break
            for sock in ready:
                if sock is self.listener:
                    conn, _ = sock.accept()
                    conns[conn] = b""
                elif not self._take(sock, conns):
                    del conns[sock]
                    sock.close()
        for conn in conns:
            conn.close()

    def _take(self, conn, conns):
        """Answers what is complete. False: the connection is over."""
        try:
            data = conn.recv(65535)
            conns[conn] += data
            while data and len(conns[conn]) >= 2:
                size, = struct.unpack("!H", conns[conn][:2])
                query = conns[conn][2:2 + size]
                if len(query) < size:
                    return True
                conns[conn] = conns[conn][2 + size:]
                self.asked.append(("tcp", query))
                messages = self.tcp(query, lambda: client.tcp(self.server, query))
                if messages is None:
                    return False
                for message in messages:
                    conn.sendall(struct.pack("!H", len(message)) + message)
        except ConnectionError:
            return False
        return bool(data)
