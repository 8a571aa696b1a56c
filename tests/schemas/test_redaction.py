from __future__ import annotations

import pytest
from eclip.schemas.redaction import redacted


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("https://me:hunter2@example.org/x.csv", "https://…@example.org/x.csv"),
        ("https://me:hun@hunter2@example.org/x.csv", "https://…@example.org/x.csv"),
        ("s3://hunter2@bucket/x", "s3://…@bucket/x"),
        ("https://e.org/x?token=hunter2&v=2", "https://e.org/x?token=…&v=2"),
        ("https://e.org/x?AWSAccessKeyId=hunter2&X-Amz-Signature=hunter2", "https://e.org/x?AWSAccessKeyId=…&X-Amz-Signature=…"),
        ("https://a.blob/x?sv=1&sig=hunter2", "https://a.blob/x?sv=1&sig=…"),
        ("--s3_secret_access_key=hunter2", "--s3_secret_access_key=…"),
        (["--password", "hunter2", "--streaming"], ["--password", "…", "--streaming"]),
        ("Authorization: Bearer hunter2", "Authorization: Bearer …"),
        ({"storage": {"secret": "hunter2", "aws_access_key": "hunter2"}}, {"storage": {"secret": "…", "aws_access_key": "…"}}),
        ({"https://me:hunter2@e.org/x": "stamp"}, {"https://…@e.org/x": "stamp"}),
    ],
)  # fmt: skip
def test_what_opens_doors_is_hidden(value: object, shown: object) -> None:
    assert redacted(value) == shown
    assert "hunter2" not in str(redacted(value))
    assert redacted(redacted(value)) == redacted(value)


@pytest.mark.parametrize(
    "value",
    ["listings/*.parquet", "s3://bucket/a@b.csv", {"on": "class", "key": "class"}, {"design": "x", "rows": 3, "none": None},
     "settings.key: a -> b", ["photo", "attributes"], {"min_side": 64, "token": None}],
)  # fmt: skip
def test_what_is_no_secret_stays(value: object) -> None:
    assert redacted(value) == value
