// Shortcuts. None of them starts a command on a phone; they can be switched off in the account page.
const OFF = "muster-shortcuts-off";
const stored = () => { try { return localStorage.getItem(OFF) === "1"; } catch { return false; } };

const box = document.querySelector("[data-shortcuts]");
if (box) {
  const input = box.querySelector("input");
  box.hidden = false;
  input.checked = !stored();
  input.addEventListener("change", () => { try { input.checked ? localStorage.removeItem(OFF) : localStorage.setItem(OFF, "1"); } catch { /* nothing to keep it in */ } });
}

const rows = () => [...document.querySelectorAll("[data-row]")];
let current = -1;
const move = (by) => {
  const all = rows();
  if (!all.length) return;
  all[current]?.classList.remove("cur");
  current = Math.min(Math.max(current + by, 0), all.length - 1);
  all[current].classList.add("cur");
  all[current].querySelector("a.open")?.focus({ preventScroll: true });
  all[current].scrollIntoView({ block: "nearest" });
};
const go = (address) => { if (document.querySelector(`a[href="${address}"]`)) location.assign(address); };

let leader = false;
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    for (const menu of document.querySelectorAll("details.chip-menu[open]")) { menu.open = false; menu.querySelector("summary").focus(); }
    return;
  }
  if (stored() || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select, [contenteditable], [popover]")) return;
  const key = event.key;
  if (leader) {
    leader = false;
    const address = { o: "/", d: "/devices", p: "/approvals" }[key];
    if (address) { event.preventDefault(); go(address); }
    return;
  }
  const act = {
    "/": () => document.getElementById("palette")?.showPopover(),
    "?": () => document.getElementById("keys")?.showPopover(),
    g: () => { leader = true; setTimeout(() => (leader = false), 1500); },
    j: () => move(1),
    k: () => move(-1),
    x: () => rows()[current]?.querySelector("input[type=checkbox]")?.click(),
    a: () => go("/devices/new"),
    f: () => document.querySelector(".filters input[type=search], .filters summary")?.focus(),
  }[key];
  if (act) { event.preventDefault(); act(); }
});
