// Ways in for a record file: the button, and dropping it anywhere on the page.
const fileInput = document.getElementById("compare-file");
const dropHint = document.getElementById("drop");
const bringsFiles = (event) =>
  event.dataTransfer && [...event.dataTransfer.types].includes("Files");

let asked = 0; // of several files the last one counts, whichever is read first

async function compareFile(file) {
  if (!file) return;
  const turn = (asked += 1);
  try {
    const record = await readRecord(file);
    if (turn !== asked) return;
    await showComparison(record, columnFor(record));
  } catch (error) {
    openComparison(
      headingOf(),
      alarm("Cannot compare", `${shownText(file.name)}: ${error.message}.`),
    );
  }
}

fileInput.addEventListener("change", () => {
  compareFile(fileInput.files[0]);
  fileInput.value = ""; // so that the same file can be chosen again
});
addEventListener("dragover", (event) => {
  if (!bringsFiles(event)) return;
  event.preventDefault();
  dropHint.hidden = false;
});
addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) dropHint.hidden = true;
});
addEventListener("drop", (event) => {
  dropHint.hidden = true;
  if (!bringsFiles(event)) return;
  event.preventDefault();
  compareFile(event.dataTransfer.files[0]);
});
