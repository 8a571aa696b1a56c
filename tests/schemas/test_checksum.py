from __future__ import annotations

import pyarrow as pa
from eclip.schemas.checksum import Checksum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("n", pa.int64()),
        ("ok", pa.bool_()),
        ("x", pa.float32()),
        ("raw", pa.binary()),
        ("tags", pa.list_(pa.string())),
        ("pairs", pa.list_(pa.struct([("name", pa.string()), ("values", pa.list_(pa.string()))]))),
    ]
)
text = st.none() | st.text(max_size=4)
row = st.fixed_dictionaries(
    {
        "id": text,
        "n": st.none() | st.integers(-5, 5),
        "ok": st.none() | st.booleans(),
        "x": st.none() | st.floats(width=32, allow_nan=False),
        "raw": st.none() | st.binary(max_size=4),
        "tags": st.none() | st.lists(text, max_size=3),
        "pairs": st.none()
        | st.lists(
            st.none() | st.fixed_dictionaries({"name": text, "values": st.none() | st.lists(text, max_size=2)}),
            max_size=2,
        ),
    }
)


def digest(table: pa.Table, size: int) -> str:
    checksum = Checksum(table.schema)
    for batch in table.to_batches(max_chunksize=size):
        checksum.update(batch)
    return checksum.hexdigest()


relaxed = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=60)


@relaxed
@given(st.lists(row, max_size=12), st.integers(1, 5), st.integers(0, 3))
def test_the_cut_into_batches_does_not_count(rows: list[dict], size: int, skipped: int) -> None:
    table = pa.Table.from_pylist(rows, SCHEMA)
    assert digest(table, size) == digest(table, 1000)
    # A slice looks into its parent's buffers: only its own rows may count.
    part = table.slice(skipped)
    assert digest(part, size) == digest(pa.Table.from_pylist(rows[skipped:], SCHEMA), 1000)


@relaxed
@given(st.lists(row, min_size=1, max_size=6), st.lists(row, min_size=1, max_size=6))
def test_equal_rows_have_equal_sums_and_others_do_not(one: list[dict], other: list[dict]) -> None:
    left, right = (pa.Table.from_pylist(rows, SCHEMA) for rows in (one, other))
    assert (digest(left, 3) == digest(right, 2)) == left.equals(right)


def test_what_looks_alike_end_to_end_is_told_apart() -> None:
    def of(values: list) -> str:
        return digest(pa.table({"a": pa.array(values, pa.string())}), 10)

    assert (
        len({of(["ab", "c"]), of(["a", "bc"]), of(["abc"]), of(["abc", None]), of(["abc", ""]), of([None, "abc"])}) == 6
    )


def test_names_types_and_order_count() -> None:
    base = pa.table({"a": [1, 2], "b": [3, 4]})
    assert digest(base, 5) != digest(base.rename_columns(["a", "c"]), 5)
    assert digest(base, 5) != digest(base.cast(pa.schema([("a", pa.int32()), ("b", pa.int64())])), 5)
    assert digest(base, 5) != digest(base.take([1, 0]), 5)
