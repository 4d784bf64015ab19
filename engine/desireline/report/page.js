"use strict";
(() => {
  const root = document.documentElement;
  const theme = document.getElementById("theme");
  const dark = () => root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  const name = () => { theme.textContent = dark() ? "Light" : "Dark"; };
  theme.hidden = false;
  theme.addEventListener("click", () => { root.dataset.theme = dark() ? "light" : "dark"; name(); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", name);
  name();

  const map = document.querySelector(".map");
  if (!map) return;
  const data = JSON.parse(document.getElementById("data").textContent);
  const tip = document.getElementById("tip");
  document.querySelectorAll("input[name=view]").forEach((input) => {
    const set = () => { if (input.checked) map.classList.toggle("blueprint", input.value === "blueprint"); };
    input.addEventListener("change", set);
    set();
  });

  const place = (x, y) => {
    const box = tip.getBoundingClientRect();
    tip.style.left = Math.max(8, Math.min(x, innerWidth - box.width - 8)) + "px";
    tip.style.top = (y + box.height + 14 > innerHeight ? Math.max(8, y - box.height - 14) : y + 14) + "px";
  };
  const show = (title, facts) => {
    const bold = document.createElement("b");
    bold.textContent = title;
    bold.dir = "auto";
    const grid = document.createElement("div");
    facts.forEach((fact) => fact.forEach((text) => {
      const cell = document.createElement("span");
      cell.textContent = text;
      grid.append(cell);
    }));
    tip.replaceChildren(bold, grid);
    tip.hidden = false;
  };
  const hide = () => {
    tip.hidden = true;
    map.classList.remove("picked");
    map.querySelectorAll(".near").forEach((line) => line.classList.remove("near"));
  };
  const pick = (card) => {
    hide();
    const i = card.dataset.i;
    show(data.cards[i].name, data.cards[i].facts);
    map.classList.add("picked");
    map.querySelectorAll(`.line[data-a="${i}"], .line[data-b="${i}"]`).forEach((line) => line.classList.add("near"));
    const box = card.getBoundingClientRect();
    place(box.left, box.bottom - 6);
  };
  map.querySelectorAll(".card").forEach((card) => {
    card.addEventListener("mouseenter", () => pick(card));
    card.addEventListener("mouseleave", hide);
    card.addEventListener("focus", () => pick(card));
    card.addEventListener("blur", hide);
  });
  map.querySelectorAll(".line").forEach((line) => {
    line.addEventListener("mousemove", (event) => { show(line.dataset.text, []); place(event.clientX + 10, event.clientY); });
    line.addEventListener("mouseleave", hide);
  });
  addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });
  const scrolled = () => {
    const card = document.activeElement;
    if (card && card.classList.contains("card") && !tip.hidden) pick(card); else hide();
  };
  addEventListener("scroll", scrolled, { passive: true });
  map.addEventListener("scroll", scrolled, { passive: true });
})();
