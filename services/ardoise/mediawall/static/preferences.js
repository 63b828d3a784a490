// Theme, language and kind of screen: from the address, else as chosen before, else as the browser asks.

import { LANGUAGES, currentLanguage, say, setLanguage } from "./i18n.js";

const address = new URLSearchParams(location.search);
const light = window.matchMedia("(prefers-color-scheme: light)");

function stored(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null; // a browser that keeps nothing (private window, policy) still shows the race
  }
}

function store(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // as above
  }
}

function theme() {
  const wanted = address.get("theme") ?? stored("theme");
  return wanted === "light" || wanted === "dark" ? wanted : light.matches ? "light" : "dark";
}

/** Applies all preferences; `changed` is called after somebody switched one. */
export function applyPreferences(changed) {
  const root = document.documentElement;
  const wanted = address.get("lang") ?? stored("language") ?? root.lang;
  setLanguage(LANGUAGES.includes(wanted) ? wanted : root.lang);
  root.dataset.theme = theme();
  if (address.get("screen") === "wall") root.dataset.screen = "wall";
  const languageSwitch = document.getElementById("language-switch");
  const themeSwitch = document.getElementById("theme-switch");
  const label = () => {
    const other = root.dataset.theme === "dark" ? say("theme_light") : say("theme_dark");
    languageSwitch.textContent = say("other_language_short");
    languageSwitch.setAttribute("aria-label", say("other_language"));
    languageSwitch.lang = LANGUAGES.find((language) => language !== currentLanguage());
    themeSwitch.textContent = other;
    themeSwitch.setAttribute("aria-label", say("theme_switch", { theme: other }));
  };
  languageSwitch.addEventListener("click", () => {
    setLanguage(LANGUAGES.find((language) => language !== currentLanguage()));
    store("language", currentLanguage());
    label();
    changed();
  });
  themeSwitch.addEventListener("click", () => {
    root.dataset.theme = root.dataset.theme === "dark" ? "light" : "dark";
    store("theme", root.dataset.theme);
    label();
    changed();
  });
  light.addEventListener("change", () => {
    root.dataset.theme = theme();
    label();
    changed();
  });
  label();
}
