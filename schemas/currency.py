"""Currencies that prices are written with -> ISO 4217 codes."""

from __future__ import annotations

import re

import pyarrow as pa

from .values import text

_CODES = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF "
    "CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG "
    "HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA "
    "MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD "
    "RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX "
    "USD UYU UZS VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW"
)
CODES = frozenset(_CODES.split())
# The longer first: US$ and R$ are no plain $. ¥, kr and Rs. are of several countries, and say nothing.
SYMBOLS = {
    "US$": "USD", "CA$": "CAD", "AU$": "AUD", "NZ$": "NZD", "HK$": "HKD", "SG$": "SGD", "NT$": "TWD", "MX$": "MXN",
    "C$": "CAD", "A$": "AUD", "S$": "SGD", "R$": "BRL", "€": "EUR", "£": "GBP", "円": "JPY", "元": "CNY", "₩": "KRW",
    "₫": "VND", "₹": "INR", "₽": "RUB", "₺": "TRY", "₴": "UAH", "฿": "THB", "₱": "PHP", "₪": "ILS", "₦": "NGN",
    "₸": "KZT", "zł": "PLN", "Kč": "CZK", "$": "USD",
}  # fmt: skip
ANY_CASE = {"eur", "usd", "gbp", "chf"}  # others are words too: all, top, try
_WRITTEN = re.compile("|".join(rf"(?<![^\W\d_]){re.escape(symbol)}" if symbol[0].isalpha() and symbol.isascii()
                               else re.escape(symbol) for symbol in SYMBOLS)
                      + r"|(?<![^\W\d_])[A-Za-z]{3}(?![^\W\d_])")  # fmt: skip


def currency_of(price: str) -> str | None:
    """Read the currency of one price; null where there is none, or where several are named.

    A `$` with no letter before it and no code beside it is the US dollar, as which most exports mean it; a source of
    another dollar that writes `$` alone has to map `currency`. A code beside the sign says which dollar it is.

    >>> [currency_of(p) for p in ("$19.99", "12,99 €", "EUR 49.90", "AUD $5", "R$ 3", "¥ 800", "12.50", "€5 / £4")]
    ['USD', 'EUR', 'EUR', 'AUD', 'BRL', None, None, None]
    """
    written = _WRITTEN.findall(price)
    codes = {word.upper() for word in written if word in CODES or word.lower() in ANY_CASE}
    signs = {SYMBOLS[word] for word in written if word in SYMBOLS}
    if codes and "$" in written:
        signs.discard("USD")
    found = codes | signs
    return found.pop() if len(found) == 1 else None


def currency(prices: pa.Array) -> pa.Array:
    """Read the currencies that prices are written with, each distinct price once. [string (n,)]"""
    kind = prices.type
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_dictionary(kind)):
        return pa.nulls(len(prices), pa.string())  # numbers name none
    column = text(prices).dictionary_encode()
    read = pa.array([currency_of(price) for price in column.dictionary.to_pylist()], pa.string())
    return read.take(column.indices)
