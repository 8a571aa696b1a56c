import json
import re

import pytest
from browser import Outline
from eclip.quality.report.data import ReportData
from eclip.quality.report.page import render


@pytest.fixture
def page(data):
    return render(data)


def test_is_one_well_formed_page_with_every_section(page):
    outline = Outline(page)
    ids = {value for name, value in outline.attributes if name == "id"}
    assert {
        "funnel",
        "gates",
        "cleaning",
        "rejected",
        "duplicates",
        "model",
        "heads",
        "predictions",
        "run",
    } <= ids
    targets = {value[1:] for name, value in outline.attributes if name == "href"}
    assert targets <= ids


def test_asks_nothing_of_the_network(page):
    outline = Outline(page)
    for name, value in outline.attributes:
        if name in ("src", "href", "action", "srcset", "data", "poster"):
            assert value.startswith(("data:image/", "#")), (name, value)
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)[1]
    assert "url(" not in style
    assert "@import" not in style
    assert "link" not in outline.tags
    assert "default-src 'none'" in page


def test_hostile_texts_are_inert(page):
    outline = Outline(page)
    assert not {"script", "iframe", "object", "svg:script"} & set(outline.tags)
    assert not [name for name, _ in outline.attributes if name.startswith("on")]
    assert "alert(1)" in " ".join(outline.texts)  # shown, not run
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00]", page)
    assert "‹U+202E›" in page


def test_long_texts_are_cut(page):
    assert "A" * 310 not in re.sub(r"data:[^\"]*", "", page)
    assert len(page) < 200_000


def test_every_text_of_a_seller_is_isolated(page):
    for found in re.finditer(re.escape("&lt;script&gt;"), page):
        before = page[: found.start()]
        assert before.rfind("<bdi>") > before.rfind("</bdi>")


def test_pictures_are_embedded_or_left_out(page):
    assert 'src="data:image/jpeg;base64,AAAA"' in page
    assert "example.org/x.jpg" not in page


def test_equal_data_give_an_equal_page(data):
    assert render(data) == render(data.model_copy(deep=True))


def test_reads_what_report_json_holds(data):
    record = json.loads(data.model_dump_json(exclude={"photos"}), parse_constant=pytest.fail)
    page = render(record)
    assert "1,412 came out as trusted listings" in page
    assert "<img" not in page


def test_nothing_run_is_a_page_too():
    for empty in (ReportData(), {}):
        page = render(empty)
        Outline(page)
        assert "Nothing has been published" in page


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_a_run_may_end_after_any_stage(data, number):
    page = render(data.model_copy(update={"stages": data.stages[:number]}))
    Outline(page)
    assert f"{data.stages[number - 1].rows['listings']:,} " in page


def test_many_attributes_do_not_swamp_the_page(data):
    task = data.predictions.tasks[0]
    tasks = [task.model_copy(update={"task": f"a{n}", "labels": {"red": 9}}) for n in range(50)]
    page = render(data.model_copy(update={"predictions": data.predictions.model_copy(update={"tasks": tasks})}))
    assert page.count("Most frequent: ") == 9
    assert "a49" in page


def test_sums_are_shown_as_they_are(page):
    text = " ".join(" ".join(Outline(page).texts).split())
    for sentence in (
        "2,000 records went in; 1,412 came out as trusted listings",
        "2,000 = 1,990 + 10",
        "1,990 = 1,500 + 400 + 90",
        "1,500 = 1,412 + 88",
        "400 rows, 20.1% of what came into filter",
        "The photo’s shorter side is under 64 pixels.",
        "The cells dropped 88 rows together, all that were dropped",
        "7 links were written between listings that stay: 5 by photo and title and 2 by GTIN",
    ):
        assert sentence in text


def test_secrets_of_a_configuration_are_not_shown(page):
    assert "hunter2" not in page
    assert "abc" not in re.search(r"token=[^\s<]*", page)[0]
    assert "example.org/x.csv" in page
