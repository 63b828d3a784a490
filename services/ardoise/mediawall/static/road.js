// The road as tables: distance to place and height.

/** Index of the last element that is <= value in an ascending table, at least 0, at most length - 2. */
function segment(table, value) {
  let low = 0;
  let high = table.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (table[middle] <= value) low = middle;
    else high = middle;
  }
  return low;
}

export class Road {
  constructor(stage) {
    this.distances = stage.road.distance_m;
    this.x = stage.road.longitude.map((longitude) => longitude * stage.longitude_scale);
    this.y = stage.road.latitude.map((latitude) => -latitude);
    this.startM = this.distances[0];
    this.finishM = stage.finish_m;
    this.heightDistances = stage.profile.distance_m;
    this.heights = stage.profile.elevation_m;
  }

  /** Index of the point before this distance and how far it is to the next, 0 to 1. */
  locate(distanceM) {
    const index = segment(this.distances, distanceM);
    const from = this.distances[index];
    const part = (distanceM - from) / (this.distances[index + 1] - from);
    return { index, part: Math.min(1, Math.max(0, part)) };
  }

  heightAt(distanceM) {
    if (!this.heights.length) return null;
    const index = segment(this.heightDistances, distanceM);
    const from = this.heightDistances[index];
    const part = (distanceM - from) / (this.heightDistances[index + 1] - from);
    return this.heights[index] + (this.heights[index + 1] - this.heights[index]) * Math.min(1, Math.max(0, part));
  }
}
