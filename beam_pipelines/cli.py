"""The command line. Beam, torch and Great Expectations are imported by the commands that use them only.

Exit codes: 0 done, 2 usage or configuration error, 3 a gate stopped the run, 130 Ctrl-C, 1 anything else.
"""

from __future__ import annotations

import errno
import logging
import sys
import traceback
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from ..schemas.errors import ConfigError, EclipError, StageError
from . import cli_gates, cli_report
from .places import Overrides, RunPlace, err, load, out, plain, run_folder
from .stop import Stop

app = typer.Typer(
    name="eclip", no_args_is_help=True, add_completion=False, rich_markup_mode="rich", pretty_exceptions_enable=False,
    help="Turn raw product listings into trusted data and models.",
    epilog="Exit codes: 0 done, 2 usage or configuration error, 3 a gate stopped the run, 130 Ctrl-C, 1 anything else.",
)  # fmt: skip

ConfigFile = Annotated[Path, typer.Argument(metavar="CATALOG.YAML", help="The configuration.")]
First = Annotated[str | None, typer.Option("--from", metavar="STAGE", help="Begin with this stage.")]
Last = Annotated[str | None, typer.Option("--to", metavar="STAGE", help="End with this stage.")]


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": False})
def run(
    context: typer.Context,
    config: ConfigFile,
    first: First = None,
    last: Last = None,
    force: Annotated[bool, typer.Option("--force", help="Run also what is up to date; read sources again.")] = False,
    dry: Annotated[bool, typer.Option("--dry-run", help="Say what would be submitted; changes nothing.")] = False,
    json: Annotated[Path | None, typer.Option("--json", metavar="FILE", help="Of a dry run: all of it.")] = None,
    overrides: Overrides = None,
) -> None:
    """Run the stages that need it, judge each, publish what passes.

    What stands behind `--` goes to Beam: eclip run catalog.yaml -- --runner=PortableRunner --job_endpoint=…
    """
    from . import dry_run, summary
    from .pipeline import run as run_pipeline

    loaded = load(config, overrides)
    if json is not None and not dry:
        raise ConfigError("--json goes with --dry-run")
    if dry:
        found = dry_run.dry_run(loaded, context.args, first, last, force)
        dry_run.show(found, out)
        if json is not None:
            found.write(json)
        return
    run_pipeline(loaded, context.args, first, last, force, say=lambda line: out.print(plain(line)))
    summary.show(loaded, out)


@app.command()
def plan(config: ConfigFile, first: First = None, last: Last = None, overrides: Overrides = None) -> None:
    """Say which stages would run, and why; changes nothing."""
    from .plan import plan as plan_pipeline

    table = Table("stage", "would", "because", box=None)
    words = {"run": "run", "gate": "be judged again", "skip": "be skipped", "current": "not run", "wait": "perhaps run"}
    for found in plan_pipeline(load(config, overrides), first, last):
        table.add_row(found.stage, words[found.action], escape(found.reason))
    out.print(table)


@app.command()
def check(config: ConfigFile, overrides: Overrides = None) -> None:
    """Check a configuration before a run: keys, columns of the source, suites, the runner, and rules of one's own."""
    from . import check as checking
    from .runners import runner_for
    from .stages import STAGES

    loaded = load(config, overrides)
    runner_for(loaded).ready(loaded, [stage.name for stage in STAGES])
    rules = checking.tried(loaded, STAGES)
    if rules:
        out.print(checking.table(rules))
    problems = [problem for rule in rules for problem in rule.problems]
    if problems:
        raise ConfigError("\n  ".join(problems))
    file, mapping = checking.look(loaded)
    out.print(plain(f"{file}: {', '.join(name for name, theirs in mapping.mapped.items() if theirs)} are mapped"))
    out.print(f"{config}: nothing wrong was found; `eclip plan {config}` says what would run")


@app.command()
def status(place: RunPlace) -> None:
    """Say how far a run is: each stage's state, rows, verdict and time."""
    from . import summary

    out.print(summary.status(run_folder(place)))


@app.command()
def path(place: RunPlace, dataset: Annotated[str, typer.Argument(metavar="STAGE/DATASET")]) -> None:
    """Print the files of a published dataset, one a line."""
    folder = run_folder(place)
    stage, _, name = dataset.partition("/")
    manifest = folder.manifest(stage)
    if manifest is None or name not in manifest.datasets:
        folder.dataset(dataset)  # raises, and says what there is
        return
    for file in manifest.datasets[name].files:
        print(folder.stage(stage) / file)  # noqa: T201  (for scripts: no colours, no wrapping)


@app.command()
def init(
    source: Annotated[
        str, typer.Argument(metavar="SOURCE", help="A listing export: Parquet, CSV or JSONL, or a glob.")
    ],
    target: Annotated[Path, typer.Option("--output", "-o", help="Where to write.")] = Path("catalog.yaml"),
    encoding: Annotated[str, typer.Option(help="What CSV and JSONL are written in, such as cp1252.")] = "utf-8",
) -> None:
    """Write a configuration for an export of one's own: columns looked at, the likely mapping filled in."""
    from .init import write_config

    for line in write_config(source, target, encoding):
        out.print(escape(line))


@app.command()
def sample(
    folder: Annotated[Path, typer.Argument(metavar="DIR")],
    rows: Annotated[int, typer.Option(min=1, help="Listings.")] = 2000,
    seed: Annotated[int, typer.Option(help="Another seed, another catalog.")] = 0,
    photos: Annotated[bool, typer.Option("--photos/--no-photos", help="Draw photos (10 ms each).")] = True,
    hard: Annotated[bool, typer.Option("--hard", help="Variants that one word tells apart; more disguises.")] = False,
) -> None:
    """Draw an example catalog with planted faults and a truth file; then `eclip run DIR/catalog.yaml`."""
    from ..examples.sample import write_sample

    try:
        write_sample(folder, rows, seed, photos, hard)
    except FileExistsError as error:
        raise ConfigError(str(error)) from None
    out.print(f"{rows:,} listings in {folder}; now: eclip run {folder / 'catalog.yaml'}")


@app.command()
def pool(
    port: Annotated[int, typer.Option(help="Where task managers ask for workers.")] = 50_000,
    host: Annotated[str, typer.Option(help="Listen on this address; who reaches it runs code as you.")] = "localhost",
) -> None:
    """Serve as the worker pool beside a Flink task manager: starts a worker for each slot that asks."""
    from .pool import Pool

    with Pool(host, port) as serving:
        out.print(f"workers of eclip are to be had at {host}:{serving.port}; Ctrl-C ends")
        serving.wait()


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks; goes with every command.")] = False,
) -> None:
    del debug  # taken by `main`
    if version:
        from importlib.metadata import version as installed

        print(f"eclip {installed('eclip')}")  # noqa: T201
        raise typer.Exit


cli_gates.register(app)
cli_report.register(app)


def main() -> None:
    """Run the command line: one clear message for what goes wrong, a traceback with `--debug` only."""
    logging.basicConfig(level=logging.ERROR)  # before Beam, which would install a handler of its own
    stop = Stop()
    debug, arguments = _debugging(sys.argv[1:])
    code = 0
    try:
        code = app(arguments, standalone_mode=False) or 0  # typer.Exit(3) comes back as 3
    except EclipError as error:
        code = error.exit_code
        if debug and isinstance(error, StageError):
            for shard, failure in error.failures.items():
                err.print(escape(f"shard {shard}:\n{failure.get('trace', '')}"))
        if not stop.asked:
            _complain(str(error), debug)
    except (KeyboardInterrupt, typer.Abort):
        stop.asked = True
    except Exception as error:  # noqa: BLE001  (the last line of defence: a message, not a traceback)
        code = getattr(error, "exit_code", 1)
        message = getattr(error, "format_message", None)
        if not stop.asked:
            _complain(message() if message else _of(error), debug)
    if stop.asked:
        code = 130
        running = arguments[:1] == ["run"]
        err.print("stopped; what is finished is kept, `eclip run` goes on from there" if running else "stopped")
    sys.exit(code)


def _debugging(arguments: list[str]) -> tuple[bool, list[str]]:
    """Take `--debug` out wherever it stands: click knows it in front of the command only. Behind `--` it is Beam's.

    >>> _debugging(["plan", "catalog.yaml", "--debug", "--", "--debug"])
    (True, ['plan', 'catalog.yaml', '--', '--debug'])
    """
    own = arguments.index("--") if "--" in arguments else len(arguments)
    kept = [argument for argument in arguments[:own] if argument != "--debug"]
    return len(kept) < own, kept + arguments[own:]


def _of(error: BaseException) -> str:
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return f"no space left on the device ({error.filename or 'the run folder'}); make room and run again"
    said = str(error).strip()
    if "Traceback" in said:  # a worker's trace, sent over as text: its last line says what happened
        said = next((line for line in reversed(said.splitlines()) if line and not line[0].isspace()), said)
    return f"{type(error).__name__}: {said} (--debug shows where)"


def _complain(message: str, debug: bool) -> None:
    if debug:
        err.print(escape(traceback.format_exc()))
    err.print(f"[bold red]error:[/] {plain(message)}")


if __name__ == "__main__":
    main()
