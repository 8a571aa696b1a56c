from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from eclip.quality.personal_data import pseudonyms, redacted, redacted_text, reference, without_personal_data
from eclip.quality.pseudonyms import Key
from eclip.schemas.config import SourceConfig
from eclip.schemas.mapping import plan, to_listings

EMAIL, PHONE, CARD = "anna.berg@example.com", "+49 170 7659123", "4111 1111 1111 1111"
KEY = Key(b"k" * 32)


def listings(*rows: dict[str, Any]) -> pa.RecordBatch:
    records = pa.RecordBatch.from_pylist(list(rows), schema=pa.schema(KINDS))
    mapping = plan(SourceConfig(path="x"), records.schema, None)
    return to_listings(records, pa.array(range(1, len(rows) + 1)), "a.csv", mapping)


KINDS = {
    "id": pa.string(), "title": pa.string(), "seller": pa.string(), "image": pa.list_(pa.string()), "url": pa.string(),
    "attributes": pa.string(), "price": pa.float64(), "stars": pa.list_(pa.struct([("who", pa.string()), ("n", pa.int64())])),
}  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        f"write to {EMAIL}", "anna.berg&#64;example.com", "ａｎｎａ．ｂｅｒｇ＠ｅｘａｍｐｌｅ．ｃｏｍ", "anna.b\u200berg@exa\u200bmple.com",
        r"\x61nna.berg@example.com", "https://x.example/?to=anna.berg%40example.com", f'<a href="mailto:{EMAIL}">x</a>',
        f"call {PHONE}", f"card {CARD}",
    ],
)  # fmt: skip
def test_it_is_found_however_it_is_spelled(text: str) -> None:
    plain = redacted_text(text)
    for word in ("anna", "berg", "7659123", "1111"):
        assert word not in plain.replace("\u200b", "")
    assert redacted_text(plain) == plain


def test_texts_without_any_stay_as_they_came() -> None:
    texts = pa.array(["<b>Mug</b>&nbsp;50%20 RTX 3060 12GB", "ＭＵＧ 4006381333931", "", None])
    assert redacted(texts).equals(texts)


def test_pseudonyms_keep_equal_names_equal_and_others_apart() -> None:
    names = pa.array([EMAIL, "bob@example.com", EMAIL, "4111111111111111", "SKU-12", None])
    found = pseudonyms(names, KEY).to_pylist()
    assert found[0] == found[2] != found[1]
    assert found[0].startswith("person-")
    assert found[3:] == ["4111111111111111", "SKU-12", None]


def test_photo_references_change_for_addresses_alone() -> None:
    references = pa.array([f"p/{EMAIL}.jpg", "https://x.example/4111111111111111.jpg", f"p/{PHONE}.jpg", None])
    assert reference(references).to_pylist()[1:] == references.to_pylist()[1:]
    assert EMAIL not in reference(references)[0].as_py()


def test_nested_values_keep_their_shape() -> None:
    batch = listings(
        {"id": "1", "title": "a", "attributes": f'{{"made by": ["{EMAIL}", "x"], "{PHONE}": "y"}}', "image": [f"{EMAIL}.jpg", "b"],
         "stars": [{"who": EMAIL, "n": 1}, None]},
        {"id": "2", "title": None, "attributes": None, "image": None, "stars": None},
        {"id": "3", "title": EMAIL, "attributes": "{}", "image": [], "stars": []},
    )  # fmt: skip
    for part in (batch, batch.slice(0, 2), pa.concat_batches([batch, batch]).slice(3)):
        plain, counts = without_personal_data(part, KEY)
        plain.validate(full=True)
        assert plain.schema.equals(part.schema)
        for name in ("attributes", "stars", "photos"):
            before, after = part[name].to_pylist(), plain[name].to_pylist()
            assert [None if v is None else len(v) for v in before] == [None if v is None else len(v) for v in after]
        assert not any(word in str(plain.to_pylist()) for word in (EMAIL, PHONE))
        assert plain["stars"].to_pylist()[0][0]["n"] == 1
        assert plain["attributes"].to_pylist()[0][0]["values"][1] == "x"
        assert counts["attributes"] == 2
        assert counts["photos"] == 1
        assert set(counts) <= {"attributes", "photos", "stars", "title"}


def test_the_row_hash_is_of_what_is_left() -> None:
    batch = listings(
        {"id": "1", "title": f"mug {EMAIL}"}, {"id": "1", "title": "mug eve@example.com"}, {"id": "2", "title": "mug"}
    )
    plain, _ = without_personal_data(batch, KEY)
    assert plain["title"][0] == plain["title"][1]
    assert plain["row_hash"][0] == plain["row_hash"][1]
    assert plain["row_hash"][2] == batch["row_hash"][2]
    assert batch["row_hash"][0] not in plain["row_hash"].to_pylist()
    same, counts = without_personal_data(batch.slice(2), KEY)
    assert same.equals(batch.slice(2))
    assert not counts
