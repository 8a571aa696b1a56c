"""What the manifest says of a verdict, and what a person has accepted all the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..schemas.errors import ConfigError, nearest
from .gate_keeper import Judgement
from .run_folder import now


def as_record(found: Judgement | None, before: Mapping[str, Any]) -> dict[str, Any]:
    """What the manifest says of the verdict; without a gate everything passes.

    Acceptances of the attempt stay on record. One holds for the rules that it names, under the suite that refused: a
    changed suite may find what nobody has accepted, and when the first one is back, so is its acceptance.

    Args:
        found: The verdict; None where the stage has no gate.
        before: The record of an earlier verdict on the same attempt, or nothing.
    """
    if found is None:
        return {"passed": True, "suite": None, "baseline": None, "failures": [], "at": now()}
    failures = [{"rule": f.rule, "severity": f.severity, "message": f.message} for f in found.verdict.failures]
    record = {
        "passed": found.verdict.passed,
        "suite": found.gate.suite.hash,
        "baseline": found.gate.baseline.name if found.gate.baseline else None,
        "failures": failures,
        "at": now(),
    }
    return _with_acceptances(record, before.get("acceptances", []))


def accept(record: Mapping[str, Any], reason: str, rules: Sequence[str]) -> dict[str, Any]:
    """Give the record of a verdict of which a person overrules some rules; without any named, all that stop.

    Raises:
        ConfigError: a named rule does not stop, or there is no reason.
    """
    if not reason.strip():
        raise ConfigError("--reason is empty; say why the attempt is good all the same, it stays on record")
    stopping = stops(record)
    for rule in rules:
        if rule not in stopping:
            raise ConfigError(f"--rule {rule}: that rule does not stop the run{nearest(rule, stopping)}")
    acceptance = {"reason": reason, "at": now(), "suite": record["suite"], "rules": list(rules) or stopping}
    return _with_acceptances(record, [*record.get("acceptances", []), acceptance])


def stops(record: Mapping[str, Any]) -> list[str]:
    """Critical rules that fail and that nobody has accepted."""
    covered = {rule for each in _mine(record, record.get("acceptances", [])) for rule in each["rules"]}
    failing = [f["rule"] for f in record["failures"] if f["severity"] == "critical"]
    return [rule for rule in dict.fromkeys(failing) if rule not in covered]


def _mine(record: Mapping[str, Any], given: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [each for each in given if each["suite"] == record["suite"]]


def _with_acceptances(record: Mapping[str, Any], given: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    kept = {**record, **({"acceptances": list(given)} if given else {})}
    mine = _mine(record, given)
    holds = {"accepted": mine[-1]} if mine and not record["passed"] and not stops(kept) else {}
    return {**{key: value for key, value in kept.items() if key != "accepted"}, **holds}
