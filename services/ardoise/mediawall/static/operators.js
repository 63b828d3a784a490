// The operators' page: alerts with what to do, the services, the screens.

import { arrange, element, setData, setText } from "./dom.js";
import { Feed } from "./feed.js";
import { clockTime } from "./format.js";
import { say, translate } from "./i18n.js";
import { applyPreferences } from "./preferences.js";

const SERVICES = ["positioning", "analytics", "security"];
const NOTE_LIMIT = 500;

const byId = (id) => document.getElementById(id);

const feed = new Feed("/events");
const items = new Map(); // alert id -> {item, shown}
let state = null;
let name = "";
let role = "";

function show() {
  const level = feed.connected ? "quiet" : "trouble";
  setData(byId("link"), "level", level);
  setText(byId("link-text"), say(feed.connected ? "link_live" : state ? "link_reconnecting" : "link_connecting"));
  setText(byId("role"), role && say("signed_in_as", { name, role: say(`role_${role.replace("-", "_")}`) }));
  document.title = `Ardoise · ${say("operators")}`;
  if (!state) return;
  const open = state.alerts.filter((alert) => !alert.acknowledged_by);
  setText(byId("alerts-open"), open.length || "");
  byId("alerts-none").hidden = state.alerts.length > 0;
  for (const id of items.keys()) if (!state.alerts.some((alert) => alert.id === id)) items.delete(id);
  arrange(byId("alerts"), state.alerts.map(alertItem));
  setData(byId("kept-at"), "kept", state.kept_at);
  setText(byId("kept-at"), say(`kept_at_${state.kept_at}`));
  byId("sent-none").hidden = state.sent.length > 0;
  byId("sent").replaceChildren(...state.sent.map(sent));
  byId("services").replaceChildren(...SERVICES.map((name) => service(name, state.links[name])));
  setText(byId("screen-count"), state.screen_count || "");
  byId("screens-none").hidden = state.screens.length > 0;
  byId("screens-table").hidden = state.screens.length === 0;
  byId("screens").replaceChildren(...state.screens.map(screen));
  const worst = open.find((alert) => alert.severity === "critical");
  setText(byId("announcer"), worst ? `${say("severity_critical")}: ${worst.title}` : "");
}

/** An alert's item is made anew only where it says something new: nobody's half-written note is lost. */
function alertItem(alert) {
  const known = items.get(alert.id) ?? {};
  items.set(alert.id, known);
  const fixed = JSON.stringify([alert.acknowledged_by, alert.title, alert.action, alert.evidence, document.documentElement.lang, role]);
  if (known.fixed !== fixed) {
    const note = known.item?.querySelector("input")?.value ?? "";
    const item = newAlertItem(alert);
    const input = item.querySelector("input");
    if (input) input.value = note;
    Object.assign(known, { fixed, item });
  }
  const times = { count: alert.count, first: clockTime(alert.first_seen_ms), last: clockTime(alert.last_seen_ms) };
  setText(known.item.querySelector(".alert-times"), say("seen_times", times));
  return known.item;
}

function newAlertItem(alert) {
  const evidence = alert.evidence.map((piece) =>
    element("li", { class: "figure" }, `${clockTime(piece.time_ms)} · ${piece.source} · ${piece.detail}`),
  );
  return element(
    "li",
    { class: "alert", "data-severity": alert.severity, "data-open": !alert.acknowledged_by },
    element("p", { class: "alert-severity" }, say(`severity_${alert.severity}`)),
    element("h3", {}, alert.title),
    element("p", { class: "alert-subject figure" }, `${alert.subject} · `, element("span", { class: "alert-times" })),
    element("p", { class: "alert-action" }, element("b", {}, `${say("what_to_do")}: `), alert.action),
    element("details", {}, element("summary", {}, `${say("evidence")} (${evidence.length})`), element("ul", {}, ...evidence)),
    acknowledgement(alert),
  );
}

function acknowledgement(alert) {
  if (alert.acknowledged_by) {
    const words = say("acknowledged_by", { name: alert.acknowledged_by, time: clockTime(alert.acknowledged_ms) });
    return element("p", { class: "alert-done figure" }, words);
  }
  if (role !== "security") return element("p", { class: "alert-done" }, say("acknowledge_role"));
  const label = say("acknowledge_note");
  const input = element("input", { type: "text", maxlength: NOTE_LIMIT, placeholder: label, "aria-label": label });
  const failed = element("p", { class: "alert-failed", role: "alert", hidden: true });
  const form = element("form", {}, input, element("button", { type: "submit" }, say("acknowledge")));
  const requestId = newRequestId(); // kept for this alert: sent twice it is one decision
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    failed.hidden = true;
    const refused = await send({ alert_id: alert.id, request_id: requestId, note: input.value });
    failed.hidden = !refused;
    if (!refused) return;
    const doubt = refused.reason === "DECISION_IN_DOUBT";
    setText(failed, doubt ? say("acknowledge_in_doubt") : say("acknowledge_failed", { reason: refused.message }));
  });
  return element("div", {}, form, failed);
}

// Not crypto.randomUUID: it is missing on a page that is served as plain HTTP.
function newRequestId() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Sends a decision; null where it is done, else the reason and words for people. */
async function send(decision) {
  try {
    const headers = { "content-type": "application/json" };
    const answer = await fetch("/api/acknowledge", { method: "POST", headers, body: JSON.stringify(decision) });
    return answer.ok ? null : await answer.json();
  } catch (error) {
    return { reason: "DECISION_IN_DOUBT", message: String(error) };
  }
}

function service(name, link) {
  const since = say("since", { time: clockTime(link.since_ms) });
  return element(
    "li",
    { class: "service", "data-state": link.state },
    element("span", { class: "service-mark", "aria-hidden": "true" }),
    element("span", { class: "service-name" }, say(`service_${name}`)),
    element("span", { class: "service-state" }, say(`service_${link.state}`)),
    link.state === "absent" ? null : element("span", { class: "service-since figure" }, [since, link.detail].filter(Boolean).join(" · ")),
  );
}

function sent(entry) {
  const outcome = [say(`sent_${entry.state}`), entry.detail].filter(Boolean).join(" · ");
  return element(
    "li",
    { class: "sent-entry", "data-state": entry.state },
    element("span", { class: "sent-title" }, entry.title),
    element("span", { class: "sent-state figure" }, `${clockTime(entry.offered_ms)} · ${outcome}`),
  );
}

function screen(one) {
  const cells = [one.id, one.peer, clockTime(one.connected_ms), one.skipped];
  return element("tr", {}, ...cells.map((cell) => element("td", { class: "figure" }, String(cell))));
}

function redraw() {
  translate(document);
  show();
}

applyPreferences(redraw);
feed.addEventListener("hello", ({ detail }) => {
  ({ name, role } = detail);
  show();
});
feed.addEventListener("connection", show);
feed.addEventListener("race", ({ detail: { data } }) => {
  state = data;
  show();
});
redraw();
feed.open();
