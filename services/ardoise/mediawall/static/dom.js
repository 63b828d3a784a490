// The few things that the page does to its document, so that nothing is written that stands there already.

/** An element with attributes and children; a child that is text becomes text, never markup. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== null && value !== false) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

export function setText(target, text) {
  const wanted = String(text ?? "");
  if (target.textContent !== wanted) target.textContent = wanted;
}

export function setData(target, name, value) {
  const wanted = String(value);
  if (target.dataset[name] !== wanted) target.dataset[name] = wanted;
}

export function setAttribute(target, name, value) {
  if (target.getAttribute(name) !== String(value)) target.setAttribute(name, value);
}

/** Makes the children of `parent` exactly these, in this order, moving as few as it can. */
export function arrange(parent, wanted) {
  let cursor = parent.firstElementChild;
  for (const child of wanted) {
    if (child === cursor) cursor = cursor.nextElementSibling;
    else parent.insertBefore(child, cursor);
  }
  while (cursor) {
    const next = cursor.nextElementSibling;
    cursor.remove();
    cursor = next;
  }
}

/** Words in which <b> marks the figure, as nodes: values never become markup. */
export function marked(words) {
  return words.split(/<b>(.*?)<\/b>/).map((part, index) => (index % 2 ? element("b", {}, part) : part));
}
