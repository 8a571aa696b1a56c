"""The review page: inert whatever sellers write, and answered by keys in a real browser."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import pytest
from browser import BROWSER, Outline, browse, said
from eclip.quality.report.labels import Stratum, judge, read_labels
from eclip.quality.report.review import Case, Side, render

HOSTILE = (
    "</script><script>document.title='owned'</script>\u202egnp \x00\"'><img src=x onerror=alert(2)>=cmd()"
    + "A" * 1_000_000
)
# The page in a frame is driven by keys, as a person does; what it saves is caught on its way to the disk.
DRIVER = """<!DOCTYPE html><title>not driven</title>
<iframe srcdoc="{page}" style="width:1000px;height:800px;border:0"></iframe>
<script>
const frame = document.querySelector("iframe");
frame.onload = async function () {{
  const inside = frame.contentWindow, page = frame.contentDocument;
  let saved = null;
  inside.URL.createObjectURL = blob => {{ saved = blob; return "blob:none"; }};
  inside.HTMLAnchorElement.prototype.click = function () {{}};
  for (const key of {keys}) page.dispatchEvent(new KeyboardEvent("keydown", {{key, bubbles: true}}));
  const text = saved === null ? "nothing" : await saved.text();
  const shown = page.querySelector(".case:not([hidden]) .id");
  const seen = {{saved: text, done: page.getElementById("done").textContent, shown: shown && shown.textContent,
    tally: page.getElementById("tally").textContent, kept: Object.keys(inside.localStorage || {{}}).length}};
  document.body.insertAdjacentHTML("beforeend", "<pre id=seen></pre>");
  document.getElementById("seen").textContent = JSON.stringify(seen);
  document.title = "driven";
}};
</script>"""


def case(number: int, **more: object) -> Case:
    left, right = (Side(id=f"{side}{number}", title=f"Mug {number}") for side in "ab")
    values = {"key": f"k{number}", "rule": "text", "band": "0.6 to 0.7", "score": 0.65, "left": left, "right": right}
    return Case.model_validate({**values, **more})


@pytest.fixture
def page() -> str:
    bad = Side(id=HOSTILE[:500], title=HOSTILE, facts=[HOSTILE])
    cases = [case(0), case(1), case(2), case(3, rule="</script>", why=HOSTILE[:300], left=bad, right=None, score=None)]
    strata = [
        Stratum(rule="text", band="0.6 to 0.7", rows=300, drawn=3),
        Stratum(rule="</script>", band="", rows=1, drawn=1),
    ]
    photos = {"a0": "data:image/jpeg;base64,AAAA", "b0": "https://example.org/x.jpg"}
    return render("duplicates", cases, strata, photos, name=HOSTILE[:300], run="/runs/demo", attempt="a1")


def test_hostile_texts_are_inert(page: str) -> None:
    outline = Outline(page)
    assert outline.tags.count("script") == 1  # the page's own
    assert not [name for name, _ in outline.attributes if name.startswith("on")]
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00]", page)
    assert "example.org" not in page
    assert len(page) < 100_000


def test_only_the_pages_own_script_may_run(page: str) -> None:
    policy = html.unescape(re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1])
    assert policy.startswith("default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-")
    assert "unsafe-inline" not in policy.partition("script-src")[2]


def test_nothing_to_review_is_a_page_too() -> None:
    assert "There is nothing of this kind in the run." in render("noise", [], [], {})


needs_a_browser = pytest.mark.skipif(BROWSER is None, reason="no chromium on this machine")


def drive(page: str, folder: Path, *keys: str) -> dict[str, str]:
    driver = folder / "driver.html"
    driver.write_text(DRIVER.format(page=html.escape(page), keys=json.dumps(keys)), "utf-8")
    done = browse(driver, "--dump-dom")
    assert said(done) == []
    assert "<title>driven</title>" in done.stdout, done.stdout[-2000:]
    found: dict[str, str] = json.loads(html.unescape(re.search(r'<pre id="seen">(.*?)</pre>', done.stdout, re.S)[1]))
    return found


@needs_a_browser
def test_keys_answer_undo_and_save(page: str, tmp_path: Path) -> None:
    seen = drive(page, tmp_path, "y", "n", "u", "?", "y", "s")
    found = read_labels(seen["saved"], "saved")
    assert [(label.case, label.answer) for label in found.labels] == [("k0", "y"), ("k1", "?"), ("k2", "y")]
    assert [s.rows for s in found.strata] == [300, 1]
    assert json.loads(seen["saved"])["labels"][0]["ids"] == ["a0", "b0"]
    assert (seen["done"], seen["tally"]) == ("3", "2 yes, 0 no, 1 unsure")
    assert judge(found).metrics["review_duplicates_precision"] == 1.0


@needs_a_browser
def test_keys_that_mean_nothing_answer_nothing_and_the_end_is_no_case(page: str, tmp_path: Path) -> None:
    assert drive(page, tmp_path, "x", "Enter", "s")["done"] == "0"
    assert drive(page, tmp_path, "y", "y", "y", "n", "n", "n", "s")["done"] == "4"


@needs_a_browser
def test_no_script_of_the_data_runs_and_nothing_is_asked_of_the_network(page: str, tmp_path: Path) -> None:
    place = tmp_path / "review.html"
    place.write_text(page, "utf-8")
    done = browse(place, "--dump-dom")
    assert said(done) == []
    assert "<title>Review: duplicates</title>" in done.stdout
    assert 'id="c0"' in done.stdout
