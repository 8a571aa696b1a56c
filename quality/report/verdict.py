"""The verdict in words: what came out, what the gates say, what did not go as usual."""

from __future__ import annotations

from .data import ReportData
from .funnel import Step
from .rules import judged
from .words import count, duration, listed, plural, shown

STOPPING = 3  # rules that stopped a run are named, at most


def headline(data: ReportData, steps: list[Step]) -> str:
    """Say what went in, what came out and what the gates say; or that a gate stopped the run."""
    stopped = [stage.name for stage in data.stages if stage.stopped or stage.refused]
    failed = [stage.name for stage in data.stages if stage.state == "failed" and stage.name not in stopped]
    if stopped:
        return f"The gate after {listed(stopped)} stopped the run."
    if failed:
        return f"The run failed at {listed(failed)}."
    said = gates_said(data)
    return f"{rows_said(steps)} {said[:1].upper()}{said[1:]}." if said else rows_said(steps)


def rows_said(steps: list[Step]) -> str:
    """Say how many rows went in and came out."""
    if not steps:
        return "Nothing has been published in this run folder."
    words = {"ingest": "were read as listings", "clean": "were cleaned", "filter": "came out free of noise"}
    last = steps[-1]
    became = words.get(last.stage, "came out as trusted listings")
    return f"{plural(steps[0].rows_in, 'record')} went in; {count(last.rows_out)} {became}."


def gates_said(data: ReportData) -> str:
    """Say what the gates say of what is published, all together."""
    judged = [stage for stage in data.stages if stage.published and stage.verdict]
    accepted = [stage.name for stage in judged if stage.verdict.get("accepted")]
    said = [f["severity"] for stage in judged for f in stage.verdict.get("failures", [])]
    if not judged:
        return ""
    if accepted:
        verdict = f"a person overruled the gate after {listed(accepted)}; the other gates passed"
    else:
        verdict = "every gate passed" if len(judged) > 1 else "its gate passed"
    noted = [plural(said.count(name), name) for name in ("warning", "info") if name in said]
    return f"{verdict}, with {listed(noted)}" if noted else verdict


def notices(data: ReportData, steps: list[Step]) -> list[tuple[str, str]]:
    """Say what did not go as usual, the worst first: (bad, warn or quiet, sentence)."""
    found = []
    for stage in data.stages:
        if stage.stopped or stage.refused:
            record = stage.stopped or {"gate": stage.gate, "metrics": stage.metrics}
            broken = [rule for rule in judged(stage.name, **record) if rule.stops]
            found += [("bad", rule.said) for rule in broken[:STOPPING]]
        elif stage.state == "failed":
            found.append(("bad", f"{stage.name}: {stage.reason}"))
        elif stage.state == "running":
            found.append(("warn", f"{stage.name} was under way when this page was written."))
    if any(stage.state == "failed" for stage in data.stages):
        found.append(("quiet", f"What is shown here was published before. {rows_said(steps)}"))
    for stage in data.stages:
        accepted = stage.verdict.get("accepted")
        if accepted:
            found.append(("warn", f"{stage.name} was accepted by hand: {accepted.get('reason', 'no reason given')}"))
    absent = [shown(each.listing.id, 60) for each in data.put_back if not each.there]
    if absent:
        ids = plural(len(absent), "id is", "ids are")
        found.append(("warn", f"Of the put-back list {ids} not in the catalog: {listed(absent[:STOPPING])}."))
    stale = [stage.name for stage in data.stages if stage.published and not stage.follows]
    if stale:
        shows = (
            "shows an earlier run: what it reads has" if len(stale) == 1 else "show an earlier run: what they read has"
        )
        found.append(("warn", f"{listed(stale)} {shows} changed since."))
    return found


def put_back_said(data: ReportData) -> str:
    """Say what people have put back, and what of it could not be; empty where there is no list."""
    if not data.put_back:
        return ""
    rows = sum(int(s.metrics.get("rows_put_back") or 0) for s in data.stages if s.published)
    absent = [each.listing.id for each in data.put_back if not each.there]
    them = "it" if rows == 1 else "them"
    said = [f"{plural(rows, 'listing')} would have been taken out and stayed, because a person put {them} back"]
    idle = len(data.put_back) + data.put_back_more - rows - len(absent)
    if idle > 0:
        said.append(f"{count(idle)} on the list no rule would have taken out")
    if absent:
        said.append(f"{count(len(absent))} are not in the catalog, such as {shown(absent[0], 60)}")
    return f"{'; '.join(said)}."


def not_done(data: ReportData) -> list[str]:
    """Say which stages were skipped and why, and which were not run; stages of one reason together."""
    reasons: dict[str, list[str]] = {}
    for stage in data.stages:
        if stage.state == "skipped":
            reason = stage.reason.rpartition(" is skipped: ")[2]
            reasons.setdefault(reason, []).append(stage.name)
    said = [f"Skipped: {listed(names)}, because {reason}." for reason, names in reasons.items()]
    waiting = [stage.name for stage in data.stages if stage.state == "not run" and not stage.published]
    return said + ([f"Not run: {listed(waiting)}."] if waiting else [])


def total_time(data: ReportData) -> str:
    """Add up what the stages took."""
    return duration(sum(stage.seconds or 0.0 for stage in data.stages))
