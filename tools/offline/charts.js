"use strict";

// Draws Altair's charts in the colours of the page, and again when the reader switches them.
(() => {
  const embed = window.vegaEmbed;
  const charts = new Map(); // element -> how its chart is drawn again

  const light = { config: { background: "transparent" } };
  const dark = {
    theme: "dark",
    tooltip: { theme: "dark" },
    config: {
      background: "transparent",
      axis: { domainColor: "#9aa0a6", tickColor: "#9aa0a6", gridColor: "#3f444a" },
      view: { stroke: "#5f656b" },
    },
  };

  function pageIsDark() {
    const theme = document.documentElement.dataset.theme;
    if (theme === "dark" || theme === "light") return theme === "dark";
    return window.matchMedia("(prefers-color-scheme: dark)").matches;
  }

  // The theme's colours go below those that the chart's own options ask for.
  function optionsFor(asked, isDark) {
    const page = isDark ? dark : light;
    return {
      actions: false, // files of the chart are linked below it
      ...page,
      ...asked,
      config: { ...page.config, ...asked.config },
    };
  }

  window.vegaEmbed = async (target, spec, asked = {}) => {
    const element = typeof target === "string" ? document.querySelector(target) : target;
    let drawn = null;
    let drawnDark = null;
    const draw = async () => {
      const isDark = pageIsDark();
      if (drawn !== null && isDark === drawnDark) return drawn;
      drawn?.finalize();
      drawn = await embed(element, structuredClone(spec), optionsFor(asked, isDark));
      drawnDark = isDark;
      // Groups of marks that have no words: the chart's own description has them.
      for (const group of element.querySelectorAll('[role="graphics-symbol"]:not([aria-label])')) {
        group.setAttribute("aria-hidden", "true");
      }
      element.dataset.drawn = isDark ? "dark" : "light";
      return drawn;
    };
    let turn = draw();
    widths.observe(element.parentElement);
    charts.set(element, () => {
      if (paper.matches) return;
      turn = turn.then(draw).catch(console.error);
    });
    return turn;
  };

  // Vega measures a chart's place when the window is resized, which is before the page has laid
  // itself out anew, and never when a sidebar opens. So it is told again when a width has changed.
  const paper = window.matchMedia("print"); // which has pictures in the place of charts
  const known = new WeakMap();
  let timer;
  const widths = new ResizeObserver((entries) => {
    if (paper.matches) return;
    for (const { target, contentRect } of entries) {
      const before = known.get(target);
      known.set(target, contentRect.width);
      if (before === undefined || before === contentRect.width) continue;
      clearTimeout(timer);
      timer = setTimeout(() => window.dispatchEvent(new Event("resize")), 100);
    }
  });

  new MutationObserver(() => charts.forEach((redraw) => redraw())).observe(
    document.documentElement,
    { attributes: true, attributeFilter: ["data-theme"] },
  );

  // A chart inside a folded block has no width until the block is opened.
  document.addEventListener("toggle", () => window.dispatchEvent(new Event("resize")), true);
})();
