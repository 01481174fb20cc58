// What figures over all taps share: one axis of taps in graph order, bands of layers, and limits in steps.
//
// A frame holds `x`, the middle of a tap, `step`, the width of one, and the edges `left`, `right`, `top` and `bottom`.

function tapAxis(count, width, { left, right }) {
  const step = (width - left - right) / count;
  return {
    left,
    right: width - right,
    step,
    x: (i) => left + (i + 0.5) * step,
    indexAt: (offset) => Math.min(count - 1, Math.max(0, Math.floor((offset - left) / step))),
  };
}

// A limit may differ from tap to tap, so it is drawn in steps.
function limitSteps(limit, shown, scale, frame) {
  const values = shown.map(limit);
  const runs = [];
  values.forEach((value, i) => {
    if (value === null) return;
    const last = runs[runs.length - 1];
    if (last && last.value === value && last.end === i - 1) last.end = i;
    else runs.push({ value, start: i, end: i });
  });
  const half = frame.step / 2;
  return runs.map((run, i) => {
    const label = i === runs.length - 1 && run.end === shown.length - 1 ? run.value : '';
    return limitLine(scale.at(run.value), frame.x(run.start) - half, frame.x(run.end) + half, label);
  });
}

// Alternate shading of the layers, with numbers where there is room.
function layerBands(shown, frame) {
  const layers = [];
  shown.forEach((row, i) => {
    const last = layers[layers.length - 1];
    if (last && last.layer === row.layer) last.end = i;
    else layers.push({ layer: row.layer, start: i, end: i });
  });
  const { step, left, top, bottom } = frame;
  const every = Math.max(1, Math.ceil(22 / (step * (shown.length / layers.length))));
  const roomy = every === 1 && layers.length < 16 && step * shown.length > 500;
  return layers.filter(({ layer }) => layer !== null).map(({ layer, start, end }) => {
    const [from, to] = [left + start * step, left + (end + 1) * step];
    return [
      layer % 2 === 0 && markup`<rect class="band" x="${from.toFixed(1)}" width="${(to - from).toFixed(1)}"
        y="${top}" height="${bottom - top}"/>`,
      layer % every === 0 && svgText('tick', (from + to) / 2, bottom + 16, roomy ? `layer ${layer}` : layer, 'middle'),
    ];
  });
}
