import base64
import io

import pytest
from eclip.quality.report import charts, words
from eclip.quality.report.meanings import meaning
from eclip.quality.report.thumbnail import thumbnail
from PIL import Image


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("  red \n mug ", "red mug"),
        ("a\u202eb", "a‹U+202E›b"),
        ("می\u200cخواهم", "می\u200cخواهم"),  # a joiner that spelling needs
        ("a\x00\x1bb", "a\ufffd\ufffdb"),
        (None, ""),
        (5, "5"),
    ],
)
def test_texts_are_shown_harmless(text, shown):
    assert words.shown(text) == shown


@pytest.mark.parametrize("text", ["x" * 10_000, "x " * 10_000, " " * 10_000 + "x", "e" + "\u0301" * 10_000])
def test_texts_are_cut(text):
    found = words.shown(text, 20)
    assert len(found) <= 20
    assert found.endswith("…")


def test_what_cleaning_took_out_is_marked():
    pieces = words.changes("HOT SALE! Red mug", "Red mug")
    assert "".join(text for text, _ in pieces) == "HOT SALE! Red mug"
    assert "".join(text for text, gone in pieces if not gone).strip() == "Red mug"


def test_long_titles_are_compared_in_part():
    assert sum(len(text) for text, _ in words.changes("a b " * 5000, "")) < 200


@pytest.mark.parametrize(("seconds", "said"), [(59.94, "59.9 s"), (60, "1 min 0 s"), (7200, "2 h 0 min")])
def test_time_spans(seconds, said):
    assert words.duration(seconds) == said


def test_a_moment_that_is_none_stays_as_it_is():
    assert words.moment("soon") == "soon"


def test_meanings_name_the_limit_in_force():
    assert (
        meaning("filter", "odd_photo", {"max_aspect": 2.5})
        == "The photo’s longer side is over 2.5 times the shorter one."
    )
    assert "the limit in force" in meaning("filter", "tiny_photo", {})
    assert meaning("filter", "no_such_rule", {}) == ""


def test_sizes_lose_no_group():
    found = {1: 7, 2: 5, 6: 1, 99: 2, 100: 1, 101: 3}
    assert sum(number for _, number in charts.sizes(found, "listings")) == sum(found.values())


def test_a_line_spans_its_box_and_keeps_its_ends():
    found = charts.line([(step, 10 / step) for step in range(1, 5001)])
    points = [tuple(map(float, p.split(","))) for p in found.points.split()]
    assert len(points) <= charts.POINTS
    assert all(-0.5 <= x <= 100.5 and 0 <= y <= 100 for x, y in points)
    assert (found.first, found.last, found.x_first, found.x_last) == ("10.00", "0.00", "1", "5,000")


@pytest.mark.parametrize("points", [[], [(1, 2.0)], [(1, float("nan")), (2, 1.0)]])
def test_a_line_needs_two_points(points):
    assert charts.line(points) is None


def test_thumbnails_are_small_and_hold_pixels_only():
    sink = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "secret"
    Image.new("RGB", (800, 400), "red").save(sink, "JPEG", exif=exif, comment=b"secret")
    uri = thumbnail(sink.getvalue())
    assert uri.startswith("data:image/jpeg;base64,")
    data = base64.b64decode(uri.partition(",")[2])
    assert Image.open(io.BytesIO(data)).size == (96, 48)
    assert b"secret" not in data
    assert len(uri) < 6000
