"""Secrets in configurations, addresses and options: what opens doors is not written where people read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

HIDDEN = "…"
_NAMES = r"(?:token|secret|pass(?:word|wd|phrase)|pwd|credentials?|signature|\bsig|key(?:_?id)?)"
_USER = re.compile(r"(?<=://)[^/\s]+(?=@)")  # of https://user:password@host
_VALUE = re.compile(rf"({_NAMES}=|\bbearer\s+)[^&\s\"',]+", re.IGNORECASE)
_OPTION = re.compile(rf"--?[\w-]*{_NAMES}", re.IGNORECASE)  # its value is the next one
_KEY = re.compile(r".*(?:token|secret|password|passwd|passphrase|credentials?|signature|[a-z]_?key)", re.IGNORECASE)


def redacted(value: Any) -> Any:
    """Hide secrets in a value as JSON and YAML have it, however deep; what is no text stays as it is.

    >>> redacted({"path": "s3://me:word@host/x?X-Amz-Signature=3f&v=2", "client_secret": "abc"})
    {'path': 's3://…@host/x?X-Amz-Signature=…&v=2', 'client_secret': '…'}
    """
    if isinstance(value, str):
        return _VALUE.sub(rf"\1{HIDDEN}", _USER.sub(HIDDEN, value))
    if isinstance(value, Mapping):
        return {redacted(k): HIDDEN if _is_secret(k, v) else redacted(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        before = [None, *value]
        return [HIDDEN if _asks(b) and isinstance(v, str) else redacted(v) for b, v in zip(before, value, strict=False)]
    return value


def _is_secret(key: object, value: object) -> bool:
    return isinstance(key, str) and isinstance(value, str) and bool(_KEY.fullmatch(key))


def _asks(option: object) -> bool:
    return isinstance(option, str) and bool(_OPTION.fullmatch(option))
