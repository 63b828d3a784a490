// One rider or one group, closely.

import { element } from "./dom.js";
import { age, clockTime, gapText, groupName, kilometres, number, riders, speed } from "./format.js";
import { say } from "./i18n.js";

const MOST_NAMED = 14;
const ON_THE_ROAD = ["racing", "neutral", "stopped", "no_signal"];

export class Detail {
  constructor(panel, close) {
    this.panel = panel;
    this.shown = "";
    this.closeButton = element("button", { type: "button", class: "switch" });
    this.closeButton.addEventListener("click", close);
  }

  show(race, selection) {
    const rider = selection?.bib && race.riders.get(selection.bib);
    const group = selection?.group && race.groups.find((one) => one.id === selection.group);
    this.panel.hidden = !rider && !group;
    if (this.panel.hidden) {
      this.shown = "";
      return;
    }
    const content = rider ? this.ofRider(rider, race) : this.ofGroup(group, race);
    const key = JSON.stringify(content);
    if (key === this.shown) return;
    this.shown = key;
    this.closeButton.textContent = say("close");
    const facts = content.facts.map(([name, value]) =>
      element("div", {}, element("dt", {}, say(name)), element("dd", { class: "figure" }, value)),
    );
    const focused = document.activeElement === this.closeButton;
    this.panel.replaceChildren(
      element(
        "div",
        { class: "detail-head" },
        element(
          "div",
          {},
          element("h2", { id: "detail-title" }, content.title),
          ...content.lines.map((line) => element("p", { class: "detail-sub" }, line)),
        ),
        this.closeButton,
      ),
      element("dl", {}, ...facts),
    );
    if (focused) this.closeButton.focus();
  }

  ofRider(rider, race) {
    const team = race.teams.get(rider.team);
    const group = race.groups.find((one) => one.id === rider.group);
    const why = {
      stopped: () => say("why_stopped"),
      off_route: () => say("why_off_route"),
      no_signal: () => say("why_no_signal", { age: age(rider.fix_age_ms ?? 0) }),
      abandoned: () => say("why_abandoned"),
      unheard: () => say("why_unheard"),
      finished: () => say("why_finished", { time: clockTime(rider.finish_ms) }),
    }[rider.status]?.();
    const facts = [];
    if (rider.place) facts.push(["place", String(rider.place)]);
    if (rider.gap_ms !== null && rider.gap_ms !== undefined) facts.push(["gap", `+${gapText(rider.gap_ms)}${within(rider)}`]);
    if (["racing", "neutral", "stopped"].includes(rider.status)) {
      facts.push(["speed", speed(rider.speed_mps)]);
      facts.push(["gradient", say("percent", { value: number(rider.gradient_permille / 10, 1) })]);
    }
    if (ON_THE_ROAD.includes(rider.status)) facts.push(["to_go", kilometres(race.toGo(rider.distance_m))]);
    if (group) facts.push(["group_group", groupName(group, race.groups)]);
    if (rider.status === "racing") facts.push(["heard", age(rider.fix_age_ms ?? 0)]);
    return {
      title: `${rider.bib} ${rider.given_name} ${rider.family_name}`,
      lines: [
        [team?.name, rider.nationality, ...rider.jerseys.map((jersey) => say(`jersey_${jersey}`))].filter(Boolean).join(" · "),
        [say(`status_${rider.status}`), why].filter(Boolean).join(" · "),
        ...(rider.trouble ? [say(`trouble_${rider.trouble}`)] : []),
      ],
      facts,
    };
  }

  ofGroup(group, race) {
    const members = race.ridersOf(group.id);
    const last = Math.min(...members.filter((rider) => rider.status === "racing").map((rider) => rider.distance_m));
    const facts = [];
    if (group !== race.head && group.gap_ms !== null) facts.push(["gap", `+${gapText(group.gap_ms)}`]);
    facts.push(["speed", speed(group.speed_mps)], ["to_go", kilometres(race.toGo(group.distance_m))]);
    if (members[0]) facts.push(["gradient", say("percent", { value: number(members[0].gradient_permille / 10, 1) })]);
    if (Number.isFinite(last) && members.length > 1) facts.push(["length", say("metres", { value: number(group.distance_m - last) })]);
    const names = members.slice(0, MOST_NAMED).map((rider) => `${rider.bib} ${rider.family_name}`);
    return {
      title: groupName(group, race.groups),
      lines: [riders(group.size), names.join(", ") + (members.length > names.length ? " …" : "")],
      facts,
    };
  }
}

/** How right the gap is, nine times in ten; tenths of a second count below ten. */
function within(rider) {
  if (!rider.gap_ms || !rider.gap_within_ms) return "";
  const seconds = rider.gap_within_ms / 1000;
  return ` ${say("within", { value: number(seconds, seconds < 10 ? 1 : 0) })}`;
}
