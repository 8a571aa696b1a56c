"""The commands about gates: judge again, accept what a gate stopped, write suites from a good run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from .places import Overrides, RunPlace, config_of, out, plain, run_folder

if TYPE_CHECKING:
    from ..schemas.config import Config

StageName = Annotated[str, typer.Argument(metavar="STAGE", help="ingest, clean, filter, deduplicate …")]
gates = typer.Typer(no_args_is_help=True, help="Suites of one's own.")


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command()(gate)
    app.command()(accept)
    app.add_typer(gates, name="gates")


def gate(place: RunPlace, stage: StageName, overrides: Overrides = None) -> None:
    """Judge what a stage has published by its suite as it stands now; recomputes nothing."""
    from .pipeline import judge_again

    manifest, verdict = judge_again(_config(place, overrides), stage)
    out.print(plain(repr(verdict)))
    if "accepted" in manifest.verdict:
        out.print(f"accepted by hand: {plain(manifest.verdict['accepted']['reason'])}")
    if not manifest.passed:
        raise typer.Exit(3)


def accept(
    place: RunPlace,
    stage: StageName,
    reason: Annotated[str, typer.Option("--reason", help="Why; kept on record.")],
    rule: Annotated[
        list[str] | None,
        typer.Option("--rule", metavar="RULE", help="Accept this rule only, others still stop; may be repeated."),
    ] = None,
) -> None:
    """Publish the attempt that a gate stopped, on record."""
    from . import acceptance
    from .pipeline import accept as accept_attempt

    manifest = accept_attempt(run_folder(place), stage, reason, rule or ())
    if not manifest.passed:
        left = ", ".join(acceptance.stops(manifest.verdict))
        out.print(escape(f"{stage}: accepted {', '.join(rule or ())}; it is still stopped by {left}"))
        raise typer.Exit(3)
    out.print(f"{stage}: attempt {manifest.attempt} is published; `eclip run` goes on from there")


@gates.command("init")
def init(
    place: RunPlace,
    folder: Annotated[Path, typer.Option("--output", "-o", help="A folder for the suites.")] = Path("suites"),
) -> None:
    """Write suites from a good run: its figures with some slack, a file a stage; gates.suites then names the folder."""
    from .suites_init import write_suites

    for line in write_suites(run_folder(place), _config(place, None), folder):
        out.print(escape(line))


def _config(place: str, overrides: list[str] | None) -> Config:
    """Read a configuration; of a run folder the one that it was made with, whose paths start where they did then."""
    config = config_of(place, overrides)
    if Path(place).suffix in (".yaml", ".yml"):
        return config
    folder = (run_folder(place).place / "run.json").read_json().get("folder")
    return config.model_copy(update={"folder": folder}) if folder else config
