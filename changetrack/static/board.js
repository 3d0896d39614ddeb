// Dragging a card fills in and sends the card's own "propose a move" form: the same way as by menu and keyboard.
(() => {
  "use strict";
  let card = null;
  const column = (event) => event.target instanceof Element && event.target.closest(".board-column[data-place]");
  const clear = () => document.querySelectorAll(".is-target").forEach((one) => one.classList.remove("is-target"));

  document.addEventListener("dragstart", (event) => {
    card = event.target instanceof Element ? event.target.closest("[data-card]") : null;
    if (!card) return;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", card.dataset.card);
    card.classList.add("is-dragged");
  });
  document.addEventListener("dragend", () => {
    if (card) card.classList.remove("is-dragged");
    card = null;
    clear();
  });
  document.addEventListener("dragover", (event) => {
    const over = column(event);
    if (!card || !over || over.contains(card)) return;
    event.preventDefault();
    if (!over.classList.contains("is-target")) { clear(); over.classList.add("is-target"); }
  });
  document.addEventListener("drop", (event) => {
    const over = column(event);
    if (!card || !over || over.contains(card)) return;
    event.preventDefault();
    const form = card.querySelector("form[data-move]");
    const choice = form && [...form.elements.to.options].find((option) => option.value === over.dataset.place);
    clear();
    if (!choice) {
      document.dispatchEvent(new CustomEvent("toast", { detail: { message: "A card cannot be moved there.", tone: "warn" } }));
      return;
    }
    form.elements.to.value = choice.value;
    form.requestSubmit();
  });
})();
