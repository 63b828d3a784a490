// The page: what it is made of, and who tells whom.

import { Board } from "./board.js";
import { Detail } from "./detail.js";
import { Drawing, fontsReady } from "./drawing.js";
import { Feed, viewerNow } from "./feed.js";
import { number } from "./format.js";
import { Groups } from "./groups.js";
import { Headline } from "./headline.js";
import { say, translate } from "./i18n.js";
import { LinkLine } from "./link.js";
import { RouteMap } from "./map.js";
import { Motion } from "./motion.js";
import { applyPreferences } from "./preferences.js";
import { Prediction } from "./prediction.js";
import { Profile } from "./profile.js";
import { Race } from "./race.js";
import { Road } from "./road.js";
import { showWeather } from "./weather.js";

const CLOCK_MS = 250; // how often ages and the countdown are written anew

const byId = (id) => document.getElementById(id);

const race = new Race();
const feed = new Feed("/events");
const motion = new Motion();
const map = new RouteMap();
const profile = new Profile();
const headline = new Headline();
const link = new LinkLine(byId("link"));
const prediction = new Prediction(byId("prediction"));
const groups = new Groups(byId("groups"), byId("groups-more"), select);
const board = new Board(byId("rows"), select);
const detail = new Detail(byId("detail"), () => select(null));
let links = {};
let selection = null;

function select(wanted) {
  const same = wanted && selection && wanted.bib === selection.bib && wanted.group === selection.group;
  selection = same ? null : wanted;
  show();
}

function show() {
  byId("page").dataset.phase = race.phase;
  headline.show(race, feed.serverNow());
  showWeather(race);
  groups.show(race, selection);
  prediction.show(race, links);
  board.show(race, selection); // after what stands above it: a wall shows as many rows as have room
  detail.show(race, selection);
  link.show(race, feed, links);
  move();
}

/** Tells motion where everyone is known to be, and what is drawn which groups there are. */
function move() {
  const targets = new Map();
  const drawn = race.phase === "prepared" || !race.stage ? [] : race.groups;
  for (const group of drawn) {
    const speedMps = group.speed_mps;
    targets.set(`front ${group.id}`, { distanceM: group.distance_m, speedMps });
    targets.set(`back ${group.id}`, { distanceM: tailOf(group), speedMps });
  }
  const rider = selection?.bib ? race.riders.get(selection.bib) : null;
  const riding = rider && ["racing", "neutral", "stopped"].includes(rider.status);
  if (riding) targets.set("rider", { distanceM: rider.distance_m, speedMps: rider.speed_mps });
  motion.update(targets, race.pace, viewerNow());
  const pictures = drawn.map((group) => ({
    id: group.id,
    role: group.role,
    size: group.size,
    gapMs: group === race.head ? null : group.gap_ms,
    selected: selection?.group === group.id,
  }));
  for (const drawing of [map, profile]) {
    drawing.groups = pictures;
    drawing.rider = riding ? { bib: rider.bib } : null;
  }
}

function tailOf(group) {
  const riding = race.ridersOf(group.id).filter((rider) => rider.status === "racing" || rider.status === "neutral");
  return riding.length ? Math.min(...riding.map((rider) => rider.distance_m)) : group.distance_m;
}

function frame() {
  motion.step(viewerNow());
  for (const drawing of [map, profile]) {
    for (const group of drawing.groups) {
      group.frontM = motion.shown(`front ${group.id}`);
      group.backM = motion.shown(`back ${group.id}`);
    }
    if (drawing.rider) drawing.rider.distanceM = motion.shown("rider");
  }
  mapSheet.frame();
  profileSheet.frame();
  requestAnimationFrame(frame);
}

function describe() {
  if (!race.stage) return;
  const climbs = race.stage.features.filter((feature) => feature.kind === "climb");
  const length = number(race.stage.finish_m / 1000, 1);
  mapSheet.describe(say("map_label", { length, groups: race.groups.length }));
  profileSheet.describe(say("profile_label", { climbs: climbs.length, names: climbs.map((climb) => climb.name).join(", ") }));
}

function redraw() {
  translate(document);
  board.clear();
  show();
  mapSheet.redraw();
  profileSheet.redraw();
  describe();
}

applyPreferences(redraw);
translate(document);
const mapSheet = new Drawing(byId("map"), map);
const profileSheet = new Drawing(byId("profile"), profile);

feed.addEventListener("links", ({ detail: data }) => {
  links = data;
  show();
});
feed.addEventListener("connection", () => link.show(race, feed, links));
feed.addEventListener("stage", ({ detail: stage }) => {
  race.setStage(stage);
  selection = null;
  motion.clear();
  const road = new Road(stage);
  map.setStage(stage, road);
  profile.setStage(stage, road);
  redraw();
});
feed.addEventListener("race", ({ detail: { whole, data } }) => {
  race.apply(whole, data);
  show();
  describe();
});
for (const sheet of [mapSheet, profileSheet]) {
  sheet.container.addEventListener("click", (event) => {
    const group = sheet.groupAt(event);
    if (group !== null) select({ group });
  });
}
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && selection) select(null);
});
setInterval(() => {
  link.show(race, feed, links);
  if (race.phase === "prepared") headline.show(race, feed.serverNow());
}, CLOCK_MS);

show();
await fontsReady();
redraw();
feed.open();
requestAnimationFrame(frame);
