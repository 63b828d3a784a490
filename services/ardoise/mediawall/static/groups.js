// The groups from the front, as they stand on the slate: how many, who, how far behind.

import { arrange, element, setAttribute, setData, setText } from "./dom.js";
import { gapText, groupName, riders } from "./format.js";
import { say } from "./i18n.js";

const MOST_ON_WALL = 5;
const MOST = 12;
const NAMED_UP_TO = 2; // riders of a group this small are named, up to the next bound by number
const NUMBERED_UP_TO = 12;

export class Groups {
  constructor(list, more, select) {
    this.list = list;
    this.more = more;
    this.select = select;
    this.items = new Map();
  }

  show(race, selection) {
    const shown = this.chosen(race.groups);
    for (const id of this.items.keys()) if (!shown.some((group) => group.id === id)) this.items.delete(id);
    arrange(
      this.list,
      shown.map((group) => this.item(group, race, selection)),
    );
    const hidden = race.groups.length - shown.length;
    this.more.hidden = hidden <= 0;
    if (hidden > 0) setText(this.more, say(hidden === 1 ? "groups_more_one" : "groups_more", { count: hidden }));
  }

  /** All where they have room; else the head, the peloton, and the others from the front. */
  chosen(groups) {
    const most = document.documentElement.dataset.screen === "wall" ? MOST_ON_WALL : MOST;
    if (groups.length <= most) return groups;
    const shown = most - 1; // the line that says how many more there are takes the place of one
    const must = groups.filter((group, index) => index === 0 || group.role === "peloton");
    const others = groups.filter((group) => !must.includes(group)).slice(0, shown - must.length);
    return groups.filter((group) => must.includes(group) || others.includes(group));
  }

  item(group, race, selection) {
    let item = this.items.get(group.id);
    if (!item) {
      const button = element(
        "button",
        { type: "button", class: "group" },
        element("span", { class: "group-count figure" }),
        element(
          "span",
          { class: "group-who" },
          element("span", { class: "group-name" }),
          element("span", { class: "group-bibs figure" }),
        ),
        element("span", { class: "group-gap figure" }),
      );
      button.addEventListener("click", () => this.select({ group: group.id }));
      item = element("li", {}, button);
      this.items.set(group.id, item);
    }
    const button = item.firstElementChild;
    const [count, who, gap] = button.children;
    setData(button, "role", group.role);
    const leads = group === race.head && race.phase !== "finishing"; // then the winner does, who is home
    setData(button, "leads", leads);
    setAttribute(button, "aria-pressed", selection?.group === group.id);
    setText(count, group.size);
    setText(who.firstElementChild, groupName(group, race.groups));
    setText(who.lastElementChild, this.members(group, race));
    setText(gap, leads ? say("leads") : group.gap_ms === null ? "" : `+${gapText(group.gap_ms)}`);
    return item;
  }

  members(group, race) {
    if (group.size > NUMBERED_UP_TO) return riders(group.size);
    const members = race.ridersOf(group.id);
    if (group.size <= NAMED_UP_TO) return members.map((rider) => `${rider.bib} ${rider.family_name}`).join(" · ");
    return members.map((rider) => rider.bib).join("  ");
  }
}
