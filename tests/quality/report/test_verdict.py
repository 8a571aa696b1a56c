from eclip.quality.report.data import ReportData, StageFacts
from eclip.quality.report.funnel import funnel
from eclip.quality.report.rules import gates
from eclip.quality.report.verdict import headline, not_done, notices


def test_a_stopped_run_says_so_first(data, changed):
    failure = {
        "rule": "share_rejected",
        "severity": "critical",
        "message": "share_rejected: share_rejected is 0.9, expected at most 0.3.",
    }
    stopped = {"gate": {"results": [], "eclip": {"failures": {"critical": [failure]}}}, "metrics": {}}
    found = changed(data, "filter", state="failed", stopped=stopped)
    assert headline(found, funnel(found).fresh) == "The gate after filter stopped the run."
    said = notices(found, funnel(found).fresh)
    assert said[0] == ("bad", "Share rejected. share_rejected is 0.9, expected at most 0.3.")
    assert "published before" in said[1][1]


def test_what_is_published_and_does_not_pass_is_said_first(data, changed):
    failure = {"rule": "long_titles", "severity": "critical", "message": "long_titles: 3 of 9 values are too short."}
    record = {"results": [], "eclip": {"failures": {"critical": [failure]}}}
    refused = {"passed": False, "suite": "s", "failures": [failure]}
    found = changed(data, "clean", state="failed", verdict=refused, gate=record)
    assert headline(found, funnel(found).fresh) == "The gate after clean stopped the run."
    assert notices(found, funnel(found).fresh)[0] == ("bad", "Long titles. 3 of 9 values are too short.")
    assert [gate.verdict for gate in gates(found) if gate.stage == "clean"] == ["stopped"]
    overruled = {**refused, "accepted": {"reason": "short names"}}
    found = changed(data, "clean", state="done", verdict=overruled, gate=record)
    assert [gate.verdict for gate in gates(found) if gate.stage == "clean"] == ["accepted"]


def test_what_a_person_accepted_is_said_with_the_reason(data, changed):
    verdict = {"passed": False, "failures": [], "accepted": {"reason": "new supplier", "at": "2026"}}
    found = changed(data, "filter", verdict=verdict)
    assert "overruled the gate after filter" in headline(found, funnel(found).fresh)
    assert ("warn", "filter was accepted by hand: new supplier") in notices(found, funnel(found).fresh)


def test_warnings_are_counted(data, changed):
    failures = [{"rule": "a", "severity": s, "message": ""} for s in ("warning", "warning", "info")]
    found = changed(data, "clean", verdict={"passed": True, "failures": failures})
    assert "Every gate passed, with 2 warnings and 1 info." in headline(found, funnel(found).fresh)


def test_skipped_stages_are_told_by_their_first_reason():
    stages = [
        StageFacts(name="pairs", state="skipped", reason="the catalog has no photos"),
        StageFacts(name="pretrain", state="skipped", reason="pairs is skipped: the catalog has no photos"),
        StageFacts(name="embed", state="not run"),
    ]
    assert not_done(ReportData(stages=stages)) == [
        "Skipped: pairs and pretrain, because the catalog has no photos.",
        "Not run: embed.",
    ]
