"""A web server on this machine that serves one file, and misbehaves as it is told."""

import contextlib
import threading
import time
from collections.abc import Callable
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Behaviour = Callable[[BaseHTTPRequestHandler, bytes], None]


class Server:
    """Serves a file, with ranges and an ETag, after it has behaved as the script says.

    Args:
        body: of the file.
        *script: one behaviour a request; requests after those are served well.
        etag: of the file; None for a server that names no version.
        tls: certificate and key of a server that speaks https; None for http.
    """

    def __init__(self, body: bytes, *script: Behaviour, etag: str | None = '"one"', tls=None):
        self.body, self.etag = body, etag
        self.requests: list[Message] = []
        self._script = list(script)
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                server.requests.append(self.headers)
                behave = server._script.pop(0) if server._script else well
                self.server_etag = server.etag
                # The other side may have left, as some tests make it.
                with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                    behave(self, server.body)
                self.close_connection = True

            def log_message(self, *_):
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self._scheme = "https" if tls else "http"
        if tls:
            # Hands are shaken where the handler first reads, not where all others would wait.
            self._http.socket = tls.wrap_socket(
                self._http.socket, server_side=True, do_handshake_on_connect=False
            )
            self._http.handle_error = lambda *_: None
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,))

    @property
    def address(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self._http.server_port}/file"

    @property
    def ranges(self) -> list[str | None]:
        """What each request asked for."""
        return [headers.get("Range") for headers in self.requests]

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


def _head(handler, status: int, length: int | None, **headers: str) -> None:
    handler.send_response(status)
    if length is not None:
        handler.send_header("Content-Length", str(length))
    if handler.server_etag:
        handler.send_header("ETag", handler.server_etag)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()


def _begin(handler, body: bytes) -> bytes:
    """Send the head of a good answer; what is to come after it."""
    wanted = handler.headers.get("Range")
    same = handler.headers.get("If-Range", handler.server_etag) == handler.server_etag
    if not wanted or not same:
        _head(handler, 200, len(body))
        return body
    start = int(wanted.removeprefix("bytes=").removesuffix("-"))
    if start >= len(body):
        _head(handler, 416, 0, Content_Range=f"bytes */{len(body)}")
        return b""
    part = f"bytes {start}-{len(body) - 1}/{len(body)}"
    _head(handler, 206, len(body) - start, Content_Range=part)
    return body[start:]


def well(handler, body: bytes) -> None:
    handler.wfile.write(_begin(handler, body))


def break_off(after: int) -> Behaviour:
    """Close the connection after so many bytes of what was promised."""
    return lambda handler, body: handler.wfile.write(_begin(handler, body)[:after])


def stall(after: int, seconds: float = 1.0) -> Behaviour:
    """Say nothing more after so many bytes."""

    def behave(handler, body: bytes) -> None:
        handler.wfile.write(_begin(handler, body)[:after])
        handler.wfile.flush()
        time.sleep(seconds)

    return behave


def hold(after: int, until: threading.Event) -> Behaviour:
    """Send so many bytes, and the rest when something has happened."""

    def behave(handler, body: bytes) -> None:
        rest = _begin(handler, body)
        handler.wfile.write(rest[:after])
        handler.wfile.flush()
        until.wait(60)
        handler.wfile.write(rest[after:])

    return behave


def answer(status: int, text: bytes = b"", **headers: str) -> Behaviour:
    """Answer with a status, headers and a text instead of the file."""

    def behave(handler, body: bytes) -> None:
        _head(handler, status, len(text), **headers)
        handler.wfile.write(text)

    return behave


def from_the_start(after: int | None = None, extra: int = 0) -> Behaviour:
    """Send the file from its start, whatever was asked for, or so many bytes of it.

    A length is promised that is wrong by `extra` bytes.
    """

    def behave(handler, body: bytes) -> None:
        _head(handler, 200, len(body) + extra)
        handler.wfile.write(body[:after])

    return behave


def go_on_at(start: int) -> Behaviour:
    """Send another part than was asked for."""

    def behave(handler, body: bytes) -> None:
        part = f"bytes {start}-{len(body) - 1}/{len(body)}"
        _head(handler, 206, len(body) - start, Content_Range=part)
        handler.wfile.write(body[start:])

    return behave
