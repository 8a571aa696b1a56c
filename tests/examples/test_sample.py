"""The sample catalog: what is planted is there, recorded, and nothing else is wrong."""

from __future__ import annotations

import csv
import hashlib
import re
import subprocess
import sys
from collections import Counter, defaultdict
from io import BytesIO
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from eclip.examples.sample import write_sample
from eclip.examples.sample.planting import DECK
from eclip.schemas.config_file import load
from PIL import Image

PHOTO_KINDS = {
    "placeholder_photo", "broken_photo", "tiny_photo", "odd_photo", "several_photos", "mismatched_photo",
}  # fmt: skip
TEXT_KINDS = {"exact_copy", "relisting", "variant", "short_title", "duplicate_id", "adult", "offer"}
REJECTED = {"placeholder_photo", "broken_photo", "tiny_photo", "odd_photo", "short_title"}
Row = dict[str, str]
Fact = dict[str, str | None]


def listings(folder: Path) -> list[Row]:
    rows: list[Row] = []
    for part in sorted((folder / "listings").iterdir()):
        with part.open(encoding="utf-8", newline="") as file:
            rows += csv.DictReader(file)
    return rows


def facts(folder: Path) -> list[Fact]:
    found: list[Fact] = pq.read_table(folder / "truth.parquet").to_pylist()
    return found


def digests(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    write_sample(folder, rows=300)
    return folder


@pytest.fixture(scope="module")
def rows(sample: Path) -> dict[str, Row]:
    return {row["sku"]: row for row in listings(sample)}


@pytest.fixture(scope="module")
def truth(sample: Path) -> dict[str, list[Fact]]:
    by_kind = defaultdict(list)
    for fact in facts(sample):
        by_kind[str(fact["kind"])].append(fact)
    return by_kind


def pictures(sample: Path, row: Row) -> list[bytes]:
    return [(sample / "photos" / name).read_bytes() for name in row["photos"].split("|") if name]


def size(content: bytes) -> tuple[int, int]:
    with Image.open(BytesIO(content)) as image:
        image.load()
        return image.size


def test_equal_arguments_give_equal_bytes_whatever_the_hash_seed(sample: Path, tmp_path: Path) -> None:
    script = f"from eclip.examples.sample import write_sample; write_sample({str(tmp_path / 'again')!r}, rows=300)"
    subprocess.run([sys.executable, "-c", script], check=True, env={"PYTHONHASHSEED": "77"})
    assert digests(tmp_path / "again") == digests(sample)


def test_another_seed_gives_another_catalog(sample: Path, tmp_path: Path) -> None:
    write_sample(tmp_path / "other", rows=300, seed=1, photos=False)
    shared = {row["name"] for row in listings(tmp_path / "other")} & {row["name"] for row in listings(sample)}
    assert len(shared) < 10


@pytest.mark.parametrize("count", [1, 5, 43, 44, 45, 139, 140, 141])
def test_writes_exactly_the_rows_asked_for(tmp_path: Path, count: int) -> None:
    write_sample(tmp_path / "few", rows=count, photos=False)
    found = listings(tmp_path / "few")
    assert len(found) == count
    adult = {fact["id"] for fact in facts(tmp_path / "few") if fact["kind"] == "adult"}
    assert {row["sku"] for row in found if row["department"].startswith("Adult")} == adult


def test_a_deck_makes_140_rows() -> None:
    assert sum(card.rows for card in DECK) == 140


def test_writes_300_records_with_every_column(sample: Path) -> None:
    found = listings(sample)
    assert len(found) == 300
    assert " ".join(found[0]) == (
        "sku shop name details maker department colour size material pattern price currency ean product "
        "photos is_adult updated"
    )


def test_every_kind_is_planted_at_least_twice(truth: dict[str, list[Fact]]) -> None:
    assert set(truth) == PHOTO_KINDS | TEXT_KINDS
    assert {kind: len(found) for kind, found in truth.items() if len(found) < 2} == {}


def test_every_way_of_a_fault_appears(truth: dict[str, list[Fact]]) -> None:
    def ways(kind: str) -> set[str]:
        return {word for fact in truth[kind] for word in str(fact["detail"]).split()}

    assert ways("broken_photo") == {"garbage", "truncated", "missing", "empty"}
    assert ways("short_title") == {"empty", "one_character"}
    assert ways("duplicate_id") == {"equal", "different"}
    assert ways("variant") == {"colour", "size", "pack", "model"}
    assert "first_broken" in ways("several_photos")
    assert ways("relisting") >= {
        "same_seller", "other_seller", "upper_case", "nbsp", "html", "hot_sale", "word_order", "emoji",
        "full_width", "none", "recompressed", "resized", "cropped", "watermarked",
    }  # fmt: skip


def test_truth_names_listings_that_exist(sample: Path, rows: dict[str, Row]) -> None:
    for fact in facts(sample):
        assert fact["id"] in rows
        assert fact["of"] is None or (fact["of"] in rows and fact["of"] != fact["id"])


def test_ids_repeat_only_where_planted(sample: Path, truth: dict[str, list[Fact]]) -> None:
    counts = Counter(row["sku"] for row in listings(sample))
    assert {sku for sku, count in counts.items() if count > 1} == {fact["id"] for fact in truth["duplicate_id"]}
    for fact in truth["duplicate_id"]:
        first, second = (row for row in listings(sample) if row["sku"] == fact["id"])
        assert (first == second) == (fact["detail"] == "equal")


def test_a_rejectable_row_has_one_defect_and_originals_have_none(sample: Path) -> None:
    defects = Counter(str(fact["id"]) for fact in facts(sample) if fact["kind"] in REJECTED)
    assert set(defects.values()) == {1}
    tiled = {fact["id"] for fact in facts(sample) if fact["kind"] == "placeholder_photo"}
    for fact in facts(sample):
        if fact["kind"] in ("exact_copy", "relisting", "variant") and fact["id"] not in tiled:
            assert fact["of"] not in defects
            assert fact["id"] not in defects


def test_exact_copies_are_copies(sample: Path, rows: dict[str, Row], truth: dict[str, list[Fact]]) -> None:
    for fact in truth["exact_copy"]:
        copy, original = rows[str(fact["id"])], rows[str(fact["of"])]
        assert copy["shop"] == original["shop"] != ""
        assert copy["name"] == original["name"]
        assert pictures(sample, copy) == pictures(sample, original)


def test_relistings_are_disguised(sample: Path, rows: dict[str, Row], truth: dict[str, list[Fact]]) -> None:
    for fact in truth["relisting"]:
        seller, way, change = str(fact["detail"]).split()
        again, original = rows[str(fact["id"])], rows[str(fact["of"])]
        assert again["name"] != original["name"]
        assert (again["shop"] == original["shop"]) == (seller == "same_seller")
        assert (pictures(sample, again) == pictures(sample, original)) == (change == "none")
        assert way != "upper_case" or again["name"] == original["name"].upper()


def test_variants_differ_in_title_and_attributes(rows: dict[str, Row], truth: dict[str, list[Fact]]) -> None:
    attributes = ("colour", "size", "material", "pattern")
    for fact in truth["variant"]:
        variant, original = rows[str(fact["id"])], rows[str(fact["of"])]
        assert variant["name"] != original["name"]
        assert [variant[a] for a in attributes] != [original[a] for a in attributes]
        assert variant["shop"] == original["shop"]


def test_photos_decode_unless_broken(sample: Path, rows: dict[str, Row], truth: dict[str, list[Fact]]) -> None:
    broken = {fact["id"] for fact in truth["broken_photo"]}
    first_broken = {fact["id"] for fact in truth["several_photos"] if fact["detail"] == "first_broken"}
    for sku, row in rows.items():
        for place, name in enumerate(row["photos"].split("|")):
            path = sample / "photos" / name
            assert re.fullmatch(r"\w\w/[\w-]+\.jpg", name)
            if sku in broken or (sku in first_broken and place == 0):
                with pytest.raises((OSError, SyntaxError)):
                    size(path.read_bytes())
            else:
                assert min(size(path.read_bytes())) > 0


def test_photo_sizes_are_odd_only_where_planted(
    sample: Path, rows: dict[str, Row], truth: dict[str, list[Fact]]
) -> None:
    tiny, odd, broken = (
        {str(fact["id"]): fact["detail"] for fact in truth[kind]}
        for kind in ("tiny_photo", "odd_photo", "broken_photo")
    )
    for sku in rows.keys() - broken.keys():
        width, height = size(pictures(sample, rows[sku])[-1])
        assert (min(width, height) < 40) == (sku in tiny)
        assert (max(width, height) > 4 * min(width, height)) == (sku in odd)
        if sku in tiny or sku in odd:
            assert f"{width}x{height}" == {**tiny, **odd}[sku]


def test_placeholders_are_shared_by_unrelated_products(
    sample: Path, rows: dict[str, Row], truth: dict[str, list[Fact]]
) -> None:
    tiles = Counter(pictures(sample, rows[str(fact["id"])])[0] for fact in truth["placeholder_photo"])
    assert max(tiles.values()) >= 5
    photos = Counter(path.read_bytes() for path in (sample / "photos").rglob("*.jpg"))
    assert {content for content, count in photos.items() if count >= 5 and content} <= tiles.keys()


def test_several_photos_are_several(rows: dict[str, Row], truth: dict[str, list[Fact]]) -> None:
    several = {fact["id"] for fact in truth["several_photos"]}
    for sku, row in rows.items():
        assert (row["photos"].count("|") > 0) == (sku in several)


def test_short_titles(rows: dict[str, Row], truth: dict[str, list[Fact]]) -> None:
    short = {fact["id"]: {"empty": 0, "one_character": 1}[str(fact["detail"])] for fact in truth["short_title"]}
    for sku, row in rows.items():
        assert len(row["name"]) == short[sku] if sku in short else len(row["name"]) > 5


def test_adult_products_stand_in_their_own_department(rows: dict[str, Row], truth: dict[str, list[Fact]]) -> None:
    adult = {fact["id"] for fact in truth["adult"]}
    for sku, row in rows.items():
        assert row["department"].startswith("Adult > ") == (sku in adult)
        assert row["is_adult"] in ("", str(sku in adult).lower())


def test_departments_have_three_levels_and_gtins_a_valid_check_digit(rows: dict[str, Row]) -> None:
    assert {row["department"].count(" > ") for row in rows.values() if row["department"]} == {2}
    gtins = [row["ean"] for row in rows.values() if row["ean"]]
    assert len(gtins) > 50
    for gtin in gtins:
        digits = [int(digit) for digit in gtin]
        assert len(digits) == 13
        assert (sum(digits[::2]) + 3 * sum(digits[1::2])) % 10 == 0


def test_without_photos_only_text_is_planted(tmp_path: Path) -> None:
    write_sample(tmp_path / "text", rows=300, photos=False)
    assert not (tmp_path / "text" / "photos").exists()
    assert {row["photos"] for row in listings(tmp_path / "text")} == {""}
    assert {fact["kind"] for fact in facts(tmp_path / "text")} == TEXT_KINDS


def test_a_large_catalog_has_its_own_words_for_each_product(tmp_path: Path) -> None:
    write_sample(tmp_path / "large", rows=20_000, photos=False)
    names = [row["name"] for row in listings(tmp_path / "large")]
    assert len(set(names)) > 0.95 * len(names)  # planted copies repeat 3.5%
    words = Counter(word for name in set(names) for word in name.casefold().split())
    assert len(words) > 3000


def test_unrelated_products_never_share_a_title(tmp_path: Path) -> None:
    write_sample(tmp_path / "many", rows=3000, photos=False)
    planted = {fact["id"] for fact in facts(tmp_path / "many") if fact["kind"] in ("exact_copy", "relisting")}
    planted |= {fact["id"] for fact in facts(tmp_path / "many") if fact["kind"] in ("short_title", "duplicate_id")}
    names = [row["name"] for row in listings(tmp_path / "many") if row["sku"] not in planted]
    assert [name for name, count in Counter(names).items() if count > 1] == []


@pytest.mark.parametrize("photos", [True, False])
def test_the_configuration_loads(tmp_path: Path, photos: bool) -> None:
    write_sample(tmp_path, rows=5, photos=photos)
    config = load(tmp_path / "catalog.yaml")
    assert (config.name, config.shards, config.heads.adult) == ("sample", 8, "is_adult")
    assert config.image.root == ("photos" if photos else None)
    assert config.source.columns["attributes"] == {a: a for a in ("colour", "size", "material", "pattern")}
    assert ("image" in config.source.columns) == photos


def test_refuses_no_rows_and_a_folder_in_use(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="rows is 0"):
        write_sample(tmp_path, rows=0)
    write_sample(tmp_path, rows=1, photos=False)
    with pytest.raises(FileExistsError, match="exists already"):
        write_sample(tmp_path, rows=1, photos=False)
