// Layer × token: one line a tap in graph order, one column a bucket of tokens, drawn on a canvas.

const HEATMAP = { left: 66, right: 40, top: 22, bottom: 6, tallest: 560 };

function heatmapFigure(shown, measure, width) {
  const values = shown.map((row) => tokenValues(row, measure));
  const sample = shown.find((row, i) => values[i]);
  if (!sample) return null;
  const columns = Math.max(...values.map((line) => line?.length ?? 0));
  const plot = width - HEATMAP.left - HEATMAP.right;
  const line = Math.max(1, Math.min(18, Math.floor(HEATMAP.tallest / shown.length)));
  return {
    shown, values, measure, columns, plot, line, width,
    height: HEATMAP.top + line * shown.length + HEATMAP.bottom,
    bucket: sample.profile.bucket,
    lengths: promptLengths(sample.profile, columns),
    colours: heatmapColours(values, measure),
  };
}

// Positions on the ramp: log10 R itself, or the share of the range of all errors.
function heatmapColours(values, measure) {
  const stops = rampStops(measure);
  if (measure !== 'rel_l2') return { stops, low: -1, high: 3, position: Math.log10 };
  const [low, high] = exponentRange(function* () { for (const line of values) if (line) yield* line; }());
  return { stops, low, high, position: (value) => (Math.log10(value) - low) / (high - low) };
}

function drawHeatmap(container, figure) {
  const { width, height } = figure;
  show(container, markup`<canvas style="width:${width}px;height:${height}px"></canvas>
    <svg width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">${heatmapFrame(figure)}</svg>`);
  const canvas = container.querySelector('canvas');
  const density = window.devicePixelRatio || 1;
  canvas.width = Math.round(width * density);
  canvas.height = Math.round(height * density);
  const context = canvas.getContext('2d');
  context.scale(density, density);
  context.imageSmoothingEnabled = false;
  context.drawImage(heatmapCells(figure), HEATMAP.left, HEATMAP.top, figure.plot, figure.line * figure.shown.length);
}

// A small canvas with one pixel a cell; where columns outnumber pixels, the worst of each pixel shows.
function heatmapCells({ values, columns, plot, colours }) {
  const merge = Math.max(1, Math.ceil(columns / plot));
  const across = Math.ceil(columns / merge);
  const cells = document.createElement('canvas');
  cells.width = across;
  cells.height = values.length;
  const context = cells.getContext('2d');
  const image = context.createImageData(across, values.length);
  values.forEach((line, y) => {
    for (let x = 0; line && x < across; x += 1) {
      const worst = Math.max(...line.slice(x * merge, (x + 1) * merge));
      image.data.set([...rampColour(colours.stops, colours.position(worst)), 255], 4 * (y * across + x));
    }
  });
  context.putImageData(image, 0, 0);
  return cells;
}

function heatmapFrame(figure) {
  const { shown, line, plot } = figure;
  return markup`<rect class="frame" x="${HEATMAP.left}" y="${HEATMAP.top}" width="${plot}" height="${line * shown.length}"/>
    ${heatmapPrompts(figure)}${heatmapLayers(shown, line)}
    <rect id="heatmap-cursor" class="cursor" x="${HEATMAP.left}" width="${plot}" y="-99" height="${Math.max(2, line)}"/>`;
}

function heatmapPrompts({ shown, line, lengths, bucket, columns, plot }) {
  const scale = plot / (columns * bucket);
  let start = 0;
  return lengths.map((length, prompt) => {
    const [x, wide] = [HEATMAP.left + start * scale, length * scale];
    start += length;
    const name = wide > 62 ? `prompt ${prompt}` : prompt;
    return [
      prompt > 0 && svgLine('boundary', [x, 6], [x, HEATMAP.top + line * shown.length]),
      wide > 16 && svgText('tick', x + 4, 15, wide > 120 ? `${name}, ${length} tokens` : name),
    ];
  });
}

function heatmapLayers(shown, line) {
  let lastLabel = -Infinity;
  return shown.map((row, i) => {
    const starts = i === 0 || shown[i - 1].layer !== row.layer;
    const y = HEATMAP.top + i * line;
    if (!starts || y - lastLabel < 12) return '';
    lastLabel = y;
    const name = row.layer === null ? row.tap : `layer ${row.layer}`;
    return [
      svgLine('grid', [HEATMAP.left - 4, y], [HEATMAP.left, y]),
      svgText('tick', HEATMAP.left - 6, y + Math.min(line, 12) / 2 + HALF_LETTER, name, 'end'),
    ];
  });
}

function heatmapLegend({ measure, colours, shown }) {
  const [from, to] = measure !== 'rel_l2' ? [colours.low, colours.high] : [0, 1];
  const place = (exponent) => `left:${(100 * (exponent - colours.low)) / (colours.high - colours.low)}%`;
  const ticks = [];
  for (let exponent = Math.ceil(colours.low); exponent <= colours.high; exponent += 1) {
    const text = rampEnd(measure, colours, exponent) + powerOfTen(exponent);
    ticks.push(markup`<span style="${place(exponent)}">${text}</span>`);
  }
  const limit = number(shown[0].worst_token_limit);
  const limitTick = markup`<span class="ramp-limit" style="${place(Math.log10(limit))}">limit ${limit}</span>`;
  return markup`<div class="ramp" style="background:${rampGradient(colours.stops, from, to)}">
    ${ticks}${measure !== 'rel_l2' && limitTick}</div><span class="ramp-absent">no values</span>`;
}

// R beyond the ramp has the colour of its end.
function rampEnd(measure, colours, exponent) {
  if (measure === 'rel_l2') return '';
  return { [colours.low]: '≤ ', [colours.high]: '≥ ' }[exponent] ?? '';
}

// The cell under a point of the figure.
function heatmapCellAt(figure, x, y) {
  const row = Math.floor((y - HEATMAP.top) / figure.line);
  const column = Math.floor(((x - HEATMAP.left) / figure.plot) * figure.columns);
  if (row < 0 || row >= figure.shown.length || column < 0 || column >= figure.columns) return null;
  return { row: figure.shown[row], line: row, column, value: figure.values[row]?.[column] ?? null };
}
