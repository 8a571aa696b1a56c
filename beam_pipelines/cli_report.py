"""The commands for people: the report, the story of one listing, pages to review and what was found on them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from ..schemas.errors import ConfigError
from .places import Overrides, RunPlace, config_of, out, plain, run_folder

if TYPE_CHECKING:
    from ..quality.report.story import Story

OfWhat = Annotated[
    str | None,
    typer.Option("--of", metavar="WHAT", help="duplicates, variants, noise or rejected; by default duplicates."),
]


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command()(report)
    app.command()(explain)
    app.command()(review)


def report(
    place: RunPlace,
    compare: Annotated[
        str | None, typer.Option("--compare", metavar="OTHER", help="Another run to say the changes from.")
    ] = None,
    overrides: Overrides = None,
) -> None:
    """Write the report of what is published now."""
    from .pipeline import run as run_pipeline
    from .run_folder import RunFolder

    config = asked = config_of(place, overrides)
    if compare is not None:
        other = run_folder(compare).place.url
        asked = config.model_copy(update={"report": config.report.model_copy(update={"compare": other})})
    run_pipeline(asked, [], "report", "report", True, say=lambda line: out.print(plain(line)))
    if compare is not None:  # asked for once: the next report compares with the run before again
        RunFolder(config.run_folder).note(config=config.model_dump())
    out.print(escape(f"{config.run_folder}/report/index.html"))


def explain(
    place: RunPlace,
    listing: Annotated[str, typer.Argument(metavar="ID", help="A listing, or a rejected record: file#row.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Tell what became of one listing, stage by stage, and what would have changed it."""
    from .explain import explain as tell

    story = tell(run_folder(place), listing)
    if as_json:
        print(story.model_dump_json(indent=1))  # noqa: T201  (for programs: no colours, no wrapping)
    else:
        print_story(story)


def print_story(story: Story) -> None:
    """Print a story; what sellers wrote is cut, quoted and harmless already."""
    from ..quality.report.words import visible

    out.print(f"[bold]{escape(visible(story.id))}[/] {escape(story.headline)}")
    for chapter in story.chapters:
        out.print(f"\n[bold]{escape(chapter.stage)}[/]: {escape(chapter.outcome)}")
        for sentence in chapter.said:
            _say(sentence.strip(), 4 if sentence.startswith("  ") else 2)
        for photo in story.photos if chapter.stage == "ingest" else ():
            size = f"{photo['width']} x {photo['height']}" if photo["width"] else photo["error"] or "does not decode"
            named = visible(photo["reference"] or "given as bytes")
            _say(f"photo {photo['position']}: {named}, {visible(str(size))}; kept in {photo['kept_in']}", 2)
    if story.otherwise:
        out.print("\n[bold]It would be kept if[/]")
        for way in story.otherwise:
            _say(f"- {way}", 2)


def _say(sentence: str, indent: int) -> None:
    out.print(Padding(escape(sentence), (0, 0, 0, indent), expand=False), soft_wrap=False)


def review(
    place: RunPlace,
    of: OfWhat = None,
    number: Annotated[int, typer.Option("-n", min=1, max=2000, help="Cases on the page.")] = 200,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Where the page goes.")] = None,
    labels: Annotated[
        Path | None, typer.Option("--labels", metavar="FILE", help="What was found on a page: print its precision.")
    ] = None,
) -> None:
    """Write a page to judge decisions by eye; or read what was judged, and say how often the rules are right."""
    from . import reviewing

    run = run_folder(place)
    if labels is not None:
        if of is not None or output is not None:
            raise ConfigError("--labels says what was judged itself; leave --of and --output out")
        found = reviewing.judged(run, labels)
        table = Table("rule", "score", "right", "of", "precision", "95% interval", box=None, header_style="bold")
        for column in list(table.columns)[2:]:
            column.justify = "right"
        for line in found.lines:
            table.add_row(*(plain(cell) for cell in line.cells))
        out.print(table)
        out.print(escape(found.sentence))
        return
    target = reviewing.write_page(run, of or "duplicates", number, output)
    out.print(escape(str(target)))
