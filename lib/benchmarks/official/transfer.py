"""One file from one address, going on where it broke off."""

import dataclasses
import email.utils
import json
import os
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import requests

from lib.benchmarks.official.pages import explain_page, is_page
from lib.benchmarks.official.progress import progress_bar

_BODY_FILE = "body"
_STATE_FILE = "state.json"
# A break-off loses at most one chunk of what had come.
_CHUNK = 64 << 10  # bytes
# Once so many more bytes have come than ever, failures are counted anew.
_PROGRESS = 1 << 20
_PASSING = {408, 425, 429, 500, 502, 503, 504}


class AddressError(Exception):
    """An address does not give the file; the message says what it answered."""


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


class _TryAgainError(Exception):
    """A failure that may pass.

    Args:
        reason: what happened.
        asked: seconds that the server asks to wait.
    """

    def __init__(self, reason: str, asked: float = 0.0):
        super().__init__(reason)
        self.asked = asked


class Transfer:
    """Fetches a file into a folder, in which an earlier, unfinished try may have left a part.

    An instance is what pooch calls a downloader.

    Args:
        folder: where the part is kept.
        size_bytes: of the whole file, None where that is not known.
        require_space: called with the bytes that are still to come; raises where they do not fit.
        patience: how long to try.
        progress: whether to draw a bar on stderr; None for only where that is a terminal.
    """

    def __init__(
        self,
        folder: Path,
        size_bytes: int | None,
        require_space: Callable[[int], None],
        patience: Patience,
        progress: bool | None,
    ):
        self._body = folder / _BODY_FILE
        self._state = folder / _STATE_FILE
        self._size_bytes = size_bytes
        self._require_space = require_space
        self._patience = patience
        self._progress = progress

    @property
    def begun(self) -> str | None:
        """The address of which a part is there."""
        return self._read_state().get("address") if self._body.exists() else None

    def __call__(self, url: str, output_file: str, pooch: object) -> None:
        """Fetch `url` into `output_file`.

        Raises:
            AddressError: it does not give the file.
            OSError: the disk is full, or cannot be written.
        """
        failures, most = 0, self._num_bytes()
        with requests.Session() as session:
            while True:
                try:
                    self._go_on(session, url)
                    break
                except (_TryAgainError, requests.RequestException) as error:
                    come = self._num_bytes()
                    failures = 1 if come >= most + _PROGRESS else failures + 1
                    most = max(most, come)
                    if failures >= self._patience.attempts:
                        raise AddressError(f"{_words(error)}, {failures} times") from error
                    asked = getattr(error, "asked", 0.0)
                    self._patience.sleep(max(asked, self._patience.wait(failures)))
        os.replace(self._body, output_file)
        self._state.unlink(missing_ok=True)

    def _go_on(self, session: requests.Session, url: str) -> None:
        """One request, for what is still missing."""
        state = self._read_state()
        have = self._num_bytes() if state.get("address") == url else 0
        total = state.get("total")
        if have and have == total:
            return
        # Compressed on the way, lengths and ranges would be of something else.
        headers = {"Accept-Encoding": "identity"}
        if have:
            headers["Range"] = f"bytes={have}-"
            if state.get("validator"):
                headers["If-Range"] = state["validator"]
        timeout = (self._patience.connect_timeout, self._patience.read_timeout)
        with session.get(url, headers=headers, stream=True, timeout=timeout) as response:
            chunks = response.iter_content(_CHUNK)
            self._refuse(response, chunks)
            if response.status_code == 206:
                start, total = self._resumed(response, have, total)
            else:
                start, total = 0, _length(response)
            self._check_total(total)
            if start == 0:
                first = next(chunks, b"")
                if is_page(response, first):
                    raise AddressError(explain_page(first))
                self._write_state(url, response, total)
                self._body.write_bytes(first)
                start = len(first)
            self._require_space(max(0, (total or 0) - start))
            self._append(chunks, start, total)
        come = self._num_bytes()
        if come == 0:
            self._forget()
            raise AddressError("sent an empty file")
        if total is not None and come != total:
            raise _TryAgainError(f"broke off after {come:,} of {total:,} bytes")
        if self._size_bytes not in (None, come):
            self._forget()
            self._check_total(come)

    def _append(self, chunks: Iterator[bytes], start: int, total: int | None) -> None:
        with (
            progress_bar(total, "Downloading", "B", self._progress, start) as bar,
            self._body.open("ab") as file,
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
        first = next(chunks, b"")
        if is_page(response, first) and (page := explain_page(first)) and "Google" in page:
            raise AddressError(f"{reason}: {page}")
        if status not in _PASSING:
            raise AddressError(reason)
        asked = _seconds(response.headers.get("Retry-After", ""))
        if asked > self._patience.longest_asked:
            raise AddressError(f"{reason}, and asks to wait {asked:.0f} s; try again after that")
        raise _TryAgainError(reason, asked)

    def _resumed(
        self, response: requests.Response, have: int, total: int | None
    ) -> tuple[int, int | None]:
        """Where the bytes of a partial answer begin and how many there are in all.

        A server that names no version of the file could go on with another one. Then its length
        is compared here; a splice of equal length fails the hash or the archive's checksums.
        """
        match = re.fullmatch(r"bytes (\d+)-\d+/(\d+)", response.headers.get("Content-Range", ""))
        if not match or int(match[1]) != have or (total is not None and int(match[2]) != total):
            self._forget()
            raise _TryAgainError("went on with another part, or with another file")
        return have, int(match[2])

    def _check_total(self, total: int | None) -> None:
        if self._size_bytes is not None and total is not None and total != self._size_bytes:
            raise AddressError(
                f"has a file of {total:,} bytes; the published one has {self._size_bytes:,}"
            )

    def _num_bytes(self) -> int:
        return self._body.stat().st_size if self._body.exists() else 0

    def _forget(self) -> None:
        self._body.unlink(missing_ok=True)
        self._state.unlink(missing_ok=True)

    def _read_state(self) -> dict:
        try:
            state = json.loads(self._state.read_text())
        except (OSError, ValueError):
            return {}
        return state if isinstance(state, dict) else {}

    def _write_state(self, url: str, response: requests.Response, total: int | None) -> None:
        """Note what the part will be of; a part that belongs to something else goes first."""
        self._forget()
        tag = response.headers.get("ETag", "")
        # A weak tag cannot vouch for bytes (RFC 9110, section 13.1.5).
        validator = tag if tag.startswith('"') else response.headers.get("Last-Modified")
        state = {"address": url, "total": total, "validator": validator}
        self._state.write_text(json.dumps(state))


def _length(response: requests.Response) -> int | None:
    length = response.headers.get("Content-Length", "")
    return int(length) if length.isdecimal() else None


def _seconds(retry_after: str) -> float:
    """What Retry-After says, in seconds or as a date."""
    if retry_after.strip().isdecimal():
        return float(retry_after)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(retry_after).timestamp() - time.time())
    except ValueError:
        return 0.0


def _words(error: Exception) -> str:
    if isinstance(error, requests.Timeout) or "timed out" in str(error):
        return "was silent for too long"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "broke off"
    if isinstance(error, requests.ConnectionError):
        return "could not be reached, or broke off"
    return " ".join(str(error).split())
