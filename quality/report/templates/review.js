"use strict";
(function () {
  const main = document.getElementById("review"), cases = [...document.querySelectorAll(".case")];
  const store = "eclip.review." + main.dataset.page, counts = document.getElementById("tally");
  let answers = {}, order = [], at = 0;

  // A help against a closed tab; what counts is the saved file.
  try {
    const kept = JSON.parse(localStorage.getItem(store) || "{}");
    answers = kept.answers || {}; order = kept.order || [];
  } catch (error) { /* no storage for pages from disk in this browser */ }

  function keep() {
    try { localStorage.setItem(store, JSON.stringify({answers, order})); } catch (error) { /* as above */ }
  }

  function open() {
    const next = cases.findIndex(each => !(each.dataset.case in answers));
    return next < 0 ? cases.length : next;
  }

  function show(place) {
    at = Math.max(0, Math.min(place, cases.length));
    cases.forEach((each, k) => { each.hidden = k !== at; });
    document.getElementById("end").hidden = at < cases.length || !cases.length;
    const done = Object.keys(answers).length, said = {"y": 0, "n": 0, "?": 0};
    Object.values(answers).forEach(each => { said[each.answer] += 1; });
    document.getElementById("done").textContent = done;
    counts.textContent = done ? said.y + " yes, " + said.n + " no, " + said["?"] + " unsure" : "";
    document.getElementById("meter").style.width = (cases.length ? 100 * done / cases.length : 0) + "%";
    const chosen = at < cases.length && answers[cases[at].dataset.case];
    document.querySelectorAll("[data-answer]").forEach(each => {
      each.classList.toggle("chosen", Boolean(chosen) && chosen.answer === each.dataset.answer);
    });
  }

  function answer(said) {
    if (said === "undo") {
      const last = order.pop();
      if (last === undefined) return;
      delete answers[last];
      keep();
      return show(cases.findIndex(each => each.dataset.case === last));
    }
    if (at >= cases.length) return;
    const name = cases[at].dataset.case;
    order = order.filter(each => each !== name).concat(name);
    answers[name] = {answer: said, at: new Date().toISOString()};
    keep();
    show(at + 1 < cases.length ? at + 1 : open());
  }

  function save() {
    const about = main.dataset;
    const labels = cases.filter(each => each.dataset.case in answers).map(each => ({
      case: each.dataset.case, rule: each.dataset.rule, band: each.dataset.band,
      score: each.dataset.score === "" ? null : Number(each.dataset.score), ids: JSON.parse(each.dataset.ids),
      answer: answers[each.dataset.case].answer, at: answers[each.dataset.case].at,
    }));
    const file = {format: about.format, of: about.of, run: about.run, attempt: about.attempt, saved_at: new Date().toISOString(),
      strata: JSON.parse(about.strata), labels};
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([JSON.stringify(file, null, 1) + "\n"], {type: "application/json"}));
    link.download = "labels-" + about.of + ".json";
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
  }

  document.addEventListener("keydown", event => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const key = event.key.toLowerCase();
    if (key === "y" || key === "n" || key === "?") answer(key);
    else if (key === "u" || key === "backspace") answer("undo");
    else if (key === "s") save();
    else if (key === "arrowright") show(Math.min(at + 1, cases.length - 1));
    else if (key === "arrowleft") show(at - 1);
    else return;
    event.preventDefault();
  });
  document.querySelectorAll("[data-answer]").forEach(each => each.addEventListener("click", () => answer(each.dataset.answer)));
  document.getElementById("save").addEventListener("click", save);
  show(open());
})();
