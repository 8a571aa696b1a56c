"""Texts that were encoded once too often: bytes and code points written out, HTML, the wrong character set."""

from __future__ import annotations

import codecs
import re
from html.entities import html5
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from .rule import SETTLING, Draft, Rule
from .signs import ENTITY, ESCAPED, MISREAD, TAG

_BYTES = re.compile(r"(?<!\\)(?:\\+x[0-9a-fA-F]{2})+")
_POINTS = re.compile(r"(?<!\\)(?:\\+u[0-9a-fA-F]{4}|\\+U000[01][0-9a-fA-F]{4})+")
_BREAKS = re.compile(r"(?<!\\)\\+[nrt](?![a-z])")
_LITERAL = re.compile(r"""\Ab(["'])(.*)\1\Z""", re.DOTALL)  # a Python bytes object printed
_ENTITY = re.compile(r"&(?:amp;)*(#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,30});")
_ELEMENTS = (
    "a|abbr|article|aside|audio|b|big|blockquote|body|br|button|center|cite|code|dd|del|div|dl|dt|em|figcaption|figure|"
    "font|footer|form|h[1-6]|head|header|hr|html|i|iframe|img|input|ins|label|li|link|main|mark|meta|nav|noscript|o:p|"
    "ol|option|p|picture|pre|q|s|section|select|small|source|span|strike|strong|sub|summary|sup|svg|table|tbody|td|"
    "tfoot|th|thead|title|tr|tt|u|ul|video|wbr"
)
# Names alone: "<NIKE> shoes" and "5 < 6 > 4" are no HTML. What a script or a style sheet says is no text.
_TAGS = (
    r"(?i)<script\b[^<>]*>[^<]*</script\s*>|<style\b[^<>]*>[^<]*</style\s*>|<!--[^<>]*-->|<!\[CDATA\[|\]\]>"
    rf"|</?(?:{_ELEMENTS})(?:\s[^<>]*|/)?>"
)


@Rule
def escaped_bytes(draft: Draft) -> None:
    r"""Decode bytes and code points written out as text: `\xe2\x9d\xa4` and `\u2764` become a heart; others stay.

    >>> escaped_bytes(pa.array([r"Caf\xc3\xa9", r"Caf\u00e9 \ud83d\ude00", r"\xff", 'b"Levi\'s"'])).to_pylist()
    ['Café', 'Café 😀', '\\xff', "Levi's"]
    """
    draft.rewrite(ESCAPED, _unescaped)


def _unescaped(text: str) -> str:
    if text.startswith("b"):
        text = _LITERAL.sub(r"\2", text)
    if "\\x" in text:
        text = _BYTES.sub(_bytes, text)
    if "\\" in text:
        text = _BREAKS.sub(" ", _POINTS.sub(_points, text))
    return text


def _bytes(found: re.Match[str]) -> str:
    data = bytes.fromhex(found.group().replace("\\", "").replace("x", ""))
    decoded = data.decode("utf-8", "eclip.written_out")
    return found.group() if decoded == _written_out(data) else decoded


def _written_out(data: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in data)


def _leave(error: Any) -> tuple[str, int]:
    return _written_out(error.object[error.start : error.end]), error.end


codecs.register_error("eclip.written_out", _leave)


def _points(found: re.Match[str]) -> str:
    """Join surrogates; one that is alone has no form in UTF-8 and stays written out."""
    points = [int(point, 16) for point in re.findall(r"[uU]([0-9a-fA-F]+)", found.group())]
    text = "".join(map(chr, points))
    paired = text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
    return "".join(f"\\u{ord(c):04x}" if "\ud800" <= c <= "\udfff" else c for c in paired)


@Rule
def markup(draft: Draft) -> None:
    """Take out HTML: entities become characters, tags a space; "a < b" is no tag.

    >>> markup(pa.array(["<b>Mug</b>&nbsp;&amp; saucer"])).to_pylist()
    [' Mug \\xa0& saucer']
    """
    draft.rewrite(ENTITY, lambda text: _ENTITY.sub(_character, text))
    draft.replace(TAG, _untagged)


def _untagged(texts: pa.Array) -> pa.Array:
    for _ in range(SETTLING):
        before, texts = texts, pc.replace_substring_regex(texts, _TAGS, " ")
        if texts.equals(before):
            break
    return texts


def _character(found: re.Match[str]) -> str:
    name = found[1]
    if name[0] != "#":
        return html5.get(f"{name};", found.group())
    point = int(name[2:], 16) if name[1] in "xX" else int(name[1:])
    return chr(point) if 0 < point < 0x110000 and not 0xD800 <= point < 0xE000 else "\ufffd"


@Rule
def mojibake(draft: Draft) -> None:
    """Mend text decoded in the wrong character set (ftfy), on rows that show its marks.

    >>> mojibake(pa.array(["CafÃ© latte", "Levi\\x92s"])).to_pylist()
    ['Café latte', 'Levi’s']
    """
    draft.rewrite(MISREAD, _mended)


def _mended(text: str) -> str:
    import ftfy.fixes  # late: few catalogs have such titles, and it takes an eighth of a second

    return str(ftfy.fixes.fix_c1_controls(ftfy.fix_encoding(text)))
