"""Ways around the shop that sellers write into titles: addresses, telephone numbers, names on other platforms."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc

from .characters import matches, rewrite
from .pii import EMAIL_SIGNS, MESSENGER_SIGNS, PHONE_SIGNS, without_emails, without_messengers, without_phones
from .rule import Draft, Rule
from .signs import CONTACT

_LINK = re.compile(r"(?<![\w@])(?:https?://|www\.)[^\s<>]{2,}", re.IGNORECASE)
# "@home" is a brand and "@12pcs" a quantity: a plain name counts only where its platform stands before it, or last.
_PLATFORM = r"(?:ig|insta|instagram|tik\s?tok|telegram|line|fb|facebook|twitter|wechat|shopee|follow)"
_HANDLE = re.compile(
    rf"(?<![^\W_]){_PLATFORM}\s{{0,2}}:?\s{{0,2}}@[a-z][\w.]{{2,29}}"
    r"|(?<![\w@])@(?=[a-z][a-z.]{0,28}[_\d.][a-z\d_])[a-z][\w.]{2,29}(?![\w@])"
    r"|(?<![\w@])@[a-z][\w.]{3,29}(?=\W{0,3}\Z)",
    re.IGNORECASE,
)

_TAKEN = "\ufdd0"  # where a number was; no character of a text
# What a number that was taken out leaves: "call us", "WhatsApp".
_ASKED = re.compile(
    rf"{_TAKEN}(?:[\s,;:|-]{{0,3}}(?:bitte\s)?(?:anrufen|whats\s?app|viber|telegram|zalo|call(?:\sme|\sus)?|appeler|llamar|chiamare|ligar)"
    r"(?![^\W_]))?",
    re.IGNORECASE,
)
_LINK_SIGNS = r"(?i:www)\.|://"
_SIGNS = rf"{PHONE_SIGNS}|{EMAIL_SIGNS}|{MESSENGER_SIGNS}|{_LINK_SIGNS}"


@Rule
def contacts(draft: Draft) -> None:
    """Put a space for links, e-mail addresses, telephone numbers and names on other platforms.

    >>> contacts(pa.array(["Mug WA 0812-3456-7890 www.mug.com", "@home mug @12pcs", "Mug IG: @mug_shop"])).to_pylist()
    ['Mug    ', '@home mug @12pcs', 'Mug  ']
    """
    draft.replace(CONTACT, _without_all)


def _without_all(texts: pa.Array) -> pa.Array:
    rows = pc.match_substring_regex(texts, _SIGNS)
    found = texts.filter(rows)
    for signs, without in _KINDS:  # each kind where it shows its signs: its own pattern takes ten times as long
        found = rewrite(found, functools.partial(matches, pattern=signs), without)
    return pc.replace_with_mask(texts, rows, found)


def _without_numbers(text: str) -> str:
    return _ASKED.sub(" ", without_phones(text, _TAKEN))


_KINDS: tuple[tuple[str, Callable[[str], str]], ...] = (
    (EMAIL_SIGNS, lambda text: without_emails(text, " ")),
    (MESSENGER_SIGNS, lambda text: without_messengers(text, " ")),
    (_LINK_SIGNS, lambda text: _LINK.sub(" ", text)),
    ("@", lambda text: _HANDLE.sub(" ", text)),
    (PHONE_SIGNS, _without_numbers),
)
