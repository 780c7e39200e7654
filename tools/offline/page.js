"use strict";

// What every page needs beside its charts.
(() => {
  // Paper is white: the page turns light before it is printed, and dark again afterwards.
  const root = document.documentElement;
  let before;
  const print = (isPrinting) => {
    if (isPrinting && root.dataset.theme === "dark") {
      before = root.dataset.theme;
      root.dataset.theme = "light";
    } else if (!isPrinting && before) {
      root.dataset.theme = before;
      before = undefined;
    }
  };
  // The first two are what every browser tells, the third also what a window shows as if on paper.
  window.addEventListener("beforeprint", () => print(true));
  window.addEventListener("afterprint", () => print(false));
  window.matchMedia("print").addEventListener("change", ({ matches }) => print(matches));

  // What is wider than its place can be scrolled, and says so.
  const TABLES = ".pst-scrollable-table-container, .runs-table[role=region], .nmi-table";
  const FORMULAS = "mjx-container[display]";
  const cueOf = new Map();
  const cues = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      const region = target.closest(`${TABLES}, ${FORMULAS}`);
      const isCut = region.scrollWidth > region.clientWidth + 1;
      cueOf.get(region).hidden = !isCut;
      if (isCut) region.tabIndex = 0; // so that the keyboard scrolls it, too
    }
  });
  const watch = (regions) => {
    for (const region of document.querySelectorAll(regions)) {
      const cue = document.createElement("p");
      cue.className = "scroll-cue";
      cue.textContent = "This goes on to the right: scroll it sideways.";
      cue.hidden = true;
      cueOf.set(region, cue);
      (region.closest("div.math") ?? region).before(cue);
      for (const part of [region, region.firstElementChild]) cues.observe(part);
    }
  };
  document.addEventListener("DOMContentLoaded", () => watch(TABLES));
  window.addEventListener("load", async () => {
    await window.MathJax?.startup?.promise;
    watch(FORMULAS);
  });
})();
