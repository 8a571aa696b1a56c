"""Suites: plain Great Expectations JSON, read without Great Expectations.

    {"name": "clean", "expectations": [
        {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "title", "mostly": 0.99},
         "severity": "warning", "meta": {"rule": "title_present", "dataset": "listings", "why": "…"}}]}

`meta.rule` is a stable id, `meta.dataset` says what the rule is about (default: the stage's main dataset). The suite's
own `meta.use` lists classes of types of one's own, `package.module:Class`. Rules that name rows may have a
`row_condition`; `conditions` says which.
Loading is cheap enough for workers; `check` lets Great Expectations itself read the suite, once, in the
driver.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import xxhash

from ...schemas.errors import ConfigError, nearest
from ...schemas.storage import Storage
from ..own_function import content_hash
from .arguments import is_parameter, problem
from .measure import VERSION
from .rule import KEYS, METRICS, SEVERITIES, Rule

FOLDER = Path(__file__).parent / "suites"
# The dataset that a stage's rules are about unless they say otherwise.
MAIN = {
    "ingest": "listings", "clean": "listings", "filter": "listings", "deduplicate": "listings",
    "pairs": "train", "pretrain": METRICS, "embed": "embeddings", "finetune": METRICS,
    "predict": "clusters",  # without trained heads there are no predictions, clusters there always are
}  # fmt: skip
_SUITE_KEYS = ("name", "expectations", "meta", "id", "notes", "suite_parameters")
_RULE_KEYS = ("type", "kwargs", "severity", "meta", "id", "notes", "description", "rendered_content")


@dataclass(frozen=True)
class Suite:
    """Rules in the order of their file; `main` is the dataset that the stage is about."""

    name: str
    rules: tuple[Rule, ...]
    main: str = "listings"
    where: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)  # values that the suite brings for its own parameters
    packages: Mapping[str, str] = field(default_factory=dict)  # types of one's own, and what their packages hold
    left_out: tuple[str, ...] = ()  # rules that cannot be judged yet: there is no baseline
    whole: bool = False  # judges a frame, all of whose rows are at hand
    written: str = ""  # the hash of the suite as it was written, where parameters have since got values

    @cached_property
    def hash(self) -> str:
        """32 hex digits over everything that a verdict depends on; where the suite lies does not count."""
        content = {"name": self.name, "main": self.main, "rules": [rule.configuration for rule in self.rules]}
        content |= {key: each for key, each in vars(self).items() if key in ("parameters", "packages") and each}
        return self.written or _digest(content)

    @cached_property
    def measured(self) -> str:
        """32 hex digits over what workers measure, and how: another severity or `mostly` asks for no other numbers."""
        rules = [
            [
                rule.id,
                rule.dataset,
                rule.type,
                {k: v for k, v in rule.kwargs.items() if k != "mostly" or is_parameter(v)},
            ]
            for rule in self.rules
            if rule.dataset != METRICS
        ]
        return _digest([VERSION, rules, dict(self.packages)])

    def of(self, dataset: str) -> list[Rule]:
        """Rules about one dataset."""
        return [rule for rule in self.rules if rule.dataset == dataset]

    @property
    def metrics(self) -> list[str]:
        """Names of the metrics that rules ask for."""
        return [name for rule in self.of(METRICS) for name in rule.columns]

    @property
    def datasets(self) -> list[str]:
        """Datasets that must be measured before the suite can be judged."""
        return sorted({rule.dataset for rule in self.rules} - {METRICS})


def shipped() -> list[str]:
    """Names of the suites that come with eclip, one a stage."""
    return sorted(path.stem for path in FOLDER.glob("*.json"))


def load_suite(
    source: Path | dict[str, Any] | str, where: str | None = None, stage: str | None = None, whole: bool = False
) -> Suite:
    """Read a suite from a file, from the name of a shipped one, or from its JSON as a dict.

    `where` names the source in messages. `stage` decides the main dataset; without it the file's name does,
    then the suite's name, and else it is `listings`. `whole` is for a frame, of which more can be measured.

    Raises:
        ConfigError: what is there is no suite, or has a rule that could not be judged; the message names the
        rule.
    """
    if isinstance(source, dict):
        where, value = where or "suite", source
    else:
        path = FOLDER / f"{source}.json" if source in shipped() else source
        where, value = where or str(path), _read(path)
    if not isinstance(value, dict) or not isinstance(value.get("expectations"), list):
        raise ConfigError(f'{where}: expected a Great Expectations suite: {{"name": …, "expectations": […]}}')
    _refuse_unknown(value, _SUITE_KEYS, where)
    name = value.get("name")
    if not isinstance(name, str) or not name:
        raise ConfigError(f"{where}: the suite needs a name")
    if not value["expectations"]:
        raise ConfigError(f"{where}: no rules; a gate without rules would pass everything")
    custom, packages = _custom(value, where)
    main = next((MAIN[n] for n in (stage, Path(where).stem, name) if n in MAIN), "listings")
    rules = [_rule(entry, main, custom, f"{where}: rule {n}") for n, entry in enumerate(value["expectations"], 1)]
    seen: set[str] = set()
    for rule in rules:
        if rule.id in seen:
            raise ConfigError(f"{where}: two rules are called '{rule.id}'; give each its own meta.rule")
        seen.add(rule.id)
        found = problem(rule, whole) if rule.dataset != METRICS else None
        if found:
            raise ConfigError(f"{where}: rule '{rule.id}': {found}")
    return Suite(name, tuple(rules), main, where, value.get("suite_parameters") or {}, packages, whole=whole)


def check(suite: Suite) -> None:
    """Let Great Expectations read the suite; what it drops in silence is an error here.

    Imports Great Expectations (seconds): call it once, before a run.

    Raises:
        ConfigError: Great Expectations does not accept a rule; the message names the rule.
    """
    from .expectations import build

    build(suite)


def _read(path: Path | str) -> Any:
    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is no JSON number")

    try:
        return json.loads(Storage.of(path).read_bytes(), parse_constant=refuse)
    except OSError:
        raise ConfigError(f"{path}: no such suite; shipped are {', '.join(shipped())}, or give a path") from None
    except ValueError as error:
        raise ConfigError(f"{path}: not valid JSON: {error}") from None


def _custom(value: Mapping[str, Any], where: str) -> tuple[dict[str, str], dict[str, str]]:
    """Import the types of one's own that a suite uses: their places by type, and hashes of their packages."""
    uses = (value.get("meta") or {}).get("use") or []
    if not isinstance(uses, list) or not all(isinstance(use, str) for use in uses):
        raise ConfigError(f'{where}: meta.use is {uses!r}, expected a list such as ["mypkg.rules:ExpectColumnValues…"]')
    if not uses:
        return {}, {}
    from .custom import load  # imports Great Expectations

    return (
        {load(use, where).expectation_type: use for use in uses},
        {use: content_hash(where, use) for use in uses},
    )


def _digest(value: Any) -> str:
    return xxhash.xxh3_128_hexdigest(json.dumps(value, sort_keys=True, ensure_ascii=False).encode())


def _rule(entry: Any, main: str, custom: Mapping[str, str], where: str) -> Rule:
    """Read one expectation; arguments are looked at later."""
    if not isinstance(entry, dict) or not isinstance(entry.get("type"), str):
        raise ConfigError(f'{where}: expected {{"type": "expect_…", "kwargs": {{…}}}}, found {entry!r}')
    kwargs, meta = entry.get("kwargs") or {}, entry.get("meta") or {}
    if not isinstance(kwargs, dict) or not isinstance(meta, dict):
        raise ConfigError(f"{where}: kwargs and meta must be objects")
    given = {key: value for key, value in kwargs.items() if value is not None}
    names = [given[key] for key in ("column", "column_A", "column_B") if isinstance(given.get(key), str)]
    names += [each for each in given.get("column_list") or () if isinstance(each, str)]
    rule = meta.get("rule") or "_".join([entry["type"].removeprefix("expect_"), *names])
    if not isinstance(rule, str):
        raise ConfigError(f"{where}: meta.rule is {rule!r}, expected a text")
    where = f"{where} ('{rule}')"
    _refuse_unknown(entry, _RULE_KEYS, where)
    severity = entry.get("severity", "critical")
    if severity not in SEVERITIES:
        hint = nearest(str(severity), SEVERITIES)
        raise ConfigError(f"{where}: severity is {severity!r}, expected {', '.join(SEVERITIES)}{hint}")
    dataset = meta.get("dataset", main)
    if dataset not in KEYS and dataset != METRICS:
        raise ConfigError(f"{where}: no dataset '{dataset}'{nearest(str(dataset), [*KEYS, METRICS])}")
    other = {key: value for key, value in meta.items() if key not in ("rule", "dataset", "why")}
    use = custom.get(entry["type"], "")
    return Rule(rule, entry["type"], given, severity, dataset, str(meta.get("why") or ""), other, use)


def _refuse_unknown(value: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
    for key in value:
        if key not in known:
            raise ConfigError(f"{where}: unknown key '{key}'{nearest(key, known)}")
