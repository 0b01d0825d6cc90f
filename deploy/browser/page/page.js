import { areaOf, corrected, look, openStudent, planesOf, thumbnailOf } from "./student.js";

const [stage, before, after, border, told, strength, chosen] =
  ["stage", "before", "after", "border", "told", "strength", "chosen"].map(id => document.getElementById(id));
const LARGEST = 1920; // pixels across; a larger picture is shown smaller
let session, picture, planes, maps, took = 0;

function moveBorder(share) {
  const percent = 100 * Math.min(1, Math.max(0, share));
  border.style.left = `${percent}%`;
  after.style.clipPath = `inset(0 0 0 ${percent}%)`;
  border.setAttribute("aria-valuenow", Math.round(percent));
}

async function show(blob) {
  document.body.dataset.state = "working";
  try {
    const bitmap = await createImageBitmap(blob);
    const scale = Math.min(1, LARGEST / bitmap.width);
    for (const canvas of [before, after]) [canvas.width, canvas.height] = [bitmap.width, bitmap.height].map(n => Math.round(n * scale));
    before.style.width = `min(100vw, (100vh - 190px) * ${before.width / before.height})`; // a small picture, too, fills the page
    const context = before.getContext("2d", { willReadFrequently: true });
    context.drawImage(bitmap, 0, 0, before.width, before.height);
    picture = context.getImageData(0, 0, before.width, before.height);
    planes = planesOf(picture);
    const area = areaOf(before.width, before.height), begin = performance.now();
    maps = await look(session, thumbnailOf(planes, area), area);
    took = performance.now() - begin;
    paint();
    document.body.dataset.state = "done";
  } catch (error) {
    document.body.dataset.state = "refused";
    told.textContent = `This picture cannot be shown: ${error.message}`;
  }
}

function paint() {
  if (!maps) return;
  after.getContext("2d").putImageData(corrected(picture, planes, maps, strength.value / 100), 0, 0);
  told.textContent = `haze ${(100 * maps.density).toFixed(0)} %, two looks in ${took.toFixed(0)} ms, strength ${strength.value} %`;
}

const shareOf = event => (event.clientX - stage.getBoundingClientRect().left) / stage.clientWidth;
stage.addEventListener("pointerdown", event => { stage.setPointerCapture(event.pointerId); moveBorder(shareOf(event)); });
stage.addEventListener("pointermove", event => { if (stage.hasPointerCapture(event.pointerId)) moveBorder(shareOf(event)); });
border.addEventListener("keydown", event => {
  const step = { ArrowLeft: -0.02, ArrowRight: 0.02 }[event.key];
  if (step) moveBorder(border.getAttribute("aria-valuenow") / 100 + step);
});
strength.addEventListener("input", paint);
chosen.addEventListener("change", () => { if (chosen.files[0]) show(chosen.files[0]); chosen.value = ""; });
document.addEventListener("dragover", event => event.preventDefault());
document.addEventListener("drop", event => { event.preventDefault(); if (event.dataTransfer.files[0]) show(event.dataTransfer.files[0]); });

moveBorder(0.5);
try {
  session = await openStudent();
  chosen.disabled = false;
  await show(await (await fetch("./sample.png")).blob());
} catch (error) {
  document.body.dataset.state = "refused";
  told.textContent = `The student cannot be loaded: ${error.message}. Open this page through a server: python -m http.server`;
}
