// The one WebSocket: opened again and again until somebody answers, with the server's clock.

const QUIET_MS = 1000; // the state comes four times a second: after so long it may not be believed
const SILENCE_MS = 3000; // and after so long the connection is dead
const FIRST_PAUSE_MS = 250, LONGEST_PAUSE_MS = 2000;
const CLOCK_MS = 2000, CLOCKS_KEPT = 8;
const FIRST_CLOCKS = 4; // asked one after the other: while a page loads, an answer may lie unread for long

export class Connection {
  // on: {open, lost, refused, state, curve, picture}
  constructor(on) {
    this.on = on;
    this.lostSince = performance.now();
    this.pause = FIRST_PAUSE_MS;
    this.clocks = [];
    this.heard = 0;
    setInterval(() => this.watch(), 500);
    setInterval(() => this.send("clock", performance.now()), CLOCK_MS);
    this.connect();
  }

  connect() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = this.socket = new WebSocket(`${scheme}://${location.host}/live`);
    socket.binaryType = "arraybuffer";
    let opened = false;
    socket.onopen = () => {
      opened = true;
      this.heard = performance.now();
      this.lostSince = 0;
      this.pause = FIRST_PAUSE_MS;
      this.clocks = [];
      this.send("clock", performance.now());
      this.on.open();
    };
    socket.onmessage = message => this.hear(message.data);
    socket.onclose = () => {
      if (this.socket !== socket) return;
      this.lostSince = this.lostSince || performance.now();
      this.on.lost();
      if (!opened) this.ask();
      setTimeout(() => this.connect(), this.pause);
      this.pause = Math.min(2 * this.pause, LONGEST_PAUSE_MS);
    };
  }

  // A browser does not say why a WebSocket was refused; a plain request does.
  async ask() {
    try {
      const answer = await fetch("/recordings", { cache: "no-store" });
      if (answer.status === 403) this.on.refused();
    } catch { /* nobody is there */ }
  }

  send(order, value) {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify({ do: order, value }));
  }

  hear(data) {
    this.heard = performance.now();
    if (data instanceof ArrayBuffer) return this.on.picture(data);
    const told = JSON.parse(data);
    if (told.type === "clock") this.setClock(told);
    else if (told.type === "state") this.on.state(told);
    else if (told.type === "curve") this.on.curve(told.points);
  }

  // The answer that came back quickest tells best what time it is over there.
  setClock({ asked, now }) {
    const back = performance.now();
    this.clocks.push({ trip: back - asked, offset: now - (asked + back) / 2 });
    if (this.clocks.length > CLOCKS_KEPT) this.clocks.shift();
    if (this.clocks.length < FIRST_CLOCKS) this.send("clock", performance.now());
  }

  // Milliseconds on the server's clock, or null while that is not known.
  serverNow() {
    if (this.clocks.length < FIRST_CLOCKS) return null;
    return performance.now() + this.clocks.reduce((best, one) => (one.trip < best.trip ? one : best)).offset;
  }

  // Milliseconds for which nobody has answered; 0 while all is well.
  get lostMs() {
    const quiet = performance.now() - this.heard;
    if (this.lostSince) return performance.now() - this.lostSince;
    return quiet > QUIET_MS ? quiet : 0;
  }

  watch() {
    if (this.socket.readyState === WebSocket.OPEN && performance.now() - this.heard > SILENCE_MS) {
      const socket = this.socket;
      socket.onclose = socket.onmessage = null;
      socket.close();
      this.lostSince = this.heard;
      this.on.lost();
      this.connect();
    }
  }
}
