// Two sheets of canvas over one another: what stands, drawn once, and what moves.

const FONT = '"Sofia Sans Condensed", "Arial Narrow", sans-serif';

export class Drawing {
  /** `draw` has drawStill(sheet), drawMoving(sheet) and movingKey(sheet): what moves is drawn where the key changes. */
  constructor(container, draw) {
    this.container = container;
    this.draw = draw;
    this.still = document.createElement("canvas");
    this.moving = document.createElement("canvas");
    this.still.setAttribute("role", "img");
    this.moving.setAttribute("aria-hidden", "true");
    container.append(this.still, this.moving);
    this.key = null;
    new ResizeObserver(() => this.redraw()).observe(container);
  }

  /** Everything anew: the size, the theme, the language or the stage is another. */
  redraw() {
    const box = this.container.getBoundingClientRect();
    if (!box.width || !box.height) return;
    const style = getComputedStyle(document.documentElement);
    const dots = window.devicePixelRatio || 1;
    this.sheet = {
      width: box.width,
      height: box.height,
      rem: parseFloat(style.fontSize),
      wall: document.documentElement.dataset.screen === "wall",
      colour: (name) => style.getPropertyValue(`--${name}`).trim(),
    };
    for (const canvas of [this.still, this.moving]) {
      canvas.width = Math.round(box.width * dots);
      canvas.height = Math.round(box.height * dots);
      canvas.getContext("2d").setTransform(dots, 0, 0, dots, 0, 0);
    }
    this.draw.drawStill({ ...this.sheet, ink: this.still.getContext("2d") });
    this.key = null;
    this.frame();
  }

  /** Draws what moves, if it has moved by as much as can be seen. */
  frame() {
    if (!this.sheet) return;
    const key = this.draw.movingKey(this.sheet);
    if (key === this.key) return;
    this.key = key;
    const ink = this.moving.getContext("2d");
    ink.clearRect(0, 0, this.sheet.width, this.sheet.height);
    this.draw.drawMoving({ ...this.sheet, ink });
  }

  /** The group whose tag is at this place of the page; null where there is none. */
  groupAt(event) {
    const box = this.container.getBoundingClientRect();
    const x = event.clientX - box.left;
    const y = event.clientY - box.top;
    const hit = this.draw.tags.findLast((t) => x >= t.x && x <= t.x + t.width && y >= t.y && y <= t.y + t.height);
    return hit ? hit.id : null;
  }

  describe(words) {
    if (this.still.getAttribute("aria-label") !== words) this.still.setAttribute("aria-label", words);
  }
}

// Which groups are named first on the road where not all can be.
const WEIGHT = { head: 5, peloton: 4, chase: 3, gruppetto: 2, dropped: 1, group: 0 };

/** The groups in the order of what they mean: head, peloton, those of several riders, a rider alone last. */
export function byWeight(groups) {
  const alone = (group) => Number(group.size === 1 && group.role !== "head" && !group.selected);
  return groups.toSorted((a, b) => alone(a) - alone(b) || WEIGHT[b.role] - WEIGHT[a.role] || b.size - a.size);
}

/** What the moving sheet shows, as text; `steps` turns a distance into the smallest step that can be seen. */
export function movingKey(groups, rider, steps) {
  const parts = groups.map((g) =>
    [g.id, steps(g.frontM), steps(g.backM), g.size, g.role, g.gapMs && Math.floor(g.gapMs / 1000), g.selected].join(),
  );
  if (rider) parts.push(`rider ${rider.bib},${steps(rider.distanceM)}`);
  return parts.join(";");
}

export function font(weight, pixels) {
  return `${weight} ${pixels}px ${FONT}`;
}

export async function fontsReady() {
  await Promise.all([500, 700, 800].map((weight) => document.fonts.load(font(weight, 16), "0Aé")));
}

/** A group's tag: how many ride in it, and its gap. Returns its width without drawing where `at` is null. */
export function tag(sheet, group, text, at) {
  const { ink, rem, colour, wall } = sheet;
  const size = (wall ? 1.45 : 1.05) * rem;
  const height = size * 1.45;
  const pad = size * 0.32;
  ink.font = font(800, size);
  const countWidth = Math.max(height, ink.measureText(group.size).width + 2 * pad);
  const textWidth = text ? ink.measureText(text).width + 2 * pad : 0;
  const width = countWidth + textWidth;
  if (!at) return { width, height };
  const [fill, on] =
    group.role === "head"
      ? [colour("accent"), colour("on-accent")]
      : group.role === "peloton"
        ? [colour("chalk"), colour("ground")]
        : [colour("raised"), colour("chalk")];
  ink.fillStyle = colour("panel");
  ink.strokeStyle = colour(group.role === "head" ? "head-edge" : "chalk");
  ink.lineWidth = rem * (group.selected ? 0.2 : 0.1);
  ink.beginPath();
  ink.roundRect(at.x, at.y, width, height, size * 0.2);
  ink.fill();
  ink.stroke();
  ink.fillStyle = fill;
  ink.beginPath();
  ink.roundRect(at.x, at.y, countWidth, height, textWidth ? [size * 0.2, 0, 0, size * 0.2] : size * 0.2);
  ink.fill();
  ink.textBaseline = "middle";
  ink.textAlign = "center";
  ink.fillStyle = on;
  ink.fillText(group.size, at.x + countWidth / 2, at.y + height * 0.54);
  if (text) {
    ink.fillStyle = colour("chalk");
    ink.fillText(text, at.x + countWidth + textWidth / 2, at.y + height * 0.54);
  }
  return { width, height };
}
