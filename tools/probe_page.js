// Runs inside a page of the site and returns what is wrong with it as a reader sees it.
() => {
  const problems = [];
  const MIN_CONTRAST = 3; // WCAG 2 asks 3:1 of large text and of graphics

  const MIN_TEXT = 13; // pixels, in charts

  const luminance = ([red, green, blue]) => {
    const linear = [red, green, blue].map((value) => {
      const part = value / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
  };
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 1;
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  const rgb = (color) => {
    pen.clearRect(0, 0, 1, 1);
    pen.fillStyle = color;
    pen.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = pen.getImageData(0, 0, 1, 1).data;
    return alpha === 0 ? null : [red, green, blue];
  };
  const contrast = (one, other) => {
    const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const backgroundOf = (element) => {
    for (let node = element; node; node = node.parentElement) {
      const color = rgb(getComputedStyle(node).backgroundColor);
      if (color) return color;
    }
    return [255, 255, 255];
  };
  const isShown = (element) => element.checkVisibility();

  const charts = [...document.querySelectorAll('[id^="altair-viz-"]')];
  charts.forEach((chart, index) => {
    const name = chart.closest("figure")?.id || `chart ${index + 1}`;
    const drawing = chart.querySelector("svg.marks, canvas.marks");
    if (chart.querySelector(".error") || /JavaScript Error/i.test(chart.textContent)) {
      problems.push(`${name}: ${chart.textContent.trim().slice(0, 200)}`);
      return;
    }
    if (!drawing) {
      problems.push(`${name}: not drawn`);
      return;
    }
    if (chart.dataset.drawn !== document.documentElement.dataset.theme) {
      problems.push(`${name}: drawn in the colours of the ${chart.dataset.drawn} page`);
    }
    if (!isShown(chart)) return; // folded away, so without a size
    const { width, height } = drawing.getBoundingClientRect();
    if (width < 50 || height < 20) problems.push(`${name}: drawn only ${width} x ${height} px`);
    if (drawing.tagName === "CANVAS") return;
    if (!drawing.querySelector(".role-mark path, .role-mark image, .role-mark text, .role-mark line")) {
      problems.push(`${name}: drawn without a mark`);
    }
    const small = [...drawing.querySelectorAll("text")].find(
      (text) => text.textContent && parseFloat(getComputedStyle(text).fontSize) < MIN_TEXT,
    );
    if (small) problems.push(`${name}: "${small.textContent}" is smaller than ${MIN_TEXT} px`);
    const page = backgroundOf(chart);
    const guides = ".role-axis-label text, .role-axis-title text, .role-legend-label text," +
      " .role-legend-title text, .role-title-text text";
    for (const text of drawing.querySelectorAll(guides)) {
      const fill = rgb(getComputedStyle(text).fill);
      if (fill && contrast(fill, page) < MIN_CONTRAST) {
        problems.push(`${name}: "${text.textContent}" is hardly readable on this background`);
        break;
      }
    }
  });

  for (const formula of document.querySelectorAll(".math")) {
    if (!formula.querySelector("mjx-container")) {
      problems.push(`formula not set: ${formula.textContent.trim().slice(0, 80)}`);
    }
  }
  for (const error of document.querySelectorAll("mjx-merror")) {
    problems.push(`formula with an error: ${error.textContent.trim().slice(0, 80)}`);
  }

  for (const image of document.images) {
    if (isShown(image) && (!image.complete || image.naturalWidth === 0)) {
      problems.push(`image not loaded: ${image.src.slice(0, 120)}`);
    }
  }

  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) {
    problems.push(`the page is ${root.scrollWidth} px wide in a window of ${root.clientWidth} px`);
  }
  return { problems, charts: charts.length, theme: root.dataset.theme };
}
