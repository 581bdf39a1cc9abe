// The drawer: one case on one implementation, with all that was recorded of it.
const drawer = document.getElementById("drawer");
let cameFrom = null;

function quoted(text) {
  return "'" + text.replaceAll("'", `'"'"'`) + "'";
}

function commandOf(iut, id) {
  const plain = /^[\w@%+=:,./-]+$/.test(iut.given);
  return `sockproof run --iut ${plain ? iut.given : quoted(iut.given)} -k ${quoted(id)}`;
}

async function copy(text, button, source) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    getSelection().selectAllChildren(source); // a page from a file may not have the clipboard
    document.execCommand("copy");
  }
  button.textContent = "copied";
  setTimeout(() => {
    button.textContent = "copy";
  }, 1500);
}

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

function saysOf(cell, detail) {
  const list = build("dl", { class: "says" });
  const say = (name, text, style) => {
    if (text) list.append(build("dt", null, name), build("dd", { class: style }, text));
  };
  say("expected", words(detail.expected));
  say("actual", words(detail.actual), cell.verdict === "FAIL" ? "bad-news" : null);
  say("reason", words(detail.reason));
  const leaks = (detail.leaks || []).map(words).join("\n");
  say(
    "teardown",
    cell.teardown + (leaks ? ":\n" + leaks : ""),
    unclean(cell) ? "left-behind" : null,
  );
  say("took", `${cell.milliseconds} ms`);
  return list;
}

// What each other implementation observed where it is not the same.
function othersOf(row, current, name, value) {
  const by = new Map();
  row.cells.forEach((cell, i) => {
    const pair =
      i === current || !cell ? null : (detailOf(cell).seen || []).find(([other]) => other === name);
    if (!pair || pair[1] === value) return;
    by.set(pair[1], [...(by.get(pair[1]) || []), page.implementations[i].id]);
  });
  return [...by].map(([seen, iuts]) =>
    build("div", { class: "other" }, build("code", null, words(seen)), " on ", iuts.join(", ")),
  );
}

function observationsOf(row, current, detail) {
  if (!detail.seen) return [];
  const rows = detail.seen.map(([name, value]) =>
    build(
      "tr",
      null,
      build("td", null, words(name)),
      build("td", null, build("code", null, words(value))),
      build("td", null, othersOf(row, current, name, value)),
    ),
  );
  const heads = ["observed", "value", "elsewhere"].map((name) =>
    build("th", { scope: "col" }, name),
  );
  return [
    build("h4", null, "Observations"),
    build(
      "table",
      { class: "grid" },
      build("thead", null, build("tr", null, heads)),
      build("tbody", null, rows),
    ),
  ];
}

function capturedOf(detail) {
  const parts = ["stderr", "stdout", "stacks"]
    .filter((name) => words(detail[name]))
    .map((name) =>
      build(
        "details",
        { class: "captured", open: name !== "stdout" },
        build("summary", null, name === "stacks" ? "thread stacks" : name),
        build("pre", null, words(detail[name])),
      ),
    );
  return parts.length ? [build("h4", null, "Captured"), ...parts] : [];
}

function againOf(iut, id) {
  const text = commandOf(iut, id);
  const code = build("code", null, text);
  const button = build("button", { type: "button", class: "small" }, "copy");
  button.addEventListener("click", () => copy(text, button, code));
  return [build("h4", null, "Run it again"), build("div", { class: "command" }, code, button)];
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
    build(
      "span",
      { class: "verdict" },
      letterOf(cell, requirement) === "O" ? "OBSERVED" : cell.verdict.replace("_", " "),
    ),
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
      detail.events ? transcriptOf(detail) : [],
      capturedOf(detail),
      againOf(iut, row.id),
    ),
  );
  if (drawer.hidden) cameFrom = document.activeElement;
  drawer.hidden = false;
  drawer.scrollTop = 0;
}

function openCase(id, iut) {
  change({ case: id, iut }, true);
  showDrawer();
  showHere();
  drawer.focus({ preventScroll: true });
}

function closeCase() {
  change({ case: "", iut: "" }, true);
  showDrawer();
  showHere();
  if (cameFrom && cameFrom.isConnected) cameFrom.focus({ preventScroll: true });
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
