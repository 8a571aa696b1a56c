"""What a run ended with, for a terminal: a table of the stages, and where the report lies."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ..schemas.config import Config
from .run_folder import STAGES, RunFolder

COLOURS = {"done": "green", "skipped": "yellow", "failed": "red", "running": "blue"}


def show(config: Config, out: Console) -> None:
    """Print the table and the report's path."""
    folder = RunFolder(config.run_folder)
    out.print()
    out.print(status(folder))
    page = folder.place / "report" / "index.html"
    if page.exists():
        out.print(f"report: {page}")


def status(folder: RunFolder) -> Table:
    """State, rows in and out, gate and time of each stage."""
    states = folder.states()
    table = Table("stage", "state", "in", "out", "taken out", "gate", "seconds", box=None, header_style="bold")
    for column in table.columns[2:5] + table.columns[6:]:
        column.justify = "right"
    for stage in STAGES:
        state = states.get(stage, {})
        manifest = folder.manifest(stage)
        metrics: dict[str, Any] = dict(manifest.metrics) if manifest else {}
        taken = sum(metrics.get(name) or 0 for name in ("rows_rejected", "rows_duplicates", "rows_skipped"))
        rows_out = metrics.get("rows_out", metrics.get("rows_predictions", metrics.get("rows_train")))
        named = state.get("state", "not run" if manifest is None else "done")
        table.add_row(
            stage,
            f"[{COLOURS.get(named, 'default')}]{named}[/]",
            _number(metrics.get("rows_in")),
            _number(rows_out),
            _number(taken or None),
            _verdict(manifest.verdict) if manifest else escape(state.get("reason", "")[:60]),
            f"{state['seconds']:.1f}" if "seconds" in state else "",
        )
    return table


def _number(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else ""


def _verdict(verdict: dict[str, Any]) -> str:
    if verdict.get("accepted"):
        return "[yellow]accepted by hand[/]"
    counts = [f["severity"] for f in verdict["failures"]]
    said = [f"{counts.count(s)} {s}" for s in ("critical", "warning", "info") if s in counts]
    return ("[green]passed[/]" if verdict["passed"] else "[red]stopped[/]") + (f", {', '.join(said)}" if said else "")
