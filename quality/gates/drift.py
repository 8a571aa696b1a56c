"""Drift: what changed between the profile of a baseline and that of now, as one record, kept as drift.json.

    {"baseline": "history/3",                      which run it is compared with
     "rows": {"then": 1000, "now": 1100},
     "columns": {"price": {                        each column that both profiles can compare
         "kind": "numbers",                        numbers, lengths (of texts and lists), values or booleans
         "psi": 0.03,                              population stability index over the bins
         "noise": 0.02,                            the index that two samples of one source have by chance
         "level": "stable",                        stable (below 0.1), moved (below 0.25) or shifted, beyond the noise
         "then": {"rows": 1000, "null_share": 0.0, "mean": 9.5}, "now": {…},  mean: of numbers and lengths, else null
         "bins": [{"name": "10 to 20", "from": 10, "to": 20, "then": 120, "now": 131}, …]}},
                                                   from and to are null for values and open ends; counts of rows
     "columns_new": ["mpn"], "columns_gone": [],   by name; empty throughout counts as not there
     "values": {"category": {                      of category, seller, brand, lang … where both count them all
         "new": [["Home > Mugs", 12], …],          the most frequent values that the baseline had not, and rows now
         "new_count": 3, "new_share": 0.02,        how many such values, and their share of the rows now
         "vanished": [["Toys", 40], …],            those that are gone, and rows then
         "vanished_count": 1, "vanished_share": 0.04}},
     "metrics": {"row_ratio": 1.1, "largest_psi": 0.01, "psi_price": 0.01, "new_category": 3,
                 "share_new_category": 0.02, "vanished_category": 1, "share_vanished_category": 0.04, …}}

`metrics` are what rules of a suite may judge (`meta.dataset` "metrics"); there `psi_…` is the index beyond the noise.
A metric is null where there is nothing to compare, such as a column that is empty in both: rules then judge nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from .profile import CLASSES

GROUPS = 10  # bins of a histogram that are compared, about equally full in the baseline
TOP = 20  # values that are bins of their own, and values that are shown
STABLE, SHIFTED = 0.1, 0.25  # the customary limits of the index
FLOOR = 1e-4  # least share of a bin: an empty one would make the index infinite
# What names one row or its place: it differs between any two exports.
NOT_COMPARED = frozenset({"id", "row_hash", "source_file", "source_row", "image_sha", "phash", "url", "image"})
COMPARED = "row_ratio"  # is among the metrics of every comparison
METRICS = (COMPARED, "largest_psi", "psi_", "new_", "vanished_", "share_new_", "share_vanished_")
Bin = dict[str, Any]


def drift(now: Mapping[str, Any], then: Mapping[str, Any], baseline: str) -> dict[str, Any]:
    """Compare a profile with that of the baseline, both as `profile.extract` gives them; the module shows the record.

    The index is that of credit scoring (Siddiqi, "Credit Risk Scorecards", 2006): the sum over bins of
    (now - then) * ln(now / then), of shares. Rows without a value are a bin. Its noise is its expectation for two
    samples of one distribution, about (bins - 1) * (1 / then + 1 / now), of rows (Yurdakul and Naranjo, "Statistical
    properties of the population stability index", 2020).
    """
    old, new = then["columns"], now["columns"]
    both = [name for name in new if name in old and name not in NOT_COMPARED]
    columns = {name: found for name in both if (found := _column(new[name], old[name])) is not None}
    values = {name: _values(new[name].get("counts") or {}, old[name].get("counts") or {}, now["rows"], then["rows"])
              for name, found in columns.items() if found["kind"] == "values"}  # fmt: skip
    psi = {f"psi_{name}": max(0.0, found["psi"] - found["noise"]) for name, found in columns.items()}
    known = sorted({*old, *new})
    metrics: dict[str, float | int | None] = {
        "row_ratio": now["rows"] / then["rows"] if then["rows"] else None,
        "largest_psi": max(psi.values(), default=None),
        **{f"psi_{name}": psi.get(f"psi_{name}") for name in known},  # null where there is nothing to compare
    }
    for name in known:
        if name in values or name in CLASSES:
            found = values.get(name, {})
            for word in ("new", "vanished"):
                metrics[f"{word}_{name}"] = found.get(f"{word}_count")
                metrics[f"share_{word}_{name}"] = found.get(f"{word}_share")
    filled = [{name for name, column in side.items() if column["nulls"] < column["rows"]} for side in (old, new)]
    return {
        "baseline": baseline,
        "rows": {"then": then["rows"], "now": now["rows"]},
        "columns": columns,
        "columns_new": sorted(filled[1] - filled[0]) if then["rows"] else [],
        "columns_gone": sorted(filled[0] - filled[1]) if now["rows"] else [],
        "values": values,
        "metrics": metrics,
    }


def without_baseline(names: Iterable[str]) -> dict[str, None]:
    """Of the names of metrics those that compare with a baseline, as unknown: rules on them then judge nothing."""
    return {name: None for name in names if name.startswith(METRICS)}


def psi(then: Sequence[int], now: Sequence[int]) -> float:
    """Give the population stability index of two counts over the same bins.

    >>> round(psi([50, 50], [50, 50]), 3), round(psi([500, 500], [800, 200]), 3)
    (0.0, 0.416)
    """
    rows_then, rows_now = sum(then), sum(now)
    if not rows_then or not rows_now:
        return 0.0
    floor = max(FLOOR, 0.5 / min(rows_then, rows_now))
    shares = [(max(a / rows_then, floor), max(b / rows_now, floor)) for a, b in zip(then, now, strict=True)]
    return math.fsum((b - a) * math.log(b / a) for a, b in shares)


def _column(now: Mapping[str, Any], then: Mapping[str, Any]) -> dict[str, Any] | None:
    kind, bins = _bins(now, then)
    if not then["rows"] or not now["rows"] or kind is None:
        return None
    bins.append({"name": "(empty)", "from": None, "to": None, "then": then["nulls"], "now": now["nulls"]})
    bins = [each for each in bins if each["then"] or each["now"]]
    index = psi([each["then"] for each in bins], [each["now"] for each in bins])
    noise = (len(bins) - 1) * (1 / then["rows"] + 1 / now["rows"])
    beyond = index - noise
    level = "stable" if beyond < STABLE else "moved" if beyond < SHIFTED else "shifted"
    sides = {
        name: {"rows": side["rows"], "null_share": side["null_share"], "mean": _mean(side)}
        for name, side in (("then", then), ("now", now))
    }
    return {"kind": kind, "psi": index, "noise": noise, "level": level, **sides, "bins": bins}


def _mean(column: Mapping[str, Any]) -> float | None:
    mean: float | None = column.get("mean", (column.get("length") or {}).get("mean"))
    return mean


def _bins(now: Mapping[str, Any], then: Mapping[str, Any]) -> tuple[str | None, list[Bin]]:
    """Find what two profiles of a column can be compared by; a column without a value fits whatever the other has."""
    parts: dict[str, list[Any]] = {
        "values": [side.get("counts") for side in (now, then)],
        "numbers": [side.get("histogram") for side in (now, then)],
        "booleans": [
            {"true": side["true"], "false": side["false"]} if "true" in side else None for side in (now, then)
        ],
        "lengths": [(side.get("length") or {}).get("histogram") for side in (now, then)],
    }
    blank = [side["nulls"] == side["rows"] for side in (now, then)]
    for kind, (new, old) in parts.items():
        if (new is None and not blank[0]) or (old is None and not blank[1]) or (new is None and old is None):
            continue
        if kind in ("values", "booleans"):
            return kind, _of_values(new or {}, old or {})
        return kind, _of_histogram(new or [], old or [])
    return None, []


def _of_values(now: Mapping[str, int], then: Mapping[str, int]) -> list[Bin]:
    own = _first(then)
    bins = [{"name": str(v), "from": None, "to": None, "then": then[v], "now": now.get(v, 0)} for v, _ in own]
    shown = {value for value, _ in own}
    rest = {"name": "(others)", "from": None, "to": None,
            "then": sum(n for v, n in then.items() if v not in shown),
            "now": sum(n for v, n in now.items() if v in then and v not in shown)}  # fmt: skip
    new = {"name": "(new)", "from": None, "to": None, "then": 0, "now": sum(n for v, n in now.items() if v not in then)}
    return [*bins, rest, new]


def _of_histogram(now: Sequence[Sequence[Any]], then: Sequence[Sequence[Any]]) -> list[Bin]:
    """Join the profile's fixed bins to few, about equally full in the baseline; what lies outside it is apart."""
    total, filled = sum(bin_[2] for bin_ in then), 0
    cuts: list[float] = [then[0][0]] if then and then[0][0] is not None else []
    below = len(cuts)
    for _, end, count in then:
        filled += count
        if end is not None and filled >= total * (len(cuts) - below + 1) / GROUPS:
            cuts.append(end)
    if then and then[-1][1] is not None and then[-1][1] not in cuts:
        cuts.append(then[-1][1])
    ends: list[float | None] = [*cuts, None]
    starts: list[float | None] = [None, *cuts]
    bins = [{"name": _range(a, b), "from": a, "to": b, "then": 0, "now": 0} for a, b in zip(starts, ends, strict=True)]
    for side, histogram in (("then", then), ("now", now)):
        for start, _, count in histogram:
            place = sum(1 for cut in cuts if start is not None and start >= cut)
            bins[place][side] += count
    return bins


def _range(start: float | None, end: float | None) -> str:
    if start is None or end is None:
        return "any" if start is end else f"below {end:g}" if start is None else f"{start:g} and more"
    return f"{start:g} to {end:g}"


def _values(now: Mapping[str, int], then: Mapping[str, int], rows_now: int, rows_then: int) -> dict[str, Any]:
    new = {value: n for value, n in now.items() if value not in then}
    gone = {value: n for value, n in then.items() if value not in now}
    return {
        "new": [list(each) for each in _first(new)],
        "new_count": len(new),
        "new_share": sum(new.values()) / rows_now if rows_now else 0.0,
        "vanished": [list(each) for each in _first(gone)],
        "vanished_count": len(gone),
        "vanished_share": sum(gone.values()) / rows_then if rows_then else 0.0,
    }


def _first(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """The most frequent values, those of equal count by name."""
    return sorted(counts.items(), key=lambda each: (-each[1], each[0]))[:TOP]
