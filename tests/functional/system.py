# SPDX-License-Identifier: GPL-3.0-or-later
"""What the harness needs of the machine: programs and their version, ports, files, waiting, and
that nothing is left behind however a test ends.
"""

import atexit
import ctypes
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import client

START_WAIT = 60


# Folders and processes of servers that were not stopped: removed however this program ends.
left = {}


def _clear_up():
    for folder, process in list(left.items()):
        if process is not None and process.poll() is None:
            process.kill()
            process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _interrupt(*_):
    raise KeyboardInterrupt


def end_with_parent():
    """In the child: a SIGTERM when the test is killed (Linux; elsewhere it does nothing)."""
    try:
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)
    except (OSError, AttributeError):
        pass


atexit.register(_clear_up)
signal.signal(signal.SIGTERM, _interrupt)


def program(name):
    path = os.environ.get(name.upper()) or shutil.which(
        name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    if path is None:
        raise FileNotFoundError("%s is not installed" % name)
    return path


def module_file():
    path = os.environ.get("MXGUARD_MODULE")
    if not path:
        raise RuntimeError("MXGUARD_MODULE has to name the mxguard.so to test")
    return os.path.abspath(path)


def version():
    """The version of knotd as a pair of numbers."""
    text = subprocess.run([program("knotd"), "-V"], capture_output=True, text=True,
                          check=True).stdout
    return tuple(int(part) for part in re.search(r"(\d+)\.(\d+)", text).groups())


def looks_up():
    """True if modules can look names up in the zone (Knot DNS 3.4 and later)."""
    return version() >= (3, 4)


def free_port():
    """A port that is free for UDP and TCP at this moment."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp, \
             socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            tcp.bind((client.HOST, 0))
            port = tcp.getsockname()[1]
            try:
                udp.bind((client.HOST, port))
                return port
            except OSError:
                continue


def wait_for(condition, timeout=START_WAIT, what="a condition"):
    """Polls until condition() is true and returns what it returned."""
    end = time.monotonic() + timeout
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > end:
            raise AssertionError("waited %d s in vain for %s" % (timeout, what))
        time.sleep(0.02)


def short_tmp():
    """A folder for temporary folders with a name short enough for control sockets in them."""
    folder = tempfile.gettempdir()
    return folder if len(folder) < 60 else "/tmp"


def replace(path, text):
    """Writes a file so that a reader sees the old or the new one, never a half."""
    with open(path + ".new", "w") as file:
        file.write(text)
    os.rename(path + ".new", path)
