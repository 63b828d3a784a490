// The route from the side: climbs, sprints, kilometres, and every group on the slope that it is on.

import { byWeight, font, movingKey, tag } from "./drawing.js";
import { gapText, number } from "./format.js";
import { say } from "./i18n.js";

const MOST_TAGS = 8;
const TAG_GAP = 5;

/** Left edges as near to the wishes as they can be: in order, not overlapping, all within `width`. */
function spread(wishes, widths, width) {
  const blocks = []; // boxes that touch, moved as one
  wishes.forEach((wish, index) => {
    blocks.push({ from: index, wishes: [wish], width: widths[index] });
    for (;;) {
      const last = blocks.at(-1);
      const mean = last.wishes.reduce((a, b) => a + b, 0) / last.wishes.length;
      last.left = Math.min(Math.max(0, mean), width - last.width);
      const before = blocks.at(-2);
      if (!before || before.left + before.width <= last.left) break;
      // What each box of the later block wishes, had it stood at the left edge of the earlier one.
      before.wishes.push(...last.wishes.map((wished) => wished - before.width));
      before.width += last.width;
      blocks.pop();
    }
  });
  const lefts = [];
  for (const block of blocks) {
    let left = block.left;
    for (let i = block.from; lefts.length < block.from + block.wishes.length; i += 1) {
      lefts.push(left);
      left += widths[i];
    }
  }
  return lefts;
}

export class Profile {
  constructor() {
    this.road = null;
    this.features = [];
    this.groups = [];
    this.rider = null;
    this.tags = [];
  }

  setStage(stage, road) {
    this.road = road;
    this.features = stage.features;
  }

  measure({ width, height, rem, wall }) {
    const { road } = this;
    const text = rem * (wall ? 1.25 : 0.95);
    this.box = { left: rem * 0.3, right: width - rem * 1.2, top: rem * (wall ? 3.4 : 2.7), bottom: height - text * 1.4, text };
    const low = road.heights.length ? Math.min(...road.heights) : 0;
    const high = road.heights.length ? Math.max(...road.heights) : 1;
    const room = Math.max(high - low, 250); // a flat stage is drawn flat
    const lift = (this.box.bottom - this.box.top) * 0.12;
    const names = text * 1.3 + rem * 0.35; // the name of the highest climb stands above it
    this.x = (m) => this.box.left + ((m - road.startM) / (road.finishM - road.startM)) * (this.box.right - this.box.left);
    this.yAt = (x) => this.y(road.startM + ((x - this.box.left) / (this.box.right - this.box.left)) * (road.finishM - road.startM));
    this.y = (m) => {
      const h = road.heightAt(m);
      if (h === null) return this.box.bottom - lift;
      return this.box.bottom - lift - ((h - low) / room) * (this.box.bottom - lift - this.box.top - names);
    };
  }

  drawStill(sheet) {
    if (!this.road) return;
    this.measure(sheet);
    const { ink, colour, rem } = sheet;
    const { box, road } = this;
    ink.clearRect(0, 0, sheet.width, sheet.height);
    const distances = road.heights.length ? road.heightDistances : [road.startM, road.finishM];
    ink.beginPath();
    ink.moveTo(this.x(road.startM), box.bottom);
    for (const d of distances) if (d <= road.finishM) ink.lineTo(this.x(d), this.y(d));
    ink.lineTo(this.x(road.finishM), this.y(road.finishM));
    ink.lineTo(this.x(road.finishM), box.bottom);
    ink.closePath();
    ink.fillStyle = colour("hill");
    ink.fill();
    ink.beginPath();
    for (const d of distances) if (d <= road.finishM) ink.lineTo(this.x(d), this.y(d));
    ink.lineTo(this.x(road.finishM), this.y(road.finishM));
    ink.lineJoin = "round";
    ink.lineWidth = rem * 0.13;
    ink.strokeStyle = colour("hill-edge");
    ink.stroke();
    this.drawKilometres(sheet);
    this.drawFeatures(sheet);
    ink.strokeStyle = colour("chalk");
    ink.lineWidth = rem * 0.13;
    ink.beginPath();
    ink.moveTo(this.x(road.finishM), box.bottom);
    ink.lineTo(this.x(road.finishM), Math.min(this.y(road.finishM), box.bottom - rem) - rem * 0.4);
    ink.stroke();
  }

  drawKilometres({ ink, colour, rem, width }) {
    const { box, road } = this;
    const length = road.finishM / 1000;
    const fits = width / (box.text * 4.5);
    const step = [1, 2, 5, 10, 20, 25, 50, 100].find((km) => length / km <= fits) ?? 200;
    ink.font = font(500, box.text);
    ink.fillStyle = colour("dust");
    ink.textBaseline = "alphabetic";
    ink.strokeStyle = colour("line");
    ink.lineWidth = rem * 0.06;
    for (let km = 0; km <= length; km += step) {
      const x = this.x(km * 1000);
      const words = km === 0 ? say("kilometres", { value: 0 }) : number(km);
      ink.textAlign = km === 0 ? "left" : "center";
      if (x + ink.measureText(words).width / 2 > this.x(road.finishM)) continue;
      ink.fillText(words, x, box.bottom + box.text * 1.15);
      ink.beginPath();
      ink.moveTo(x, box.bottom);
      ink.lineTo(x, box.bottom + 4);
      ink.stroke();
    }
  }

  drawFeatures({ ink, colour, rem, wall, width }) {
    const { box } = this;
    const taken = [];
    // The hardest first: where names would overlap, the small one goes.
    const weight = (f) => (f.kind === "climb" ? 10 + ["4", "3", "2", "1", "HC"].indexOf(f.category) : f.kind === "sprint" ? 5 : 1);
    for (const feature of [...this.features].sort((a, b) => weight(b) - weight(a))) {
      const x = this.x(feature.distance_m);
      const y = this.y(feature.distance_m);
      if (feature.kind === "climb") {
        this.shadeClimb(ink, colour, feature);
      }
      if (feature.kind === "feed") continue;
      const badge = feature.kind === "climb" ? feature.category : feature.kind === "sprint" ? "S" : "⏱";
      if (feature.kind === "time_check") {
        ink.strokeStyle = colour("hill-edge");
        ink.lineWidth = rem * 0.06;
        ink.setLineDash([3, 3]);
        ink.beginPath();
        ink.moveTo(x, y);
        ink.lineTo(x, box.bottom);
        ink.stroke();
        ink.setLineDash([]);
        continue;
      }
      ink.font = font(700, box.text);
      const badgeWidth = Math.max(box.text * 1.25, ink.measureText(badge).width + box.text * 0.5);
      const narrow = width < rem * 30;
      const name = narrow ? "" : this.fitted(ink, feature.name, wall ? rem * 11 : rem * 9);
      ink.font = font(500, box.text);
      const nameWidth = ink.measureText(name).width;
      const whole = { width: badgeWidth + (name ? box.text * 0.3 + nameWidth : 0), height: box.text * 1.3 };
      const bottom = y - rem * 0.35;
      const inside = (edge, w) => Math.min(Math.max(edge, box.left), box.right - w);
      // A name stands in the sky: on the other side of its badge where the road climbs on.
      const sky = (from, to) => [0, 0.25, 0.5, 0.75, 1].every((part) => this.yAt(from + (to - from) * part) >= bottom - 2);
      const mirrored = !sky(x, x + whole.width) && sky(x - whole.width, x);
      let left = inside(mirrored ? x + badgeWidth / 2 - whole.width : x - badgeWidth / 2, whole.width);
      const free = (l, w) =>
        !taken.some((t) => l < t.left + t.width + 6 && l + w + 6 > t.left && Math.abs(t.bottom - bottom) < whole.height);
      let words = name;
      let taking = whole.width;
      if (!free(left, taking)) {
        words = "";
        taking = badgeWidth;
        left = inside(x - badgeWidth / 2, taking);
        if (!free(left, taking)) continue;
      }
      taken.push({ left, width: taking, bottom });
      ink.strokeStyle = colour("hill-edge");
      ink.lineWidth = rem * 0.06;
      ink.beginPath();
      ink.moveTo(x, y);
      ink.lineTo(x, bottom);
      ink.stroke();
      const badgeLeft = words && mirrored ? left + whole.width - badgeWidth : left;
      const nameLeft = mirrored ? left : left + badgeWidth + box.text * 0.3;
      ink.fillStyle = feature.kind === "climb" ? colour("hill-edge") : colour("ground");
      ink.beginPath();
      ink.roundRect(badgeLeft, bottom - whole.height, badgeWidth, whole.height, 3);
      ink.fill();
      ink.stroke();
      ink.font = font(700, box.text);
      ink.textAlign = "center";
      ink.textBaseline = "middle";
      ink.fillStyle = feature.kind === "climb" ? colour("ground") : colour("chalk");
      ink.fillText(badge, badgeLeft + badgeWidth / 2, bottom - whole.height * 0.47);
      ink.font = font(500, box.text);
      ink.textAlign = "left";
      ink.fillStyle = colour("dust");
      ink.fillText(words, nameLeft, bottom - whole.height * 0.47);
    }
  }

  shadeClimb(ink, colour, feature) {
    if (!feature.length_m) return;
    const { box } = this;
    const from = feature.distance_m - feature.length_m;
    ink.beginPath();
    ink.moveTo(this.x(from), box.bottom);
    for (let step = 0; step <= 40; step += 1) {
      const d = from + (feature.length_m * step) / 40;
      ink.lineTo(this.x(d), this.y(d));
    }
    ink.lineTo(this.x(feature.distance_m), box.bottom);
    ink.closePath();
    ink.globalAlpha = 0.35;
    ink.fillStyle = colour("hill-edge");
    ink.fill();
    ink.globalAlpha = 1;
  }

  fitted(ink, words, most) {
    ink.font = font(500, this.box.text);
    if (ink.measureText(words).width <= most) return words;
    let short = words;
    while (short && ink.measureText(`${short}…`).width > most) short = short.slice(0, -1);
    return `${short}…`;
  }

  movingKey() {
    if (!this.road || !this.x) return "";
    const steps = (m) => Math.round(this.x(m) * 3);
    return movingKey(this.groups, this.rider, steps);
  }

  drawMoving(sheet) {
    if (!this.road || !this.x) return;
    const { ink, colour, rem, wall } = sheet;
    this.tags = [];
    for (const group of this.groups.toReversed()) this.drawStretch(sheet, group);
    for (const { group, text, size, x } of this.placed(sheet)) {
      const at = { x, y: 2 };
      ink.strokeStyle = colour(group.role === "head" ? "head-edge" : "chalk");
      ink.lineWidth = rem * 0.1;
      ink.beginPath();
      ink.moveTo(at.x + size.width / 2, at.y + size.height);
      ink.lineTo(this.x(group.frontM), this.box.top);
      ink.lineTo(this.x(group.frontM), this.y(group.frontM));
      ink.stroke();
      tag(sheet, group, text, at);
      this.tags.push({ ...at, ...size, id: group.id });
    }
    if (this.rider) {
      const x = this.x(this.rider.distanceM);
      const y = this.y(this.rider.distanceM);
      ink.fillStyle = colour("ground");
      ink.strokeStyle = colour("chalk");
      ink.lineWidth = rem * 0.16;
      ink.beginPath();
      ink.arc(x, y, rem * (wall ? 0.5 : 0.38), 0, 7);
      ink.fill();
      ink.stroke();
    }
  }

  /** The tags in one row, in the order of the road. Where they are too many, the list of groups has the others. */
  placed(sheet) {
    const tags = byWeight(this.groups).slice(0, MOST_TAGS).map((group) => {
      const text = group.gapMs === null ? "" : `+${gapText(group.gapMs)}`;
      return { group, text, size: tag(sheet, group, text, null) };
    });
    let room = sheet.width;
    const kept = tags.filter(({ size }) => (room -= size.width + TAG_GAP) > 0);
    kept.sort((a, b) => a.group.frontM - b.group.frontM);
    const wishes = kept.map(({ group, size }) => this.x(group.frontM) - size.width / 2);
    const lefts = spread(wishes, kept.map(({ size }) => size.width + TAG_GAP), sheet.width);
    return kept.map((one, index) => ({ ...one, x: lefts[index] }));
  }

  drawStretch({ ink, colour, rem }, group) {
    const least = ((this.road.finishM - this.road.startM) * rem * 0.3) / (this.box.right - this.box.left);
    const back = Math.max(this.road.startM, Math.min(group.backM, group.frontM - least));
    ink.beginPath();
    for (let step = 0; step <= 12; step += 1) {
      const d = back + ((group.frontM - back) * step) / 12;
      ink.lineTo(this.x(d), this.y(d));
    }
    ink.lineCap = "round";
    ink.strokeStyle = colour(group.role === "head" ? "head-edge" : "chalk");
    ink.lineWidth = rem * 0.5;
    ink.stroke();
    if (group.role === "head") {
      ink.strokeStyle = colour("accent");
      ink.lineWidth = rem * 0.36;
      ink.stroke();
    }
    ink.lineCap = "butt";
  }
}
