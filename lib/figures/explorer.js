// An explorer of sources: a menu chooses one, its sliders or its sheet of images the value.
(() => {
  function build(figure) {
    figure.classList.add("live-begun");
    const picture = figure.querySelector(".picture img");
    const words = figure.querySelector(".tools p");
    const menu = figure.querySelector("select");
    const parts = [...figure.querySelectorAll(".part")];

    function show(part) {
      const at = [...part.querySelectorAll("input")].map((slider) => slider.value).join(" ");
      part.querySelectorAll(".sheet img").forEach((image) => {
        const isNow = image.dataset.at === at;
        image.classList.toggle("now", isNow);
        if (!isNow) return;
        picture.src = image.src;
        picture.alt = words.textContent = image.dataset.said;
      });
    }

    menu.addEventListener("change", () => {
      parts.forEach((part, at) => (part.hidden = at !== menu.selectedIndex));
      show(parts[menu.selectedIndex]);
    });
    parts.forEach((part) => {
      const sliders = [...part.querySelectorAll("input")];
      part.addEventListener("input", () => show(part));
      const choose = (event) => {
        const image = event.buttons && document.elementFromPoint(event.clientX, event.clientY);
        if (!image || image.parentElement !== part.querySelector(".sheet")) return;
        image.dataset.at.split(" ").forEach((value, k) => (sliders[k].value = value));
        show(part);
      };
      const sheet = part.querySelector(".sheet");
      for (const name of ["pointerdown", "pointermove"]) sheet.addEventListener(name, choose);
      sheet.addEventListener("dragstart", (event) => event.preventDefault());
    });
    parts.forEach((part, at) => (part.hidden = at !== menu.selectedIndex));
    show(parts[menu.selectedIndex]);
    figure.classList.add("live-ready");
  }

  document.querySelectorAll(".source-explorer:not(.live-begun)").forEach(build);
})();
