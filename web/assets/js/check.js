// Says what is wrong with a form while it is filled in, beside the fields that were changed. Without this file the
// answer to the form says so.
for (const form of document.querySelectorAll("form[data-check]")) {
  const places = new Map();
  for (const field of form.querySelectorAll("[id^=field-]")) {
    // What is wrong about a row stands at the end of its group.
    if (field.parentElement.closest("fieldset[id^=field-]")) continue;
    const name = field.id.slice("field-".length);
    let said = document.getElementById(`problem-${name}`);
    if (!said) {
      said = document.createElement("span");
      said.className = "problem";
      said.id = `problem-${name}`;
      (field.matches("fieldset") ? field : field.parentElement).append(said);
      const described = field.getAttribute("aria-describedby");
      field.setAttribute("aria-describedby", described ? `${described} ${said.id}` : said.id);
    }
    said.setAttribute("aria-live", "polite");
    places.set(name, { field, said, changed: said.textContent !== "" });
  }

  let due;
  let asked;
  const check = async () => {
    asked?.abort();
    asked = new AbortController();
    let problems;
    try {
      const body = new URLSearchParams(new FormData(form));
      const answer = await fetch(form.dataset.check, { method: "POST", body, signal: asked.signal });
      // Whatever it is, the answer to the form itself says it.
      if (!answer.ok || answer.redirected) return;
      ({ problems } = await answer.json());
    } catch {
      return;
    }
    for (const [name, { field, said, changed }] of places) {
      if (!changed) continue;
      const text = problems.find((problem) => problem.field === name)?.said ?? "";
      // Only what changed is read out.
      if (said.textContent !== text) said.textContent = text;
      if (field.matches("fieldset")) continue;
      if (text) field.setAttribute("aria-invalid", "true");
      else field.removeAttribute("aria-invalid");
    }
  };

  form.addEventListener("input", (event) => {
    const group = event.target.closest("fieldset[id^=field-]");
    const place = places.get(group ? group.id.slice("field-".length) : event.target.name);
    if (place) place.changed = true;
    clearTimeout(due);
    due = setTimeout(check, 400);
  });
}
