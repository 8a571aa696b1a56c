"""Disguises: how a seller makes an old title look new."""

from __future__ import annotations

import html
import random

DISGUISES = ("upper_case", "nbsp", "html", "hot_sale", "word_order", "emoji", "full_width")
HARD_DISGUISES = (
    *DISGUISES,
    "typo",
    "left_out",
    "escaped_bytes",
    "mojibake",
    "contact",
    "hashtags",
    "repeated",
    "twice",
)
SHOUTS = {
    "en": "[HOT SALE] {}",
    "de": "[SALE] {} - TOP PREIS!",
    "fr": "*** PROMO *** {}",
    "ko": "[핫세일] {}",
}
FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)} | {0x20: 0x3000}


def disguise(parts: list[str], language: str, way: str, rng: random.Random | None = None) -> str:
    """Write the parts of a title in one of DISGUISES or HARD_DISGUISES; a typo is drawn.

    >>> disguise(["Velda", "Mug", "20 cm"], "en", "word_order")
    'Mug 20 cm Velda'
    """
    title = " ".join(parts)
    match way:
        case "upper_case":
            return title.upper()
        case "nbsp":
            return title.replace(" ", "\u00a0")
        case "html":
            return f"<b>{html.escape(parts[0])}</b>&nbsp;{html.escape(' '.join(parts[1:]))}<br/>"
        case "hot_sale":
            return SHOUTS[language].format(title)
        case "word_order":
            middle = len(parts) // 2
            return " ".join(parts[middle:] + parts[:middle])
        case "emoji":
            return f"🔥 {title} ✨"
        case "full_width":
            return title.translate(FULL_WIDTH)
        case "typo":
            return _misspelt(parts, rng or random.Random(0))
        case "left_out":  # the last word but one: never what tells variants apart, which would stand last
            return " ".join(parts[:-2] + parts[-1:]) if len(parts) > 4 else title
        case "escaped_bytes":
            return f"{title} {chr(92)}xe2{chr(92)}x9d{chr(92)}xa4{chr(92)}xef{chr(92)}xb8{chr(92)}x8f"
        case "mojibake":
            return title.replace(" ", " \u2013 ", 1).encode().decode("cp1252", "replace").replace("\ufffd", "")
        case "contact":
            return f"{title} WA 0812-3456-7890 @myshop.example"
        case "hashtags":
            return f"{title} #sale #trending #viral #musthave"
        case "repeated":
            return f"{title} {title}"
        case "twice":
            return f"🔥 {SHOUTS[language].format(title.upper())} 🔥"
    raise AssertionError(f"no such disguise: {way}")


def _misspelt(parts: list[str], rng: random.Random) -> str:
    """Swap two letters in the middle of a long word that is no number."""
    words = " ".join(parts).split()
    long = [k for k, word in enumerate(words) if len(word) >= 6 and word.isalpha()]
    if long:
        k = rng.choice(long)
        place = rng.randrange(2, len(words[k]) - 2)
        words[k] = words[k][:place] + words[k][place + 1] + words[k][place] + words[k][place + 2 :]
    return " ".join(words)
