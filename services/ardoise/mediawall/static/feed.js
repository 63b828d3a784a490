// The race as it comes from the server: one stream of events, opened again for as long as the page lives.

const SILENCE_LIMIT_MS = 5_000; // the server beats every second: silence is a dead line
const LONGEST_RETRY_MS = 5_000;

/** This machine's clock, milliseconds since 1970, never set back while the page lives. */
export function viewerNow() {
  return performance.timeOrigin + performance.now();
}

/**
 * Dispatches "hello", "stage", "race" ({detail: {whole, data}}), "links" and "connection".
 * `connected` says whether the stream is alive; `serverNow()` is the server's clock.
 */
export class Feed extends EventTarget {
  constructor(url) {
    super();
    this.url = url;
    this.connected = false;
    this.lastId = "";
    this.retryMs = 1_000;
    this.failures = 0;
    this.aheadMs = Infinity; // how far this clock runs ahead of the server's, at most
    this.source = null;
    this.heardAt = 0;
  }

  open() {
    const resume = this.lastId ? `?after=${encodeURIComponent(this.lastId)}` : "";
    const source = new EventSource(this.url + resume);
    this.source = source;
    this.heardAt = viewerNow();
    const on = (kind, handle) =>
      source.addEventListener(kind, (event) => {
        this.heardAt = viewerNow();
        if (event.lastEventId) this.lastId = event.lastEventId;
        handle(JSON.parse(event.data));
      });
    on("hello", (data) => {
      this.aheadMs = Infinity;
      this.retryMs = data.retry_ms;
      this.heardServerTime(data.now_ms);
      this.failures = 0;
      this.tell("hello", data);
      this.setConnected(true);
    });
    on("beat", (data) => this.heardServerTime(data.now_ms));
    on("links", (data) => this.tell("links", data));
    on("stage", (data) => this.tell("stage", data));
    on("state", (data) => this.race(true, data));
    on("change", (data) => this.race(false, data));
    source.onerror = () => this.reopen();
    this.watch();
  }

  serverNow() {
    return viewerNow() - (Number.isFinite(this.aheadMs) ? this.aheadMs : 0);
  }

  // A time of the server that has arrived is past: of all, the one that took the least time tells most.
  heardServerTime(ms) {
    this.aheadMs = Math.min(this.aheadMs, viewerNow() - ms);
  }

  race(whole, data) {
    if (data.heard_ms) this.heardServerTime(data.heard_ms);
    this.tell("race", { whole, data });
  }

  watch() {
    clearInterval(this.watchdog);
    this.watchdog = setInterval(() => {
      if (viewerNow() - this.heardAt > SILENCE_LIMIT_MS) this.reopen();
    }, 1_000);
  }

  // By hand: a browser gives up for good where a proxy answers 502 while the server restarts.
  reopen() {
    clearInterval(this.watchdog);
    this.source.close();
    this.setConnected(false);
    const wait = Math.min(LONGEST_RETRY_MS, this.retryMs * 2 ** this.failures) * (0.25 + Math.random() * 0.75);
    this.failures += 1;
    clearTimeout(this.retry);
    this.retry = setTimeout(() => this.open(), wait);
  }

  setConnected(connected) {
    if (this.connected === connected) return;
    this.connected = connected;
    this.tell("connection", connected);
  }

  tell(kind, detail) {
    this.dispatchEvent(new CustomEvent(kind, { detail }));
  }
}
