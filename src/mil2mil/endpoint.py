"""Oxigraph's server as a child process, and what it lacks: limits that hold, and no way out.

It listens on the loopback interface only, and reads only. How long a query may take, how much it
may use and send, and that it opens no connection, is seen to here.
"""

from __future__ import annotations

import contextlib
import http.client
import shutil
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from mil2mil.finding import DatasetError

MAX_ANSWER = 32 << 20
MAX_MEMORY = 4 << 30  # of the child, where the system can hold it to that
TEXT = "text/plain; charset=utf-8"
_AT_ONCE = 8  # queries; others wait for their turn
_START = 20  # seconds that the child may take to start
_GRACE = 1  # seconds by which the child may be late in stopping a query itself
_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    body: bytes
    type: str = TEXT
    allow: str = ""


def refusal(status: int, why: str, allow: str = "") -> Response:
    return Response(status, f"{why}\n".encode(), allow=allow)


class Engine:
    """Oxigraph's server as a child process, which is started anew whenever a query has to be killed."""

    def __init__(self, store: Path, limit: int) -> None:
        beside = shutil.which("oxigraph", path=str(Path(sys.executable).parent))
        binary = beside or shutil.which("oxigraph")
        if binary is None:
            raise DatasetError("serve needs an extra: pip install 'mil2mil[serve]'")
        self._command = [binary, "serve-read-only", "--location", str(store), "--union-default-graph"]
        self.limit = limit
        self._slots = threading.BoundedSemaphore(_AT_ONCE)
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._port = 0
        self._closed = False

    def start(self) -> tuple[subprocess.Popen[bytes], int]:
        """The child and its port; it is started if it does not run."""
        with self._lock:
            if self._closed:
                raise ConnectionError("closed")
            if self._child is None or self._child.poll() is not None:
                self._start()
            if self._child is None:
                raise ConnectionError("the child did not start")
            return self._child, self._port

    def _start(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        bind = ["--bind", f"127.0.0.1:{self._port}", "--timeout-s", str(self.limit)]
        # In a session of its own: Ctrl-C in a terminal is for the parent, which then stops it.
        quiet, alone = subprocess.DEVNULL, True
        self._child = subprocess.Popen(  # noqa: S603
            [*self._command, *bind], stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=alone
        )
        if sys.platform == "linux":
            import resource

            with contextlib.suppress(ProcessLookupError):
                resource.prlimit(self._child.pid, resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
        end = time.monotonic() + _START
        while time.monotonic() < end and self._child.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self._port), 1):
                return
            time.sleep(0.01)
        self._end()

    def _kill(self, child: subprocess.Popen[bytes]) -> None:
        """End a child, unless another thread has done so already."""
        with self._lock:
            if child is self._child:
                self._end()

    def _end(self) -> None:
        if self._child is not None:
            self._child.kill()
            self._child.wait()
            self._child = None

    def close(self) -> None:
        with self._lock:
            self._closed = True
            self._end()

    def ask(self, form: dict[str, list[str]], headers: dict[str, str]) -> Response:
        """What the child answers, once more if it was killed for the sake of another query."""
        if not self._slots.acquire(timeout=self.limit):
            return refusal(503, "Too many queries are running; try again.")
        try:
            for _ in range(2):
                with contextlib.suppress(ConnectionError, http.client.HTTPException):
                    return self._ask(form, headers)
            return refusal(500, "The query could not be answered; it may need too much memory.")
        finally:
            self._slots.release()

    def _ask(self, form: dict[str, list[str]], headers: dict[str, str]) -> Response:
        child, port = self.start()
        start = time.monotonic()
        end = start + self.limit + _GRACE
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=end - start)
        body = bytearray()
        try:
            connection.connect()
            line = connection.sock
            if form:
                sent = urlencode(form, doseq=True)
                connection.request("POST", "/query", sent, {**headers, "Content-Type": _FORM})
            else:
                connection.request("GET", "/query", headers=headers)
            response = connection.getresponse()
            while piece := response.read1(1 << 16):
                body += piece
                if (left := end - time.monotonic()) <= 0:
                    raise TimeoutError
                line.settimeout(left)
                if len(body) > MAX_ANSWER:
                    return refusal(500, f"The answer is larger than {MAX_ANSWER >> 20} MiB; use LIMIT.")
        except TimeoutError:
            # Oxigraph looks at its time limit only while it reads triples, so a join can outlive it.
            self._kill(child)
        except (ConnectionError, http.client.HTTPException):
            self._kill(child)  # it has ended or is about to, by our hand or for want of memory
            raise
        finally:
            connection.close()
        # A query that Oxigraph stops has status 200 and ends in a message, amid the answer.
        if time.monotonic() - start >= self.limit:
            return refusal(504, f"The query was stopped after {self.limit} s, the time limit.")
        return Response(response.status, bytes(body), response.headers.get("Content-Type", TEXT))
