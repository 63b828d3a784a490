// The weather that the race is ridden in: small, and with its age once that is old.

import { setAttribute, setData, setText } from "./dom.js";
import { age, number, speed } from "./format.js";
import { say } from "./i18n.js";

const byId = (id) => document.getElementById(id);

export function showWeather(race) {
  const weather = race.weather;
  const warmth = weather?.temperature_c ?? null;
  const wind = weather?.wind_mps ?? null;
  byId("weather").hidden = warmth === null && wind === null;
  if (byId("weather").hidden) return;
  setData(byId("weather"), "old", weather.old);
  // Half a degree of frost is 0 °C, not "-0".
  const degrees = number(Math.round(warmth) || 0);
  setText(byId("temperature"), warmth === null ? "" : say("degrees_celsius", { value: degrees }));
  byId("wind").hidden = wind === null;
  setText(byId("wind-speed"), wind === null ? "" : speed(wind));
  showArrow(byId("wind-arrow"), wind ? weather.wind_from_deg : null);
  setText(byId("weather-age"), weather.old ? say("weather_old", { age: age(race.timeMs - weather.time_ms) }) : "");
}

/** Flies with the wind, north up as on the map. */
function showArrow(arrow, fromDeg) {
  arrow.style.display = fromDeg === null ? "none" : "";
  if (fromDeg === null) return;
  arrow.style.rotate = `${fromDeg + 180}deg`;
  setAttribute(arrow, "aria-label", say("wind_from", { value: number(fromDeg) }));
}
