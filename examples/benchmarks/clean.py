"""How many titles a CPU second the cleaning rules take, beside a plain script that cleans title by title.

    python examples/benchmarks/clean.py [--rows 50000] [--runs 5] [--json FILE]

The titles are those of the sample catalog: four languages, a part of them disguised (HTML, emoji, full width, seller
noise). The script is what one writes with ftfy, html, unicodedata and regular expressions; it shares no code with the
rules and does less: no contacts, no repeated words, no written-out bytes, and a phrase only as it stands in the lists.
CPU seconds of this process, the two in turn, medians.
"""

from __future__ import annotations

import argparse
import csv
import html
import json
import re
import statistics
import tempfile
import time
import unicodedata
from collections.abc import Callable
from pathlib import Path

import ftfy
import pyarrow as pa
from eclip.examples.sample import write_sample
from eclip.quality.text import language, noise_phrases
from eclip.quality.text.clean import clean_texts
from eclip.quality.text.normalise import normalise
from eclip.quality.text.rules import RULES

TAG = re.compile(r"<!--.*?-->|</?[a-zA-Z][^<>]*>")
HIDDEN = re.compile(
    "[\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\u00ad\ufe0f\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]"
)
EMOJI = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff]+")
PHRASES = re.compile(
    "|".join(rf"\b{re.escape(phrase)}\b" for phrase in sorted(noise_phrases.phrases(), key=len, reverse=True)),
    re.IGNORECASE,
)
REPEATED = re.compile(r"([!?.,;:~*_=#|-])\1+")
BRACKETS = re.compile(r"\(\s*\)|\[\s*\]|\{\s*\}|【\s*】")
SPACE = re.compile(r"\s+")
NO_WORD = re.compile(r"[^\w+#%]+")


def scripted(text: str) -> str:
    """Clean one title as a script would."""
    text = TAG.sub(" ", html.unescape(text))
    text = unicodedata.normalize("NFKC", ftfy.fix_text(text))
    text = EMOJI.sub(" ", HIDDEN.sub("", text))
    text = BRACKETS.sub(" ", PHRASES.sub(" ", text))
    return SPACE.sub(" ", REPEATED.sub(r"\1", text)).strip(" -|,;:/~!")


def compared(text: str) -> str:
    """Bring one title to the form in which titles are compared, as a script would."""
    return NO_WORD.sub(" ", unicodedata.normalize("NFKC", text).casefold()).strip()


def cpu_seconds(work: Callable[[], object]) -> float:
    """CPU time of this process."""
    started = time.process_time()
    work()
    return time.process_time() - started


def titles(rows: int) -> list[str]:
    """The titles of a sample catalog, as its sellers wrote them."""
    with tempfile.TemporaryDirectory() as temporary:
        write_sample(Path(temporary) / "catalog", rows, photos=False)
        found = []
        for part in sorted(Path(temporary).glob("catalog/listings/*.csv")):
            with part.open(newline="", encoding="utf-8") as file:
                found += [row["name"] for row in csv.DictReader(file)]
    return found


def main() -> None:
    """Draw titles, time both, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    texts = titles(options.rows)
    column = pa.array(texts, pa.string())
    classify = language._identifier().classify
    works: dict[str, tuple[Callable[[], object], Callable[[], object], str]] = {
        "all rules": (lambda: clean_texts(column, list(RULES)), lambda: list(map(scripted, texts)), "script: ftfy, re"),
        "form for comparison": (
            lambda: normalise(column),
            lambda: list(map(compared, texts)),
            "script: unicodedata, re",
        ),
        "language": (lambda: language.identify(column), lambda: list(map(classify, texts)), "py3langid"),
    }
    rows = []
    print(f"{'titles per CPU second':<24}{'peer':<26}{'ours':>12}{'theirs':>12}{'ratio':>8}")
    for name, (ours, theirs, peer) in works.items():
        ours()  # compiles, and builds tables
        times = [(cpu_seconds(ours), cpu_seconds(theirs)) for _ in range(options.runs)]
        ratio = statistics.median(b / a for a, b in times)
        mine, plain = (len(texts) / statistics.median(column) for column in zip(*times, strict=True))
        print(f"{name:<24}{peer:<26}{mine:>12,.0f}{plain:>12,.0f}{ratio:>8.1f}")
        unit = "titles per CPU s"
        rows.append({"work": name, "peer": peer, "unit": unit, "ours": mine, "theirs": plain, "ratio": ratio})
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
