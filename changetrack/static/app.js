// Small manners of every page: theme, dialogs, menus, messages, counters, one submit per form. Nothing depends on it.
(() => {
  "use strict";
  const root = document.documentElement;
  const THEME = "changetrack-theme";
  const on = (type, selector, act) =>
    document.addEventListener(type, (event) => {
      const found = event.target instanceof Element && event.target.closest(selector);
      if (found) act(found, event);
    });

  // Theme
  const chosen = () => root.dataset.theme || "auto";
  const showTheme = () => {
    for (const button of document.querySelectorAll("[data-theme-choice]"))
      button.setAttribute("aria-pressed", String(button.dataset.themeChoice === chosen()));
  };
  on("click", "[data-theme-choice]", (button) => {
    const theme = button.dataset.themeChoice;
    if (theme === "auto") delete root.dataset.theme;
    else root.dataset.theme = theme;
    try {
      if (theme === "auto") localStorage.removeItem(THEME);
      else localStorage.setItem(THEME, theme);
    } catch {
      // Remembered for this page only.
    }
    showTheme();
  });

  // Dialogs: a link or button with data-open shows the dialog of that id; without it, the link is followed.
  on("click", "[data-open]", (opener, event) => {
    const dialog = document.getElementById(opener.dataset.open);
    if (!(dialog instanceof HTMLDialogElement)) return;
    event.preventDefault();
    for (const [name, value] of Object.entries(opener.dataset)) {
      if (!name.startsWith("fill")) continue;
      const key = name.slice(4, 5).toLowerCase() + name.slice(5);
      const field = dialog.querySelector(`[name="${CSS.escape(key)}"]`);
      if (field) field.value = value;
    }
    dialog.showModal();
    const first = dialog.querySelector("[autofocus], .dialog-body :is(input:not([type=hidden]), select, textarea)");
    if (first) first.focus();
  });
  on("click", "dialog", (dialog, event) => {
    if (event.target !== dialog) return;
    const box = dialog.getBoundingClientRect();
    const outside = event.clientX < box.left || event.clientX > box.right || event.clientY < box.top || event.clientY > box.bottom;
    if (outside && !dialog.querySelector("form:not([method=dialog])")) dialog.close();
  });

  // Menus are native popovers; where the browser cannot place them beside their button, this does.
  if (!CSS.supports("position-area: bottom")) {
    document.addEventListener("toggle", (event) => {
      const panel = event.target;
      const opener = event.newState === "open" && panel.matches(".menu-panel") && document.querySelector(`[popovertarget="${CSS.escape(panel.id)}"]`);
      if (!opener) return;
      const box = opener.getBoundingClientRect();
      const left = panel.matches(".to-left") ? box.right - panel.offsetWidth : box.left;
      const below = box.bottom + panel.offsetHeight + 8 < window.innerHeight;
      panel.style.margin = "0";
      panel.style.inset = "auto";
      panel.style.left = `${Math.max(8, Math.min(left, window.innerWidth - panel.offsetWidth - 8))}px`;
      panel.style.top = `${below ? box.bottom + 4 : Math.max(8, box.top - panel.offsetHeight - 4)}px`;
    }, true);
  }

  // Messages
  const toasts = () => {
    let place = document.getElementById("toasts");
    if (!place) {
      place = document.createElement("div");
      place.id = "toasts";
      place.className = "toasts";
      place.setAttribute("role", "status");
      document.body.append(place);
    }
    return place;
  };
  const toast = (words, tone = "info") => {
    const box = document.createElement("div");
    box.className = `flash tone-${tone}`;
    const text = document.createElement("p");
    text.textContent = words;
    box.append(text);
    toasts().append(box);
    setTimeout(() => box.remove(), 8000);
  };
  on("click", "[data-dismiss]", (button) => button.closest(".flash").remove());
  document.addEventListener("toast", (event) => {
    const detail = event.detail || {};
    toast(detail.value || detail.message || String(detail), detail.tone || "info");
  });

  // One submit per form; a question first where data-confirm asks one.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.sent || (form.dataset.confirm && !window.confirm(form.dataset.confirm))) {
      event.preventDefault();
      return;
    }
    if (form.method !== "post" || event.defaultPrevented) return;
    form.dataset.sent = "yes";
    const button = event.submitter || form.querySelector("[type=submit]");
    if (!button) return;
    button.setAttribute("aria-disabled", "true");
    if (button.dataset.busy) {
      button.dataset.idle = button.textContent;
      setTimeout(() => { if (form.dataset.sent) button.textContent = button.dataset.busy; }, 400);
    }
  });
  const release = () => {
    for (const form of document.querySelectorAll("form[data-sent]")) {
      delete form.dataset.sent;
      for (const button of form.querySelectorAll("[aria-disabled]")) {
        button.removeAttribute("aria-disabled");
        if (button.dataset.idle) button.textContent = button.dataset.idle;
      }
    }
  };
  window.addEventListener("pageshow", release);
  document.addEventListener("htmx:finally:request", release);

  // Counters below text areas
  const count = (counter) => {
    const field = document.getElementById(counter.dataset.counterFor);
    if (!field) return;
    const most = Number(counter.dataset.most);
    counter.textContent = `${field.value.length} of ${most}`;
    counter.classList.toggle("near", field.value.length > most * 0.9);
  };
  document.addEventListener("input", (event) => {
    const counter = document.querySelector(`[data-counter-for="${CSS.escape(event.target.id || "-")}"]`);
    if (counter) count(counter);
  });

  // Forms that apply themselves when a choice changes (date pickers of a view); the button stays for everyone else.
  on("change", "form[data-auto] :is(select, input)", (field) => field.form.requestSubmit());
  // Copying: a button with data-copy takes the text of the element of that id.
  on("click", "[data-copy]", async (button) => {
    const words = button.querySelector("span");
    try {
      await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
      words.textContent = button.dataset.copied;
    } catch {
      getSelection().selectAllChildren(document.getElementById(button.dataset.copy)); // no right to copy: select it
    }
  });
  on("click", "[data-print]", () => window.print());

  const ready = () => {
    showTheme();
    document.querySelectorAll("[data-counter-for]").forEach(count);
    const focus = document.querySelector("[data-autofocus]");
    if (focus) focus.focus();
  };
  document.addEventListener("DOMContentLoaded", ready);
  document.addEventListener("htmx:after:swap", ready);
})();
