// Keyboard: / and Ctrl-K search, g + letter goes, ? helps, a letter presses the control that names it; j k x Enter in lists.
(() => {
  "use strict";
  let going = 0;
  const typing = (target) => target instanceof Element && target.closest("input, textarea, select, [contenteditable], dialog[open]");
  const find = (attribute, key) => document.querySelector(`[${attribute}="${CSS.escape(key)}"]`);

  const search = (event) => {
    const field = document.querySelector("[data-search]");
    if (!field) return;
    event.preventDefault();
    field.focus();
    field.select();
  };

  const rows = () => [...document.querySelectorAll("[data-rows] tbody tr, [data-rows].list > li")].filter((row) => row.querySelector("a, input"));
  const at = () => document.querySelector("[data-rows] .is-at");
  const move = (by) => {
    const all = rows();
    if (!all.length) return;
    const now = at();
    const next = all[Math.min(Math.max(now ? all.indexOf(now) + by : 0, 0), all.length - 1)];
    if (now) now.classList.remove("is-at");
    next.classList.add("is-at");
    const link = next.querySelector("th a, .item-title a, a");
    (link || next.querySelector("input")).focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
  };
  const pick = () => {
    const box = at() && at().querySelector("input[name=id]");
    if (box) box.click();
    return Boolean(box);
  };

  const press = (key, event) => {
    if (key === "/") return search(event);
    if (key === "j") return move(1);
    if (key === "k") return move(-1);
    if (key === "x" && pick()) return event.preventDefault();
    const control = find("data-key", key);
    if (!control) return undefined;
    event.preventDefault();
    return control.click();
  };

  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") return search(event);
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(event.target)) return undefined;
    if (Date.now() < going) {
      going = 0;
      const link = find("data-go", event.key);
      if (link) { event.preventDefault(); link.click(); }
      return undefined;
    }
    if (event.key === "g") { going = Date.now() + 1200; return undefined; }
    return press(event.key, event);
  });

  // The row that has the focus is the row where one is.
  document.addEventListener("focusin", (event) => {
    const row = event.target instanceof Element && event.target.closest("[data-rows] tbody tr, [data-rows].list > li");
    const now = at();
    if (now && now !== row) now.classList.remove("is-at");
    if (row && row.matches(":has(:focus-visible)")) row.classList.add("is-at");
  });

  // Selection of rows and the bar that acts on them.
  const boxes = () => [...document.querySelectorAll("input[name=id][form]")];
  const tally = () => {
    const bar = document.querySelector("[data-bulk]");
    if (!bar) return;
    const chosen = boxes().filter((box) => box.checked).length;
    bar.classList.toggle("on", chosen > 0);
    bar.querySelector("[data-bulk-count]").textContent = String(chosen);
    const all = document.querySelector("[data-select-all]");
    if (!all) return;
    all.checked = chosen > 0 && chosen === boxes().length;
    all.indeterminate = chosen > 0 && !all.checked;
  };
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-select-all]")) boxes().forEach((box) => { box.checked = event.target.checked; });
    if (event.target.matches("[data-select-all], input[name=id]")) tally();
  });
  window.addEventListener("pageshow", tally);
})();
