// Relative times stay true while a page is open; the exact one is in `title` and `datetime`.
const language = document.documentElement.lang;
const relative = new Intl.RelativeTimeFormat(language, { numeric: "always" });
const update = () => {
  for (const time of document.querySelectorAll("time[data-relative]")) {
    const seconds = Math.round((new Date(time.dateTime) - Date.now()) / 1000);
    const size = Math.abs(seconds);
    // Below a minute, and where the words are finer than one unit, what the server wrote is better.
    if (size < 60 || (size >= 3600 && size < 21600)) continue;
    time.textContent =
      size < 3600 ? relative.format(Math.trunc(seconds / 60), "minute")
      : size < 172800 ? relative.format(Math.trunc(seconds / 3600), "hour")
      : relative.format(Math.trunc(seconds / 86400), "day");
  }
};
setInterval(update, 30000);
