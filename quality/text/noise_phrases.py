"""Phrases that sellers add to titles: plain lists, one a line, in `phrases/<language>.txt`.

To teach a phrase, add a line. Case does not matter, but a line in capitals (`COD`) means capitals alone, or brackets; a
space matches any white space and hyphens. `[promo]` is noise in brackets or between stars alone. `!cod liver` is not
noise, though a part of it is: of two phrases that begin together the longer one counts. `#` starts a comment.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from importlib import resources

import xxhash

from .automaton import BLANK, Automaton

_DECORATION = "!~*#|:-–—"
_BRACKETS = dict(zip("[(【「{<《〔*", "])】」}>》〕*", strict=True))
_BLANKS = re.compile(f"{BLANK}+")
_WORDS, _ENDS = re.compile(r"[^\W_]+"), r"(?![^\W_])"
# Scripts written without spaces, in which a phrase need not stand apart. Korean compounds need not either, but two
# syllables may well be a part of another word.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]|(?:[\uac00-\ud7a3][\\s\\d%+]*){3}"
)


def _files() -> list[tuple[str, str]]:
    folder = resources.files(__package__) / "phrases"
    return sorted((f.name, f.read_text("utf-8")) for f in folder.iterdir() if f.name.endswith(".txt"))


def _spaced(phrase: str) -> str:
    return _BLANKS.sub(" ", phrase)


def _lower(text: str) -> str:
    """Lower case, character by character; a Turkish i is an i with and without its dot."""
    return text.replace("İ", "i").lower().replace("ı", "i")


@functools.cache
def lines() -> dict[str, str]:
    """Each phrase in lower case, and its line as it stands in the list."""
    all_lines = (line.split("#")[0].strip() for _, content in _files() for line in content.splitlines())
    return {_spaced(_lower(line.strip("![]"))): line for line in all_lines if line}


@functools.cache
def phrases() -> tuple[str, ...]:
    """All phrases that are noise wherever they stand."""
    return tuple(sorted(line for line in lines().values() if line[0] not in "!["))


@functools.cache
def automaton() -> Automaton:
    """What finds the rows to be looked at more closely."""
    keys = set()
    for key, line in lines().items():
        spelled = {key, _spaced(line.strip("![]").lower())}  # with "ı" as it stands
        if line[0] == "[":
            keys |= {f"{bracket}{key}" for bracket in _BRACKETS if bracket not in "({<*" for key in spelled}
        elif line[0] != "!":
            keys |= spelled
    return Automaton.of(sorted(keys))


@functools.cache
def _beginning() -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Phrases by their first word, and those that need not stand apart by their first character."""
    words: dict[str, list[str]] = {}
    characters: dict[str, list[str]] = {}
    for key in sorted(lines(), key=len, reverse=True):
        word = _WORDS.match(key)
        if word is None or _UNSPACED.search(key):
            characters.setdefault(key[0], []).append(key)
        else:
            words.setdefault(word.group(), []).append(key)
    return words, characters


@functools.cache
def _pattern(begin: str, free: bool) -> re.Pattern[str]:
    """One pattern for the phrases of one beginning, in lower case, the longer ones first."""
    keys = _beginning()[free][begin]
    ends = ["" if (free and _UNSPACED.search(key)) or not key[-1].isalnum() else _ENDS for key in keys]
    quoted = [re.escape(key).replace(r"\ ", f"{BLANK}++") for key in keys]
    return re.compile("|".join(map("".join, zip(quoted, ends, strict=True))))


def _found(low: str) -> Iterator[re.Match[str]]:
    """Find phrases, in lower case, from left to right; one must stand apart unless it is written without spaces."""
    words, characters = _beginning()
    places = [(word.start(), word[0], False) for word in _WORDS.finditer(low) if word[0] in words]
    if not low.isascii() or "%" in low:
        places += [(place, character, True) for place, character in enumerate(low) if character in characters]
        places.sort()
    done = 0
    for place, begin, free in places:
        found = _pattern(begin, free).match(low, place) if place >= done else None
        if found:
            done = found.end()
            yield found


def without(text: str) -> str:
    """Put a space for every phrase that is noise, with the marks around it and the brackets that hold it alone.

    >>> without("[Official Store] COD liver oil ~free shipping!!"), without("Promo mug [promo]")
    ('  COD liver oil  ', 'Promo mug  ')
    """
    kept: list[str] = []
    done = 0
    known = lines()
    for found in _found(_lower(text)):
        line = known[_spaced(found.group())]
        begin, end = found.span()
        left, right = begin, end
        while left > done and text[left - 1] == " ":
            left -= 1
        while right < len(text) and text[right] in " !":
            right += 1
        held = left > done and right < len(text) and _BRACKETS.get(text[left - 1]) == text[right]
        if line[0] == "!" or (line[0] == "[" and not held) or (line.isupper() and text[begin:end] != line and not held):
            continue
        if held:
            begin, end = left - 1, right + 1
        while begin > done and text[begin - 1] in _DECORATION:
            begin -= 1
        while end < len(text) and text[end] in _DECORATION:
            end += 1
        kept += [text[done:begin], " "]
        done = end
    return "".join([*kept, text[done:]])


@functools.cache
def content_hash() -> str:
    """Hash of all lists: titles are cleaned again when one changes."""
    return xxhash.xxh3_64_hexdigest("\0".join(f"{n}\0{c}" for n, c in _files()).encode())
