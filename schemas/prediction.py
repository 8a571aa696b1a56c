"""What the models answer: embeddings, predictions, matches and clusters."""

from __future__ import annotations

import pyarrow as pa

from .listing import Contract


def embeddings(dimension: int) -> Contract:
    """Describe embeddings of `dimension` numbers.

    The vectors are never null, zeros where absent, with a boolean beside each: pyarrow 25 writes null fixed-size
    lists that it cannot read back.
    """
    vector = pa.list_(pa.field("element", pa.float16(), nullable=False), dimension)
    return Contract(
        "embeddings",
        pa.schema(
            [
                ("id", pa.string()),
                pa.field("image", vector, nullable=False),
                pa.field("text", vector, nullable=False),
                pa.field("fused", vector, nullable=False),
                ("has_image", pa.bool_()),
                ("has_text", pa.bool_()),
                ("image_sha", pa.string()),  # what the vectors were made from: an unchanged row is not embedded again
                ("text_hash", pa.string()),
            ]
        ),
        ("id",),
    )


PREDICTIONS = Contract(
    "predictions",
    pa.schema(
        [
            ("id", pa.string()),
            ("task", pa.string()),  # category, attributes or adult
            ("attribute", pa.string()),  # the attribute's name; empty for the other tasks
            ("label", pa.string()),
            ("score", pa.float32()),  # probability, 0 to 1
            ("accepted", pa.bool_()),  # false: below the head's threshold, an abstention
        ]
    ),
    ("id", "task", "attribute"),
)

MATCHES = Contract(
    "matches",
    pa.schema(
        [
            ("left_id", pa.string()),
            ("right_id", pa.string()),
            ("score", pa.float32()),  # cosine, -1 to 1
            ("accepted", pa.bool_()),
        ]
    ),
    ("left_id", "right_id"),
)

CLUSTERS = Contract("clusters", pa.schema([("id", pa.string()), ("cluster_id", pa.string())]), ("id",))
