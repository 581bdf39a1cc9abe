// The page's data and its state. All state is in the address's fragment, so that a view is a link.
const root = document.documentElement;
const page = JSON.parse(document.getElementById("data").textContent);
const LETTERS = { PASS: "P", FAIL: "F", INCONCLUSIVE: "I", ERROR: "E", NOT_APPLICABLE: "N" };
const SETS = ["v", "level", "open"];
const TEXTS = ["view", "area", "q", "varies", "theme", "iut", "case"];

// Builds an element. Texts become text nodes: nothing here ever parses markup out of data.
function build(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name === "on") {
      for (const [event, listener] of Object.entries(value))
        element.addEventListener(event, listener);
    } else if (value !== false && value !== null && value !== undefined) {
      element.setAttribute(name, value === true ? "" : value);
    }
  }
  element.append(
    ...children.flat().filter((child) => child !== null && child !== "" && child !== false),
  );
  return element;
}

const words = (number) => page.strings[number];

function decodeCell(cell) {
  if (!cell) return null;
  const [code, milliseconds, line] = cell;
  return {
    verdict: page.verdicts[code & 7],
    teardown: page.teardowns[(code >> 3) & 3],
    known: Boolean(code & 32),
    stale: Boolean(code & 64),
    differs: Boolean(code & 128),
    inherited: Boolean(code & 256),
    chosen: Boolean(code & 512),
    milliseconds,
    line: line || 0,
  };
}

// A deviation that somebody expected, that is not its own, or that a class may choose.
const excused = (cell) => cell.known || cell.inherited || cell.chosen;

function unclean(cell) {
  return cell.teardown === "leaked" || cell.teardown === "still running" ? cell.teardown : null;
}

// A requirement's cases are decoded when they are first asked for.
function casesOf(requirement) {
  if (!requirement.cases) {
    requirement.cases = requirement.rows.map(([label, ...cells]) => {
      const text = words(label);
      const decoded = cells.map(decodeCell);
      return { label: text, id: caseId(requirement, text), cells: decoded, has: marksOf(decoded) };
    });
    requirement.has = new Set(requirement.cases.flatMap((row) => [...row.has]));
  }
  return requirement.cases;
}

function caseId(requirement, label) {
  if (label.startsWith("=")) return label.slice(1);
  return label ? `${requirement.id}[${label}]` : requirement.id;
}

function marksOf(cells) {
  const marks = new Set();
  for (const cell of cells) {
    if (!cell) continue;
    const excuses = { known: cell.known, inherited: cell.inherited, chosen: cell.chosen };
    marks.add(Object.keys(excuses).find((name) => excuses[name]) || cell.verdict);
    if (unclean(cell)) marks.add("teardown");
    if (cell.stale) marks.add("stale");
    if (cell.differs) marks.add("differs");
  }
  return marks;
}

function letterOf(cell, requirement) {
  if (cell.stale) return "S";
  if (cell.known) return "K";
  if (cell.inherited) return "H";
  if (cell.chosen) return "C";
  const observed = requirement.level === "OBSERVED" && cell.verdict === "PASS";
  return observed ? "O" : LETTERS[cell.verdict];
}

function mark(letter) {
  return build(
    "span",
    { class: `mark mark-${letter}`, "aria-hidden": "true" },
    letter === "N" ? "–" : letter,
  );
}

let detailLines = null;
function detailOf(cell) {
  if (!cell || !cell.line) return {};
  detailLines = detailLines || document.getElementById("details").textContent.split("\n");
  return JSON.parse(detailLines[cell.line - 1]);
}

let places = null;
function findCase(id) {
  if (!places) {
    places = new Map();
    page.requirements.forEach((requirement, r) => {
      casesOf(requirement).forEach((row, k) => places.set(row.id, [r, k]));
    });
  }
  return places.get(id);
}

function readState() {
  const found = new URLSearchParams(location.hash.slice(1));
  const state = {};
  for (const name of SETS)
    state[name] = new Set((found.get(name) || "").split(" ").filter(Boolean));
  for (const name of TEXTS) state[name] = found.get(name) || "";
  return state;
}

function addressOf(state) {
  const told = new URLSearchParams();
  for (const name of SETS) if (state[name].size) told.set(name, [...state[name]].join(" "));
  for (const name of TEXTS) if (state[name]) told.set(name, state[name]);
  return "#" + told.toString();
}

let state = readState();

// Opening another case is a step that Back undoes; filters are not.
function change(changes, step) {
  Object.assign(state, changes);
  const address = addressOf(state);
  if (address === (location.hash || "#")) return;
  if (step) history.pushState(null, "", address);
  else history.replaceState(null, "", address);
}
