// The console: connects what is heard, painted and pressed.

import { makeBorder } from "./border.js";
import { Connection } from "./connection.js";
import { Curve } from "./curve.js";
import { Delays } from "./delays.js";
import { askForNote, closeDoor, open, setUpDialogs, showFiles } from "./dialogs.js";
import { bindKeys } from "./keys.js";
import { Marks } from "./marks.js";
import { Painter } from "./painter.js";
import { canDecodeH264, Pictures, release } from "./pictures.js";

const STRENGTH_STEP = 0.1;
const SETTLED_MS = 250;
const byId = id => document.getElementById(id);
const press = (id, down) => byId(id).setAttribute("aria-pressed", String(down));

const stage = byId("stage");
const painter = new Painter(byId("picture"), stage);
const curve = new Curve(byId("curve"));
const delays = new Delays();
const marks = new Marks();
let state = null, next = null, asked = "";
const codec = canDecodeH264() && new URLSearchParams(location.search).get("codec") !== "jpeg" ? "h264" : "jpeg";

const pictures = new Pictures({
  onPicture: picture => { release(next); next = picture; requestAnimationFrame(paint); },
  onBroken: () => connection.send("sleep", false),
});
const connection = new Connection({
  open: () => { pictures.reset(); curve.clear(); delays.clear(); asked = ""; watch(); connection.send("sleep", document.hidden); },
  lost: () => {},
  refused: () => open("door"),
  state: hearState,
  curve: points => curve.add(points),
  picture: buffer => pictures.take(buffer),
});
const border = makeBorder(byId("border"), stage, () => painter.box, share => { painter.border = share; painter.repaint(); placeLabels(); });

// Ask for what the view needs, once.
function watch() {
  const wish = { codec, original: painter.needsOriginal, haze: painter.haze, width: painter.last ? painter.wantedWidth : 0 };
  const told = JSON.stringify(wish);
  if (told !== asked) connection.send("watch", wish);
  asked = told;
}

// The newest picture when the screen is ready for it; nothing while the page is hidden.
function paint() {
  const picture = next;
  if (!picture) return;
  next = null;
  const otherSize = painter.paint(picture);
  connection.send("seen", picture.about.number);
  const now = connection.serverNow();
  if (now !== null) delays.add(now - picture.about.captured);
  marks.beat(picture.about.number);
  tellKind();
  if (otherSize) layOut();
  window.paintedNumber = picture.about.number; // for whoever tests or measures this page
  window.firstPaintedMs ??= performance.now();
  window.dispatchEvent(new CustomEvent("painted", { detail: picture.about }));
}

function tellKind() {
  marks.tellKind({ state, about: painter.last?.about, held: painter.held, connected: !connection.lostSince });
  const compares = painter.compares;
  const key = [compares, painter.mode].join();
  if (key === tellKind.last) return;
  tellKind.last = key;
  byId("border").hidden = !(compares && painter.mode === "border");
  byId("label-left").hidden = byId("label-right").hidden = !compares;
  layOut();
}

function hearState(told) {
  state = told;
  painter.setShape(told);
  marks.tellWarnings(told.warnings);
  marks.tellRecording(told.recording);
  showSteering();
  showFigures(told.figures);
  press("bypass", told.bypassed);
  press("record", !!told.recording);
  if (document.activeElement !== byId("strength") || !told.steering) byId("strength").value = Math.round(100 * told.strength);
  byId("strength-value").textContent = `${Math.round(100 * told.strength)} %`;
  tellKind();
}

function showSteering() {
  const others = !!state.steered_by && !state.steering;
  byId("steered").hidden = !others;
  byId("steered-by").textContent = others ? `steered by ${state.steered_by}` : "";
  for (const group of document.querySelectorAll(".steering")) {
    group.classList.toggle("barred", others);
    for (const control of group.matches("button") ? [group] : group.querySelectorAll("button, input")) control.disabled = others;
  }
}

function showFigures(figures) {
  const ms = value => (value === null || value === undefined ? "–" : `${value < 100 ? value.toFixed(1) : Math.round(value)} ms`);
  const shown = {
    "added-p50": ms(figures.added_p50_ms), "added-p99": ms(figures.added_p99_ms),
    "page-p50": ms(delays.percentile(50)), "page-p99": ms(delays.percentile(99)),
    dropped: figures.dropped, bypassed: figures.bypassed, viewers: state.viewers,
    memory: figures.memory_age_seconds === undefined ? "" : `${figures.memory_age_seconds.toFixed(0)} s`,
  };
  byId("memory").hidden = !shown.memory;
  for (const [name, value] of Object.entries(shown)) byId(`figure-${name}`).textContent = value;
}

// Ten times a second: whatever changes by the passing of time alone.
setInterval(() => {
  const now = connection.serverNow();
  const painted = now === null || !painter.last ? null : now - painter.last.about.captured;
  const newest = now === null || !state?.captured ? null : now - state.captured - Math.max(0, now - state.now);
  const sinceState = now !== null && state ? Math.max(0, now - state.now) : 0;
  const lostMs = connection.lostMs;
  marks.tellAge({ painted, newest: newest === null ? null : newest > 700 ? newest + sinceState : newest, state, lostMs, hidden: document.hidden });
  if (lostMs) tellKind();
}, 100);

setInterval(() => {
  const now = connection.serverNow();
  if (now === null || byId("strip").hidden) return;
  curve.draw(now / 1000);
  const [seconds, density] = curve.points.at(-1) ?? [0, null];
  const fresh = density !== null && now / 1000 - seconds < 2;
  byId("haze-now").textContent = fresh ? `${Math.round(100 * density)} %` : "–";
}, 500);

// What is pressed.
function steer(order, value) { connection.send(order, value); }

function toggleBypass() {
  const wanted = !state?.bypassed;
  if (state) { state.bypassed = wanted; tellKind(); }
  press("bypass", wanted);
  if (!wanted && state?.steered_by && !state.steering) steer("steer", true);
  steer("bypass", wanted);
}

function changeStrength(step) {
  if (!state || byId("strength").disabled) return;
  state.strength = Math.min(1, Math.max(0, Math.round(100 * (state.strength + step)) / 100));
  steer("strength", state.strength);
  byId("strength").value = 100 * state.strength;
}

function look(mode) {
  painter.mode = painter.mode === mode ? "enhanced" : mode;
  for (const name of ["enhanced", "border", "side"]) press(`view-${name}`, painter.mode === name);
  watch();
  painter.fit();
  tellKind();
}

function hold(held) {
  if (held === painter.held) return;
  painter.held = held;
  watch();
  painter.repaint();
  tellKind();
}

function toggleHaze() {
  painter.haze = !painter.haze;
  press("haze", painter.haze);
  watch();
  painter.repaint();
}

function pressed(id) { if (!byId(id).disabled) byId(id).click(); }

function toggleFull() {
  if (document.fullscreenElement) document.exitFullscreen();
  else document.documentElement.requestFullscreen?.();
}

function toggleStrip() { byId("strip").hidden = !byId("strip").hidden; layOut(); }

const bound = {
  bypass: toggleBypass,
  weaker: () => changeStrength(-STRENGTH_STEP),
  stronger: () => changeStrength(STRENGTH_STEP),
  "view-enhanced": () => painter.mode !== "enhanced" && look(painter.mode),
  "view-border": () => look("border"),
  "view-side": () => look("side"),
  haze: toggleHaze,
  record: () => steer("record", !state?.recording),
  bookmark: askForNote,
  photo: () => steer("photo", true),
  files: showFiles,
  full: toggleFull,
  help: () => open("help"),
  "take-over": () => steer("steer", true),
};
for (const [id, action] of Object.entries(bound)) byId(id).addEventListener("click", action);
byId("strength").addEventListener("input", event => {
  if (state) state.strength = event.target.value / 100;
  steer("strength", event.target.value / 100);
});
bindKeys({
  " ": toggleBypass, b: toggleBypass, "+": () => changeStrength(STRENGTH_STEP), "=": () => changeStrength(STRENGTH_STEP), "-": () => changeStrength(-STRENGTH_STEP),
  v: () => look("border"), s: () => look("side"), m: toggleHaze, d: toggleStrip, f: toggleFull, h: () => open("help"), l: showFiles,
  r: () => pressed("record"), p: () => pressed("photo"), n: () => pressed("bookmark"),
  ArrowLeft: () => border.step(-1), ArrowRight: () => border.step(1), "[": () => border.step(-1), "]": () => border.step(1),
}, { hold });
setUpDialogs({ onNote: note => steer("bookmark", note), onToken: enter });

// Where things are.
function layOut() {
  painter.fit();
  border.place();
  placeLabels();
  clearTimeout(layOut.settled); // another size begins the stream anew: not for every step of a window that is pulled
  layOut.settled = setTimeout(watch, SETTLED_MS);
}

function placeLabels() {
  const { left, top, width } = painter.box, half = painter.mode === "side" ? 0.5 : border.share;
  Object.assign(byId("label-left").style, { left: `${left + 8}px`, top: `${top + 8}px` });
  Object.assign(byId("label-right").style, { left: `${left + half * width + 10}px`, top: `${top + 8}px` });
}
new ResizeObserver(layOut).observe(stage);

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) pictures.reset();
  connection.send("sleep", document.hidden);
});

// The token stands behind # in the address that the program shows; it is not kept there.
async function enter(token) {
  const answer = await fetch("/session", { method: "POST", body: JSON.stringify({ token }) });
  closeDoor({ refused: !answer.ok });
}
if (location.hash.length > 1) {
  const token = decodeURIComponent(location.hash.slice(1));
  history.replaceState(null, "", location.pathname + location.search);
  enter(token);
}
