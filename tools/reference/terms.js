// The key Escape hides the definition of a term, until the reader comes to a term again.
(() => {
  const root = document.documentElement;
  addEventListener("keydown", (event) => {
    if (event.key === "Escape") root.classList.add("hide-definitions");
  });
  for (const type of ["mouseover", "focusin"]) {
    addEventListener(type, (event) => {
      if (event.target.closest?.("a.term")) root.classList.remove("hide-definitions");
    });
  }
})();
