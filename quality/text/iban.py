"""International bank account numbers, told from any other letters and digits by country, form and check digits."""

from __future__ import annotations

import re

# Accounts as they are written in each country (SWIFT, IBAN registry): n digits, a letters, c either.
_FORMS = {
    "11n": "NO", "12n": "BE", "14n": "DK FI FO GL", "4a10n": "NL", "3n10c2n": "MK", "15n": "SI",
    "16n": "AT BA EE LT XK", "3n13c": "KZ LU",
    "17n": "HR", "4a13c": "LV", "5n12c": "CH LI", "4a14c": "BH", "4a6n8c": "BG", "2a16n": "GE",
    "18n": "CR DE ME RS VA", "4a14n": "GB IE", "19n": "AE IL TL", "4a15c": "GI", "8n12c": "AD", "20n": "CZ ES SE SK TN",
    "20c": "MD", "4a16c": "PK RO", "2n18c": "SA", "21n": "PT", "22n": "IS", "6n16c": "TR", "10n11c2n": "FR MC",
    "7n16c": "GR", "1a10n12c": "IT SM", "8n16c": "AL CY", "4a20c": "AZ", "4c20n": "DO", "24c": "GT", "24n": "HU PL",
    "4n20c": "LB", "23n1a1c": "BR", "4a21c": "PS QA", "6n19c": "UA", "4a4n18c": "JO", "4a22c": "KW", "4a19n3a": "MU",
    "4a5n18c": "MT",
}  # fmt: skip
_KINDS = {"n": r"\d", "a": "[A-Z]", "c": r"[A-Z\d]"}


def _account(form: str) -> re.Pattern[str]:
    parts = re.findall(r"(\d+)(\w)", form)
    return re.compile("".join(f"{_KINDS[kind]}{{{number}}}" for number, kind in parts), re.IGNORECASE)


_ACCOUNTS = {country: _account(form) for form, countries in _FORMS.items() for country in countries.split()}
# Of small letters only as banks group them, or every other title would have to be counted through.
_IBAN = re.compile(
    r"(?<![^\W_])(?:[A-Z]{2}\d\d(?: ?[A-Z0-9]){11,30}"
    r"|[A-Za-z]{2}\d\d(?: ?[A-Za-z0-9]{4}){2,7}(?: ?[A-Za-z0-9]{1,3})?)"
)


def without_ibans(text: str, mark: str) -> str:
    """Replace IBANs in a text (ISO 13616: the account as its country writes it, remainder 1 by 97).

    >>> without_ibans("GB29 NWBK 6016 1331 9268 19 red, de89370400440532013000, be39698436633b49", "*")
    '* red, *, be39698436633b49'
    """

    def replaced(found: re.Match[str]) -> str:
        signs = found.group()
        account = _ACCOUNTS.get(signs[:2].upper())
        written = account.match(signs.replace(" ", ""), 4) if account else None
        if written is None:
            return signs
        plain, end = written.string[: written.end()], 0
        for _ in plain:  # where it ends, with its spaces
            end += 1 + (signs[end] == " ")
        apart = end == len(signs) or signs[end] == " "
        valid = apart and int("".join(str(int(sign, 36)) for sign in plain[4:] + plain[:4])) % 97 == 1
        return mark + signs[end:] if valid else signs

    return _IBAN.sub(replaced, text)
