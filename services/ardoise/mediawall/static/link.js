// How old what is shown is, and which link is to blame. Quiet while all is well.

import { setData, setText } from "./dom.js";
import { age, roughly } from "./format.js";
import { say } from "./i18n.js";

const QUIET_MS = 2_000;
const TROUBLE_MS = 10_000;
const STALLED_MS = 5_000; // a race that has been catching up and stands again

export class LinkLine {
  constructor(line) {
    this.line = line;
    this.words = line.querySelector("#link-text");
    this.age = line.querySelector("#age");
    this.upToDate = line.querySelector("#up-to-date");
    this.announcer = document.getElementById("announcer");
    this.lost = false;
    this.hadLink = false;
  }

  show(race, feed, links) {
    const serverNowMs = feed.serverNow();
    const ageMs = dataAge(race, serverNowMs);
    const { key, level } = this.judge(race, feed.connected, links, ageMs, serverNowMs);
    setText(this.words, say(key));
    setData(this.line, "level", level);
    setText(this.age, ageMs === null ? "" : say("age", { age: age(ageMs) }));
    const catchingUp = key === "link_catching_up";
    setText(this.upToDate, catchingUp ? say("up_to_date", { when: roughly(race.upToDateMs - serverNowMs) }) : "");
    this.announce(feed.connected);
  }

  judge(race, connected, links, ageMs, serverNowMs) {
    if (!connected) return { key: this.hadLink ? "link_reconnecting" : "link_connecting", level: "trouble" };
    if (links.positioning && links.positioning !== "connected") return { key: "link_no_positioning", level: "trouble" };
    if (ageMs === null) return { key: "link_live", level: "quiet" };
    if (transportAge(race, ageMs) > TROUBLE_MS) {
      const comes = race.upToDateMs !== null && serverNowMs - race.heardMs < STALLED_MS;
      if (comes) return { key: "link_catching_up", level: "coming" };
      // A race that lives by a feed's clock stands still when the feed does: the truck may be well.
      return { key: race.stage.clock === "feed" ? "link_no_feed" : "link_no_truck", level: "trouble" };
    }
    if (ageMs > QUIET_MS) return { key: "link_late", level: "late" };
    return { key: "link_live", level: "quiet" };
  }

  announce(connected) {
    if (connected) this.hadLink = true;
    const lost = this.hadLink && !connected;
    if (lost === this.lost) return;
    this.lost = lost;
    setText(this.announcer, say(lost ? "say_link_lost" : "say_link_back"));
  }
}

/**
 * Age of the newest position in the picture, milliseconds; null where there is none to have an age.
 * A log that counts this world's seconds is measured against the server's clock; one that counts a recording's
 * against the moment at which the server heard of the tick.
 */
export function dataAge(race, serverNowMs) {
  if (!race.heard || race.timeMs === null) return null;
  const tickMs = race.stage.clock === "feed" ? race.heardMs : race.timeMs;
  const fixMs = race.state === "prepared" || race.newestFixMs === null ? 0 : race.timeMs - race.newestFixMs;
  return Math.max(0, serverNowMs - tickMs) + fixMs;
}

function transportAge(race, ageMs) {
  return race.state === "prepared" || race.newestFixMs === null ? ageMs : ageMs - (race.timeMs - race.newestFixMs);
}
