// Paints a picture onto the canvas: one, with a border, or side by side, with the haze map over it.

import { colourOf } from "./colours.js";

const GAP = 4; // pixels between two pictures side by side

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
  fit() {
    const room = this.stage.getBoundingClientRect();
    const [one, height] = this.shownSize(this.last?.about ?? { width: 1920, height: 1080 });
    const width = this.mode === "side" ? 2 * one : one;
    const scale = Math.min(room.width / width, room.height / height);
    this.box = {
      width: width * scale, height: height * scale,
      left: (room.width - width * scale) / 2, top: (room.height - height * scale) / 2,
    };
    for (const [side, value] of Object.entries(this.box)) this.canvas.style[side] = `${value}px`;
    const dense = Math.min(scale * (window.devicePixelRatio || 1), 1);
    const pixels = [Math.max(2, Math.round(width * dense)), Math.max(2, Math.round(height * dense))];
    if (this.canvas.width !== pixels[0]) this.canvas.width = pixels[0];
    if (this.canvas.height !== pixels[1]) this.canvas.height = pixels[1];
    this.repaint();
  }

  // Takes over the frames of the picture; those before are let go.
  paint(picture) {
    const before = this.last;
    this.last = picture;
    const size = JSON.stringify([picture.about.width, picture.about.height]);
    if (size !== this.size) {
      this.size = size;
      this.fit();
    } else {
      this.repaint();
    }
    before?.enhanced?.close();
    before?.original?.close();
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
      const edge = Math.round(this.border * width);
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
