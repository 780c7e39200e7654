"""The static look at a site finds each fault that is planted, and nothing on a sound one."""

import pytest

from tools.static_check import check_site

SOUND = """<html><head><link rel="stylesheet" href="_static/style.css?v=1">
<link rel="canonical" href="https://example.org/index.html"></head>
<body><h1 id="top-heading">Title</h1><img src="data:image/png;base64,AA==" alt="dot">
<a href="other.html#part">other</a> <a href="https://example.org">outside</a> <a href="#">up</a>
%s</body></html>"""


@pytest.fixture
def site(tmp_path):
    (tmp_path / "_static").mkdir()
    (tmp_path / "_static" / "style.css").write_text("p { color: #123456 }")
    (tmp_path / "index.html").write_text(SOUND % "")
    (tmp_path / "other.html").write_text("<html><body><h1 id='part'>Other</h1></body></html>")
    return tmp_path


def test_a_sound_site_has_no_problem(site):
    assert check_site(site, ["index", "other"]) == []


@pytest.mark.parametrize(
    ("planted", "expected"),
    [
        ('<script src="https://cdn.example.org/x.js"></script>', "from another host"),
        ('<script src="//cdn.example.org/x.js"></script>', "from another host"),
        ('<link rel="stylesheet" href="https://fonts.example.org/f.css">', "from another host"),
        ('<iframe src="https://example.org"></iframe>', "from another host"),
        ('<img src="missing.png" alt="">', "needs missing.png"),
        ('<a href="missing.html">x</a>', "links to missing.html"),
        ('<a href="other.html#nowhere">x</a>', "no such anchor"),
        ('<a href="#nowhere">x</a>', "no such anchor"),
    ],
)
def test_each_planted_fault_is_found(site, planted, expected):
    (site / "index.html").write_text(SOUND % planted)
    problems = check_site(site, ["index", "other"])
    assert len(problems) == 1
    assert problems[0].startswith("index.html: ")
    assert expected in problems[0]


def test_a_style_sheet_that_loads_from_another_host_is_found(site):
    (site / "_static" / "style.css").write_text("@import url(https://fonts.example.org/f.css);")
    assert check_site(site, ["index"]) == ["_static/style.css: loads something from another host"]


def test_a_page_and_shared_files_that_are_too_large_are_found(site):
    (site / "index.html").write_text(SOUND % (" " * 1_600_000))
    (site / "_static" / "part.js").write_bytes(bytes(2_000_000))
    assert len(check_site(site, ["index"])) == 1
    (site / "_static" / "other.js").write_bytes(bytes(1_000_000))
    assert check_site(site, ["index"]) == [
        "index.html: 1.60 MB, and at most 1.5 are for a reader to load",
        "_static: 3.00 MB, and at most 2.5 are for a reader to load",
    ]


def test_missing_and_empty_pages_are_found(site):
    (site / "other.html").write_text("<html><body></body></html>")
    problems = check_site(site, ["index", "other", "third"])
    assert "third.html: the page is missing" in problems
    assert "other.html: the page has no heading" in problems


def test_links_to_pages_left_out_are_no_fault_of_a_part_of_the_book(site):
    (site / "other.html").unlink()
    assert check_site(site, ["index"], is_complete=False) == []
    assert len(check_site(site, ["index"])) == 1
