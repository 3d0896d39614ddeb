// The account page: quick dates, the rule of a control point while one types its numbers, the length of a vision.
(() => {
  "use strict";
  const iso = (day) => [day.getFullYear(), day.getMonth() + 1, day.getDate()].map((n) => String(n).padStart(2, "0")).join("-");

  // A date by one click; "today" is the day of the page, which the field's own limit states.
  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element && event.target.closest("[data-day-for]");
    const field = button && document.getElementById(button.dataset.dayFor);
    if (!field) return;
    const day = field.max ? new Date(`${field.max}T12:00:00`) : new Date();
    day.setDate(day.getDate() - Number(button.dataset.daysBack));
    field.value = iso(day);
  });

  // Each condition of a rule says what it makes of the numbers typed so far; the server decides.
  const number = (box, key) => {
    const field = box.querySelector(`[data-number="${CSS.escape(key)}"]`);
    return field && field.value !== "" ? Number(field.value) : null;
  };
  const judge = (box) => {
    for (const line of box.querySelectorAll("[data-floor]")) {
      const { part, whole, floor } = line.dataset;
      const said = number(box, part);
      const all = whole === undefined ? 1 : number(box, whole);
      const value = said === null || all === null ? null : all > 0 ? said / all : 0;
      const met = value !== null && value >= Number(floor) && (whole === undefined || value <= 1);
      line.classList.toggle("met", met);
      line.classList.toggle("unmet", value !== null && !met);
      line.querySelector("[data-said]").textContent = value === null ? "" : whole === undefined ? String(said) : `${Math.round(value * 100)}%`;
    }
  };
  const countWords = (field) => {
    const help = document.getElementById(`${field.id}-help`);
    if (!help) return;
    help.dataset.words ||= help.textContent;
    const words = field.value.trim().split(/\s+/u).filter(Boolean).length;
    help.textContent = words ? `${words} of ${field.dataset.words} words` : help.dataset.words;
  };

  document.addEventListener("input", (event) => {
    const box = event.target.closest("[data-numbers]");
    if (box) judge(box);
    if (event.target.matches("[data-words]")) countWords(event.target);
  });
  const ready = () => {
    document.querySelectorAll("[data-numbers]").forEach(judge);
    document.querySelectorAll("textarea[data-words]").forEach(countWords);
  };
  document.addEventListener("DOMContentLoaded", ready);
  document.addEventListener("htmx:after:swap", ready);
})();
