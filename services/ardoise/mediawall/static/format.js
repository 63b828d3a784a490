// Numbers and times as people read them, in the language of the page.

import { currentLanguage, say } from "./i18n.js";

const two = (number) => String(number).padStart(2, "0");

/** 161000 -> "2:41", 3723000 -> "1:02:03". Whole seconds, as the slate has them. */
export function gapText(gapMs) {
  const seconds = Math.floor(Math.abs(gapMs) / 1000);
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor(seconds / 60) % 60;
  return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

export function number(value, digits = 0) {
  return value.toLocaleString(currentLanguage(), { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** Kilometres to the line, a digit behind the point under 100 km: it counts there. */
export function kilometres(metres) {
  const km = Math.max(0, metres) / 1000;
  return say("kilometres", { value: number(km, km < 100 ? 1 : 0) });
}

export function speed(mps) {
  return say("kilometres_per_hour", { value: number(mps * 3.6) });
}

/** Nothing that may happen is impossible, and nothing is certain. */
export function percent(share) {
  if (share < 0.005) return say("percent", { value: "<1" });
  if (share > 0.995) return say("percent", { value: ">99" });
  return say("percent", { value: number(share * 100) });
}

export function clockTime(ms, { seconds = true } = {}) {
  const style = { hour: "2-digit", minute: "2-digit", hourCycle: "h23", ...(seconds && { second: "2-digit" }) };
  return new Date(ms).toLocaleTimeString(currentLanguage(), style);
}

/** "0.6 s", "12 s", "3 min", "2 h": how old something is. */
export function age(ms) {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 9.95) return say("seconds", { value: number(seconds, 1) });
  if (seconds < 100) return say("seconds", { value: number(seconds) });
  if (seconds < 6000) return say("minutes", { value: number(seconds / 60) });
  return say("hours", { value: number(seconds / 3600) });
}

/** "in a few seconds", "in about 40 s", "in about 2 min": when something will be, as precise as an estimate is. */
export function roughly(ms) {
  const seconds = ms / 1000;
  if (seconds < 10) return say("in_a_moment");
  const about = Math.ceil(seconds / 5) * 5;
  const value = about < 60 ? say("seconds", { value: number(about) }) : say("minutes", { value: number(Math.round(seconds / 60)) });
  return say("in_about", { value });
}

export function riders(count) {
  return say(count === 1 ? "group_riders_one" : "group_riders", { count });
}

/** What a group is called; numbered only where there are several of its kind. */
export function groupName(group, groups) {
  const several = groups.filter((other) => other.role === group.role).length > 1;
  if (several && (group.role === "chase" || group.role === "dropped")) {
    return say(`group_${group.role}_n`, { number: group.number });
  }
  return say(`group_${group.role}`);
}
