"""What each rule means, with the limits that were in force."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# What each cleaning rule does to a title.
CLEANING = {
    "escaped_bytes": "bytes written out as text are decoded",
    "markup": "HTML tags and entities are taken out",
    "mojibake": "text decoded in the wrong encoding is mended",
    "unicode": "full-width letters, ligatures and odd spaces become ordinary ones",
    "invisible": "zero-width characters, direction marks and controls are taken out",
    "pictures": "emoji and other pictures are taken out",
    "seller_noise": "what sellers add to be seen is taken out",
    "punctuation": "repeated marks become one",
    "whitespace": "runs of white space become one space, ends are trimmed",
    "kept_unemptied": "nothing but seller noise: the words were kept",
}
# What each rule that takes rows out says of them; the limits come from the settings of the attempt.
_MEANINGS = {
    ("ingest", "unparsable"): "The line could not be read as a record.",
    ("ingest", "missing_id"): "The record has no id; it is kept under file#row.",
    ("ingest", "repeated_row"): "The same record stands in the source again, value for value.",
    (
        "ingest",
        "duplicate_id",
    ): "Another record of the source has this id, with other values; {on_duplicate_id}.",
    ("filter", "unreadable_photo"): "None of the listing’s photos could be fetched and decoded.",
    ("filter", "tiny_photo"): "The photo’s shorter side is under {min_side} pixels.",
    ("filter", "odd_photo"): "The photo’s longer side is over {max_aspect:g} times the shorter one.",
    ("filter", "placeholder_photo"): (
        "The photo has at most {max_information:g} bits of colour, at least {min_listings} listings of at "
        "least {min_brands} brands share it, and their titles are alike by at most {max_title_similarity:g}: "
        "a “no image” tile, not a product."
    ),
    ("filter", "short_title"): "The title has under {min_characters} letters and digits.",
    ("filter", "mismatched_photo"): (
        "The photo does not fit the title: more random pairs of photo and title fit each other better than "
        "filter.mismatch allows."
    ),
    ("embed", "nothing_to_embed"): "The listing has neither a title nor a photo.",
}
_STAYS = {"keep_first": "the first stays", "keep_last": "the last stays", "stop": "none was expected"}


class _Unknown:
    """A limit that was not recorded."""

    def __format__(self, form: str) -> str:
        return "the limit in force"


class _Limits(dict[str, Any]):
    def __missing__(self, key: str) -> Any:
        return _Unknown()


def meaning(stage: str, rule: str, settings: Mapping[str, Any]) -> str:
    """Say what a rule takes out; empty for a rule that is not known here.

    >>> meaning("filter", "tiny_photo", {"min_side": 64})
    'The photo’s shorter side is under 64 pixels.'
    """
    limits = _Limits({**settings, **(settings.get("placeholder") or {})})
    policy = (settings.get("source") or {}).get("on_duplicate_id")
    limits["on_duplicate_id"] = _STAYS.get(str(policy), "one of them stays")
    own = (settings.get("own") or {}).get(rule, {}).get("detail")
    return str(own) if own else _MEANINGS.get((stage, rule), "").format_map(limits)
