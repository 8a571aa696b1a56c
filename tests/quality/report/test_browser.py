"""The page in a browser: it renders, fits a phone, and asks for nothing."""

from __future__ import annotations

import html
import re
from pathlib import Path

import numpy as np
import pytest
from browser import BROWSER, browse, said
from eclip.quality.report.data import ReportData
from eclip.quality.report.page import render
from PIL import Image

PHONE = 400  # pixels
# A window may not be as narrow as a phone; a frame may, and the page in it stays as it is, its policy included.
FRAME = """<!DOCTYPE html><title>not measured</title>
<iframe srcdoc="{page}" style="width:{width}px;height:900px;border:0"></iframe>
<script>
document.querySelector("iframe").onload = function () {{
  const inside = this.contentDocument, width = inside.documentElement.scrollWidth;
  const wide = [...inside.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > {width} + 1 &&
    !e.closest(".scroll, pre")).map(e => e.tagName + "." + e.className);
  document.title = "width " + width + " " + [...new Set(wide)].slice(0, 5).join(" ");
}};
</script>"""

pytestmark = pytest.mark.skipif(
    BROWSER is None, reason="no chromium on this machine: the page is not opened in a browser"
)


@pytest.fixture
def page(data: ReportData, tmp_path: Path) -> Path:
    place = tmp_path / "index.html"
    place.write_text(render(data), "utf-8")
    return place


def test_the_page_renders_and_asks_nothing_of_the_network(page: Path) -> None:
    done = browse(page, "--dump-dom")
    assert said(done) == []
    assert "1,412 came out as trusted listings" in done.stdout
    assert done.stdout.count("<section") == page.read_text("utf-8").count("<section")
    assert not re.search(r"(?:src|href|srcset|poster)=\"?\s*(?:https?:)?//", done.stdout)


def test_a_page_that_asks_for_something_would_be_seen(page: Path) -> None:
    page.write_text(page.read_text("utf-8").replace("</main>", '<img src="https://example.org/x.png"></main>'), "utf-8")
    assert said(browse(page, "--dump-dom"))


def test_there_is_something_to_see(page: Path, tmp_path: Path) -> None:
    shot = tmp_path / "page.png"
    browse(page, f"--screenshot={shot}", "--window-size=1200,1600")
    with Image.open(shot) as picture:
        assert picture.size == (1200, 1600)
        seen = np.asarray(picture.convert("RGB"))
    assert len(np.unique(seen.reshape(-1, 3), axis=0)) > 50
    paper = seen[5, 5]
    assert 0.02 < (np.abs(seen.astype(int) - paper).max(axis=2) > 40).mean() < 0.6


def test_the_page_is_no_wider_than_a_phone(page: Path) -> None:
    framed = page.with_name("phone.html")
    framed.write_text(FRAME.format(page=html.escape(page.read_text("utf-8")), width=PHONE), "utf-8")
    found = re.search(r"<title>width (\d+) (.*?)</title>", browse(framed, "--dump-dom").stdout)
    assert found, "the frame did not load"
    assert int(found[1]) <= PHONE, f"{found[1]} pixels wide because of {found[2]}"
