// What is told about the picture: what it is, whether it lives, how late it is, what is wrong.

const STALE_MS = 200, LOST_MS = 1000, LATE_MS = 250, LATE_PATIENCE_MS = 700, DISCONNECTED_MS = 700;
const STEPS = 12;
const byId = id => document.getElementById(id);

export class Marks {
  constructor() { this.lateSince = 0; this.announced = ""; }

  // Something is said only when it changes, so that a screen reader says it once.
  set(id, text) {
    const element = byId(id);
    if (element.textContent !== text) element.textContent = text;
  }

  // What the picture on the canvas is: state is the server's, about the painted picture's.
  tellKind({ state, about, held, connected }) {
    const mark = byId("mark");
    const dehazed = !!about?.dehazed && !held && !state?.bypassed;
    mark.dataset.state = !about ? "waiting" : dehazed ? "enhanced" : "original";
    if (!about) {
      this.set("mark-what", "WAITING");
      this.set("mark-why", connected ? "for the first picture" : "for the program");
    } else if (dehazed) {
      this.set("mark-what", "ENHANCED");
      this.set("mark-why", state ? `${Math.round(100 * state.strength)} % ${state.engine}` : "");  // a picture may come before any state
    } else {
      this.set("mark-what", "ORIGINAL");
      this.set("mark-why", held ? "c is held" : state?.bypassed ? "bypass" : about.why);
    }
  }

  beat(number) { byId("heart").firstElementChild.style.transform = `translateX(${11 * (number % STEPS)}px)`; }

  // Ages in milliseconds: of the painted picture, and of the newest one that the program has; null where unknown.
  tellAge({ painted, newest, state, lostMs, hidden }) {
    const stale = painted !== null && painted > STALE_MS;
    this.set("age", painted === null ? "" : painted < 10_000 ? `${Math.round(painted)} ms` : `${Math.round(painted / 1000)} s`);
    byId("age").classList.toggle("late", stale);
    byId("heart").classList.toggle("stands", stale || painted === null);
    if (lostMs > DISCONNECTED_MS) return this.alarm("lost", `NO CONNECTION  ${seconds(lostMs)}`, "The program does not answer this page. It goes on by itself if it runs.");
    if (newest !== null && newest > LOST_MS) return this.alarm("lost", `NO SIGNAL  ${seconds(newest)}`, state.trouble);
    if (state?.frozen) return this.alarm("lost", "INPUT FROZEN", "The camera repeats one picture.");
    const late = !hidden && painted !== null && painted > LATE_MS + Math.max(0, newest ?? 0);
    this.lateSince = late ? this.lateSince || performance.now() : 0;
    if (late && performance.now() - this.lateSince > LATE_PATIENCE_MS) {
      return this.alarm("late", `THIS PAGE IS LATE  ${seconds(painted)}`, "Look at the main monitor. This browser or the network is too slow.");
    }
    return this.alarm("", "", "");
  }

  // Returns whether the picture must not be taken for the present.
  alarm(kind, what, why) {
    const alarm = byId("alarm");
    alarm.hidden = !kind;
    alarm.dataset.kind = kind;
    this.set("alarm-what", what);
    this.set("alarm-why", why);
    byId("alarm-why").hidden = !why;
    byId("picture").style.opacity = kind === "lost" ? 0.35 : 1;
    return kind === "lost";
  }

  tellWarnings(lines) {
    const told = lines.join("\n");
    if (told === this.announced) return;
    this.announced = told;
    byId("warnings").replaceChildren(...lines.map(line => {
      const item = document.createElement("li");
      item.textContent = line;
      return item;
    }));
  }

  tellRecording(length) {
    byId("recording").hidden = !length;
    this.set("recording-length", length);
  }
}

function seconds(milliseconds) { return `${(milliseconds / 1000).toFixed(1)} s`; }
