// InfoM and InfoC of an NMI matrix that the reader changes: the formulas of `lib.metrics.infomec`.
(() => {
  const sum = (values) => values.reduce((a, b) => a + b, 0);

  // Largest entry over sum, rescaled so that an even row gives 0.
  function concentration(values, rounding) {
    const total = sum(values);
    if (values.length < 2) return total > rounding ? 1 : 0;
    const even = 1 / values.length;
    return total > rounding ? (Math.max(...values) / total - even) / (1 - even) : 0;
  }

  function build(figure) {
    figure.classList.add("live-begun");
    const data = JSON.parse(figure.querySelector("script[type='application/json']").textContent);
    const table = figure.querySelector("table");
    const [inputs, bySource] = ["input", "output"].map((name) =>
      [...table.tBodies[0].rows].map((row) => [...row.querySelectorAll(name)]),
    );
    const boxes = [...table.tFoot.querySelectorAll("input")];
    const byLatent = [...table.tFoot.querySelectorAll("output")];
    const scores = [...figure.querySelectorAll(".editor-scores output")];
    const write = (output, value) => {
      output.dataset.value = value ?? "";
      output.textContent = value === undefined ? "undefined" : value.toFixed(data.digits);
    };

    function score() {
      const nmi = inputs.map((row) => row.map((input) => Math.min(Math.max(Number(input.value), 0), 1)));
      const active = boxes.flatMap((box, latent) => (box.checked ? [latent] : []));
      inputs.forEach((row, i) =>
        row.forEach((input, j) => {
          const cell = input.parentElement;
          cell.style.setProperty("--nmi", nmi[i][j]);
          cell.classList.toggle("bright", nmi[i][j] >= 0.5);
          cell.classList.toggle("inactive", !boxes[j].checked);
        }),
      );
      const modular = active.map((j) => concentration(nmi.map((row) => row[j]), data.rounding));
      const several = active.length > 1;
      const compact = nmi.map((row) => concentration(active.map((j) => row[j]), data.rounding));
      byLatent.forEach((output, j) =>
        active.includes(j) ? write(output, modular[active.indexOf(j)]) : (output.textContent = ""),
      );
      bySource.forEach(([output], i) => write(output, several ? compact[i] : undefined));
      write(scores[0], active.length ? sum(modular) / modular.length : undefined);
      write(scores[1], several ? sum(compact) / compact.length : undefined);
    }

    figure.querySelectorAll("button").forEach((button, at) =>
      button.addEventListener("click", () => {
        const { nmi, active } = data.presets[at];
        inputs.forEach((row, i) => row.forEach((input, j) => (input.value = nmi[i][j])));
        boxes.forEach((box, j) => (box.checked = active[j]));
        score();
      }),
    );
    table.addEventListener("input", score);
    score();
    figure.classList.add("live-ready");
  }

  document.querySelectorAll(".score-editor:not(.live-begun)").forEach(build);
})();
