// What will happen, how sure we are, why, and from how old positions.

import { element, marked, setText } from "./dom.js";
import { age, gapText, groupName, number, percent } from "./format.js";
import { say } from "./i18n.js";

const SURE = 0.65;
const UNLIKELY = 0.05; // below it where it would happen is of no use
const LATE_MS = 15_000;
const FINISHES = ["solo", "small_group", "bunch_sprint"];

const REASONS = {
  closing_speed: (r) => closing(metresPerSecond(r) * 3.6),
  chapatte: (r) => ["reason_chapatte", number(inKilometres(r), 1)],
  climb_ahead: (r) => ["reason_climb_ahead", number(inKilometres(r), 1)],
  run_in: (r) => ["reason_run_in", number(inKilometres(r), 1)],
  group_size: (r) => ["reason_group_size", number(r.value)],
  stale: (r) => ["reason_stale", number(r.unit === "ms" ? r.value / 1000 : r.value)],
};

function closing(kmh) {
  const shown = number(Math.abs(kmh), 1);
  if (shown === number(0, 1)) return ["reason_same_speed", shown];
  return [kmh > 0 ? "reason_closing_speed" : "reason_opening_speed", shown];
}

const metresPerSecond = (reason) => (reason.unit === "km/h" ? reason.value / 3.6 : reason.value);
const inKilometres = (reason) => (reason.unit === "m" ? reason.value / 1000 : reason.value);

export class Prediction {
  constructor(section) {
    this.section = section;
    this.body = section.querySelector("div");
    this.shown = "";
  }

  show(race, links) {
    const predictions = race.phase === "finishing" || race.phase === "prepared" ? null : race.predictions;
    const missing = links.analytics === "reconnecting";
    this.section.hidden = !predictions?.catches.length && !predictions?.finish_type && !missing;
    if (this.section.hidden) return;
    const late = predictions ? Math.max(0, race.timeMs - predictions.time_ms) : 0;
    const key = JSON.stringify([predictions, missing, document.documentElement.lang, late > LATE_MS && Math.round(late / 1000)]);
    if (key === this.shown) return;
    this.shown = key;
    setText(this.section.querySelector("h2"), say(predictions?.catches.length ? "prediction" : "prediction_none"));
    this.body.replaceChildren(...this.content(predictions, race, missing, late));
  }

  content(predictions, race, missing, late) {
    const parts = [];
    const [first, ...others] = predictions?.catches ?? [];
    if (first) parts.push(...this.chance(first));
    for (const other of others.slice(0, 2)) {
      const group = race.groups.find((one) => one.id === other.group);
      if (!group) continue;
      const words = say("other_catch", { group: groupName(group, race.groups), value: percent(other.probability) });
      parts.push(element("p", { class: "others figure" }, words));
    }
    if (predictions?.finish_type) parts.push(...this.finish(predictions.finish_type));
    if (missing) parts.push(element("p", { class: "prediction-age" }, say("no_analytics")));
    else if (late > LATE_MS) parts.push(element("p", { class: "prediction-age figure" }, say("prediction_late", { age: age(late) })));
    else if (predictions) {
      parts.push(element("p", { class: "prediction-age figure" }, say("prediction_age", { age: age(predictions.data_age_ms) })));
    }
    return parts;
  }

  chance(caught) {
    const p = caught.probability;
    const verdict = p >= SURE ? "caught" : p <= 1 - SURE ? "not_caught" : "open_question";
    const parts = [
      element(
        "p",
        { class: "chance" },
        element("span", { class: "chance-figure figure" }, percent(p)),
        element("span", { class: "chance-words" }, say(verdict)),
      ),
    ];
    const [early, likely, late] = [...caught.catch_to_go_m].sort((a, b) => b - a).map((m) => number(m / 1000, m < 20_000 ? 1 : 0));
    if (late !== undefined && p >= UNLIKELY) {
      parts.push(element("p", { class: "chance-where figure" }, say("caught_where", { from: early, to: late, most: likely })));
    }
    const left = caught.gap_at_line_s[1];
    if (left > 0 && p < SURE) {
      parts.push(element("p", { class: "chance-where chance-left figure" }, say("gap_at_line", { gap: gapText(left * 1000) })));
    }
    const reasons = caught.reasons.filter((reason) => REASONS[reason.code] && !(reason.code === "run_in" && reason.value < 0.1));
    if (reasons.length) {
      const items = reasons.map((reason) => {
        const [key, value] = REASONS[reason.code](reason);
        return element("li", {}, ...marked(say(key, { value })));
      });
      parts.push(element("ul", { class: "reasons figure" }, ...items));
    }
    return parts;
  }

  finish(shares) {
    const best = FINISHES.reduce((a, b) => (shares[b] > shares[a] ? b : a));
    const items = FINISHES.map((kind) => {
      const item = element(
        "li",
        { "data-best": kind === best },
        element("span", { class: "figure" }, percent(shares[kind])),
        say(`finish_${kind}`),
      );
      item.style.setProperty("--share", Math.max(0.05, shares[kind]));
      return item;
    });
    return [
      element("h3", { class: "finish-title" }, say("finish_question")),
      element("ul", { class: "finish" }, ...items),
    ];
  }
}
