"""Downloads that go on where they broke off, and say why where they cannot.

One answer is read by requests, and urllib3 understands its Retry-After. Their own retries end with
the head of an answer, and begin a file anew: of up to 13 GB it is the rest that must come, after
any number of breaks, from the same version of the file, and nothing that is no file may count.
"""

import dataclasses
import json
import os
import re
import socket
import ssl
import time
from collections.abc import Callable, Iterator

import requests
from urllib3 import Retry
from urllib3.exceptions import InvalidHeader, ReadTimeoutError

from lib.benchmarks.published.content import check_digests, file_digests
from lib.benchmarks.published.files import (
    OfficialFileError,
    SetFiles,
    progress_bar,
)
from lib.benchmarks.published.reading import open_published

# A break-off loses at most one chunk of what had come.
_CHUNK = 64 << 10  # bytes
# Once so many more bytes have come than ever, failures are counted anew.
_PROGRESS = 1 << 20
_PASSING = {408, 425, 429, 500, 502, 503, 504}
# What a web page that comes instead of a file holds, and what it means.
_PAGES = {
    ("quota exceeded", "too many users have viewed or downloaded"): (
        "Google Drive's quota for this file is used up, as too many people have fetched it "
        "lately; try again after up to 24 hours, or open the address in a browser that is "
        "signed in, make a copy in your own Drive and download that"
    ),
    ("can't scan this file for viruses", "can&#39;t scan this file", "download_warning"): (
        "Google Drive asks to confirm the download; open the address in a browser"
    ),
    ("accounts.google.com", "you need access", "request access"): (
        "Google Drive asks to sign in; open the address in a browser"
    ),
}


# What is found in an error, and what that means; the first that is found counts.
_CAUSES = {
    ssl.SSLCertVerificationError: "has a certificate that is not trusted",
    requests.exceptions.ProxyError: (
        "could not be reached through the proxy that the environment sets ({detail})"
    ),
    socket.gaierror: "has a host whose name is not known ({detail})",
    requests.ConnectTimeout: "could not be reached within {seconds:g} s",
    (requests.Timeout, ReadTimeoutError, TimeoutError): "was silent for too long",
    ConnectionRefusedError: "could not be reached, since nothing listens there ({detail})",
    ssl.SSLError: "could not be reached over an encrypted connection ({detail})",
    (requests.exceptions.ChunkedEncodingError, ConnectionError): "broke off",
}


class AddressError(Exception):
    """An address does not give the file; the message says what it answered."""


class _TryAgainError(Exception):
    """A failure that may pass; the server asks to wait for `asked` seconds."""

    def __init__(self, reason: str, asked: float = 0.0):
        super().__init__(reason)
        self.asked = asked


@dataclasses.dataclass(frozen=True)
class Patience:
    """How long to try.

    Args:
        attempts: failures in a row after which an address is given up.
        first_wait: seconds before the second attempt; each later wait is twice as long.
        longest_wait: seconds that no wait exceeds, unless the server asks for it.
        longest_asked: seconds a server may ask to wait; one that asks for more is given up.
        connect_timeout: seconds to reach the server.
        read_timeout: seconds without a byte after which the connection is given up.
        sleep: waits so many seconds.
    """

    attempts: int = 6
    first_wait: float = 1.0
    longest_wait: float = 60.0
    longest_asked: float = 300.0
    connect_timeout: float = 15.0
    read_timeout: float = 60.0
    sleep: Callable[[float], None] = time.sleep

    def wait(self, failures: int) -> float:
        """Seconds to wait after so many failures in a row."""
        return min(self.longest_wait, self.first_wait * 2.0 ** (failures - 1))


class Transfer:
    """Brings a published file to `body`, where an earlier try may have left a part of it."""

    def __init__(self, files: SetFiles, patience: Patience, progress: bool | None):
        self.body = files.partial / "body"
        self._state = files.partial / "state.json"
        self._files = files
        self._published = files.twin.published
        self._patience = patience
        self._progress = progress

    @property
    def begun(self) -> str | None:
        """The address from which a part of the file has come; None where nothing has."""
        return self._read_state().get("address") if self.body.exists() else None

    def get(self, address: str) -> None:
        """Bring the whole file to `body`, and look whether it is the published one.

        Raises:
            AddressError: the address does not give the file.
            OSError: the disk is full, or cannot be written.
        """
        failures, most = 0, self._num_bytes()
        with requests.Session() as session:
            while True:
                try:
                    self._go_on(session, address)
                    break
                except (_TryAgainError, requests.RequestException) as error:
                    reason = self._cause(error)
                    come = self._num_bytes()
                    failures = 1 if come >= most + _PROGRESS else failures + 1
                    most = max(most, come)
                    if failures >= self._patience.attempts:
                        raise AddressError(f"{reason}, {failures} times") from error
                    asked = getattr(error, "asked", 0.0)
                    self._patience.sleep(max(asked, self._patience.wait(failures)))
        try:
            with open_published(self._files.twin, self.body) as opened:
                check_digests(opened.file, self.body, file_digests(self.body, self._progress))
        except OfficialFileError as error:
            self._forget()
            raise AddressError(str(error).replace(str(self.body), "what came")) from error

    def _go_on(self, session: requests.Session, address: str) -> None:
        """One request, for what is still missing."""
        state = self._read_state()
        have = self._num_bytes() if state.get("address") == address else 0
        if have and have == state.get("total"):
            return
        # Compressed on the way, lengths and ranges would be of something else.
        headers = {"Accept-Encoding": "identity"}
        if have:
            headers["Range"] = f"bytes={have}-"
            if state.get("validator"):
                headers["If-Range"] = state["validator"]
        timeout = (self._patience.connect_timeout, self._patience.read_timeout)
        with session.get(address, headers=headers, stream=True, timeout=timeout) as response:
            chunks = response.iter_content(_CHUNK)
            self._refuse(response, chunks)
            if response.status_code == 206:
                total = self._resumed(response, have, state.get("total"))
            else:
                length = response.headers.get("Content-Length", "")
                have, total = 0, int(length) if length.isdecimal() else None
            self._require_size(total)
            if not have:
                first = next(chunks, b"")
                if page := _page(response, first):
                    raise AddressError(page)
                self._write_state(address, response, total)
                self.body.write_bytes(first)
                have = len(first)
            purpose = f"downloading {self._published.file_name}"
            self._files.require_space(max(0, (total or 0) - have), purpose)
            self._append(chunks, have, total)
        come = self._num_bytes()
        if come == 0:
            self._forget()
            raise AddressError("sent an empty file")
        if total not in (None, come):
            raise _TryAgainError(f"broke off after {come:,} of {total:,} bytes")
        if self._published.size_bytes not in (None, come):
            self._forget()
        self._require_size(come)

    def _append(self, chunks: Iterator[bytes], start: int, total: int | None) -> None:
        with (
            progress_bar(
                self._progress, total=total, desc="Downloading", unit="B", initial=start
            ) as bar,
            self.body.open("ab") as file,
        ):
            for chunk in chunks:
                file.write(chunk)
                bar.update(len(chunk))
            file.flush()
            os.fsync(file.fileno())

    def _refuse(self, response: requests.Response, chunks: Iterator[bytes]) -> None:
        """Raise unless the answer brings bytes."""
        status = response.status_code
        if status in (200, 206):
            if response.headers.get("Content-Encoding", "identity") != "identity":
                raise AddressError("sent it compressed, which was not asked for")
            return
        if status == 416:
            self._forget()
            raise _TryAgainError("no longer has as many bytes as have come")
        reason = f"answered {status} {response.reason or ''}".rstrip()
        page = _page(response, next(chunks, b"")) or ""
        if "Google" in page:
            raise AddressError(f"{reason}: {page}")
        if status not in _PASSING:
            raise AddressError(reason)
        try:
            asked = Retry().parse_retry_after(response.headers.get("Retry-After", "0"))
        except InvalidHeader:
            asked = 0.0
        if asked > self._patience.longest_asked:
            raise AddressError(f"{reason}, and asks to wait {asked:.0f} s; try again after that")
        raise _TryAgainError(reason, asked)

    def _resumed(self, response: requests.Response, have: int, total: int | None) -> int:
        """How many bytes there are in all, by an answer that must go on after those that came.

        A server that names no version of the file could go on with another one. Then its length
        is compared here; a splice of equal length fails the hash or the archive's checksums.
        """
        match = re.fullmatch(r"bytes (\d+)-\d+/(\d+)", response.headers.get("Content-Range", ""))
        if not match or int(match[1]) != have or total not in (None, int(match[2])):
            self._forget()
            raise _TryAgainError("went on with another part, or with another file")
        return int(match[2])

    def _require_size(self, num_bytes: int | None) -> None:
        size = self._published.size_bytes
        if None not in (size, num_bytes) and num_bytes != size:
            raise AddressError(f"has a file of {num_bytes:,} bytes; the published one has {size:,}")

    def _cause(self, error: Exception) -> str:
        """Why a request failed; raises `AddressError` for a reason that does not pass."""
        chain = list(_chain(error))
        system = next((link for link in reversed(chain) if getattr(link, "strerror", None)), None)
        detail = system.strerror if system else " ".join(str(chain[-1]).split())
        for kinds, words in _CAUSES.items():
            found = next((link for link in chain if isinstance(link, kinds)), None)
            if isinstance(found, ssl.SSLCertVerificationError):
                raise AddressError(f"{words} ({found.verify_message})") from error
            if found:
                return words.format(detail=detail, seconds=self._patience.connect_timeout)
        return f"could not be reached ({detail})" if system else detail

    def _num_bytes(self) -> int:
        return self.body.stat().st_size if self.body.exists() else 0

    def _forget(self) -> None:
        self.body.unlink(missing_ok=True)
        self._state.unlink(missing_ok=True)

    def _read_state(self) -> dict:
        try:
            state = json.loads(self._state.read_text())
        except (OSError, ValueError):
            return {}
        return state if isinstance(state, dict) else {}

    def _write_state(self, address: str, response: requests.Response, total: int | None) -> None:
        """Note what the part will be of; a part that belongs to something else goes first."""
        self._forget()
        tag = response.headers.get("ETag", "")
        # A weak tag cannot vouch for bytes (RFC 9110, section 13.1.5).
        validator = tag if tag.startswith('"') else response.headers.get("Last-Modified")
        state = {"address": address, "total": total, "validator": validator}
        self._state.write_text(json.dumps(state))


def _page(response: requests.Response, first: bytes) -> str | None:
    """What a web page means that came instead of a file, by its first bytes; None for no page."""
    kind = response.headers.get("Content-Type", "").lower()
    begin = first.lstrip()[:20].lower()
    if not (kind.startswith("text/html") or begin.startswith((b"<!doctype html", b"<html"))):
        return None
    text = first.decode("utf-8", errors="replace").lower().replace("\u2019", "'")
    meant = (meaning for words, meaning in _PAGES.items() if any(word in text for word in words))
    return next(meant, "sent a web page instead of the file")


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An error and those that it came from, outermost first."""
    pending, seen = [error], set()
    while pending:
        link = pending.pop(0)
        if id(link) in seen:
            continue
        seen.add(id(link))
        yield link
        below = (link.__cause__, link.__context__, getattr(link, "reason", None), *link.args)
        pending += [inner for inner in below if isinstance(inner, BaseException)]
