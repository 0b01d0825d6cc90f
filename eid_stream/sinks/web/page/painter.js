// Paints a picture onto the canvas: one, with a border, or side by side, with the haze map over it.

import { colourOf } from "./colours.js";

const GAP = 4; // pixels between two pictures side by side

// The size in which a share of the picture's width is sent: as picture_size.py has it, both sides even.
function sizeSent({ width, height }, share) {
  const even = length => Math.max(2, 2 * Math.floor(Math.round(length) / 2));
  const columns = even(width * share);
  return { width: columns, height: even(height * columns / width) };
}

export class Painter {
  constructor(canvas, stage) {
    this.canvas = canvas;
    this.stage = stage;
    this.context = canvas.getContext("2d", { alpha: false, desynchronized: true });
    this.map = document.createElement("canvas");
    this.mode = "enhanced";
    this.border = 0.5;
    this.haze = false;
    this.held = false;
    this.turn = 0;
    this.aspect = 1;
    this.last = null;
    this.wantedWidth = 0; // pixels that the width of one picture has here; 0: not known yet
    this.box = { left: 0, top: 0, width: 0, height: 0 };
  }

  // What of the original is needed to paint.
  get needsOriginal() { return this.mode !== "enhanced" || this.held; }

  // Both pictures are shown only where they differ: of a frame as captured there is one.
  get compares() { return this.mode !== "enhanced" && !this.held && !!this.last?.about.dehazed; }

  setShape({ rotation, aspect }) {
    if (rotation === this.turn && aspect === this.aspect) return;
    this.turn = rotation;
    this.aspect = aspect;
    this.fit();
  }

  // Width and height of one picture as it is looked at.
  shownSize({ width, height }) {
    const wide = width * this.aspect;
    return this.turn % 180 ? [height, wide] : [wide, height];
  }

  // The canvas gets the place that the picture can fill, and no more pixels than the screen or the picture has.
  // Every pixel of a canvas that is smaller than the picture is a pixel of the screen and of the picture as it is sent,
  // so that nothing is scaled on the way: without a graphics card that costs more than all else here.
  fit() {
    const dense = window.devicePixelRatio || 1, sides = this.mode === "side" ? 2 : 1, gap = sides > 1 ? GAP : 0;
    const { width, height } = this.stage.getBoundingClientRect();
    const room = [Math.floor(width * dense), Math.floor(height * dense)];
    const picture = this.last?.about ?? { width: 1920, height: 1080 };
    const [wide, high] = this.shownSize(picture);
    const scale = Math.min((room[0] - gap) / (sides * wide), room[1] / high);
    const sent = sizeSent(picture, Math.min(1, scale * Math.max(1, this.aspect)));
    this.wantedWidth = sent.width;
    const part = this.aspect === 1 || scale >= 1 ? this.shownSize(sent) : [wide * scale, high * scale];
    const pixels = [sides * Math.round(part[0]) + gap, Math.round(part[1])];
    const enlarged = Math.max(1, Math.min(room[0] / pixels[0], room[1] / pixels[1]));
    const shown = scale > 1 ? pixels.map(length => Math.floor(length * enlarged)) : pixels;
    this.box = {
      width: shown[0] / dense, height: shown[1] / dense,
      left: Math.floor((room[0] - shown[0]) / 2) / dense, top: Math.floor((room[1] - shown[1]) / 2) / dense,
    };
    for (const [side, value] of Object.entries(this.box)) this.canvas.style[side] = `${value}px`;
    if (this.canvas.width !== pixels[0]) this.canvas.width = pixels[0];
    if (this.canvas.height !== pixels[1]) this.canvas.height = pixels[1];
    this.repaint();
  }

  // Takes over the frames of the picture; those before are let go. Returns whether it has another size than they.
  paint(picture) {
    const before = this.last;
    this.last = picture;
    const size = JSON.stringify([picture.about.width, picture.about.height]);
    const other = size !== this.size;
    this.size = size;
    if (other) this.fit();
    else this.repaint();
    before?.enhanced?.close();
    before?.original?.close();
    return other;
  }

  repaint() {
    const picture = this.last;
    if (!picture) return;
    const { width, height } = this.canvas;
    const original = picture.original ?? picture.enhanced;
    const shown = this.held ? original : picture.enhanced;
    if (this.mode === "side") {
      const half = Math.floor((width - GAP) / 2);
      this.context.fillStyle = "#000";
      this.context.fillRect(half, 0, width - 2 * half, height);
      this.part(original, picture.grid, 0, half, 0, half);
      this.part(shown, this.compares ? null : picture.grid, width - half, half, width - half, half);
    } else if (this.mode === "border" && this.compares) {
      const edge = 2 * Math.round(this.border * width / 2); // chroma begins at every second column
      this.part(original, picture.grid, 0, width, 0, edge);
      this.part(shown, picture.grid, 0, width, edge, width - edge);
    } else {
      this.part(shown, picture.grid, 0, width, 0, width);
    }
  }

  // The columns from `from` on, `columns` of them, of a picture that fills the canvas from `left` on.
  part(frame, grid, left, width, from, columns) {
    if (columns <= 0) return;
    const { context, canvas: { height } } = this;
    const plain = !this.turn && !(this.haze && grid);
    if (plain && from === left && columns === width) return context.drawImage(frame, left, 0, width, height);
    if (plain && frame.visibleRect?.width === width) return this.columns(frame, from - left, from, columns);
    context.save();
    context.beginPath();
    context.rect(from, 0, columns, height);
    context.clip();
    context.translate(left + width / 2, height / 2);
    context.rotate(-this.turn * Math.PI / 180);
    const [w, h] = this.turn % 180 ? [height, width] : [width, height];
    context.drawImage(frame, -w / 2, -h / 2, w, h);
    if (this.haze && grid) {
      context.imageSmoothingEnabled = true;
      context.drawImage(this.colours(grid), -w / 2, -h / 2, w, h);
    }
    context.restore();
  }

  // Of a frame that is as wide as its place: only what is seen becomes RGB.
  columns(frame, skipped, from, columns) {
    const { x, y, height } = frame.visibleRect;
    const seen = new VideoFrame(frame, { visibleRect: { x: x + skipped, y, width: columns, height } });
    this.context.drawImage(seen, from, 0, columns, this.canvas.height);
    seen.close();
  }

  colours({ size: [width, height], values }) {
    if (this.mapOf === values) return this.map;
    this.mapOf = values;
    this.map.width = width;
    this.map.height = height;
    const context = this.map.getContext("2d");
    const pixels = context.createImageData(width, height);
    for (let cell = 0; cell < values.length; cell++) pixels.data.set(colourOf(values[cell] / 255), 4 * cell);
    context.putImageData(pixels, 0, 0);
    return this.map;
  }
}
