// Writes times in the reader's zone; the exact time in UTC stays in the title.
const writeTimes = (() => {
  const day = { year: "numeric", month: "short", day: "numeric" };
  const date = new Intl.DateTimeFormat("en-GB", day);
  const minute = new Intl.DateTimeFormat("en-GB", { ...day, hour: "2-digit", minute: "2-digit" });
  const second = new Intl.DateTimeFormat("en-GB", { ...day, hour: "2-digit", minute: "2-digit", second: "2-digit" });
  const formats = { date, minute, second };
  return (within) => {
    for (const time of within.querySelectorAll("time[data-as]")) {
      const format = formats[time.dataset.as];
      const at = new Date(time.dateTime);
      if (format && !Number.isNaN(at.getTime())) time.textContent = format.format(at);
    }
  };
})();
writeTimes(document);
