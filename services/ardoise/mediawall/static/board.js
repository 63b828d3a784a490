// Every rider in the order of the race. Rows are kept and only what changed in them is written.

import { arrange, element, setAttribute, setData, setText } from "./dom.js";
import { gapText, groupName } from "./format.js";
import { say } from "./i18n.js";

const MOST_ON_WALL = 40; // more than fit on any wall

export class Board {
  constructor(list, select) {
    this.list = list;
    this.select = select;
    this.rows = new Map(); // "rider 23", "group 4" -> li
    this.focused = null; // the one row that Tab stops at
    this.walked = false; // whether somebody chose it
    list.addEventListener("keydown", (event) => this.walk(event));
    list.addEventListener("focusin", (event) => {
      this.walked = true;
      this.keepFocus(event.target.closest(".row"));
    });
  }

  clear() {
    this.rows.clear();
    this.list.replaceChildren();
  }

  show(race, selection) {
    setText(document.getElementById("board-title"), say(race.phase === "prepared" ? "start_list" : "leaderboard"));
    const wall = document.documentElement.dataset.screen === "wall";
    const items = [];
    const headed = new Set();
    for (const rider of race.order) {
      const group = race.groups.find((one) => one.id === rider.group);
      if (group && !headed.has(group.id) && rider.status !== "finished") {
        headed.add(group.id);
        items.push(this.heading(`group ${group.id}`, group.role, groupName(group, race.groups), this.gap(group, race)));
      }
      items.push(this.row(rider, race, selection));
      if (wall && items.length >= MOST_ON_WALL) break;
    }
    if (race.others.length && race.order.length) {
      items.push(this.heading("others", "others", say("not_racing"), ""));
    }
    for (const rider of race.others) items.push(this.row(rider, race, selection));
    arrange(this.list, wall ? items.slice(0, MOST_ON_WALL) : items);
    if (wall) this.cutAtEdge();
    const first = this.list.querySelector(".row");
    if (!this.walked || !this.list.contains(this.focused)) this.keepFocus(first);
  }

  gap(group, race) {
    if (group === race.head) return "";
    return group.gap_ms === null ? "" : `+${gapText(group.gap_ms)}`;
  }

  heading(key, role, name, gap) {
    let item = this.rows.get(key);
    if (!item) {
      item = element("li", { class: "row-group" }, element("span"), element("span", { class: "figure" }));
      this.rows.set(key, item);
    }
    setData(item, "role", role);
    setText(item.firstElementChild, name);
    setText(item.lastElementChild, gap);
    return item;
  }

  row(rider, race, selection) {
    const key = `rider ${rider.bib}`;
    let item = this.rows.get(key);
    if (!item) {
      item = this.newRow(rider, race);
      this.rows.set(key, item);
    }
    const row = item.firstElementChild;
    setData(row, "status", race.phase === "prepared" ? "starting" : rider.status);
    setAttribute(row, "aria-pressed", selection?.bib === rider.bib);
    setText(row.querySelector(".row-place"), rider.place || "");
    setText(row.querySelector(".row-gap"), this.riderGap(rider, race));
    return item;
  }

  newRow(rider, race) {
    const team = race.teams.get(rider.team);
    const mark = element("span", { class: "row-team", "aria-hidden": "true" });
    if (team) mark.style.setProperty("--team", team.colour);
    const jerseys = rider.jerseys.map((jersey) =>
      element("span", { class: "jersey", "data-jersey": jersey, role: "img", "aria-label": say(`jersey_${jersey}`) }),
    );
    const row = element(
      "button",
      { type: "button", class: "row", tabindex: "-1", "data-bib": rider.bib, title: team?.name },
      element("span", { class: "row-place figure" }),
      mark,
      element("span", { class: "row-bib figure" }, String(rider.bib)),
      element("span", { class: "row-name" }, rider.family_name, ...jerseys),
      element("span", { class: "row-gap figure" }),
    );
    row.addEventListener("click", () => this.select({ bib: rider.bib }));
    return element("li", {}, row);
  }

  riderGap(rider, race) {
    if (race.phase === "prepared") return rider.status === "abandoned" ? say("status_abandoned") : "";
    if (!["racing", "neutral", "finished"].includes(rider.status)) return say(`status_${rider.status}`);
    if (rider.gap_ms === null || rider.gap_ms === undefined) return "";
    if (rider === race.order[0]) return "";
    return rider.gap_ms < 1000 ? say("same_time") : `+${gapText(rider.gap_ms)}`;
  }

  /** A wall does not scroll: a row that is not whole is not shown. */
  cutAtEdge() {
    const edge = this.list.getBoundingClientRect().bottom;
    for (const item of this.list.children) item.style.visibility = "";
    for (const item of [...this.list.children].reverse()) {
      if (item.getBoundingClientRect().bottom <= edge + 1) {
        if (item.classList.contains("row-group")) item.style.visibility = "hidden";
        break;
      }
      item.style.visibility = "hidden";
    }
  }

  keepFocus(row) {
    if (!row || row === this.focused) return;
    this.focused?.setAttribute("tabindex", "-1");
    row.setAttribute("tabindex", "0");
    this.focused = row;
  }

  walk(event) {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity }[event.key];
    if (!step) return;
    const rows = [...this.list.querySelectorAll(".row")];
    const at = rows.indexOf(event.target.closest(".row"));
    rows[Math.min(rows.length - 1, Math.max(0, at + step))]?.focus();
    event.preventDefault();
  }
}
