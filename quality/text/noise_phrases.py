"""Phrases that sellers add to titles: plain lists, one a line, in `phrases/<language>.txt`.

To teach a phrase, add a line. Case does not matter, but a line in capitals (`COD`) means capitals alone, or
brackets; a space matches any white space and hyphens. `[promo]` is noise in brackets alone. `!cod liver` is not noise, though a part of
it is: of two phrases that begin together the longer one counts. `#` starts a comment.
"""

from __future__ import annotations

import functools
import re
from importlib import resources
from typing import Any

import xxhash

from .automaton import BLANK, Automaton
from .characters import settled

_DECORATION = "!~*#|:-–—"
_BRACKETS = dict(zip("[(【「{<《〔", "])】」}>》〕", strict=True))
_BLANKS = re.compile(f"{BLANK}+")
_BEGINS, _ENDS = r"(?<![^\W_])", r"(?![^\W_])"
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
            keys |= {f"{bracket}{key}" for bracket in _BRACKETS if bracket not in "({<" for key in spelled}
        elif line[0] != "!":
            keys |= spelled
    return Automaton.of(sorted(keys))


@functools.cache
def pattern() -> re.Pattern[str]:
    """One pattern for all phrases, in lower case: a tree that reads each character once and tries the longer phrase first.

    A phrase must stand apart ("sale" is not in "salekhard"), but in scripts that are written without spaces.
    """
    apart: dict[str, Any] = {}
    anywhere: dict[str, Any] = {}
    for key in lines():
        free = _UNSPACED.search(key) is not None
        node = anywhere if free or not key[0].isalnum() else apart
        for character in key:
            node = node.setdefault(character, {})
        node["" if free or not key[-1].isalnum() else _ENDS] = {}
    return re.compile(f"{_spelled(anywhere)}|{_BEGINS}{_spelled(apart)}")


def _spelled(node: dict[str, Any]) -> str:
    ends = [end for end in ("", _ENDS) if end in node]
    longer = [
        (f"{BLANK}++" if character == " " else re.escape(character)) + _spelled(child)
        for character, child in sorted(node.items())
        if character not in ("", _ENDS)
    ]
    if len(longer) == 1 and not ends:
        return longer[0]
    # Branches are tried one by one: a look ahead spares most places the hundreds of them.
    ahead = f"(?=[{re.escape(''.join(filter(None, node)))}])" if len(longer) > 8 and not ends else ""
    return f"{ahead}(?:{'|'.join(longer + ends)})"


def without(text: str) -> str:
    """Put a space for every phrase that is noise, with the marks around it and the brackets that hold it alone.

    >>> without("[Official Store] COD liver oil ~free shipping!!"), without("Promo mug [promo]")
    ('  COD liver oil  ', 'Promo mug  ')
    """
    return settled(text, _without)


def _without(text: str) -> str:
    kept: list[str] = []
    done = 0
    known = lines()
    for found in pattern().finditer(_lower(text)):
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
