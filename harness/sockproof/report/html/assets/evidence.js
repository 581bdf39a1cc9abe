// What was recorded of one case: what was promised and seen, observations, captured output.
function saysOf(cell, detail) {
  const list = build("dl", { class: "says" });
  const say = (name, text, style) => {
    if (text) list.append(build("dt", null, name), build("dd", { class: style }, text));
  };
  say("expected", words(detail.expected));
  const bad = cell.verdict === "FAIL" && !excused(cell);
  say("actual", words(detail.actual), bad ? "bad-news" : null);
  say("cause", words(detail.cause));
  if (detail.known) {
    const { reason, link, file, stale } = detail.known;
    say("stale", stale, "bad-news");
    say("known", [reason, link, file && `(${file})`].filter(Boolean).join(" "));
  }
  if (detail.inherited) {
    const { of, seen, reason, link } = detail.inherited;
    say("inherited", [`${of} does the same (${seen}).`, reason, link].filter(Boolean).join(" "));
  }
  say("override", words(detail.override));
  say("reference", detail.likewise ? `${words(detail.likewise)} does the same` : "");
  say("reason", words(detail.reason));
  say("finding", words(detail.finding));
  const leaks = (detail.leaks || []).map(words).join("\n");
  say(
    "teardown",
    allChecks() ? "" : cell.teardown + (leaks ? ":\n" + leaks : ""),
    unclean(cell) ? "left-behind" : null,
  );
  say("took", `${cell.milliseconds} ms`);
  return list;
}

// Whether all is of servers that were checked from outside: of those no teardown is judged.
const allChecks = () => page.implementations.every((one) => one.check);

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
  const rows = detail.seen.map(([name, value, reference]) =>
    build(
      "tr",
      reference === undefined ? null : { class: "differs" },
      build("td", null, words(name)),
      build(
        "td",
        null,
        build("code", null, words(value)),
        reference === undefined
          ? []
          : build(
              "div",
              { class: "reference" },
              `≠ ${words(detail.reference)}: `,
              build("code", null, words(reference)),
            ),
      ),
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

const CAPTURED = { stacks: "thread stacks when it hung", stderr: "stderr", stdout: "stdout" };

function capturedOf(detail) {
  const parts = Object.keys(CAPTURED)
    .filter((name) => words(detail[name]))
    .map((name) =>
      build(
        "details",
        { class: "captured", open: name !== "stdout" },
        build("summary", null, CAPTURED[name]),
        build("pre", null, words(detail[name])),
      ),
    );
  return parts.length ? [build("h4", null, "Captured"), ...parts] : [];
}
