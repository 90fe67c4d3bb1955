// Adds rows as they come: calls as they end, lines as workers write them. Without this file the page has the newest,
// and a link that reads it anew.
for (const live of document.querySelectorAll("[data-live]")) {
  const part = (name) => live.querySelector(`[data-live-${name}]`);
  const [bar, state, said, pause] = ["bar", "state", "said", "pause"].map(part);
  const body = live.querySelector("tbody");
  const most = Number(live.dataset.rows);
  const shortest = 5000;
  const longest = 60000;
  let stream;
  let again;
  let wait = shortest;
  let unsaid = 0;
  let over = false;

  const show = (how, text) => {
    live.dataset.state = how;
    // Only what changed is read out.
    if (state.textContent !== text) state.textContent = text;
  };

  // Rows stay in the order of the page; what is there already is left alone.
  const add = (html) => {
    const template = document.createElement("template");
    template.innerHTML = html;
    for (const row of template.content.querySelectorAll("tr[data-id]")) {
      const next = [...body.rows].find((other) => other.dataset.id <= row.dataset.id);
      if (next?.dataset.id === row.dataset.id) continue;
      writeTimes(row);
      row.classList.add("fresh");
      body.insertBefore(row, next ?? null);
      unsaid += 1;
    }
    while (body.rows.length > most) body.lastElementChild.remove();
  };

  const close = () => {
    clearTimeout(again);
    stream?.close();
    stream = undefined;
  };

  const open = () => {
    close();
    if (over || document.hidden || pause.getAttribute("aria-pressed") === "true") return;
    stream = new EventSource(live.dataset.live);
    stream.onopen = () => {
      wait = shortest;
      show("follows", "Following");
    };
    stream.onmessage = (event) => {
      show("follows", "Following");
      add(event.data);
    };
    stream.addEventListener("more", (event) => {
      show("follows", `Following; there are more ${live.dataset.many} than can be shown`);
      add(event.data);
    });
    // Asked of it now and then, so that whoever follows is who they were.
    stream.addEventListener("again", open);
    stream.addEventListener("over", () => {
      over = true;
      close();
      pause.hidden = true;
      show("lost", "Your session has ended, your role has changed, or it is gone: read the page anew");
    });
    stream.onerror = () => {
      show("lost", "No connection; trying again");
      // Where it was refused, and not only broken off, the browser gives up.
      if (stream?.readyState !== EventSource.CLOSED) return;
      close();
      again = setTimeout(open, wait);
      wait = Math.min(2 * wait, longest);
    };
  };

  pause.addEventListener("click", () => {
    const paused = pause.getAttribute("aria-pressed") !== "true";
    pause.setAttribute("aria-pressed", paused);
    if (paused) {
      close();
      show("paused", "Paused");
    } else {
      open();
    }
  });
  // Nobody looks, and browsers have few connections to one site.
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  // Once for many rows: a busy page is not read out without end.
  setInterval(() => {
    if (unsaid > 0) said.textContent = unsaid === 1 ? `1 new ${live.dataset.one}` : `${unsaid} new ${live.dataset.many}`;
    unsaid = 0;
  }, 10000);
  bar.hidden = false;
  open();
}
