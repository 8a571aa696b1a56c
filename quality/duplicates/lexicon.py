"""The word lists, `words/*.txt`, as hash tables for compiled code.

To teach a word, add it behind its meaning. `meaning!` is firm: a listing that does not say it differs from one that
does. `group/meaning` excludes only meanings of its group. `word~xx` stands for the word with each ending of ENDINGS.
The meaning `-` protects a phrase whose words mean nothing there: "red bull" is not red.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from importlib import resources
from typing import NamedTuple

import numpy as np
import xxhash

from ..compiled import compiled
from .letters import hash_phrases, hash_table, hash_texts, mix

# The kind's number is its place; a pair's veto names the first kind that conflicts.
KINDS = ("gtin", "mpn", "brand", "condition", "role", "edition", "platform", "medium", "language", "audience", "colour",
         "size", "waist", "pack", "volume", "weight", "dimensions", "length", "area", "storage", "resolution", "power",
         "voltage", "current", "charge", "frequency", "light", "sound", "speed", "energy", "pressure", "temperature",
         "percent", "spf", "fineness", "threads", "paper", "ply", "carat", "units", "strength", "generation",
         "volume number", "version", "age", "function", "connection", "side", "material", "flavour", "diet", "variety",
         "with", "code", "number", "attribute")  # fmt: skip
KIND = {name: number for number, name in enumerate(KINDS)}
WORD_KINDS = ("condition", "role", "edition", "platform", "medium", "language", "audience", "colour", "size", "pack",
              "connection", "side", "material", "flavour", "diet", "variety")  # fmt: skip

# A feature: 8 bits of kind, 16 of group, 39 of value, one that says firm.
VALUE_BITS = 39
FIRM = 1

ENDINGS = {
    "s": ("", "s"), "de": ("", "e", "er", "es", "en", "em"), "fr": ("", "e", "s", "es"), "es": ("o", "a", "os", "as"),
    "es2": ("", "es"), "eso": ("o", "os"), "it": ("o", "a", "i", "e"), "nl": ("", "e"),
    "pl": ("y", "i", "a", "e", "ego", "ej", "ych", "ie"), "pl2": ("", "a", "i", "y", "e", "ę", "ą", "o"),
    "ru": ("ый", "ая", "ое", "ые", "ого", "ой", "ых", "ую", "ым", "ий", "о"), "ru2": ("", "а", "ы", "у", "и"),
    "cs": ("ý", "á", "é", "í", "ého", "ou", "ých", "ým"), "sv": ("", "t", "a", "e"), "hi": ("ा", "ी", "े"),
    "uk": ("ий", "а", "е", "і", "ого", "ої", "их", "у"), "uk2": ("ій", "я", "є", "і", "ього", "ьої", "іх"),
    "el": ("ο", "η", "α", "ος", "οι", "ες", "ό", "ή", "ά", "ός"),
    "rus": ("ий", "яя", "ее", "ие", "его", "ей", "их", "ая", "ое"),
}  # fmt: skip

# What a word does in the grammar.
SAYS, MEASURES, PRECEDES, JOINS, NUMBERS = range(5)


class Lexicon(NamedTuple):
    """Phrases by the hash of their words. What follows a phrase's first word is found word by word."""

    keys: np.ndarray  # [uint64 (2 ** k,)] of phrases and of first words
    longest: np.ndarray  # [int8 (2 ** k,)] words of the longest phrase that begins so
    first: np.ndarray  # [int32 (2 ** k,)] the phrase's first entry, -1 for none
    following: np.ndarray  # [int32 (entries,)] its next one
    does: np.ndarray  # [int8 (entries,)]
    feature: np.ndarray  # [uint64 (entries,)] what it says; kind and group alone where a number says the rest
    factor: np.ndarray  # [float64 (entries,)] of a unit; the number that a Roman one is
    flag: (
        np.ndarray
    )  # [bool (entries,)] SAYS: in edition; PRECEDES: the number counts as a bare one too; MEASURES: only if near


def feature(kind: str, value: str | None, group: str = "", firm: bool = False) -> int:
    """Pack a statement into 64 bits; without a value, kind and group alone."""
    number = xxhash.xxh32_intdigest(group.encode()) & 0xFFFF if group else 0
    digest = xxhash.xxh64_intdigest(value.encode()) & ((1 << VALUE_BITS) - 1) if value is not None else 0
    return (KIND[kind] << 56) | (number << 40) | (digest << 1) | (FIRM if firm else 0)


@compiled
def number_value(value: float) -> np.uint64:
    """Hash a number, equal to six decimals (none from 1e9 on), to the bits of a feature's value."""
    whole = -np.int64(min(value, 9e18)) if value >= 1e9 else np.int64(round(value * 1e6))
    return (mix(np.uint64(whole)) & np.uint64((1 << VALUE_BITS) - 1)) << np.uint64(1)


def _said(kind: str, value: str, group: str, firm: bool) -> int:
    if kind == "pack":
        return feature(kind, None, group, firm) | int(number_value(float(value)))
    return feature(kind, value, group, firm)


def _text(name: str) -> str:
    return (resources.files(__package__) / "words" / f"{name}.txt").read_text("utf-8")


def _lines(name: str) -> Iterator[tuple[str, list[str]]]:
    for line in _text(name).splitlines():
        meaning, _, listed = line.partition(":")
        if listed and not line.startswith("#"):
            yield meaning.strip(), [form for word in listed.split(",") if word.strip() for form in _forms(word.strip())]


def _forms(word: str) -> Iterable[str]:
    stem, _, ending = word.partition("~")
    return [stem + e for e in ENDINGS[ending]] if ending else [stem]


@functools.cache
def _entries() -> tuple[tuple[str, int, int, float, bool], ...]:
    """Every phrase with what it does, says and multiplies by."""
    return tuple(dict.fromkeys(_read()))


def _read() -> Iterator[tuple[str, int, int, float, bool]]:
    for kind in WORD_KINDS:
        for meaning, phrases in _lines(kind):
            group, _, value = meaning.rstrip("!").rpartition("/")
            said = 0 if meaning == "-" else _said(kind, value, group, meaning[-1] == "!")
            yield from ((phrase, SAYS, said, 0.0, False) for phrase in phrases)
    for meaning, phrases in _lines("units"):
        where, _, factor = meaning.rpartition(" ")
        kind, _, group = where.rstrip("!").partition("/")
        said = feature(kind, None, group, where[-1] == "!")
        yield from ((p.rstrip("?"), MEASURES, said, float(factor), p[-1] == "?") for p in phrases)
    for meaning, phrases in _lines("before"):
        kind, _, group = meaning.rstrip("!+").partition("/")
        said = feature(kind, None, group, meaning[-1] == "!")
        yield from ((phrase, PRECEDES, said, 1.0, meaning[-1] == "+") for phrase in phrases)
    for place, (_, phrases) in enumerate(_lines("with")):
        yield from ((phrase, JOINS, place, 0.0, False) for phrase in phrases)
    for meaning, phrases in _lines("roman"):
        yield from ((phrase, NUMBERS, 0, float(meaning), False) for phrase in phrases)


@functools.cache
def lexicon() -> Lexicon:
    """Read all lists."""
    phrases, does, said, factors, flags = zip(*_entries(), strict=True)
    begins, wholes, sizes = hash_phrases(phrases)
    keys, slots = hash_table(np.concatenate([wholes, begins]))
    longest, first = np.zeros(len(keys), np.int8), np.full(len(keys), -1, np.int32)
    whole, begin = np.split(slots, 2)
    np.maximum.at(longest, begin, sizes)
    following = np.full(len(phrases), -1, np.int32)
    for number, slot in reversed(list(enumerate(whole.tolist()))):
        following[number], first[slot] = first[slot], number
    return Lexicon(keys, longest, first, following, np.array(does, np.int8), np.array(said, np.uint64),
                   np.array(factors, np.float64), np.array(flags, np.bool_))  # fmt: skip


class Things(NamedTuple):
    """Words that name kinds of things: "phone", "Handy" and "smartphone" one, "cable" another."""

    keys: np.ndarray  # [uint64 (2 ** k,)]
    kinds: np.ndarray  # [int32 (2 ** k,)] the kind of each


@functools.cache
def things() -> Things:
    """Read the kinds of things."""
    return _named("things")


def _named(name: str) -> Things:
    named = {word: kind for kind, (_, listed) in enumerate(_lines(name)) for word in listed}
    keys, slots = hash_table(hash_texts(list(named)))
    kinds = np.full(len(keys), -1, np.int32)
    kinds[slots] = list(named.values())
    return Things(keys, kinds)


@functools.cache
def regions() -> Things:
    """Read the codes of countries and languages."""
    return _named("region")


@functools.cache
def noise() -> np.ndarray:
    """Words that say nothing: small words, and what sellers add."""
    return hash_table(hash_texts(_noise()))[0]


def _noise() -> list[str]:
    lines = (line.split("#")[0] for line in _text("unsaid").splitlines())
    return [word for line in lines for word in line.split(",") if word.strip()]


@functools.cache
def unsaid() -> np.ndarray:
    """Words that no substitution counts: noise, and all that the grammar knows."""
    return hash_table(hash_texts([*_noise(), *(phrase for phrase, *_ in _entries())]))[0]


@functools.cache
def content_hash() -> str:
    """Hash of all lists: features are worked out again when one changes."""
    folder = sorted((f.name, f.read_text("utf-8")) for f in (resources.files(__package__) / "words").iterdir())
    return xxhash.xxh3_64_hexdigest("\0".join(f"{name}\0{text}" for name, text in folder).encode())
