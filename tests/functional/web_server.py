# SPDX-License-Identifier: GPL-3.0-or-later
"""A web server on the loopback that answers as vendors, and those who would do harm, may."""

import http.server
import ssl
import threading


class Answer:
    """What is sent for one address.

    body      octets, or text
    status    of HTTP
    headers   more of them
    form      the body that a POST has to have; None: a GET
    chunked   the size is not sent beforehand
    hang      seconds between the first octet and the rest; ends early when the server stops
    short     octets of the body that are missing at its end
    """

    def __init__(self, body=b"", *, status=200, headers=(), form=None, chunked=False, hang=0, short=0):
        self.body = body.encode() if isinstance(body, str) else body
        self.status, self.headers, self.form = status, dict(headers), form
        self.chunked, self.hang, self.short = chunked, hang, short


class WebServer:
    """Serves {path: Answer}; "asked" has the paths that were asked for, in order."""

    def __init__(self, certificate=None):
        self.answers, self.asked, self.stopping = {}, [], threading.Event()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self.handler())
        self.server.daemon_threads = True
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = "%s://127.0.0.1:%d" % ("https" if certificate else "http",
                                          self.server.server_address[1])
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()

    def stop(self):
        self.stopping.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def handler(self):
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def reply(self, form):
                outer.asked.append(self.path)
                answer = outer.answers.get(self.path, Answer(status=404))
                if answer.form != form:
                    answer = Answer(status=405)
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                if answer.chunked:
                    self.send_header("Transfer-Encoding", "chunked")
                else:
                    self.send_header("Content-Length", str(len(answer.body)))
                self.send_header("Connection", "close")
                self.end_headers()
                self.close_connection = True
                try:
                    self.send_body(answer)
                except OSError:
                    pass # The client has closed the connection.

            def send_body(self, answer):
                body = answer.body[:len(answer.body) - answer.short]
                if answer.hang:
                    self.wfile.write(body[:1])
                    self.wfile.flush()
                    body = body[1:]
                    outer.stopping.wait(answer.hang)
                if not answer.chunked:
                    self.wfile.write(body)
                    return
                for at in range(0, len(body), 1 << 20):
                    part = body[at:at + (1 << 20)]
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
                self.wfile.write(b"0\r\n\r\n")

            def do_GET(self):
                self.reply(None)

            def do_POST(self):
                self.reply(self.rfile.read(int(self.headers["Content-Length"])).decode())

        return Handler
