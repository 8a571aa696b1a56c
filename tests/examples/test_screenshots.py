"""Pictures of pages: as wide as a phone, light and dark, at a place of the page."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from browser import BROWSER
from eclip.examples.screenshots import shoot
from PIL import Image

PAGE = """<!DOCTYPE html><style>
html { scroll-behavior: smooth; background: white; color-scheme: light dark }
@media (prefers-color-scheme: dark) { html { background: black } }
div { height: 3000px } p { height: 300px; background: rgb(200, 0, 0) }
</style><div></div><p id="there"></p><div></div>"""

pytestmark = pytest.mark.skipif(BROWSER is None, reason="no chromium on this machine")


@pytest.mark.parametrize(("dark", "brightness"), [(False, 255), (True, 0)])
def test_a_picture_is_as_asked_for(tmp_path: Path, dark: bool, brightness: int) -> None:
    (tmp_path / "page.html").write_text(PAGE, "utf-8")
    shoot(tmp_path / "page.html", tmp_path / "shots/p.webp", 390, 700, dark)
    with Image.open(tmp_path / "shots/p.webp") as picture:
        assert picture.size == (390, 700)
        assert abs(float(np.asarray(picture.convert("L")).mean()) - brightness) < 3


def test_a_picture_is_taken_where_it_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(PAGE, "utf-8")
    shoot(tmp_path / "page.html", tmp_path / "p.png", 600, 200, anchor="#there")
    with Image.open(tmp_path / "p.png") as picture:
        assert np.abs(np.asarray(picture.convert("RGB"))[100, 300].astype(int) - [200, 0, 0]).max() < 8
