// The comparison shown: counts, and the cases of each kind of change by requirement.
const comparisonPart = document.getElementById("comparison");
const SHOWN_GROUPS = 150;
const SHOWN_CHIPS = 8;
const SHOWN_TEXT = 600;
const ALWAYS_COUNTED = ["failing", "passing", "message", "observation", "added", "gone"];
let compared = null; // the file and the column that were asked for last

const isComparing = () => !comparisonPart.hidden;

function columnFor(record) {
  const same = page.implementations.findIndex((iut) => iut.id === record.iut);
  return same < 0 ? 0 : same;
}

// Cases of one requirement that changed in the same way are one entry of the list.
function groupsOf(entries) {
  const groups = new Map();
  for (const entry of entries) {
    const unlike = entry.before && entry.after ? unlikeOf(entry.before, entry.after) : [];
    const sides = [entry.before, entry.after].map(
      (side) => side && [side.verdict, side.teardown, side.message],
    );
    const key = JSON.stringify([entry.requirement.id, sides, unlike]);
    if (!groups.has(key)) groups.set(key, { ...entry, unlike, entries: [] });
    groups.get(key).entries.push(entry);
  }
  return [...groups.values()];
}

function sideMark(side, level) {
  const observed = level === "OBSERVED" && side.verdict === "PASS";
  const verdict = observed ? "observed" : side.verdict.replace("_", " ").toLowerCase();
  const letter = observed ? "O" : LETTERS[side.verdict];
  return build("span", { class: "side" }, letter ? mark(letter) : "", verdict);
}

function labelOf(entry) {
  const { id } = entry.requirement;
  return entry.id.startsWith(`${id}[`) ? entry.id.slice(id.length + 1, -1) : entry.id;
}

function chipOf(entry, iut) {
  const label = labelOf(entry);
  if (!entry.row) return build("span", { class: "chip" }, label);
  const address = "#" + new URLSearchParams({ iut: iut.id, case: entry.id });
  return build("a", { class: "chip chip-link", href: address }, label);
}

function textsOf(group) {
  const { before, after } = group;
  const lines = [];
  const told = (text) =>
    text.length > SHOWN_TEXT ? text.slice(0, SHOWN_TEXT) + "…" : text || "nothing";
  const say = (name, one, other) => {
    if (one === other) return;
    const sides = [build("del", null, told(one)), build("ins", null, told(other))];
    lines.push(build("dt", null, name), build("dd", null, sides));
  };
  if (!before || !after) return "";
  say("said", before.message, after.message);
  say("teardown", before.teardown, after.teardown);
  for (const [name, one, other] of group.unlike) say(name, one ?? ABSENT, other ?? ABSENT);
  return lines.length ? build("dl", { class: "changed" }, lines) : "";
}

function groupRow(group, iut) {
  const { requirement, before, after, entries } = group;
  const marks = [before, after].filter(Boolean).map((side) => sideMark(side, requirement.level));
  if (before && after && before.verdict === after.verdict) marks.pop();
  const arrow = marks.length > 1 ? build("span", { class: "becomes" }, "→") : "";
  const rest = entries.length - SHOWN_CHIPS;
  return build(
    "li",
    { class: "entry" },
    build(
      "div",
      { class: "entry-head" },
      build("span", { class: "sides" }, marks[0], arrow, marks[1] || ""),
      build("span", { class: "entry-id" }, requirement.id),
      build("span", { class: "entry-title" }, requirement.title),
    ),
    textsOf(group),
    build(
      "p",
      { class: "chips" },
      entries.slice(0, SHOWN_CHIPS).map((entry) => chipOf(entry, iut)),
      rest > 0 ? build("span", { class: "more" }, `and ${rest} more`) : "",
    ),
  );
}

function listOf([key, title], comparison) {
  const entries = comparison.found[key];
  if (!entries.length) return "";
  const groups = groupsOf(entries);
  const iut = page.implementations[comparison.i];
  const rest = groups.length - SHOWN_GROUPS;
  return build(
    "details",
    { class: "change", id: `change-${key}`, open: key !== "numbers" },
    build("summary", null, title, " ", build("span", { class: "tally" }, count(entries.length))),
    build(
      "ul",
      { class: "entries" },
      groups.slice(0, SHOWN_GROUPS).map((group) => groupRow(group, iut)),
    ),
    rest > 0 ? build("p", { class: "more" }, `and ${count(rest)} more requirements`) : "",
  );
}

const count = (number) => number.toLocaleString("en");

function countsOf(comparison) {
  const cell = ([key, title]) => {
    const number = comparison.found[key].length;
    if (!number && !ALWAYS_COUNTED.includes(key)) return "";
    const jump = () => document.getElementById(`change-${key}`).scrollIntoView();
    return build(
      "button",
      { type: "button", class: `number number-${key}`, disabled: !number, on: { click: jump } },
      build("b", null, count(number)),
      title,
    );
  };
  const same = build(
    "span",
    { class: "number" },
    build("b", null, count(comparison.same)),
    "the same",
  );
  return build("div", { class: "numbers" }, [...CHANGES, ...WHOLE].map(cell), same);
}

function chooserOf(comparison) {
  const select = build(
    "select",
    { "aria-label": "column of this page" },
    page.implementations.map((iut, n) =>
      build("option", { value: n, selected: n === comparison.i }, iut.id),
    ),
  );
  select.addEventListener("change", () => showComparison(comparison.record, Number(select.value)));
  return select;
}

function verdictOf(comparison) {
  const changed = Object.values(comparison.found).some((entries) => entries.length);
  if (changed) return "";
  const text = `Identical: ${count(comparison.same)} cases with the same verdicts, teardowns, messages and observations. Measured times are not compared.`;
  return build("p", { class: "all-well" }, mark("P"), text);
}

function headingOf(...parts) {
  const close = build(
    "button",
    { type: "button", class: "plain", "aria-label": "close (Esc)", title: "close (Esc)" },
    "✕",
  );
  close.addEventListener("click", closeComparison);
  return build(
    "div",
    { class: "comparison-head" },
    build("h2", null, "Comparison"),
    ...parts,
    close,
  );
}

function alarm(strong, text) {
  return build(
    "p",
    { class: "alarm", role: "alert" },
    build("strong", null, strong),
    build("span", null, text),
  );
}

function openComparison(...parts) {
  comparisonPart.replaceChildren(...parts.filter(Boolean));
  comparisonPart.hidden = false;
  root.classList.add("comparing");
  comparisonPart.focus();
  scrollTo(0, 0);
}

async function showComparison(record, i) {
  const wanted = (compared = { record, i });
  const comparison = await compareWith(record, i, () => compared === wanted);
  if (compared !== wanted) return;
  const file = build(
    "span",
    { class: "side-name" },
    build("code", null, record.iut),
    build("small", null, [record.name, ...record.about].join(" · ")),
  );
  const own = build(
    "span",
    { class: "side-name" },
    chooserOf(comparison),
    build("small", null, "this page"),
  );
  openComparison(
    headingOf(own, build("span", { class: "becomes" }, "→"), file),
    record.incomplete &&
      alarm(
        "Incomplete record",
        `${record.name}: ${record.incomplete}; ${count(record.cases.size)} cases are in it, and what is missing counts as gone.`,
      ),
    record.partial &&
      alarm(
        "Not the whole suite",
        `${record.name} is partial: ${record.partial}. What is missing in it may not be gone.`,
      ),
    verdictOf(comparison),
    countsOf(comparison),
    ...[...CHANGES, ...WHOLE].map((change) => listOf(change, comparison)),
  );
}

function closeComparison() {
  compared = null;
  comparisonPart.hidden = true;
  comparisonPart.replaceChildren();
  root.classList.remove("comparing");
  fileInput.focus();
}
