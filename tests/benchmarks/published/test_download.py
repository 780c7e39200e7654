"""Downloads from a server that misbehaves in every way that servers do."""

import email.utils
import hashlib
import re
import shutil
import socket
import ssl
import time
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

from lib.benchmarks.published import OfficialFileError, fetch
from lib.benchmarks.published import transfer as transfers
from lib.benchmarks.published.transfer import Patience
from tests.benchmarks.published import small_sets
from tests.benchmarks.published.server import (
    Server,
    answer,
    break_off,
    from_the_start,
    go_on_at,
    stall,
)

QUOTA_PAGE = (
    b"<!DOCTYPE html><html><head><title>Google Drive - Quota exceeded</title></head><body>"
    b"Too many users have viewed or downloaded this file recently.</body></html>"
)
HALF = 300_000  # of the 590 kB of MPI3D's small file, in the middle of no chunk


@pytest.fixture(name="body")
def _body(tmp_path):
    path = small_sets.write(small_sets.small("mpi3d"), tmp_path / "published.npz")
    return path.read_bytes()


@pytest.fixture(name="waits")
def _waits():
    return []


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture(name="get")
def _get(tmp_path, waits):
    """Fetch MPI3D's small set from addresses, without waiting between attempts."""

    def get(*servers, read_timeout=5.0, connect_timeout=5.0, **changes):
        addresses = (getattr(server, "address", server) for server in servers)
        twin = small_sets.small("mpi3d", *addresses, **changes)
        patience = Patience(
            attempts=4,
            connect_timeout=connect_timeout,
            read_timeout=read_timeout,
            sleep=waits.append,
        )
        return fetch(twin, tmp_path / "data", patience=patience)

    return get


def _is_right(opened):
    np.testing.assert_array_equal(opened.images, small_sets.expected(opened.twin))
    return True


@pytest.mark.parametrize("name", ["shapes3d", "mpi3d", "dsprites"])
def test_a_set_is_downloaded_and_converted(name, tmp_path):
    path = small_sets.write(small_sets.small(name), tmp_path / "published.npz")
    with Server(path.read_bytes()) as server:
        twin = small_sets.small(name, server.address)
        assert _is_right(fetch(twin, tmp_path / "data"))
        assert small_sets.left(tmp_path / "data") == sorted([twin.published.file_name, name])
        assert _is_right(fetch(twin, tmp_path / "data"))
        assert len(server.requests) == 1


def test_a_download_that_breaks_off_goes_on_from_there(get, body, waits):
    with Server(body, break_off(HALF), break_off(100_000)) as server:
        assert _is_right(get(server))
    starts = [int(wanted.removeprefix("bytes=")[:-1]) for wanted in server.ranges[1:]]
    # What had come, but for at most one chunk that was under way.
    assert HALF - 65536 <= starts[0] <= HALF
    assert starts[0] + 100_000 - 65536 <= starts[1] <= starts[0] + 100_000
    assert [headers["If-Range"] for headers in server.requests[1:]] == ['"one"', '"one"']
    assert waits == [1, 2]


def test_a_file_that_changes_between_the_parts_is_not_spliced(get, body):
    def change(handler, _):
        break_off(HALF)(handler, bytes(len(body)))
        server.etag = '"two"'

    with Server(body, change) as server:
        assert _is_right(get(server))
    assert len(server.requests) == 2


def test_another_length_without_a_version_is_not_spliced(get, body):
    def change(handler, _):
        break_off(HALF)(handler, bytes(len(body) + 7))

    with Server(body, change, etag=None) as server:
        assert _is_right(get(server))
    assert [wanted is None for wanted in server.ranges] == [True, False, True]


def test_a_splice_of_the_same_length_without_a_version_is_found_out(get, body, tmp_path):
    def change(handler, _):
        break_off(HALF)(handler, bytes([255]) * len(body))

    with (
        Server(body, change, etag=None) as server,
        pytest.raises(OfficialFileError, match=r"damaged|another kind"),
    ):
        get(server)
    assert "mpi3d" not in small_sets.left(tmp_path / "data")


def test_an_answer_that_goes_on_elsewhere_is_thrown_away(get, body):
    with Server(body, break_off(HALF), go_on_at(1000)) as server:
        assert _is_right(get(server))
    assert [wanted is None for wanted in server.ranges] == [True, False, True]


def test_a_server_that_cannot_go_on_is_read_from_the_start(get, body):
    with Server(body, break_off(HALF), from_the_start(HALF + 9), from_the_start()) as server:
        assert _is_right(get(server))
    assert None not in server.ranges[1:]


def test_a_part_of_a_file_that_is_shorter_now_is_thrown_away(get, body):
    def longer(handler, _):
        break_off(len(body) + 100)(handler, bytes(len(body) + 70_000))

    with Server(body, longer, etag=None) as server:
        assert _is_right(get(server))


def test_a_later_call_goes_on_where_an_earlier_one_gave_up(get, body, tmp_path):
    with Server(body, break_off(HALF), *[answer(500)] * 3) as server, Server(body) as other:
        with pytest.raises(OfficialFileError, match="answered 500"):
            get(server)
        # A part of an address is of use there alone, so that address comes first.
        assert _is_right(get(other, server))
        assert other.requests == []
        assert server.ranges[-1] is not None
    left = small_sets.left(tmp_path / "data")
    assert "real3d_complicated_shapes_ordered.npz.unfinished" not in left


def test_the_next_address_is_tried_and_all_are_named_with_their_answers(get, body, tmp_path):
    with Server(body, answer(404)) as gone, Server(body) as good:
        assert _is_right(get(gone, good))
    assert len(gone.requests) == 1
    (tmp_path / "data").rename(tmp_path / "earlier")
    with (
        Server(body, answer(404)) as gone,
        Server(body, *[answer(503)] * 4) as busy,
        pytest.raises(OfficialFileError) as caught,
    ):
        get(gone, busy)
    for words in (
        f"{gone.address}: answered 404 Not Found",
        f"{busy.address}: answered 503 Service Unavailable, 4 times",
        "--file PATH",
        str(tmp_path / "data" / "real3d_complicated_shapes_ordered.npz"),
    ):
        assert words in str(caught.value)
    assert small_sets.left(tmp_path / "data") == []


def test_a_busy_server_is_waited_for_as_it_asks(get, body, waits):
    later = email.utils.formatdate(time.time() + 40, usegmt=True)
    busy = [answer(429, Retry_After="7"), answer(429, Retry_After=later)]
    with Server(body, *busy) as server:
        assert _is_right(get(server))
    assert waits[0] == 7
    assert 30 < waits[1] <= 40


def test_a_server_that_asks_to_wait_for_hours_is_given_up(get, body, waits):
    with (
        Server(body, answer(429, Retry_After="7200")) as server,
        pytest.raises(OfficialFileError, match=r"answered 429 .* asks to wait 7200 s"),
    ):
        get(server)
    assert waits == []


def test_waits_double_until_the_address_is_given_up(get, body, waits):
    with Server(body, answer(500), answer(500)) as server:
        assert _is_right(get(server))
    assert waits == [1, 2]
    assert [Patience(longest_wait=10).wait(failures) for failures in range(1, 7)] == [
        *(1, 2, 4, 8, 10, 10)
    ]


def test_failures_are_counted_anew_while_much_still_comes(get, body, monkeypatch):
    monkeypatch.setattr(transfers, "_PROGRESS", 50_000)
    # Five breaks are more than four attempts, but each comes after another 70 kB or more.
    with Server(body, *[break_off(100_000)] * 5) as server:
        assert _is_right(get(server))
    assert len(server.requests) == 6


def test_a_server_that_falls_silent_is_asked_again(get, body, tmp_path):
    with Server(body, stall(HALF), stall(0)) as server:
        assert _is_right(get(server, read_timeout=0.2))
    assert server.ranges[1] is not None
    (tmp_path / "data").rename(tmp_path / "earlier")
    with (
        Server(body, *[stall(0)] * 4) as server,
        pytest.raises(OfficialFileError, match=r"silent for too long, 4 times"),
    ):
        get(server, read_timeout=0.1)


@pytest.fixture(name="closed")
def _closed():
    """A port of this machine on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    return f"127.0.0.1:{port}"


def _cause(get, address, **options):
    with pytest.raises(OfficialFileError) as caught:
        get(address, **options)
    return re.search(f"{re.escape(address)}: (.*?)\\. Try again later", str(caught.value))[1]


def test_a_port_on_which_nothing_listens_is_said(get, closed, waits):
    assert _cause(get, f"http://{closed}/file") == (
        "could not be reached, since nothing listens there (Connection refused), 4 times"
    )
    assert waits == [1, 2, 4]


def test_a_host_that_is_not_known_is_said(get, monkeypatch):
    def unknown(*_, **__):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert _cause(get, "http://nowhere.invalid/file") == (
        "has a host whose name is not known (Name or service not known), 4 times"
    )


def test_a_proxy_that_does_not_answer_is_said(get, closed, monkeypatch):
    monkeypatch.setenv("http_proxy", f"http://user:secret@{closed}")
    cause = _cause(get, "http://published.example/file")
    assert cause == (
        "could not be reached through the proxy that the environment sets (Connection refused), "
        "4 times"
    )


def test_a_host_that_does_not_answer_in_time_is_said(get):
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener, ExitStack() as waiting:
        place = listener.getsockname()
        # Nobody accepts: the first connection fills the queue, and later ones wait.
        for _ in range(2):
            client = waiting.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(place)
        cause = _cause(get, f"http://127.0.0.1:{place[1]}/file", connect_timeout=0.1)
    assert cause == "could not be reached within 0.1 s, 4 times"


def test_a_connection_that_is_cut_before_an_answer_is_said(get, body):
    with Server(body, *[lambda *_: None] * 4) as server:
        assert _cause(get, server.address) == "broke off, 4 times"
        assert len(server.requests) == 4


def test_a_certificate_that_is_not_trusted_is_said_and_not_tried_again(get, body, waits):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(Path(__file__).with_name("self_signed.pem"))
    with Server(body, tls=context) as server:
        cause = _cause(get, server.address)
        assert server.requests == []
    assert re.fullmatch(r"has a certificate that is not trusted \(self.signed certificate\)", cause)
    assert waits == []


def test_a_server_that_speaks_without_encryption_is_said(get, body):
    with Server(body) as server:
        cause = _cause(get, server.address.replace("http:", "https:"))
    assert cause.startswith("could not be reached over an encrypted connection (")
    assert cause.endswith(", 4 times")


def test_a_wrong_length_is_not_taken_for_the_file(get, body, tmp_path):
    with Server(body, *[from_the_start(extra=99)] * 4) as long, Server(body) as good:
        assert _is_right(get(long, good))
    (tmp_path / "data").rename(tmp_path / "earlier")
    with (
        Server(body, from_the_start(extra=-99)) as short,
        pytest.raises(OfficialFileError, match=r"damaged|another kind"),
    ):
        get(short)
    assert small_sets.left(tmp_path / "data") == []
    with (
        Server(body) as server,
        pytest.raises(OfficialFileError, match=f"{len(body):,} bytes; the published one has"),
    ):
        get(server, size_bytes=len(body) + 1)
    assert small_sets.left(tmp_path / "data") == []


def test_a_wrong_hash_is_removed_and_the_next_address_tried(get, body, tmp_path):
    wrong = bytes([*body[:-1], body[-1] ^ 1])
    known = f"sha256:{hashlib.sha256(body).hexdigest()}"
    with Server(wrong) as bad, Server(body) as good:
        assert _is_right(get(bad, good, known_hash=known))
        assert (tmp_path / "data" / "real3d_complicated_shapes_ordered.npz").read_bytes() == body
    (tmp_path / "data").rename(tmp_path / "earlier")
    with (
        Server(wrong) as bad,
        pytest.raises(OfficialFileError, match=r"what came has sha256 .* published"),
    ):
        get(bad, known_hash=known)
    assert small_sets.left(tmp_path / "data") == []


@pytest.mark.parametrize(
    ("page", "message"),
    [
        (answer(200, QUOTA_PAGE, Content_Type="text/html"), "quota for this file is used up"),
        (answer(429, QUOTA_PAGE, Content_Type="text/html"), "429 .*quota for this file is used up"),
        (answer(200, QUOTA_PAGE), "quota for this file is used up"),
        (
            answer(200, b"<html>Google Drive can't scan this file for viruses.</html>"),
            "asks to confirm the download",
        ),
        (answer(200, b"<html><a href='https://accounts.google.com/'>", Content_Type="text/html"),
         "asks to sign in"),
        (answer(200, b"Hello.", Content_Type="text/html; charset=utf-8"), "sent a web page"),
        (answer(200, b""), "sent an empty file"),
        (answer(200, b"x" * 5000), "another kind of file"),
        (answer(200, b"x", Content_Encoding="gzip"), "sent it compressed"),
    ],
)  # fmt: skip
def test_what_is_not_the_file_is_recognised(page, message, get, body, tmp_path):
    with Server(body, page) as server, pytest.raises(OfficialFileError, match=message) as caught:
        get(server)
    assert "--file PATH" in str(caught.value)
    assert f"{server.address}: " in str(caught.value)
    assert len(server.requests) == 1
    assert small_sets.left(tmp_path / "data") == []


def test_another_file_is_removed_before_the_next_address_is_tried(get, body):
    with Server(b"x" * 5000) as other, Server(body) as good:
        assert _is_right(get(other, good))


def test_a_page_in_between_does_not_cost_what_has_come(get, body):
    with Server(body, break_off(HALF), answer(200, QUOTA_PAGE)) as server:
        with pytest.raises(OfficialFileError, match="quota"):
            get(server)
        assert _is_right(get(server))
    assert server.ranges[-1] is not None


def test_a_file_of_another_size_elsewhere_does_not_cost_what_has_come(get, body):
    with (
        Server(body, break_off(HALF), *[answer(500)] * 7) as server,
        Server(body + b"more") as other,
    ):
        for servers in ((server,), (server, other)):
            with pytest.raises(OfficialFileError, match="answered 500"):
                get(*servers, size_bytes=len(body))
        assert len(other.requests) == 1
        assert _is_right(get(server, size_bytes=len(body)))
    assert server.ranges[-1] is not None


def test_a_download_that_does_not_fit_is_refused_before_it_begins(get, body, monkeypatch):
    usage = shutil.disk_usage(".")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=len(body)))
    with Server(body) as server:
        with pytest.raises(OSError, match=r"downloading real3d.* needs .* are free; make room"):
            get(server)
        assert len(server.requests) == 1
        monkeypatch.undo()
        assert _is_right(get(server))


def test_a_file_of_ones_own_is_taken_and_left_where_it_is(tmp_path):
    twin = small_sets.small("shapes3d")
    path = small_sets.write(twin, tmp_path / "mine.h5")
    assert _is_right(fetch(twin, tmp_path / "data", file=path))
    assert path.is_file()
    assert small_sets.left(tmp_path / "data") == ["shapes3d"]
    with pytest.raises(FileNotFoundError, match=r"nowhere\.h5 is not a file; expected 3dshapes"):
        fetch(twin, tmp_path / "other", file=tmp_path / "nowhere.h5")


def test_a_file_of_ones_own_with_another_hash_or_size_is_refused(tmp_path):
    twin = small_sets.small("shapes3d", known_hash=f"md5:{'0' * 32}")
    path = small_sets.write(twin, tmp_path / "mine.h5")
    with pytest.raises(OfficialFileError, match=r"has md5 .*; the published 3dshapes\.h5 has 000"):
        fetch(twin, tmp_path / "data", file=path)
    twin = small_sets.small("shapes3d", size_bytes=5)
    with pytest.raises(OfficialFileError, match=r"the published 3dshapes\.h5 has 5"):
        fetch(twin, tmp_path / "data", file=path)
    assert small_sets.left(tmp_path / "data") == []
