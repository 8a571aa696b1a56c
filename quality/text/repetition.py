"""Words that a title says again and again to be found.

What is a name stays: "Duran Duran", "Bora Bora", "Peri Peri", Indonesian "laki laki". A word becomes one from the third
time in a row, several words from the second; of 63,000 real titles every 90th has one of them. Numbers repeat for good
reasons ("24 x 24 x 24", "i7 6 core 6 core"), so they are left alone, as are words of one or two letters.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import groupby

from .rule import Draft, Rule
from .signs import LONGEST, REPEATED, SEPARATORS, STAYS, STUFFED

TAGS, ITEMS, HEAD = 3, 12, 6  # hashtags in a row at the end; items of a list from which on only its head stays
_WORD = re.compile(r"[^\W\d_]{3,}|[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]{2,}")
_LONG = re.compile(r"[^\W\d_]{4,}|[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3]{2,}")
_SMALL = {"with", "without", "from", "avec", "sans", "pour", "para", "ohne", "dengan", "untuk", "dari", "yang", "voor"}
_TAG = re.compile(r"#[^\W\d_]{2,}")  # "#TL111" is a number
_SEPARATOR = re.compile(f"[{SEPARATORS}]+")


@Rule
def repeated_words(draft: Draft) -> None:
    """Keep one of a word that stands three times in a row, and of several words that stand twice in a row.

    >>> import pyarrow as pa
    >>> repeated_words(pa.array(["mug mug mug", "red mug red mug 24 24", "Duran Duran"])).to_pylist()
    ['mug', 'red mug 24 24', 'Duran Duran']
    """
    draft.rewrite(REPEATED, _once)


@Rule
def keyword_stuffing(draft: Draft) -> None:
    """Keep the first three of a word that stands more often, six items of a list of twelve, and no hashtags.

    A word beside a number stays: "for iPhone 6, iPhone 7, iPhone 8, iPhone X". So do lists with numbers.

    >>> import pyarrow as pa
    >>> keyword_stuffing(pa.array(["bowl a bowl b bowl c bowl d", "Dress #ootd #style #new"])).to_pylist()
    ['bowl a bowl b bowl c d', 'Dress']
    """
    draft.rewrite(STUFFED, _trimmed)


def _once(text: str) -> str:
    words = text.split()
    kept = _phrases_once(_words_once(words))
    return text if len(kept) == len(words) else " ".join(kept)


def _words_once(words: list[str]) -> list[str]:
    kept: list[str] = []
    for key, run in groupby(words, str.casefold):
        same = list(run)
        kept += same[:1] if len(same) > 2 and _says(key) else same
    return kept


def _phrases_once(words: list[str]) -> list[str]:
    telling = {key for key in map(str.casefold, words) if _says(key)}
    kept: list[str] = []
    keys: list[str] = []
    for word in words:
        kept.append(word)
        keys.append(word.casefold())
        for length in range(2, min(LONGEST, len(keys) // 2) + 1) if telling else ():
            if keys[-1] != keys[-1 - length] or keys[-length:] != keys[-2 * length : -length]:
                continue
            phrase = keys[-length:]
            # Two words with a number are a measure as often as not: "quad core 4 core 4 GHz".
            if not telling.isdisjoint(phrase) and (length > 2 or not any(c.isdigit() for key in phrase for c in key)):
                del kept[-length:], keys[-length:]
                break
    return kept


def _says(word: str) -> bool:
    """Say whether a word is one whose repetition says nothing new."""
    return _WORD.search(word) is not None and not any(map(str.isdigit, word))


def _trimmed(text: str) -> str:
    if "#" in text:
        text = _untagged(text)
    if sum(map(text.count, SEPARATORS)) >= ITEMS - 1 and not any(map(str.isdigit, text)):
        text = _head(text)
    keys = text.casefold().split()
    counts = Counter(keys)
    often = {key for key, times in counts.items() if times > STAYS and _LONG.fullmatch(key) and key not in _SMALL}
    if not often:
        return text
    words = text.split()
    kept: list[str] = []
    seen: Counter[str] = Counter()
    for place, (word, key) in enumerate(zip(words, keys, strict=True)):
        beside = words[max(place - 1, 0)] + words[min(place + 1, len(words) - 1)]
        if key in often and not any(map(str.isdigit, beside)):
            seen[key] += 1
            if seen[key] > STAYS:
                continue
        kept.append(word)
    return text if len(kept) == len(words) else " ".join(kept)


def _untagged(text: str) -> str:
    """Cut hashtags off the end; make words of those elsewhere."""
    words = text.split()
    tags = [_TAG.fullmatch(word) is not None for word in words]
    if sum(tags) < 2:
        return text
    end = len(words)
    while end and tags[end - 1]:
        end -= 1
    words = words[:end] if 0 < end <= len(words) - TAGS else words
    return " ".join(word[1:] if tag else word for word, tag in zip(words, tags, strict=False))


def _head(text: str) -> str:
    """Cut a list of names after its first items; a list of longer phrases stays."""
    items = _SEPARATOR.split(text)
    if len(items) < ITEMS or max(len(item.split()) for item in items) > 3:
        return text
    return text[: list(_SEPARATOR.finditer(text))[HEAD - 1].start()].rstrip()
