"""The records that flow: promised columns, their Arrow types and the order of rows, dataset by dataset.

Users, schedulers and their own SQL rely on these. A dataset may hold more columns than promised, never fewer; the
number of this contract stands in the metadata of each Parquet file under `eclip.contract`.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

CONTRACT_VERSION = 1
CATEGORY_SEPARATOR = " > "  # between the levels of a category

# A list of structs, not a map: Hugging Face datasets has no type for maps.
ATTRIBUTES = pa.list_(pa.struct([("name", pa.string()), ("values", pa.list_(pa.string()))]))


@dataclass(frozen=True)
class Contract:
    """A dataset's promise: columns that it has at least, and the columns that each shard is sorted by (byte order)."""

    name: str
    schema: pa.Schema
    key: tuple[str, ...]
    unique: bool = True  # whether no two rows have one key

    def conform(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Bring a batch into shape: promised columns first, cast, null where absent; others behind, as they are."""
        columns: dict[str, pa.Array] = {}
        for field in self.schema:
            column = batch.column(field.name) if field.name in batch.schema.names else None
            if column is None:
                column = pa.nulls(batch.num_rows, field.type)
            elif not column.type.equals(field.type):
                column = column.cast(field.type)
            columns[field.name] = column
        for name in batch.schema.names:
            columns.setdefault(name, batch.column(name))
        return pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))

    def empty(self) -> pa.RecordBatch:
        """Give a batch of no rows."""
        return pa.RecordBatch.from_pylist([], schema=self.schema)


LISTINGS = Contract(
    "listings",
    pa.schema(
        [
            ("id", pa.string()),
            ("title", pa.string()),
            ("title_raw", pa.string()),  # the title as the source had it, from clean on
            ("description", pa.string()),
            ("brand", pa.string()),
            ("seller", pa.string()),
            ("category", pa.string()),  # a path: "Home > Kitchen > Mugs"
            ("attributes", ATTRIBUTES),
            ("price", pa.float64()),
            ("currency", pa.string()),
            ("gtin", pa.string()),
            ("mpn", pa.string()),
            ("catalog_id", pa.string()),  # the product that the listing offers, where known
            ("item_group_id", pa.string()),  # the product of which this is a variant, where known
            ("url", pa.string()),
            ("lang", pa.string()),  # ISO 639-1
            ("updated_at", pa.timestamp("us", tz="UTC")),
            ("split", pa.string()),  # train, val or test, where the source says
            ("image", pa.string()),  # the main photo's reference as given
            ("photo_count", pa.int32()),  # photos that the listing names
            ("image_sha", pa.string()),  # SHA-256 of the main photo's source bytes, 32 hex digits of it
            ("width", pa.int32()),  # pixels, after the EXIF turn, before downscaling
            ("height", pa.int32()),
            ("phash", pa.string()),  # 64-bit perceptual hash, 16 hex digits, as imagehash prints it
            ("information", pa.float32()),  # bits of colour entropy, 0 (one colour) to 6
            ("image_error", pa.string()),  # why no photo decodes
            ("row_hash", pa.string()),  # over the mapped source values
            ("source_file", pa.string()),  # from the folder on that is above all files of the source
            ("source_row", pa.int64()),  # counted from 1 within the file
        ]
    ),
    ("id",),
)

IMAGES = Contract(
    "images",
    pa.schema(
        [
            ("id", pa.string()),
            ("position", pa.int32()),  # 0 is the main photo, the first that decodes
            ("reference", pa.string()),
            ("image_sha", pa.string()),
            ("jpeg", pa.binary()),  # EXIF-turned, downscaled once to image.max_side; null where it does not decode
            ("width", pa.int32()),  # original, after the EXIF turn
            ("height", pa.int32()),
            ("phash", pa.string()),
            ("phash256", pa.string()),  # 256-bit perceptual hash, 64 hex digits
            ("colour", pa.binary()),  # 8 x 8 RGB means, 192 bytes, row by row
            ("information", pa.float32()),
            ("error", pa.string()),
        ]
    ),
    ("id", "position"),
)

REJECTED = Contract(
    "rejected",
    pa.schema(
        [
            ("id", pa.string()),
            ("stage", pa.string()),
            ("rule", pa.string()),  # the first that fired, in the order of the configuration
            ("rules", pa.list_(pa.string())),  # all that fired
            ("detail", pa.string()),  # a sentence
            ("row", pa.string()),  # original values as JSON, never image bytes
        ]
    ),
    ("id", "rule"),
    unique=False,  # of several records with one id all but one are rejected
)

DUPLICATES = Contract(
    "duplicates",
    pa.schema(
        [
            ("dropped_id", pa.string()),
            ("kept_id", pa.string()),
            ("duplicate_set", pa.string()),
            ("rule", pa.string()),
            ("text_similarity", pa.float32()),  # exact Jaccard index of the shingle sets, 0 to 1
            ("image_distance", pa.int32()),  # Hamming distance of the 256-bit hashes (64-bit where one lacks the other)
            ("row", pa.string()),
        ]
    ),
    ("dropped_id",),
)

LINKS = Contract(
    "links",
    pa.schema(
        [
            ("left_id", pa.string()),
            ("right_id", pa.string()),
            ("kind", pa.string()),  # text, image, both or gtin
            ("similarity", pa.float32()),
            ("veto", pa.string()),  # why the two are not duplicates, where a variant conflict says so
        ]
    ),
    ("left_id", "right_id"),
)

PAIRS = Contract(
    "pairs",
    pa.schema(
        [
            ("group_hash", pa.uint64()),  # xxh64(group_id, seed): a random but fixed order of groups
            ("id", pa.string()),
            ("group_id", pa.string()),  # the family; members stand side by side and never in both splits
            ("product_id", pa.string()),  # equal for listings of the same product: positives of each other
            ("title", pa.string()),
            ("category", pa.string()),
            ("image_sha", pa.string()),
            ("jpeg", pa.binary()),
        ]
    ),
    ("group_hash", "id"),
)

GATE_FAILURES = Contract(
    "gate_failures",
    pa.schema(
        [
            ("id", pa.string()),  # the first key column of the dataset that the rule is about
            ("rule", pa.string()),
            ("value", pa.string()),  # what broke it, cut to 200 characters; of several columns a JSON list
        ]
    ),
    (),  # in the order of the rows that were written
    unique=False,
)


def with_metadata(schema: pa.Schema, dataset: str) -> pa.Schema:
    """Sign a schema with the contract's number and the dataset's name."""
    return schema.with_metadata({"eclip.contract": str(CONTRACT_VERSION), "eclip.dataset": dataset})
