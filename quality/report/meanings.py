"""What each rule means, with the limits that were in force."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# What each cleaning rule does to a title.
CLEANING = {
    "escaped_bytes": "bytes and code points written out as text are decoded",
    "markup": "HTML tags and entities are taken out",
    "mojibake": "text decoded in the wrong character set is mended",
    "unicode": "full-width letters, ligatures and odd spaces become ordinary ones",
    "invisible": "zero-width characters, direction marks and controls are taken out",
    "pictures": "emoji and other pictures are taken out",
    "contacts": "links, e-mail addresses, phone numbers, names on other platforms are taken out",
    "seller_noise": "what sellers add to be seen is taken out",
    "repeated_words": "a word three times in a row, or several words twice in a row, become one",
    "keyword_stuffing": "a word keeps three places, a list of 12 names its first six, hashtags go",
    "punctuation": "repeated marks become one, empty brackets and stars around words go",
    "whitespace": "runs become one space, ends are trimmed",
    "kept_unemptied": "nothing but seller noise: the words were kept",
    "kept_restless": "did not come to rest: left as it came",
}
OWN = "a rule of one’s own"
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
        "The photo does not fit the title: of random pairs of photos and titles more fit each other better than {fits}."
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
    limits["fits"] = _allowed(settings.get("mismatch") or {})
    policy = (settings.get("source") or {}).get("on_duplicate_id")
    limits["on_duplicate_id"] = _STAYS.get(str(policy), "one of them stays")
    own = settings.get("own") or {}
    if rule in own:
        return str(own[rule].get("detail") or "") or f"{OWN.capitalize()}: {_does(own[rule])}."
    return _MEANINGS.get((stage, rule), "").format_map(limits)


def cleans(rule: str, settings: Mapping[str, Any]) -> str:
    """Say what a cleaning rule does to titles; of a rule of one's own, what the configuration says.

    >>> cleans("strip_sku", {"own": {"strip_sku": {"field": "title", "pattern": "SKU-[0-9]+", "replace": ""}}})
    'a rule of one’s own: SKU-[0-9]+ is taken out of title'
    """
    own = (settings.get("own") or {}).get(rule)
    if own is None:
        return CLEANING.get(rule, OWN)
    return f"{OWN}: {_does(own)}"


def _does(own: Mapping[str, Any]) -> str:
    only = f", of listings in {own['language']}" if own.get("language") else ""
    if own.get("use"):
        return f"{own['use']}{only}"
    became = f"becomes {own['replace']} in" if own.get("replace") else "is taken out of"
    return f"{own.get('pattern', '')} {became} {own.get('field', 'title')}{only}"


def _allowed(mismatch: Mapping[str, Any]) -> str:
    """Say which pairs the filter lets through."""
    most, share = mismatch.get("max_score"), mismatch.get("share")
    said = [f"the {most:.0%} allowed"] if isinstance(most, int | float) and most < 1 else []
    if share:
        where = "each category" if mismatch.get("within") == "category" else "the catalog"
        said.append(f"of all but the worst {share:.1%} of {where}")
    return ", or ".join(said) or "filter.mismatch allows"


# Scores of the filter: what they are, and the key that limits them.
_SCORES = {
    "title_characters": ("letters and digits of the title", "at least", ("min_characters",)),
    "photo_min_side": ("pixels of the photo’s shorter side", "at least", ("min_side",)),
    "photo_aspect": ("longer side over shorter", "at most", ("max_aspect",)),
    "information": ("bits of colour in the photo, 0 to 6", "at most", ("placeholder", "max_information")),
    "mismatch": ("share of random pairs that fit better, 0 to 1", "at most", ("mismatch", "max_score")),
}


def score(name: str, settings: Mapping[str, Any]) -> tuple[str, str]:
    """Say what a score of the filter is, and which limit was in force.

    >>> score("photo_min_side", {"min_side": 64})
    ('pixels of the photo’s shorter side', 'at least 64')
    """
    what, bound, keys = _SCORES[name]
    limit: Any = settings
    for key in keys:
        limit = limit.get(key) if isinstance(limit, Mapping) else None
    if limit is None or (name == "mismatch" and limit >= 1):
        return what, "none"
    if name == "information":
        return what, f"a placeholder’s: at most {limit:g}"
    return what, f"{bound} {limit:g}"
