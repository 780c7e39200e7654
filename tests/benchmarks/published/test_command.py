"""The command line, on small sets in place of the published ones."""

from contextlib import ExitStack

import pytest

from lib.benchmarks import BENCHMARKS
from lib.benchmarks.__main__ import main
from lib.benchmarks.published import data_folder, open_official
from tests.benchmarks.published import small_sets
from tests.benchmarks.published.server import Server, answer
from tests.benchmarks.published.small_sets import small


@pytest.fixture(name="put")
def _put():
    with ExitStack() as stack:

        def put(name, *addresses, **changes):
            twin = small(name, *addresses, **changes)
            stack.enter_context(small_sets.in_its_place(twin))
            return twin

        yield put


@pytest.mark.parametrize("name", BENCHMARKS)
def test_where_says_all_that_is_known_of_a_set(name, tmp_path, capsys):
    twin = BENCHMARKS[name]
    assert main(["where", name, "--data-dir", str(tmp_path)]) == 0
    output = capsys.readouterr().out
    for words in (
        *twin.published.addresses,
        f"{tmp_path / twin.published.file_name} (not there)",
        f"{tmp_path / name} (not there)",
        twin.publication.licence,
        twin.publication.citation,
        twin.publication.url,
        twin.published.known_hash or "none is known",
        f"{twin.published.about_bytes:,} bytes",
        f"{twin.grid.num_images * 64 * 64 * twin.channels:,} bytes",
    ):
        assert words in output
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_one_has_is_converted_verified_and_found(put, tmp_path, capsys):
    twin = put("falcor3d")
    path = small_sets.write(twin, tmp_path / "mine.zip")
    data = ["--data-dir", str(tmp_path / "data")]
    assert main(["fetch", "falcor3d", "--file", str(path), *data]) == 0
    assert f"48 images at {tmp_path / 'data' / 'falcor3d'}" in capsys.readouterr().out
    assert main(["verify", "falcor3d", *data]) == 0
    assert "48 images of shape (64, 64, 3) are as they were written" in capsys.readouterr().out
    assert main(["where", "falcor3d", *data]) == 0
    assert f"{tmp_path / 'data' / 'falcor3d'} (there)" in capsys.readouterr().out
    assert len(open_official("falcor3d", tmp_path / "data").images) == 48


def test_a_set_is_downloaded_into_the_folder_that_the_environment_names(
    put, tmp_path, capsys, monkeypatch
):
    monkeypatch.setenv("BENCHMARK_DATA_DIR", str(tmp_path / "data"))
    body = small_sets.write(small("shapes3d"), tmp_path / "file").read_bytes()
    with Server(body) as server:
        put("shapes3d", server.address)
        assert main(["fetch", "shapes3d"]) == 0
    assert "3dshapes.h5 is no longer needed, except to verify it" in capsys.readouterr().out
    assert main(["verify", "shapes3d"]) == 0


def test_errors_are_one_line_and_status_1(put, tmp_path, capsys):
    data = ["--data-dir", str(tmp_path / "data")]
    with Server(b"", answer(404)) as server:
        put("mpi3d", server.address)
        assert main(["fetch", "mpi3d", *data]) == 1
    errors = capsys.readouterr().err.splitlines()
    assert errors[-1].startswith("error: No address gave real3d_complicated_shapes_ordered.npz: ")
    assert "answered 404 Not Found" in errors[-1]
    for arguments, message in (
        (["verify", "mpi3d", *data], "is not there; expected converted images"),
        (["fetch", "mpi3d", "--file", str(tmp_path / "no.npz"), *data], "no.npz is not a file"),
        (["fetch", "mpi3d", "--file", str(tmp_path), *data], "is not a file"),
        (["where", "shapes2d"], "name='shapes2d' is unknown; expected one of shapes3d, mpi3d"),
    ):
        assert main(arguments) == 1
        output, error = capsys.readouterr()
        assert output == ""
        assert error.startswith("error: ")
        assert message in error
        assert error.count("\n") == 1


def test_an_interruption_is_no_traceback(put, tmp_path, capsys, monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("lib.benchmarks.__main__.fetch", interrupt)
    assert main(["fetch", "mpi3d", "--data-dir", str(tmp_path)]) == 130
    assert capsys.readouterr().err == "Interrupted; the same command goes on from here.\n"


def test_the_data_folder_is_what_is_given_or_what_the_environment_says(monkeypatch, tmp_path):
    monkeypatch.setenv("BENCHMARK_DATA_DIR", str(tmp_path))
    assert data_folder() == data_folder("") == tmp_path
    assert data_folder(str(tmp_path / "other")) == tmp_path / "other"
    monkeypatch.delenv("BENCHMARK_DATA_DIR")
    assert data_folder().name == "latent-quantization-book"
