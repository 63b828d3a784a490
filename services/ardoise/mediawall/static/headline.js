// The number on the slate: what the race is about now.

import { setData, setText } from "./dom.js";
import { clockTime, gapText, groupName, kilometres, speed } from "./format.js";
import { say } from "./i18n.js";

const byId = (id) => document.getElementById(id);

// How wide the heaviest figures and signs are, with a little room.
const WIDTH_EM = { ":": 0.24, ".": 0.24, ",": 0.24, "\u00a0": 0.2, k: 0.5, m: 0.75 };
const DIGIT_EM = 0.49;

function widthEm(value) {
  return [...value].reduce((sum, sign) => sum + (WIDTH_EM[sign] ?? DIGIT_EM), 0.15);
}

export class Headline {
  show(race, serverNowMs) {
    const { caption, value, tone, words } = this.content(race, serverNowMs);
    setText(byId("hero-caption"), caption);
    setText(byId("hero"), value);
    setData(byId("hero"), "tone", tone);
    setData(byId("hero"), "size", words ? "words" : "figure");
    // A gap of an hour is wider than one of minutes: the figures fit their slate, none is cut.
    if (!words) byId("hero").style.setProperty("--width-em", widthEm(value));
    const head = race.head;
    const riding = head && race.phase !== "finishing";
    const toGo = riding && kilometres(race.toGo(head.distance_m));
    this.fact("to-go", toGo !== value && toGo);
    this.fact("head-speed", riding && speed(head.speed_mps), "speed");
    this.fact("trend", race.phase === "gap" && this.trend(race));
    setText(byId("event-name"), race.stage?.event_name ?? "Ardoise");
    setText(byId("stage-name"), race.stage?.stage_name ?? say("hero_waiting"));
    const state = byId("race-state");
    state.hidden = !race.heard;
    setText(state, say(`state_${race.state}`));
    setData(state, "state", race.state);
    setText(byId("race-time"), race.timeMs === null ? "–" : clockTime(race.timeMs));
    document.title = race.stage ? `${value} · ${race.stage.stage_name}` : "Ardoise";
  }

  content(race, serverNowMs) {
    const { head, rival, stage } = race;
    switch (race.phase) {
      case "waiting":
        return { caption: say("hero_waiting"), value: say("hero_waiting_value"), tone: "plain", words: true };
      case "prepared":
        return this.beforeStart(stage, race.heard && stage.clock === "feed" ? race.timeMs : serverNowMs);
      case "finishing":
        // With a fix every six seconds a sprint is closer than anybody can tell: race control has the last word.
        return { caption: say(race.state === "finished" ? "hero_winner" : "hero_first_home"), value: race.winner.family_name, tone: "now", words: true };
      case "gap":
        if (rival.gap_ms !== null) {
          const caption = say("hero_gap", { behind: groupName(rival, race.groups) });
          return { caption, value: gapText(rival.gap_ms), tone: "now" };
        }
      // falls through: without a gap the distance is what there is to say
      case "together": {
        const caption = race.phase === "gap" ? groupName(head, race.groups) : say("hero_together");
        return { caption, value: kilometres(race.toGo(head.distance_m)), tone: "now" };
      }
      default:
        return { caption: say(`state_${race.state}`), value: say("hero_unknown"), tone: "plain", words: true };
    }
  }

  beforeStart(stage, nowMs) {
    const left = stage.planned_start_ms - nowMs;
    if (left > 0 && left < 24 * 3_600_000) return { caption: say("hero_prepared"), value: gapText(left), tone: "plain" };
    const caption = say("hero_prepared_late", { time: clockTime(stage.planned_start_ms, { seconds: false }) });
    return { caption, value: say("hero_prepared_value"), tone: "plain", words: true };
  }

  fact(id, text, factId = id) {
    byId(`fact-${factId}`).hidden = !text;
    if (text) setText(byId(id), text);
  }

  trend(race) {
    const trend = race.trendMs;
    if (trend === null) return "";
    if (Math.abs(trend) < 1000) return say("trend_same");
    return say(trend > 0 ? "trend_up" : "trend_down", { gap: gapText(trend) });
  }
}
