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

  // A table that is wider than its place can be scrolled, and says so.
  const SCROLLED = ".pst-scrollable-table-container, .runs-table[role=region]";
  const cues = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      const region = target.closest(SCROLLED);
      region.classList.toggle("is-cut", region.scrollWidth > region.clientWidth + 1);
    }
  });
  document.addEventListener("DOMContentLoaded", () => {
    for (const region of document.querySelectorAll(SCROLLED)) {
      const cue = document.createElement("p");
      cue.className = "table-cue";
      cue.textContent = "The table goes on to the right: scroll it sideways.";
      region.before(cue);
      for (const part of [region, region.firstElementChild]) cues.observe(part);
    }
  });

  // A formula may be wider than its place: then it is scrolled by keyboard, too.
  window.addEventListener("load", async () => {
    await window.MathJax?.startup?.promise;
    for (const formula of document.querySelectorAll("mjx-container[display]")) formula.tabIndex = 0;
  });
})();
