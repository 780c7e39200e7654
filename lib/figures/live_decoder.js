// The decoder of `lib.networks.StyleMLPDecoder` in the page: sliders in, an image out.
(() => {
  const SLOPE = 0.2;
  const EPSILON = 1e-6;

  const relu = (values) => values.map((v) => Math.max(v, 0));
  const leaky = (values) => values.map((v) => (v < 0 ? SLOPE * v : v));

  function norm(values) {
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length;
    return values.map((v) => (v - mean) / Math.sqrt(variance + EPSILON));
  }

  async function inflated(text) {
    const packed = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Response(stream).arrayBuffer();
  }

  // First all float32: the input vector, then the steps and biases of each layer; then all int8.
  async function decoder(model) {
    const buffer = await inflated(model.weights);
    let at = 0;
    const floats = (length) => {
      at += 4 * length;
      return new Float32Array(buffer, at - 4 * length, length);
    };
    const start = floats(model.width);
    const layers = model.layers.map(([inputs, outputs]) => ({ inputs, steps: floats(outputs), bias: floats(outputs) }));
    for (const layer of layers) {
      const length = layer.inputs * layer.bias.length;
      layer.kernel = new Int8Array(buffer, at, length);
      at += length;
    }
    const through = (layer, values) => {
      const sums = new Float64Array(layer.bias.length);
      values.forEach((value, i) => {
        const row = layer.kernel.subarray(i * sums.length, (i + 1) * sums.length);
        for (let j = 0; value && j < sums.length; j++) sums[j] += value * row[j];
      });
      return sums.map((sum, j) => sum * layer.steps[j] + layer.bias[j]);
    };
    const [first, second, toImage, ...blocks] = layers;
    return (latents) => {
      const style = relu(through(second, relu(through(first, Float64Array.from(latents)))));
      let values = Float64Array.from(start);
      for (let k = 0; k < blocks.length; k += 2) {
        const modulation = relu(through(blocks[k + 1], style));
        values = norm(leaky(through(blocks[k], values)));
        values = values.map((v, j) => v * modulation[j] + modulation[values.length + j]);
      }
      return through(toImage, values).map((logit) => Math.round(255 / (1 + Math.exp(-logit))));
    };
  }

  function paint(canvas, pixels) {
    const context = canvas.getContext("2d");
    const image = context.createImageData(canvas.width, canvas.height);
    for (let i = 0; i < pixels.length / 3; i++) {
      image.data.set([pixels[3 * i], pixels[3 * i + 1], pixels[3 * i + 2], 255], 4 * i);
    }
    context.putImageData(image, 0, 0);
  }

  async function panel(element, model) {
    const decode = await decoder(model);
    const sliders = [...element.querySelectorAll("input")];
    const draw = () =>
      paint(element.querySelector("canvas"), decode(sliders.map((s, j) => model.positions[j][s.value])));
    sliders.forEach((slider) => slider.addEventListener("input", draw));
    return (image) => {
      sliders.forEach((slider, j) => (slider.value = model.starts[image][j]));
      draw();
    };
  }

  async function build(figure) {
    figure.classList.add("live-begun");
    const data = JSON.parse(figure.querySelector("script[type='application/json']").textContent);
    const elements = [...figure.querySelectorAll(".live-panel")];
    const begins = await Promise.all(elements.map((element, k) => panel(element, data.models[k])));
    let image = 0;
    const begin = () => {
      figure.querySelector("img").src = data.originals[image];
      begins.forEach((start) => start(image));
    };
    const [back, next] = figure.querySelectorAll("button");
    back.addEventListener("click", begin);
    next.addEventListener("click", () => {
      image = (image + 1) % data.originals.length;
      begin();
    });
    begin();
    figure.classList.add("live-ready");
  }

  document.querySelectorAll(".live-decoder:not(.live-begun)").forEach(build);
})();
