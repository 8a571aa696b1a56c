"""A verdict: whether data may go on, what speaks against it, and the record that is kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import Any

import pyarrow as pa

from .rule import SEVERITIES

_COLOURS = {"critical": "#b3261e", "warning": "#8a5a00", "info": "#3b5b7a"}


@dataclass(frozen=True)
class Failure:
    """A rule that does not hold."""

    rule: str
    severity: str  # critical where the rule could not be evaluated, whatever the suite says
    dataset: str
    column: str | None  # two columns are joined by a comma
    message: str  # for people, and starts with the rule's id
    examples: tuple[str, ...] = ()  # ids of rows, at most 20


@dataclass(frozen=True, repr=False)
class Verdict:
    """What a gate says. Only critical failures stop a run; warnings and infos are reported.

    `result` is a Great Expectations validation result as JSON (`success`, `results` in the suite's order,
    `statistics`, `meta`) with this verdict beside it under `eclip`. Its `success` is Great Expectations' own:
    false whatever the severity of what failed. `failing_rows` has every row that breaks a rule, warnings and infos
    too: `id`, `rule`, `value`; where a run has judged, they lie in its `gate_failures/`.
    """

    passed: bool
    failures: list[Failure] = field(default_factory=list)
    result: dict[str, Any] = field(default_factory=dict)
    failing_rows: pa.Table | None = field(default=None, compare=False)

    def of(self, severity: str) -> list[Failure]:
        """Failures of one severity."""
        return [failure for failure in self.failures if failure.severity == severity]

    @property
    def notes(self) -> tuple[str, ...]:
        """What there is to say beside the rules, such as a baseline that lacks the stage."""
        return tuple(self.result.get("eclip", {}).get("notes", ()))

    @property
    def headline(self) -> str:
        """The verdict in one line."""
        counts = {severity: len(self.of(severity)) for severity in SEVERITIES}
        said = [f"{n} {name}{'s' if n > 1 and name == 'warning' else ''}" for name, n in counts.items() if n]
        held = self.result["statistics"]["successful_expectations"]
        rules = self.result["statistics"]["evaluated_expectations"]
        word = "passed" if self.passed else "stopped"
        return f"Gate {self.result['suite_name']}: {word}; {held} of {rules} rules hold" + "".join(
            f", {each}" for each in said
        )

    def __repr__(self) -> str:
        lines = [self.headline]
        lines += [f"  {f.severity:8} {f.message}" for severity in SEVERITIES for f in self.of(severity)]
        return "\n".join(lines + [f"  {note}" for note in self._notes()])

    def _repr_html_(self) -> str:
        rows = "".join(
            f'<tr><td style="color:{_COLOURS[severity]}">{severity}</td><td style="text-align:left">'
            f"{escape(failure.message)}</td><td>{escape(', '.join(failure.examples[:5]))}</td></tr>"
            for severity in SEVERITIES
            for failure in self.of(severity)
        )
        table = f"<table><tr><th>severity</th><th>rule</th><th>rows</th></tr>{rows}</table>" if rows else ""
        notes = "".join(f"<p>{escape(note)}</p>" for note in self._notes())
        return f"<p><b>{escape(self.headline)}</b></p>{table}{notes}"

    def _notes(self) -> list[str]:
        policy, notes = self.result["eclip"], list(self.notes)
        if policy["vacuous"]:
            notes.append(f"hold only because there was no value to judge: {', '.join(policy['vacuous'])}")
        if policy["left_out"]:
            notes.append(f"not judged here: {', '.join(policy['left_out'])}")
        return notes
