// The documentation view: every promise under the heading that makes it, with the verdict of every
// implementation beside it. Built when it is first asked for; its cells are copies of the matrix's.
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
  const cells = [...requirementRows[r].querySelectorAll("td:not(.rest)")].map((td) =>
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

function buildDocumentation() {
  const chapters = page.chapters.map((chapter) =>
    build(
      "section",
      { class: "doc-chapter" },
      build("h3", null, chapter.title),
      chapter.entries.map(entryOf),
    ),
  );
  documentation.style.setProperty("--columns", page.implementations.length);
  documentation.append(headOf(), ...chapters);
}

// The same filters as of the matrix: what is hidden there is hidden here.
function showDocumentation() {
  const on = state.view === "documentation";
  table.hidden = on;
  documentation.hidden = !on;
  if (!on) return;
  if (!documentation.firstChild) buildDocumentation();
  for (const item of documentation.querySelectorAll("li.promise"))
    item.hidden = requirementRows[Number(item.dataset.r)].hidden;
  for (const part of documentation.querySelectorAll(".doc-entry, .doc-chapter"))
    part.hidden = !part.querySelector("li.promise:not([hidden])");
}
