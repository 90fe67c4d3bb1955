// Hides what does not match while somebody types. Without this file the form asks the server.
for (const input of document.querySelectorAll("input[data-filter]")) {
  const items = [...document.querySelectorAll(input.dataset.filter)];
  const groups = [...document.querySelectorAll("[data-group]")];
  input.addEventListener("input", () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const item of items) {
      const text = item.dataset.text.toLowerCase();
      item.hidden = !words.every((word) => text.includes(word));
    }
    for (const group of groups) {
      const inside = items.filter((item) => group.contains(item));
      group.hidden = inside.length > 0 && inside.every((item) => item.hidden);
    }
  });
}
