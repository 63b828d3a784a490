// The race as the page knows it: the stage, and what the newest events made of it.

const TREND_MS = 60_000;

export class Race {
  constructor() {
    this.stage = null;
    this.riders = new Map(); // bib -> rider of the stage with what the race says of it
    this.teams = new Map();
    this.forget();
  }

  forget() {
    this.heard = false;
    this.timeMs = null;
    this.newestFixMs = null;
    this.heardMs = null;
    this.upToDateMs = null; // when a race that is catching up will be there, on the server's clock
    this.state = "unknown";
    this.weather = null;
    this.groups = [];
    this.predictions = null;
    this.order = []; // riders with a place, by place
    this.others = []; // riders without one
    this.winner = null;
    this.pace = 1; // seconds of the race in a second of the viewer: recordings may run faster
    this.gapHistory = [];
  }

  setStage(stage) {
    this.forget();
    this.stage = stage;
    this.teams = new Map(stage.teams.map((team) => [team.code, team]));
    this.riders = new Map(stage.riders.map((rider) => [rider.bib, { ...rider, status: "unheard", place: 0, group: 0 }]));
    this.rank();
  }

  apply(whole, data) {
    if (!this.stage) return;
    if (data.time_ms !== undefined) this.measurePace(data);
    this.heard = true;
    if ("time_ms" in data) this.timeMs = data.time_ms;
    if ("newest_fix_ms" in data) this.newestFixMs = data.newest_fix_ms;
    if ("heard_ms" in data) this.heardMs = data.heard_ms;
    if ("up_to_date_ms" in data) this.upToDateMs = data.up_to_date_ms;
    if ("race_state" in data) this.state = data.race_state;
    if ("weather" in data) this.weather = data.weather;
    if ("groups" in data) this.groups = data.groups;
    if ("predictions" in data) this.predictions = data.predictions;
    if (data.riders) this.applyRiders(data.riders);
    this.rank();
    this.rememberGap();
  }

  applyRiders(columns) {
    const names = Object.keys(columns);
    columns.bib.forEach((bib, index) => {
      const rider = this.riders.get(bib);
      if (rider) for (const name of names) rider[name] = columns[name][index];
    });
  }

  measurePace(data) {
    if (this.timeMs === null || this.heardMs === null || !data.heard_ms || data.heard_ms <= this.heardMs) return;
    const pace = (data.time_ms - this.timeMs) / (data.heard_ms - this.heardMs);
    if (pace > 0) this.pace += (Math.min(pace, 500) - this.pace) * 0.3;
  }

  rank() {
    const known = [...this.riders.values()];
    const placed = known.filter((rider) => rider.place > 0).sort((a, b) => a.place - b.place);
    const others = known
      .filter((rider) => !(rider.place > 0))
      .sort((a, b) => STATUS_ORDER.indexOf(a.status) - STATUS_ORDER.indexOf(b.status) || a.bib - b.bib);
    this.order = placed;
    this.others = others;
    this.winner = placed[0]?.status === "finished" ? placed[0] : null;
  }

  get phase() {
    if (!this.stage) return "waiting";
    if (!this.heard || this.state === "prepared") return "prepared";
    if (this.winner) return "finishing";
    if (!this.groups.length) return "unknown";
    return this.rival ? "gap" : "together";
  }

  get head() {
    return this.groups[0] ?? null;
  }

  /** Whom the head of the race is measured against: the peloton, else whoever is next. */
  get rival() {
    const behind = this.groups.slice(1);
    return behind.find((group) => group.role === "peloton") ?? (this.head?.role === "peloton" ? null : behind[0]) ?? null;
  }

  toGo(distanceM) {
    return this.stage.finish_m - distanceM;
  }

  ridersOf(groupId) {
    return this.order.filter((rider) => rider.group === groupId);
  }

  rememberGap() {
    const rival = this.rival;
    if (!rival || rival.gap_ms === null) {
      this.gapHistory = [];
      return;
    }
    if (this.gapHistory.at(-1)?.role !== rival.role) this.gapHistory = [];
    if (this.gapHistory.at(-1)?.timeMs === this.timeMs) return;
    this.gapHistory.push({ timeMs: this.timeMs, gapMs: rival.gap_ms, role: rival.role });
    while (this.gapHistory.length > 1 && this.gapHistory[1].timeMs <= this.timeMs - TREND_MS) this.gapHistory.shift();
  }

  /** How much the gap grew in the last minute, milliseconds; null while that is not known. */
  get trendMs() {
    const first = this.gapHistory[0];
    if (!first || this.timeMs - first.timeMs < TREND_MS) return null;
    return this.rival.gap_ms - first.gapMs;
  }
}

const STATUS_ORDER = ["racing", "neutral", "stopped", "no_signal", "off_route", "unheard", "abandoned", "finished"];
