// The keys, the same as the window's, and space for the original.

// Space and enter belong to a control that was reached by the keyboard; otherwise space is the bypass.
export function bindKeys(actions, { hold }) {
  document.addEventListener("keydown", event => {
    if (event.ctrlKey || event.altKey || event.metaKey || isTyping(event.target)) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (key === "c") return void (event.repeat || hold(true));
    if (key === " " && event.target.matches("button:focus-visible, a:focus-visible")) return;
    if (event.target.matches("input[type=range]") && key.startsWith("Arrow")) return;
    const action = actions[key];
    if (!action) return;
    event.preventDefault();
    if (!event.repeat || key.startsWith("Arrow") || "+-[]=".includes(key)) action();
  });
  document.addEventListener("keyup", event => {
    if (event.key.toLowerCase() === "c") hold(false);
    if (event.key === " " && !isTyping(event.target) && !event.target.matches("button:focus-visible")) event.preventDefault();
  });
  window.addEventListener("blur", () => hold(false));
}

function isTyping(target) {
  return target.closest?.("dialog[open]") || target.matches?.("input:not([type=range]), textarea");
}
