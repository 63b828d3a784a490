// The route from above, north up. A group is the stretch of road that it takes, with a tag.

import { byWeight, font, movingKey, tag } from "./drawing.js";
import { gapText } from "./format.js";
import { say } from "./i18n.js";
import { besidePlace, covered, cross, nearest, overlap, strikes, within } from "./placing.js";

const DIRECTIONS = [0, 45, -45, 90, -90, 135, -135, 180, 22, -22, 67, -67, 112, -112, 157, -157].map((degrees) => (degrees * Math.PI) / 180);
const MOST_TAGS = 6;
const NO_ROOM = 60; // a tag that would hide as much is left out: the list of groups has it
const MOST_FOR_ROAD = 16; // a tag may lie on the road sooner than on another tag or a leader
const REACHES = [1.7, 2.9, 4.4]; // in units of a tag's height

export class RouteMap {
  constructor() {
    this.road = null;
    this.features = [];
    this.groups = []; // {id, role, size, gapMs, frontM, backM, selected}
    this.rider = null; // {bib, distanceM}
    this.places = new Map(); // group id -> which direction and reach its tag has
    this.tags = [];
    this.labels = []; // of start and finish
  }

  setStage(stage, road) {
    this.road = road;
    this.features = stage.features;
    this.places.clear();
  }

  project(sheet) {
    const { x, y } = this.road;
    const pad = sheet.rem * (sheet.wall ? 2.6 : 1.9);
    const west = Math.min(...x);
    const north = Math.min(...y);
    const spanX = Math.max(1e-9, Math.max(...x) - west);
    const spanY = Math.max(1e-9, Math.max(...y) - north);
    const scale = Math.min((sheet.width - 2 * pad) / spanX, (sheet.height - 2 * pad) / spanY);
    const left = (sheet.width - spanX * scale) / 2;
    const top = (sheet.height - spanY * scale) / 2;
    this.px = x.map((value) => left + (value - west) * scale);
    this.py = y.map((value) => top + (value - north) * scale);
    const lengthPx = this.px.reduce(
      (sum, value, i) => (i ? sum + Math.hypot(value - this.px[i - 1], this.py[i] - this.py[i - 1]) : 0),
      0,
    );
    this.metresPerPixel = (this.road.distances.at(-1) - this.road.startM) / Math.max(1, lengthPx);
  }

  point(distanceM) {
    const { index, part } = this.road.locate(distanceM);
    return {
      x: this.px[index] + (this.px[index + 1] - this.px[index]) * part,
      y: this.py[index] + (this.py[index + 1] - this.py[index]) * part,
    };
  }

  /** Traces the road from one distance to another. */
  trace(ink, fromM, toM) {
    const from = this.road.locate(fromM);
    const to = this.road.locate(toM);
    const start = this.point(fromM);
    const end = this.point(toM);
    ink.beginPath();
    ink.moveTo(start.x, start.y);
    for (let i = from.index + 1; i <= to.index; i += 1) ink.lineTo(this.px[i], this.py[i]);
    ink.lineTo(end.x, end.y);
  }

  drawStill(sheet) {
    if (!this.road) return;
    this.project(sheet);
    this.places.clear();
    const { ink, rem, colour, wall } = sheet;
    const wide = rem * (wall ? 0.34 : 0.26);
    ink.clearRect(0, 0, sheet.width, sheet.height);
    ink.lineJoin = ink.lineCap = "round";
    if (this.road.startM < 0) {
      ink.setLineDash([wide, wide * 2]);
      ink.strokeStyle = colour("road");
      ink.lineWidth = wide * 0.6;
      this.trace(ink, this.road.startM, 0);
      ink.stroke();
      ink.setLineDash([]);
    }
    ink.strokeStyle = colour("road");
    ink.lineWidth = wide;
    this.trace(ink, Math.max(0, this.road.startM), this.road.finishM);
    ink.stroke();
    for (const feature of this.features) this.drawFeature(sheet, feature);
    this.drawEnds(sheet);
  }

  drawFeature({ ink, rem, colour, wall }, feature) {
    if (feature.kind !== "climb" && feature.kind !== "sprint") return;
    const { x, y } = this.point(feature.distance_m);
    const size = rem * (wall ? 0.62 : 0.5);
    ink.fillStyle = colour("ground");
    ink.strokeStyle = colour("hill-edge");
    ink.lineWidth = rem * 0.1;
    ink.beginPath();
    if (feature.kind === "climb") {
      ink.moveTo(x, y - size);
      ink.lineTo(x + size * 0.95, y + size * 0.7);
      ink.lineTo(x - size * 0.95, y + size * 0.7);
      ink.closePath();
    } else {
      ink.rect(x - size * 0.6, y - size * 0.6, size * 1.2, size * 1.2);
    }
    ink.fill();
    ink.stroke();
  }

  drawEnds(sheet) {
    const { ink, rem, colour, wall } = sheet;
    const start = this.point(this.road.startM);
    const finish = this.point(this.road.finishM);
    const size = rem * (wall ? 0.5 : 0.42);
    ink.fillStyle = colour("ground");
    ink.strokeStyle = colour("chalk");
    ink.lineWidth = rem * 0.13;
    ink.beginPath();
    ink.arc(start.x, start.y, size, 0, 7);
    ink.fill();
    ink.stroke();
    // The finish: a chequered board.
    const cell = size * 0.62;
    ink.fillStyle = colour("ground");
    ink.fillRect(finish.x - 2 * cell, finish.y - 2 * cell, 4 * cell, 4 * cell);
    ink.fillStyle = colour("chalk");
    for (let row = 0; row < 4; row += 1) {
      for (let column = row % 2; column < 4; column += 2) {
        ink.fillRect(finish.x + (column - 2) * cell, finish.y + (row - 2) * cell, cell, cell);
      }
    }
    ink.strokeRect(finish.x - 2 * cell, finish.y - 2 * cell, 4 * cell, 4 * cell);
    ink.font = font(650, rem * (wall ? 1.25 : 0.95));
    ink.fillStyle = colour("dust");
    ink.textBaseline = "middle";
    ink.textAlign = "left";
    this.labels = [];
    for (const [place, key] of [
      [start, "start"],
      [finish, "finish"],
    ]) {
      const words = say(key);
      const room = { width: ink.measureText(words).width, height: size * 2.6 };
      const box = besidePlace(place, room, size * 1.9, sheet, this.px, this.py);
      ink.fillText(words, box.x, box.y + box.height / 2);
      this.labels.push(box);
    }
  }

  movingKey() {
    if (!this.road || !this.px) return "";
    const steps = (distanceM) => Math.round((distanceM / this.metresPerPixel) * 3);
    return movingKey(this.groups, this.rider, steps);
  }

  drawMoving(sheet) {
    if (!this.road || !this.px) return;
    const { ink, rem, colour, wall } = sheet;
    const wide = rem * (wall ? 0.34 : 0.26);
    ink.lineJoin = ink.lineCap = "round";
    const head = this.groups[0];
    if (head && head.frontM < this.road.finishM) {
      ink.strokeStyle = colour("road-ahead");
      ink.lineWidth = wide;
      this.trace(ink, Math.max(head.frontM, this.road.startM), this.road.finishM);
      ink.stroke();
    }
    this.tags = [];
    for (const group of this.groups.toReversed()) {
      const width = group.role === "peloton" ? 3.4 : group.size > 15 ? 3 : 2.6;
      ink.strokeStyle = colour("ground");
      ink.lineWidth = wide * (width + 1);
      const least = this.metresPerPixel * wide * 0.6; // a rider alone is seen too
      this.trace(ink, Math.min(group.backM, group.frontM - least), group.frontM);
      ink.stroke();
      ink.strokeStyle = colour(group.role === "head" ? "head-edge" : "chalk");
      ink.lineWidth = wide * width;
      ink.stroke();
      if (group.role === "head") {
        ink.strokeStyle = colour("accent");
        ink.lineWidth = wide * (width - 0.7);
        ink.stroke();
      }
    }
    for (const group of byWeight(this.groups).slice(0, MOST_TAGS)) this.drawTag(sheet, group);
    if (this.rider) this.drawRider(sheet);
  }

  drawTag(sheet, group) {
    const { ink, colour, rem } = sheet;
    const middle = this.point((group.frontM + Math.max(group.backM, group.frontM - 5_000)) / 2);
    const text = group.gapMs === null ? "" : `+${gapText(group.gapMs)}`;
    const size = tag(sheet, group, text, null);
    const choice = this.choose(sheet, group, middle, size);
    if (!choice) return;
    const box = this.boxAt(middle, size, choice);
    const end = nearest(middle, box);
    ink.strokeStyle = colour(group.role === "head" ? "head-edge" : "chalk");
    ink.lineWidth = rem * 0.1;
    ink.beginPath();
    ink.moveTo(middle.x, middle.y);
    ink.lineTo(end.x, end.y);
    ink.stroke();
    tag(sheet, group, text, box);
    this.places.set(group.id, choice);
    this.tags.push({ ...box, id: group.id, leader: [middle, end] });
  }

  boxAt(point, size, { direction, reach }) {
    const away = REACHES[reach] * size.height;
    const x = point.x + Math.cos(DIRECTIONS[direction]) * (away + size.width / 2) - size.width / 2;
    const y = point.y + Math.sin(DIRECTIONS[direction]) * away - size.height / 2;
    return { x, y, ...size };
  }

  /** Where the tag hides least, null where that is too much; a tag that is in nobody's way stays where it is. */
  choose(sheet, group, point, size) {
    const before = this.places.get(group.id);
    if (before && this.cost(sheet, point, this.boxAt(point, size, before)) < 12) return before;
    let best = null;
    let bestCost = Infinity;
    for (let reach = 0; reach < REACHES.length; reach += 1) {
      for (let direction = 0; direction < DIRECTIONS.length; direction += 1) {
        const cost = this.cost(sheet, point, this.boxAt(point, size, { direction, reach })) + reach * 4;
        if (cost < bestCost && cost < NO_ROOM) [best, bestCost] = [{ direction, reach }, cost];
      }
    }
    return best;
  }

  cost(sheet, point, box) {
    const margin = 3;
    let cost = 0;
    if (box.x < margin || box.y < margin) cost += 500;
    if (box.x + box.width > sheet.width - margin || box.y + box.height > sheet.height - margin) cost += 500;
    const leader = [point, nearest(point, box)];
    for (const other of this.tags) {
      if (overlap(box, other, margin)) cost += 200;
      if (cross(leader, other.leader) || strikes(leader, other) || strikes(other.leader, box)) cost += 80;
    }
    for (const label of this.labels) if (overlap(box, label, 0) || strikes(leader, label)) cost += 60;
    for (const other of this.groups) {
      const front = this.point(other.frontM);
      if (within(front.x, front.y, box, sheet.rem * 0.6)) cost += 60;
    }
    return cost + Math.min(MOST_FOR_ROAD, 2 * covered(this.px, this.py, box, 2));
  }

  drawRider({ ink, rem, colour }) {
    const { x, y } = this.point(this.rider.distanceM);
    ink.fillStyle = colour("ground");
    ink.strokeStyle = colour("chalk");
    ink.lineWidth = rem * 0.16;
    ink.beginPath();
    ink.arc(x, y, rem * 0.45, 0, 7);
    ink.fill();
    ink.stroke();
    ink.font = font(800, rem);
    ink.textAlign = "center";
    ink.textBaseline = "bottom";
    ink.lineWidth = rem * 0.28;
    ink.strokeStyle = colour("ground");
    ink.strokeText(this.rider.bib, x, y - rem * 0.55);
    ink.fillStyle = colour("chalk");
    ink.fillText(this.rider.bib, x, y - rem * 0.55);
  }
}
