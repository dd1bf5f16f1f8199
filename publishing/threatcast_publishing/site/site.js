// Comfort only: every page says the same without it. No request, no cookie, nothing is sent.
"use strict";
(() => {
  const PLACES = /*PLACES*/[];
  const root = document.body.dataset.root || "";
  const fold = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLocaleLowerCase();

  // search: by a name in any of the languages, or by code
  for (const form of document.querySelectorAll("form.search")) {
    const input = form.querySelector("input"), list = form.querySelector("datalist");
    const matching = (text) => {
      const wanted = fold(text.trim());
      if (!wanted) return [];
      const rank = (place) => Math.min(...place.slice(1).map((name) => {
        const folded = fold(name);
        return folded === wanted ? 0 : folded.startsWith(wanted) ? 1 : folded.includes(wanted) ? 2 : 9;
      }));
      return PLACES.map((place) => [rank(place), place]).filter(([at]) => at < 9)
        .sort((one, other) => one[0] - other[0]).map(([, place]) => place);
    };
    form.hidden = false;
    input.addEventListener("input", () => {
      input.setCustomValidity("");
      list.replaceChildren(...matching(input.value).slice(0, 12).map((place) => {
        const wanted = fold(input.value.trim());
        const option = document.createElement("option");
        option.value = place.slice(1).find((name) => fold(name).includes(wanted)) || place[1];
        return option;
      }));
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const [found] = matching(input.value);
      if (found) location.href = root + found[0];
      else {
        input.setCustomValidity(document.body.dataset.unknownWords);
        input.reportValidity();
      }
    });
  }

  // tables: sort by a column, keep the rows that hold a text, copy a link to a row
  const said = (cell) => cell.dataset.value !== undefined && cell.dataset.value !== "None"
    ? Number(cell.dataset.value) : cell.textContent.trim();
  const order = (one, other) => typeof one === "number" && typeof other === "number"
    ? one - other : String(one).localeCompare(String(other), document.documentElement.lang, { numeric: true });
  for (const table of document.querySelectorAll("table[data-sortable]")) {
    const body = table.tBodies[0];
    table.tHead.querySelectorAll("th").forEach((head, at) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "sort";
      button.textContent = head.textContent;
      head.replaceChildren(button);
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") === "ascending";
        table.tHead.querySelectorAll("th").forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const rows = [...body.rows].filter((row) => row.cells.length > at);
        const rest = [...body.rows].filter((row) => row.cells.length <= at);
        rows.sort((one, other) => order(said(one.cells[at]), said(other.cells[at])) * (down ? -1 : 1));
        body.append(...rows, ...rest);
      });
    });
    if (body.rows.length > 12) {
      const filter = document.createElement("input");
      filter.type = "search";
      filter.className = "filter";
      filter.setAttribute("aria-label", `${document.body.dataset.filterWords}: ${table.caption.textContent}`);
      filter.placeholder = document.body.dataset.filterWords;
      table.closest(".scroll").before(filter);
      filter.addEventListener("input", () => {
        const wanted = fold(filter.value.trim());
        for (const row of body.rows) row.hidden = !fold(row.textContent).includes(wanted);
      });
    }
    for (const row of body.querySelectorAll("tr[id]")) {
      const copy = document.createElement("button");
      copy.type = "button";
      copy.className = "copy";
      copy.textContent = "#";
      copy.setAttribute("aria-label", `${document.body.dataset.copyWords}: ${row.cells[0].textContent.trim()}`);
      copy.addEventListener("click", () => {
        history.replaceState(null, "", `#${row.id}`);
        navigator.clipboard?.writeText(location.href);
      });
      row.cells[0].append(" ", copy);
    }
  }

  // theme: as the system says, until a reader chooses
  const themes = ["light", "dark"];
  const kept = (() => { try { return localStorage.getItem("theme"); } catch { return null; } })();
  if (themes.includes(kept)) document.documentElement.dataset.theme = kept;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "theme";
  button.textContent = "◐";
  const isDark = () => (document.documentElement.dataset.theme
    || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const tell = () => {
    button.setAttribute("aria-pressed", String(isDark()));
    button.setAttribute("aria-label", document.body.dataset.themeWords);
  };
  button.addEventListener("click", () => {
    const next = isDark() ? "light" : "dark";
    document.documentElement.dataset.theme = next;
    try { localStorage.setItem("theme", next); } catch { /* a page from disk may keep nothing */ }
    tell();
  });
  tell();
  document.querySelector("header .bars").append(button);
})();
