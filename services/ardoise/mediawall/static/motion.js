// Where everyone is between two updates: always on the road, never a jump.

const EASE_MS = 450; // how fast what is shown comes back to what is known
const COAST_LIMIT_MS = 2_500; // without news nobody rides on: the picture stands, and its age says so
const STILL = window.matchMedia("(prefers-reduced-motion: reduce)");

export class Motion {
  constructor() {
    this.moving = new Map(); // key -> {known, speed, at, shown}
    this.lastFrame = null;
  }

  clear() {
    this.moving.clear();
  }

  /** The newest known distance and speed of each key; keys that are not named are forgotten. */
  update(targets, pace, now) {
    for (const key of this.moving.keys()) if (!targets.has(key)) this.moving.delete(key);
    for (const [key, { distanceM, speedMps }] of targets) {
      const mover = this.moving.get(key) ?? { shown: distanceM };
      this.moving.set(key, Object.assign(mover, { known: distanceM, speed: speedMps * pace, at: now }));
      if (STILL.matches) mover.shown = distanceM;
    }
  }

  step(now) {
    const passed = this.lastFrame === null ? 0 : Math.min(200, now - this.lastFrame);
    this.lastFrame = now;
    if (STILL.matches) return;
    const share = 1 - Math.exp(-passed / EASE_MS);
    for (const mover of this.moving.values()) {
      const coasting = Math.min(now - mover.at, COAST_LIMIT_MS);
      const aim = mover.known + (mover.speed * coasting) / 1000;
      const ahead = coasting < COAST_LIMIT_MS ? (mover.speed * passed) / 1000 : 0;
      const next = mover.shown + ahead + (aim - mover.shown - ahead) * share;
      // Nobody rides backwards because the last guess was a few metres long; a correction is another matter.
      mover.shown = next < mover.shown && mover.shown - aim < 60 ? mover.shown : next;
    }
  }

  shown(key) {
    return this.moving.get(key)?.shown ?? null;
  }
}
