// The documentation view: every promise under the heading that makes it, with the verdict of every
// implementation beside it. Its cells are copies of the matrix's.
const frame = document.getElementById("frame");
const documentation = document.getElementById("documentation");
const isWeb = (address) => /^https?:\/\//i.test(address);

function headOf() {
  return build(
    "div",
    { class: "promise promise-head", "aria-hidden": "true" },
    build("span", { class: "promise-what" }, "Promise"),
    build(
      "span",
      { class: "promise-cells" },
      page.implementations.map((iut) =>
        build("span", { class: "iut", title: iut.id }, build("span", null, iut.id)),
      ),
    ),
    build("span", { class: "promise-link" }),
  );
}

function promiseOf(r) {
  const requirement = page.requirements[r];
  const cells = [...rowOf(r).querySelectorAll("td:not(.rest)")].map((td) =>
    td.firstElementChild.cloneNode(true),
  );
  const link = isWeb(requirement.link)
    ? build(
        "a",
        {
          href: requirement.link,
          target: "_blank",
          rel: "noopener noreferrer",
          title: requirement.source,
          "aria-label": `source of ${requirement.id}`,
        },
        "↗",
      )
    : "";
  return build(
    "li",
    { class: "promise", "data-r": r },
    build("span", { class: `level level-${requirement.level}` }, requirement.level),
    build(
      "button",
      {
        type: "button",
        class: "promise-title",
        title: `${requirement.id}: ${requirement.title}`,
        disabled: !cells.some((cell) => cell.matches(".cell")),
      },
      requirement.title,
    ),
    build("span", { class: "promise-cells" }, cells),
    build("span", { class: "promise-link" }, link),
  );
}

function entryOf(entry) {
  const title = isWeb(entry.link)
    ? build(
        "a",
        { href: entry.link, target: "_blank", rel: "noopener noreferrer" },
        build("code", null, entry.title),
        " ↗",
      )
    : build("code", null, entry.title);
  return build(
    "section",
    { class: "doc-entry" },
    build("h4", null, title),
    build("ul", null, entry.r.map(promiseOf)),
  );
}

function chapterOf(chapter, shown) {
  const entries = chapter.entries
    .map((entry) => ({ ...entry, r: entry.r.filter((r) => shown.has(r)) }))
    .filter((entry) => entry.r.length);
  if (!entries.length) return "";
  return build(
    "section",
    { class: "doc-chapter" },
    build("h3", null, chapter.title),
    entries.map(entryOf),
  );
}

// The requirements that the matrix shows.
function showDocumentation(shown) {
  const on = state.view === "documentation";
  table.hidden = on;
  documentation.hidden = !on;
  if (!on) return;
  documentation.style.setProperty("--columns", page.implementations.length);
  const chapters = page.chapters.map((chapter) => chapterOf(chapter, shown));
  documentation.replaceChildren(headOf(), ...chapters.filter(Boolean));
}
