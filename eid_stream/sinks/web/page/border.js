// A border between two pictures, moved by mouse, finger or arrow keys.

const STEP = 0.02;

// `box()` is the place of the picture in the stage; `onMove(share)` is told where the border is.
export function makeBorder(handle, stage, box, onMove) {
  let share = 0.5, dragging = false;

  function place() {
    const { left, top, width, height } = box();
    Object.assign(handle.style, { left: `${left + share * width}px`, top: `${top}px`, height: `${height}px` });
    handle.setAttribute("aria-valuenow", Math.round(100 * share));
  }

  function move(to) {
    share = Math.min(1, Math.max(0, to));
    place();
    onMove(share);
  }

  function drag(event) {
    const { left, width } = box();
    move((event.clientX - stage.getBoundingClientRect().left - left) / width);
  }

  stage.addEventListener("pointerdown", event => {
    if (handle.hidden || event.button) return;
    dragging = true;
    stage.setPointerCapture(event.pointerId);
    drag(event);
  });
  stage.addEventListener("pointermove", event => dragging && drag(event));
  for (const end of ["pointerup", "pointercancel"]) stage.addEventListener(end, () => { dragging = false; });
  return { place, step: direction => move(share + direction * STEP), get share() { return share; } };
}
