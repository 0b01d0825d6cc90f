// The student in the browser: what eid_stream/core/thumbnail.py, core/haze_maps.py and dehazing/plane_correction.py do.
import * as ort from "./ort.wasm.bundle.min.mjs";

export const WIDTH = 256, HEIGHT = 192;
const MOST_LIGHT_TAKEN = 0.75, BRIGHT = 0.85, MOST_LIGHT_ADDED = 0.5;

ort.env.wasm.numThreads = 1; // more would need headers that `python -m http.server` does not send
ort.env.wasm.wasmPaths = { wasm: new URL("./ort-wasm-simd-threaded.wasm", import.meta.url).href };

export function openStudent() {
  return ort.InferenceSession.create(new URL("./student.onnx", import.meta.url).href, { executionProviders: ["wasm"] });
}

// RGBA bytes of a picture as planes of Y' in [0, 1], Cb and Cr in [-0.5, 0.5] (BT.709, full range).
export function planesOf({ data, width, height }) {
  const planes = [0, 1, 2].map(() => new Float32Array(width * height));
  for (let i = 0; i < width * height; i++) {
    const [r, g, b] = [data[4 * i] / 255, data[4 * i + 1] / 255, data[4 * i + 2] / 255];
    const y = 0.2126 * r + 0.7152 * g + 0.0722 * b;
    planes[0][i] = y;
    planes[1][i] = (b - y) / 1.8556;
    planes[2][i] = (r - y) / 1.5748;
  }
  return { planes, width, height };
}

// The largest centred rectangle of the canvas with the picture's aspect.
export function areaOf(width, height) {
  const scale = Math.min(WIDTH / width, HEIGHT / height);
  const w = Math.min(WIDTH, Math.max(2, Math.round(width * scale)));
  const h = Math.min(HEIGHT, Math.max(2, Math.round(height * scale)));
  return { left: (WIDTH - w) >> 1, top: (HEIGHT - h) >> 1, width: w, height: h };
}

export function thumbnailOf({ planes, width, height }, area) {
  const values = new Float32Array(3 * WIDTH * HEIGHT);
  const shrink = area.width > width || area.height > height ? enlarged : averaged;
  planes.forEach((plane, which) => shrink(plane, width, height, area, (x, y, value) => {
    values[(which * HEIGHT + area.top + y) * WIDTH + area.left + x] = value;
  }));
  return values;
}

function averaged(plane, width, height, area, put) {
  for (let y = 0; y < area.height; y++) {
    const [top, bottom] = [Math.floor(y * height / area.height), Math.floor((y + 1) * height / area.height)];
    for (let x = 0; x < area.width; x++) {
      const [left, right] = [Math.floor(x * width / area.width), Math.floor((x + 1) * width / area.width)];
      let total = 0;
      for (let row = top; row < bottom; row++) for (let column = left; column < right; column++) total += plane[row * width + column];
      put(x, y, total / ((right - left) * (bottom - top)));
    }
  }
}

function enlarged(plane, width, height, area, put) {
  const at = (x, y) => plane[Math.min(height - 1, Math.max(0, y)) * width + Math.min(width - 1, Math.max(0, x))];
  for (let y = 0; y < area.height; y++) for (let x = 0; x < area.width; x++) {
    const [u, v] = [(x + 0.5) * width / area.width - 0.5, (y + 0.5) * height / area.height - 0.5];
    const [left, top] = [Math.floor(u), Math.floor(v)];
    const upper = at(left, top) + (at(left + 1, top) - at(left, top)) * (u - left);
    const lower = at(left, top + 1) + (at(left + 1, top + 1) - at(left, top + 1)) * (u - left);
    put(x, y, upper + (lower - upper) * (v - top));
  }
}

// What the student sees on average of both looks, as it is and turned by half: maps over the picture, and the density.
export async function look(session, thumbnail, area) {
  const straight = await once(session, thumbnail), turned = await once(session, halfTurned(thumbnail, WIDTH * HEIGHT));
  const cells = straight.height * straight.width, back = halfTurned(turned.values, cells);
  const values = straight.values.map((value, i) => (value + back[i]) / 2);
  return { ...cropped({ ...straight, values }, area), density: (straight.density + turned.density) / 2 };
}

async function once(session, thumbnail) {
  const input = new ort.Tensor("float32", thumbnail, [1, 3, HEIGHT, WIDTH]);
  const { maps, density } = await session.run({ thumbnail: input });
  return { values: Float32Array.from(maps.data), height: maps.dims[2], width: maps.dims[3], density: density.data[0] };
}

function halfTurned(values, size) {
  const turned = new Float32Array(values.length);
  for (let plane = 0; plane < values.length; plane += size) turned.set(values.slice(plane, plane + size).reverse(), plane);
  return turned;
}

// Maps over the picture's part of the canvas; the grid keeps its pitch.
function cropped(maps, area) {
  const rows = cellsOf(area.top, area.height, HEIGHT, maps.height), columns = cellsOf(area.left, area.width, WIDTH, maps.width);
  const values = new Float32Array(5 * rows.length * columns.length);
  for (let map = 0; map < 5; map++) rows.forEach((v, y) => columns.forEach((u, x) => {
    values[(map * rows.length + y) * columns.length + x] = between(maps, map, u, v);
  }));
  return { values, height: rows.length, width: columns.length };
}

function cellsOf(first, length, canvas, cells) {
  const pitch = (canvas - 1) / (cells - 1);
  const [from, to] = [first - 0.5, first + length - 0.5].map(edge => Math.min(canvas - 1, Math.max(0, edge)) / pitch);
  const count = Math.max(2, Math.round(to - from) + 1);
  return Array.from({ length: count }, (_, i) => from + (to - from) * i / (count - 1));
}

function between({ values, width, height }, map, u, v) {
  const left = Math.min(Math.floor(u), width - 2), top = Math.min(Math.floor(v), height - 2);
  const at = (x, y) => values[(map * height + y) * width + x];
  const upper = at(left, top) + (at(left + 1, top) - at(left, top)) * (u - left);
  const lower = at(left, top + 1) + (at(left + 1, top + 1) - at(left, top + 1)) * (u - left);
  return upper + (lower - upper) * (v - top);
}

// The picture without its haze, as ImageData; strength 0 is the picture as it was.
export function corrected(picture, { planes, width, height }, maps, strength) {
  const out = new ImageData(new Uint8ClampedArray(picture.data), width, height);
  if (strength === 0) return out;
  const across = (maps.width - 1) / Math.max(width - 1, 1), down = (maps.height - 1) / Math.max(height - 1, 1);
  for (let row = 0; row < height; row++) for (let column = 0; column < width; column++) {
    const i = row * width + column, [u, v] = [column * across, row * down];
    const map = which => between(maps, which, u, v);
    const gain = 1 + strength * (map(0) - 1), chromaGain = 1 + strength * (map(2) - 1), before = planes[0][i];
    const least = before - strength * MOST_LIGHT_TAKEN * Math.max(before, 0);
    const most = before + strength * MOST_LIGHT_ADDED * Math.max(BRIGHT - before, 0);
    const y = Math.min(Math.max(gain * before + strength * map(1), least), most);
    const cb = chromaGain * planes[1][i] + strength * map(3), cr = chromaGain * planes[2][i] + strength * map(4);
    const r = y + 1.5748 * cr, b = y + 1.8556 * cb;
    out.data[4 * i] = 255 * r;
    out.data[4 * i + 1] = 255 * (y - 0.2126 * r - 0.0722 * b) / 0.7152;
    out.data[4 * i + 2] = 255 * b;
  }
  return out;
}
