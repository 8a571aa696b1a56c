"""Brands as shops name them: without trademark signs, labels, legal forms and words for "no brand"."""

from __future__ import annotations

import functools
import re

import pyarrow as pa

from .chain import apply
from .rules import DESCRIPTION_RULES, RULES

_LABEL = re.compile(
    r"\A(?:brand|brand name|marke|hersteller|marque|marca|"
    r"merk|merek|marka|jenama|thương hiệu|브랜드|ブランド|品牌|ยี่ห้อ|แบรนด์)"
    r"\s*[:：=]\s*",
    re.IGNORECASE,
)
# Legal forms that no brand has of its own accord: "The Moms Co" and "Carolina Herrera & Company" keep theirs.
_LEGAL = re.compile(
    r"(?<=[\w.)!+])(?:\s*,\s*|\s+)\(?(?:inc|incorporated|corp|corporation|llc|l\.l\.c|ltd|limited|plc|pty\.? ltd|"
    r"pvt\.? ltd|"
    r"private limited|sdn\.? bhd|pte\.? ltd|co\.?,? ltd|company limited|gmbh(?: & co\.? kg)?|ag & co\.? kg(?:aa)?|kgaa|"
    r"ohg|e\.k|mbh|s\.?a\.?r\.?l|s\.?r\.?l|s\.?p\.?a|s\.a\.s?|s\.l\.u?|ltda|lda|b\.v|n\.v|oyj?|a/s|aps|"
    r"sp\. ?z ?o\. ?o|a\.ş|s\.r\.o|k\.k|株式会社|有限会社|有限公司|股份有限公司|주식회사)\.?\)?\Z"
    r"|(?<=\w)(?:株式会社|有限会社|股份有限公司|有限公司|\s?주식회사|\s?\(주\))\Z",
    re.IGNORECASE,
)
_BEFORE = re.compile(r"\A(?:\(주\)|주식회사|株式会社|有限会社|PT\.? (?=\w+ \w)|CV\. )\s*")
_SIGNS = re.compile("[®™©℠]|\\((?:r|tm|c)\\)", re.IGNORECASE)
_QUOTES = re.compile(r"""\A(["'“”«»‘’`*]+)(.+?)["'“”«»‘’`*]+\Z""")
# What exports write where they know none, in lower case, letters and digits alone.
_NO_BRAND = """
    0 na nan none null nil no unknown other others otherbrand otherbrands notspecified unspecified undefined
    notavailable notapplicable doesnotapply nobrand nobrandname nonbrand nonbranded unbranded unbrand generic
    genericbrand oem tbd tba test xxx ohnemarke keinemarke markenlos nomarke unbekannt sonstige sansmarque inconnu autre
    sinmarca genérico generico genérica desconocido noaplica otra senzamarca nessunamarca sconosciuto semmarca outros
    merkloos geenmerk onbekend overig bezmarki brak nieznany inny markasız markasiz diğer tanpamerek tanpamerk
    tidakadamerek tidakadamerk tiadajenama lainnya khôngcó khôngthươnghiệu khác 없음 해당없음 브랜드없음 기타 무상표
    無 无 无品牌 無品牌 其他 其它 不明 ノーブランド ノーブランド品 なし その他 不詳 ไม่มี ไม่มียี่ห้อ ไม่มีแบรนด์ อื่นๆ
    بدونعلامةتجارية بدون غيرمعروف
"""


def normalise_brand(brands: pa.Array) -> pa.Array:
    """Name brands alike: trimmed, without signs, labels and legal forms; null where none is known.

    Case stays as it is written; `normalise` compares without it.

    >>> normalise_brand(pa.array(["Brand: Bosch® ", "ACME Co., Ltd.", "The Moms Co", "N/A", None])).to_pylist()
    ['Bosch', 'ACME', 'The Moms Co', None, None]
    """
    encoded = brands.dictionary_encode()  # few brands, many listings
    known, _ = apply(encoded.dictionary, {rule: RULES[rule] for rule in DESCRIPTION_RULES})
    return pa.array([_named(brand) for brand in known.to_pylist()], brands.type).take(encoded.indices)


@functools.cache
def _unknown() -> frozenset[str]:
    return frozenset(_NO_BRAND.split())


def _named(brand: str) -> str | None:
    while True:
        before = brand
        for pattern, kept in ((_SIGNS, ""), (_QUOTES, r"\2"), (_LABEL, ""), (_BEFORE, ""), (_LEGAL, "")):
            brand = pattern.sub(kept, brand).strip(" \t,;:|-–—") or brand
        if brand == before:
            break
    key = "".join(filter(lambda c: c.isalnum() or "\u0e30" <= c <= "\u0e4e", brand.casefold()))
    return None if not key or key in _unknown() else brand
