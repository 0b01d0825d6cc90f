// The dialogs: a note for a bookmark, the files, the keys, the token.

const MIB = 1024 * 1024;
const byId = id => document.getElementById(id);

export function setUpDialogs({ onNote, onToken }) {
  for (const button of document.querySelectorAll("dialog .close")) {
    button.addEventListener("click", () => button.closest("dialog").close());
  }
  byId("note-dialog").addEventListener("close", event => {
    if (event.target.returnValue === "keep") onNote(byId("note").value);
  });
  byId("door-dialog").addEventListener("cancel", event => event.preventDefault());
  byId("door-dialog").querySelector("form").addEventListener("submit", event => {
    event.preventDefault();
    onToken(byId("token").value.trim());
  });
}

export function open(name) {
  const dialog = byId(`${name}-dialog`);
  if (dialog.open) return;
  dialog.returnValue = "";
  dialog.showModal();
}

export function askForNote() {
  byId("note").value = "";
  open("note");
}

export function closeDoor({ refused }) {
  byId("door-refused").hidden = !refused;
  if (!refused) byId("door-dialog").close();
}

export async function showFiles() {
  open("files");
  const list = byId("files-list");
  list.replaceChildren();
  try {
    const saved = await (await fetch("/recordings", { cache: "no-store" })).json();
    list.replaceChildren(...saved.map(entry));
    byId("files-none").hidden = saved.length > 0;
  } catch {
    byId("files-none").hidden = false;
  }
}

function entry({ name, bytes, modified }) {
  const item = document.createElement("li"), link = document.createElement("a");
  link.href = `/recordings/${encodeURIComponent(name)}`;
  link.download = name;
  link.textContent = name;
  const size = document.createElement("span"), when = document.createElement("span");
  size.textContent = bytes < MIB ? `${Math.ceil(bytes / 1024)} KiB` : `${(bytes / MIB).toFixed(1)} MiB`;
  when.textContent = new Date(1000 * modified).toLocaleTimeString();
  item.append(link, when, size);
  return item;
}
