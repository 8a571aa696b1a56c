"""The page: one HTML file that needs nothing else, neither network nor script.

Everything that comes from listings is escaped, cut to a sane length, and isolated from the text around it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
import yaml

from ...schemas.redaction import redacted
from ..gates.sentence import percent
from . import changes, charts, claims, decision_table, learning, rules, thresholds, vetoes, words
from .data import ReportData, StageFacts
from .funnel import Loss, funnel, losses
from .labels import Review
from .meanings import cleans, score
from .verdict import headline, not_done, notices, put_back_said, total_time

TEMPLATES = Path(__file__).parent / "templates"
PANELS = 9  # tasks whose most frequent answers are drawn
REJECTING = ("ingest", "filter", "embed")


def render(data: ReportData | Mapping[str, Any]) -> str:
    """Write the report as one HTML page.

    Args:
        data: What it shows, or the content of a `report.json` (which holds no pictures).

    Returns:
        The page; equal for equal data.
    """
    if not isinstance(data, ReportData):
        data = ReportData.model_validate(data)
    return templates().get_template("page.html").render(_context(data))


@cache
def templates() -> jinja2.Environment:
    """Give the templates of all pages: what is put in is escaped, and nothing in it hides."""
    found = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        finalize=lambda value: words.visible(value) if type(value) is str else value,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters |= {
        "count": words.count,
        "percent": percent,
        "shown": words.shown,
        "moment": words.moment,
        "duration": words.duration,
        "plural": words.plural,
        "named": words.named,
        "listed": words.listed,
        "yaml": _yaml,
        "quoted": lambda text: json.dumps(text, ensure_ascii=False),
        "why_dropped": decision_table.why_dropped,
        "why_apart": vetoes.why_apart,
        "few_said": learning.few_said,
        "score": lambda value: f"{value:,.0f}" if value >= 100 else f"{value or 0.0:.3g}",
    }
    return found


def _context(data: ReportData) -> dict[str, Any]:
    rows, judged = funnel(data), rules.gates(data)
    stages = {name: data.by_name.get(name, StageFacts(name=name)) for name in words.STAGES}
    return {
        "data": data,
        "title": data.title or f"{data.name}: report",
        "headline": headline(data, rows.fresh),
        "notices": notices(data, rows.fresh),
        "not_done": not_done(data),
        "funnel": rows,
        "gates": judged,
        "failing": rules.failing(judged),
        "cleaning": _cleaning(stages["clean"]),
        "cleaned": {words.named(each.rule): each for each in data.cleaned},
        "thresholds_swept": thresholds.thresholds(data),
        "reviewed": [Review.model_validate(each) for each in data.reviews],
        "put_back_said": put_back_said(data),
        "changes_rows": changes.rows(data),
        "changes_settings": changes.settings(data),
        "changes_verdicts": changes.verdicts(data),
        "moved": changes.moved(data),
        "moved_columns": changes.columns(data)[2],
        "moved_values": changes.values(data),
        "measured_by": [(each, *score(each.name, stages["filter"].settings)) for each in data.measured],
        "rejecting": [(stages[name], _reasons(stages[name], data)) for name in REJECTING if losses(stages[name])],
        "stages": stages,
        "decisions": decision_table.table(data.duplicates, stages["deduplicate"].settings),
        "decided": decision_table.table_sum(data.duplicates),
        "sellers": list(decision_table.WHO.values()),
        "thresholds": decision_table.thresholds(stages["deduplicate"].settings),
        "links": decision_table.links_said(data.duplicates),
        "apart": vetoes.apart(data.duplicates),
        "apart_said": vetoes.apart_said(data.duplicates),
        "sets": charts.counted(charts.sizes(data.duplicates.sizes, "listings"), "lost"),
        "dropped_by": losses(stages["deduplicate"]),
        "loss": charts.line(data.losses),
        "curves": [(words.CURVES.get(n, n), line) for n, v in data.curves.items() if (line := charts.line(v, ".3g"))],
        "retrieval": learning.retrieval(stages["pretrain"].metrics),
        "measured": claims.measured(stages["pretrain"], stages["pairs"]),
        "by_prompt": learning.by_prompt(stages["pretrain"].metrics),
        "prompted": claims.prompted(stages["pretrain"].settings),
        "beaten": learning.beside_cca(stages["pretrain"].metrics),
        "heads": learning.heads(data),
        "evaluated_on": claims.evaluated_on(data),
        "clusters": charts.counted(charts.sizes(data.predictions.clusters, "listings"), "ours"),
        "answers": [(task, charts.counted(task.labels.items(), "ours")) for task in data.predictions.tasks],
        "panels": PANELS,
        "total_time": total_time(data),
        "changes": words.changes,
        "photos": {name: uri for name, uri in data.photos.items() if uri.startswith("data:image/")},
    }


def _cleaning(stage: StageFacts) -> list[charts.Bar]:
    changed = {key.partition(":")[2]: n for key, n in stage.counts.items() if key.startswith("changed:") and n}
    bars = charts.counted(sorted(changed.items(), key=lambda item: (-item[1], item[0])), "ours")
    rows = stage.metrics.get("rows_in")
    shares = {rule: percent(n / rows) for rule, n in changed.items() if isinstance(rows, int) and rows}
    return [
        charts.Bar(
            words.named(b.label),
            b.value,
            b.width,
            b.kind,
            f"{shares.get(b.label, '')}|{cleans(b.label, stage.settings)}",
        )
        for b in bars
    ]


def _reasons(stage: StageFacts, data: ReportData) -> list[tuple[Loss, list[Any]]]:
    examples = [each for each in data.rejected if each.stage == stage.name]
    return [(loss, [each for each in examples if each.rule == loss.rule]) for loss in losses(stage)]


def _yaml(config: Mapping[str, Any]) -> str:
    """Write a configuration, without what opens doors."""
    return yaml.safe_dump(redacted(config), sort_keys=False, allow_unicode=True)
