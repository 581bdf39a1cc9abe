// The drawer: one case on one implementation, with all that was recorded of it.
const drawer = document.getElementById("drawer");
let cameFrom = null;

function sourceOf(requirement) {
  if (!requirement.source) return "";
  if (!/^https?:\/\//i.test(requirement.link)) return build("span", null, requirement.source);
  const short = requirement.source.replace(/^https?:\/\//i, "").replace(/^.*\/(?=[^/]*#)/, "");
  return build(
    "a",
    {
      href: requirement.link,
      rel: "noopener noreferrer",
      target: "_blank",
      title: requirement.source,
    },
    `${short} ↗`,
  );
}

function aboutOf(requirement) {
  const range = [
    requirement.since && `since ${requirement.since}`,
    requirement.until && `until ${requirement.until}`,
  ];
  return build(
    "div",
    { class: "about" },
    build("span", { class: `level level-${requirement.level}` }, requirement.level),
    build("span", null, requirement.area),
    range.filter(Boolean).map((text) => build("span", null, text)),
    sourceOf(requirement),
  );
}

// The same case on every implementation.
function columnsOf(requirement, row, current) {
  return build(
    "div",
    { class: "columns", role: "group", "aria-label": "the same case on every implementation" },
    page.implementations.map((iut, i) => {
      const cell = row.cells[i];
      return build(
        "button",
        {
          type: "button",
          class: "column",
          disabled: !cell,
          "aria-current": String(i === current),
          "data-t": cell && unclean(cell),
          on: { click: () => openCase(row.id, iut.id) },
        },
        cell ? mark(letterOf(cell, requirement)) : "",
        build("span", { class: "iut" }, iut.id),
      );
    }),
  );
}

function verdictWords(cell, requirement) {
  const letter = letterOf(cell, requirement);
  const word = letter === "O" ? "OBSERVED" : cell.verdict.replace("_", " ");
  const more = { K: ", known", H: ", inherited", C: ", chosen", S: ", stale expectation" }[letter] || "";
  return word + more + (cell.differs ? ", ≠ differs" : "");
}

function barOf(requirement, cell, iut) {
  const action = (text, title, step) =>
    build(
      "button",
      { type: "button", class: "plain", title, "aria-label": title, on: { click: step } },
      text,
    );
  return build(
    "div",
    { class: "drawer-bar" },
    mark(letterOf(cell, requirement)),
    build("span", { class: "verdict" }, verdictWords(cell, requirement)),
    build(
      "span",
      { class: "who" },
      "on ",
      build("span", { class: "iut" }, iut.id),
      iut.version ? ` · ${iut.version}` : "",
    ),
    action("↑", "previous case (k)", () => stepCase(-1)),
    action("↓", "next case (j)", () => stepCase(1)),
    action("✕", "close (Esc)", closeCase),
  );
}

function showDrawer() {
  const place = state.case && findCase(state.case);
  const i = page.implementations.findIndex((one) => one.id === state.iut);
  const requirement = place && page.requirements[place[0]];
  const row = place && casesOf(requirement)[place[1]];
  const cell = row && row.cells[i];
  if (!cell) {
    drawer.hidden = true;
    return;
  }
  const detail = detailOf(cell);
  const iut = page.implementations[i];
  if (drawer.hidden) cameFrom = document.activeElement;
  drawer.hidden = false;
  drawer.replaceChildren(
    barOf(requirement, cell, iut),
    build(
      "div",
      { class: "drawer-body" },
      build("div", { class: "case-id" }, row.id),
      build("h3", { id: "drawer-title" }, requirement.title),
      aboutOf(requirement),
      columnsOf(requirement, row, i),
      saysOf(cell, detail),
      observationsOf(row, i, detail),
      detail.events ? sequenceOf(detail) : [],
      detail.events ? transcriptOf(detail) : [],
      capturedOf(detail),
      copiesOf({ iut, row, cell, detail }),
    ),
  );
  drawer.scrollTop = 0;
}

function openCase(id, iut) {
  change({ case: id, iut }, true);
  showDrawer();
  showHere();
  drawer.focus({ preventScroll: true });
}

function closeCase() {
  const here = document.querySelector(".cell.here");
  change({ case: "", iut: "" }, true);
  showDrawer();
  showHere();
  const known = cameFrom && cameFrom.isConnected && cameFrom !== document.body;
  const back = known ? cameFrom : here;
  if (back) back.focus({ preventScroll: true });
}

// Another case of the same requirement that this implementation has.
function stepCase(by) {
  const place = findCase(state.case);
  if (!place) return;
  const i = page.implementations.findIndex((one) => one.id === state.iut);
  const rows = casesOf(page.requirements[place[0]]);
  for (let k = place[1] + by; k >= 0 && k < rows.length; k += by) {
    if (rows[k].cells[i]) return void openCase(rows[k].id, state.iut);
  }
}

// The same case on another implementation.
function stepColumn(by) {
  const [r, k] = findCase(state.case);
  const cells = casesOf(page.requirements[r])[k].cells;
  const i = page.implementations.findIndex((one) => one.id === state.iut);
  for (let n = i + by; n >= 0 && n < cells.length; n += by) {
    if (cells[n]) return void openCase(state.case, page.implementations[n].id);
  }
}

// One event is in the picture and in the transcript: what is pointed at in one is lit in both.
function light(target) {
  const one = target.closest && target.closest("[data-e]");
  const numbers = new Set(one ? one.dataset.e.split(" ") : []);
  for (const other of drawer.querySelectorAll("[data-e]"))
    other.classList.toggle(
      "lit",
      other.dataset.e.split(" ").some((number) => numbers.has(number)),
    );
  return one;
}

function counterpart(one) {
  const tag = one.tagName === "tr" || one.tagName === "TR" ? "g" : "tr";
  return drawer.querySelector(`${tag}.lit`);
}

// Up and down go from event to event; the rows and the picture are one stop of the Tab key each.
function stepEvent(one, by) {
  const next = by > 0 ? one.nextElementSibling : one.previousElementSibling;
  if (!next || !next.dataset.e) return;
  one.setAttribute("tabindex", "-1");
  next.setAttribute("tabindex", "0");
  next.focus();
}

drawer.addEventListener("mouseover", (event) => light(event.target));
drawer.addEventListener("mouseleave", () => light(document.activeElement));
drawer.addEventListener("focusin", (event) => light(event.target));
drawer.addEventListener("click", (event) => {
  const one = event.target.closest("[data-e]");
  if (one && counterpart(one)) counterpart(one).scrollIntoView({ block: "nearest" });
});
drawer.addEventListener("keydown", (event) => {
  const one = event.target.closest("[data-e]");
  const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  if (!one || !by) return;
  event.preventDefault();
  stepEvent(one, by);
});
