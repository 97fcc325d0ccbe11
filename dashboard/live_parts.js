// Small parts of the live pages: signs, elements, clocks.

Object.assign(ICONS, {
  enlarge: "M4 4h7v2H7.4l4.3 4.3-1.4 1.4L6 7.4V11H4zM20 20h-7v-2h3.6l-4.3-4.3 1.4-1.4 4.3 4.3V13h2z",
  mark: "M6 3h12v18l-6-4-6 4z",
});

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

function write(place, text) {
  if (place.textContent !== text) place.textContent = text;
}

const DAY_AND_TIME = new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Shanghai", dateStyle: "short", timeStyle: "medium" });
const TIME = new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Shanghai", timeStyle: "medium" });

// The server's clock: marks and footage go by it, and a monitor's own may be wrong.
const CLOCK = { ahead: 0, now: () => Date.now() + CLOCK.ahead };

function duration(milliseconds, language) {
  const [unit, value] =
    milliseconds < 120000 ? ["second", milliseconds / 1000]
    : milliseconds < 7200000 ? ["minute", milliseconds / 60000]
    : ["hour", milliseconds / 3600000];
  const digits = value < 9.95 && unit === "second" ? 1 : 0;
  const style = { style: "unit", unit, unitDisplay: "short", minimumFractionDigits: digits, maximumFractionDigits: digits };
  return new Intl.NumberFormat(language, style).format(value);
}
