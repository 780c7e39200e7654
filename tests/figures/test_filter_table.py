"""The table that a page sorts and filters: whole without its script, and by the script in order."""

import re

import pytest

from lib.figures import Cell, filter_table

ROWS = [
    [Cell("QLAE", "QLAE"), Cell("0.9 ± 0.1", 0.9)],
    [Cell("AE", "AE"), Cell("undefined")],
    [Cell("a <b>", "a <b>"), Cell("10.0", 10.0)],
    [Cell("AE", "AE"), Cell("-2.0", -2.0)],
]


def made(rows=ROWS) -> str:
    return filter_table(["model", "InfoM"], rows, filters=["model"], title="Scores")


def test_without_its_script_every_row_is_there_as_text():
    text = re.sub(r"<(script|style)>.*?</\1>", "", made(), flags=re.DOTALL)
    assert re.findall(r"<td.*?>(.*?)</td>", text) == [
        *("QLAE", "0.9 ± 0.1", "AE", "undefined", "a &lt;b&gt;", "10.0", "AE", "-2.0")
    ]
    assert "hidden" not in text
    assert '<div role="region" tabindex="0" aria-label="Scores">' in text
    wide = made([[Cell("make it", span=2, is_code=True)]])
    assert '<td colspan="2"><code>make it</code></td>' in wide


def test_a_row_of_another_width_is_refused():
    with pytest.raises(ValueError, match="rows must take 2 columns, as many as headings; got 3 in"):
        made([[Cell("QLAE", span=3)]])


@pytest.mark.site
def test_the_keyboard_sorts_and_a_list_filters(opened):
    page = opened(f"<p>before</p>{made()}", viewport={"width": 375, "height": 600})

    def shown() -> list[str]:
        return page.locator("tbody tr:visible td:nth-child(2)").all_inner_texts()

    second = page.locator("thead th").nth(1)
    second.locator("button").focus()
    page.keyboard.press("Enter")
    assert second.get_attribute("aria-sort") == "ascending"
    assert shown() == ["-2.0", "0.9 ± 0.1", "10.0", "undefined"]
    page.keyboard.press("Enter")
    assert second.get_attribute("aria-sort") == "descending"
    assert shown() == ["10.0", "0.9 ± 0.1", "-2.0", "undefined"]
    page.locator("thead button").first.click()
    assert page.locator("thead [aria-sort]").count() == 1
    assert page.locator("tbody td:first-child").all_inner_texts() == [
        "a <b>",
        "AE",
        "AE",
        "QLAE",
    ]
    page.get_by_label("model").select_option("AE")
    assert sorted(shown()) == ["-2.0", "undefined"]
    assert page.get_by_role("status").inner_text() == "2 of 4 rows"
    page.get_by_label("model").select_option("")
    assert len(shown()) == 4
    assert not page.locator(".cue").is_visible()  # two columns fit
    page.locator("table").evaluate("table => table.style.width = '900px'")
    page.locator(".cue").wait_for(state="visible", timeout=2_000)


@pytest.mark.site
def test_a_column_behind_a_cell_over_several_is_sorted_and_filtered_by_its_own_values(opened):
    rows = [
        [Cell("c"), Cell("0.5", 0.5), Cell("2", 2), Cell("main", "main")],
        [Cell("b"), Cell("make it", span=2), Cell("family", "family")],
        [Cell("a"), Cell("0.1", 0.1), Cell("1", 1), Cell("main", "main")],
    ]
    table = filter_table(["name", "x", "y", "study"], rows, filters=["study"], title="Scores")
    page = opened(table)

    def names() -> list[str]:
        return page.locator("tbody tr:visible td:first-child").all_inner_texts()

    page.locator("thead button").nth(2).click()
    assert names() == ["a", "c", "b"]
    page.locator("thead button").nth(3).click()
    assert names() == ["b", "a", "c"]
    page.get_by_label("study").select_option("family")
    assert names() == ["b"]
