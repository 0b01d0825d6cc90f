// How hazy it was: a curve with gaps where nothing was seen.

const SECONDS = 300, GAP_SECONDS = 2.5, MOST = 0.6; // density at the upper edge

export class Curve {
  constructor(canvas) {
    this.canvas = canvas;
    this.points = []; // [seconds on the server's clock, density or null]
  }

  clear() { this.points = []; }

  add(points) {
    this.points.push(...points);
    const newest = this.points.at(-1)[0];
    while (this.points[0][0] < newest - SECONDS - 10) this.points.shift();
  }

  draw(nowSeconds) {
    const { canvas } = this, dense = window.devicePixelRatio || 1;
    const width = Math.round(canvas.clientWidth * dense), height = Math.round(canvas.clientHeight * dense);
    if (!width || !height) return;
    if (canvas.width !== width) canvas.width = width;
    if (canvas.height !== height) canvas.height = height;
    const context = canvas.getContext("2d");
    context.clearRect(0, 0, width, height);
    const x = seconds => width * (1 - (nowSeconds - seconds) / SECONDS);
    const y = density => height - 1 - Math.min(density / MOST, 1) * (height - 4 * dense);
    context.lineWidth = dense;
    context.strokeStyle = "#2b323c";
    for (let minute = 1; minute < SECONDS / 60; minute++) line(context, x(nowSeconds - 60 * minute), 0, height);
    line(context, width - dense / 2, 0, height);
    for (const run of runsOf(this.points)) {
      context.beginPath();
      context.moveTo(x(run[0][0]), height);
      for (const [seconds, density] of run) context.lineTo(x(seconds), y(density));
      context.lineTo(x(run.at(-1)[0]), height);
      context.fillStyle = "#5b7fa855";
      context.fill();
      context.beginPath();
      for (const [seconds, density] of run) context.lineTo(x(seconds), y(density));
      context.strokeStyle = "#b9d4f2";
      context.lineWidth = 2 * dense;
      context.stroke();
    }
  }
}

// Stretches of points without a gap.
export function runsOf(points) {
  const runs = [];
  let run = [];
  for (const point of points) {
    const gap = point[1] === null || (run.length && point[0] - run.at(-1)[0] > GAP_SECONDS);
    if (gap && run.length) { runs.push(run); run = []; }
    if (point[1] !== null) run.push(point);
  }
  if (run.length) runs.push(run);
  return runs;
}

function line(context, x, top, bottom) {
  context.beginPath();
  context.moveTo(x, top);
  context.lineTo(x, bottom);
  context.stroke();
}
