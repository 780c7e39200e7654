// Dense decoders of `lib.networks` in the page: sliders in, an image out. A cell of a
// model's NMI matrix chooses a latent, whose slider then goes through its values.
(() => {
  const SLOPE = 0.2;
  const EPSILON = 1e-6;
  const RUN_MS = 2200;

  const relu = (values) => values.map((v) => Math.max(v, 0));
  const leaky = (values) => values.map((v) => (v < 0 ? SLOPE * v : v));

  function norm(values) {
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length;
    return values.map((v) => (v - mean) / Math.sqrt(variance + EPSILON));
  }

  // What the layers before the last one make of latents, by the kind of decoder.
  const HIDDEN = {
    StyleMLPDecoder: ([start], [first, second, ...blocks], through) => (latents) => {
      const style = relu(through(second, relu(through(first, latents))));
      let values = start;
      for (let k = 0; k < blocks.length; k += 2) {
        if (k) values = norm(leaky(through(blocks[k - 1], values)));
        const modulation = relu(through(blocks[k], style));
        values = values.map((v, j) => v * modulation[j] + modulation[values.length + j]);
      }
      return values;
    },
    MLPDecoder: (constants, layers, through) => (latents) =>
      layers.reduce((values, layer, k) => {
        const [scale, bias] = constants.slice(2 * k, 2 * k + 2);
        return relu(norm(through(layer, values)).map((v, j) => v * scale[j] + bias[j]));
      }, latents),
  };

  // From the amplitudes of cosine waves to what they add up to, one axis after the other.
  function inverseCosine(values, shape) {
    let stride = values.length;
    for (const size of shape) {
      stride /= size;
      const wave = (k, x) => Math.sqrt((k ? 2 : 1) / size) * Math.cos((Math.PI * (x + 0.5) * k) / size);
      const waves = Array.from({ length: size }, (_, x) => Float64Array.from({ length: size }, (_, k) => wave(k, x)));
      values = values.map((_, at) => {
        const x = Math.floor(at / stride) % size;
        return waves[x].reduce((sum, height, k) => sum + height * values[at + (k - x) * stride], 0);
      });
    }
    return values;
  }

  async function inflated(text) {
    const packed = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Response(stream).arrayBuffer();
  }

  // What stands where in the buffer is told by `packed_decoder.py`.
  async function decoder(model, shape) {
    const buffer = await inflated(model.weights);
    let at = 0;
    const floats = (length) => {
      at += 4 * length;
      return new Float32Array(buffer, at - 4 * length, length);
    };
    const constants = model.constants.map((length) => Float64Array.from(floats(length)));
    const layers = model.layers.map(([inputs, outputs]) => ({ scales: floats(inputs), bias: floats(outputs) }));
    const codes = new Uint8Array(buffer, at);
    let read = 0;
    for (const layer of layers) {
      layer.kernel = Int16Array.from({ length: layer.scales.length * layer.bias.length }, () => {
        const code = codes[read] | (codes[codes.length / 2 + read++] << 8);
        return code & 1 ? -(code + 1) / 2 : code / 2;
      });
    }
    const through = (layer, values) => {
      const sums = Float64Array.from(layer.bias);
      values.forEach((value, i) => {
        const scaled = value * layer.scales[i];
        const row = i * sums.length;
        for (let j = 0; scaled && j < sums.length; j++) sums[j] += scaled * layer.kernel[row + j];
      });
      return sums;
    };
    const toImage = layers.pop();
    const hidden = HIDDEN[model.kind](constants, layers, through);
    return (latents) => {
      const logits = inverseCosine(through(toImage, hidden(Float64Array.from(latents))), shape);
      return logits.map((logit) => Math.round(255 / (1 + Math.exp(-logit))));
    };
  }

  // Pixels are of three channels, or grey.
  function paint(canvas, pixels) {
    const context = canvas.getContext("2d");
    const image = context.createImageData(canvas.width, canvas.height);
    const channels = pixels.length / (canvas.width * canvas.height);
    for (let i = 0; i < pixels.length; i += channels) {
      const [green, blue] = channels === 1 ? [i, i] : [i + 1, i + 2];
      image.data.set([pixels[i], pixels[green], pixels[blue], 255], (4 * i) / channels);
    }
    context.putImageData(image, 0, 0);
  }

  // The picture of a page without scripts, as a canvas.
  function canvasOf(picture, [height, width]) {
    const canvas = Object.assign(document.createElement("canvas"), { width, height });
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", picture.alt);
    picture.replaceWith(canvas);
    return canvas;
  }

  // One cell of a matrix can be reached by the tab key, the others from there by arrows.
  function matrix(table, choose) {
    table.setAttribute("role", "grid");
    const rows = [...table.tBodies[0].rows].map((row) => [...row.querySelectorAll("button")]);
    let [row, column] = [0, 0];
    const stand = (down, across) => {
      rows[row][column].tabIndex = -1;
      row = Math.min(Math.max(down, 0), rows.length - 1);
      column = Math.min(Math.max(across, 0), rows[0].length - 1);
      rows[row][column].tabIndex = 0;
    };
    const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    rows.forEach((cells, down) =>
      cells.forEach((cell, across) => {
        cell.addEventListener("click", () => {
          stand(down, across);
          choose(across);
        });
        cell.addEventListener("keydown", (event) => {
          const ways = { ...steps, Home: [0, -across], End: [0, cells.length] };
          if (!(event.key in ways)) return;
          event.preventDefault();
          stand(down + ways[event.key][0], across + ways[event.key][1]);
          rows[row][column].focus();
        });
      }),
    );
    stand(0, 0);
    const heads = [...table.tHead.rows[0].cells].slice(1);
    return {
      mark: (latent) =>
        [heads, ...rows.map((cells) => cells.map((cell) => cell.parentElement))].forEach((cells) =>
          cells.forEach((cell, at) => cell.classList.toggle("moved", at === latent)),
        ),
      focus: (latent) => {
        stand(row, latent);
        rows[row][column].focus();
      },
    };
  }

  async function panel(element, model, shape) {
    const decode = await decoder(model, shape);
    const canvas = canvasOf(element.querySelector("img"), shape);
    const sliders = [...element.querySelectorAll("input")];
    const note = element.querySelector(".live-note");
    const draw = () => paint(canvas, decode(sliders.map((slider, j) => model.positions[j][slider.value])));
    let turn = 0;
    const name = (latent) => {
      table.mark(latent);
      if (note.textContent !== model.notes[latent]) note.textContent = model.notes[latent];
    };
    const run = async (latent) => {
      const mine = ++turn;
      const [slider, start] = [sliders[latent], Number(sliders[latent].value)];
      const last = Number(slider.max);
      const stops = Array.from({ length: 2 * last }, (_, k) => (start + k + 1) % (2 * last));
      for (const stop of stops) {
        await new Promise((resolve) => setTimeout(resolve, RUN_MS / stops.length));
        if (mine !== turn) return;
        slider.value = stop > last ? 2 * last - stop : stop;
        draw();
      }
    };
    const table = matrix(element.querySelector("table"), (latent) => {
      name(latent);
      sliders[latent].focus({ preventScroll: true });
      if (!matchMedia("(prefers-reduced-motion: reduce)").matches) run(latent);
    });
    sliders.forEach((slider, latent) => {
      slider.addEventListener("input", () => {
        turn++;
        name(latent);
        draw();
      });
      slider.addEventListener("keydown", (event) => event.key === "Escape" && table.focus(latent));
    });
    return (image) => {
      turn++;
      sliders.forEach((slider, j) => (slider.value = model.starts[image][j]));
      draw();
    };
  }

  async function build(figure) {
    figure.classList.add("live-begun");
    const data = JSON.parse(figure.querySelector("script[type='application/json']").textContent);
    const elements = [...figure.querySelectorAll(".live-panel")];
    const begins = await Promise.all(elements.map((element, k) => panel(element, data.models[k], data.shape)));
    let image = 0;
    const begin = () => {
      figure.querySelector("img").src = data.originals[image];
      begins.forEach((start) => start(image));
    };
    const [back, next] = figure.querySelectorAll(".live-image button");
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
