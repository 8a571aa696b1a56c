"""Disguises: how a seller makes an old title look new."""

from __future__ import annotations

import html

DISGUISES = ("upper_case", "nbsp", "html", "hot_sale", "word_order", "emoji", "full_width")
SHOUTS = {
    "en": "[HOT SALE] {}",
    "de": "[SALE] {} - TOP PREIS!",
    "fr": "*** PROMO *** {}",
    "ko": "[핫세일] {}",
}
FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)} | {0x20: 0x3000}


def disguise(parts: list[str], language: str, way: str) -> str:
    """Write the parts of a title in one of DISGUISES.

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
    raise AssertionError(f"no such disguise: {way}")
