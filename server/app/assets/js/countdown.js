// Keeps the time left for a code true, once a second near its end and once a minute before.
const words = (seconds) => {
  const minutes = Math.max(1, Math.ceil(seconds / 60));
  const hours = Math.floor(minutes / 60);
  const unit = (value, name) => new Intl.NumberFormat(document.documentElement.lang, { style: "unit", unit: name, unitDisplay: "long" }).format(value);
  if (seconds < 60) return unit(Math.max(0, seconds), "second");
  if (minutes < 60) return unit(minutes, "minute");
  return `${hours} h ${minutes % 60} min`;
};

for (const box of document.querySelectorAll("[data-countdown]")) {
  const end = Number(box.dataset.countdown);
  const label = box.querySelector("[data-left]");
  const bar = box.querySelector("progress");
  const tick = () => {
    const left = Math.max(0, Math.round(end - Date.now() / 1000));
    // A clock that is far off would show nonsense: then what the server wrote stays.
    if (left > bar.max + 300) return;
    label.textContent = label.dataset.left.replace("#", words(left));
    bar.value = left;
    if (left > 0) setTimeout(tick, left < 120 ? 1000 : 15000);
  };
  tick();
}
