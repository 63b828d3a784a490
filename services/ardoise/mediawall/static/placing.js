// What is written on the map: where it covers, and strikes through, what is there already.

/** Where a line from this point meets a box. */
export const nearest = (point, box) => ({
  x: Math.min(Math.max(point.x, box.x), box.x + box.width),
  y: Math.min(Math.max(point.y, box.y), box.y + box.height),
});

export const overlap = (a, b, margin) =>
  b.x <= a.x + a.width + margin && b.x + b.width + margin >= a.x && b.y <= a.y + a.height + margin && b.y + b.height + margin >= a.y;

export const within = (x, y, box, grow) =>
  x > box.x - grow && x < box.x + box.width + grow && y > box.y - grow && y < box.y + box.height + grow;

/** Whether two lines, each from one point to another, cross. */
export function cross([a, b], [c, d]) {
  const side = (p, q, r) => Math.sign((q.x - p.x) * (r.y - p.y) - (q.y - p.y) * (r.x - p.x));
  return side(a, b, c) !== side(a, b, d) && side(c, d, a) !== side(c, d, b);
}

/** Whether a line strikes through a box. */
export function strikes(line, box) {
  const [left, top, right, bottom] = [box.x, box.y, box.x + box.width, box.y + box.height];
  const diagonals = [
    [{ x: left, y: top }, { x: right, y: bottom }],
    [{ x: right, y: top }, { x: left, y: bottom }],
  ];
  return line.some(({ x, y }) => within(x, y, box, 0)) || diagonals.some((diagonal) => cross(line, diagonal));
}

/** How many of a road's points lie in a box: at most some 400 of them are asked. */
export function covered(xs, ys, box, grow) {
  const every = Math.max(1, Math.floor(xs.length / 400));
  let count = 0;
  for (let i = 0; i < xs.length; i += every) if (within(xs[i], ys[i], box, grow)) count += 1;
  return count;
}

/** How many of a road's stretches strike through a box. */
export function struck(xs, ys, box) {
  let count = 0;
  for (let i = 1; i < xs.length; i += 1) {
    if (strikes([{ x: xs[i - 1], y: ys[i - 1] }, { x: xs[i], y: ys[i] }], box)) count += 1;
  }
  return count;
}

/** The box of these words beside a place, above or below it, where it is on the sheet and the road strikes least. */
export function besidePlace(place, { width, height }, away, sheet, xs, ys) {
  const slid = Math.min(Math.max(0, place.x - width / 2), sheet.width - width);
  const boxes = [
    { x: place.x - away - width, y: place.y - height / 2 },
    { x: place.x + away, y: place.y - height / 2 },
    { x: slid, y: place.y - away - height },
    { x: slid, y: place.y + away },
  ].map((corner) => ({ ...corner, width, height }));
  const outside = (box) => box.x < 0 || box.x + width > sheet.width || box.y < 0 || box.y + height > sheet.height;
  const costs = boxes.map((box) => (outside(box) ? Infinity : struck(xs, ys, box)));
  return boxes[costs.indexOf(Math.min(...costs))];
}
