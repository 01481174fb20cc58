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
  if (measure === 'ratio') return { stops, low: -1, high: 3, position: Math.log10 };
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
  const { shown, line, lengths, bucket, columns, plot } = figure;
  const bottom = HEATMAP.top + line * shown.length;
  const scale = plot / (columns * bucket);
  let start = 0;
  const prompts = lengths.map((length, prompt) => {
    const [from, wide] = [HEATMAP.left + start * scale, length * scale];
    start += length;
    return markup`${prompt > 0 && markup`<line class="boundary" x1="${from.toFixed(1)}" x2="${from.toFixed(1)}" y1="6" y2="${bottom}"/>`}
      ${wide > 16 && markup`<text class="tick" x="${(from + 4).toFixed(1)}" y="15">${wide > 120 ? `prompt ${prompt}, ${length} tokens` : wide > 62 ? `prompt ${prompt}` : prompt}</text>`}`;
  });
  return markup`<rect class="frame" x="${HEATMAP.left}" y="${HEATMAP.top}" width="${plot}" height="${bottom - HEATMAP.top}"/>
    ${prompts}${heatmapLayers(shown, line)}
    <rect id="heatmap-cursor" class="cursor" x="${HEATMAP.left}" width="${plot}" y="-99" height="${Math.max(2, line)}"/>`;
}

function heatmapLayers(shown, line) {
  let lastLabel = -Infinity;
  return shown.map((row, i) => {
    const starts = i === 0 || shown[i - 1].layer !== row.layer;
    const y = HEATMAP.top + i * line;
    if (!starts || y - lastLabel < 12) return '';
    lastLabel = y;
    const label = row.layer === null ? row.tap : `layer ${row.layer}`;
    return markup`<line class="grid" x1="${HEATMAP.left - 4}" x2="${HEATMAP.left}" y1="${y}" y2="${y}"/>
      <text class="tick" x="${HEATMAP.left - 6}" y="${y + Math.min(line, 12) / 2}" dy="0.32em" text-anchor="end">${label}</text>`;
  });
}

function heatmapLegend({ measure, colours, shown }) {
  const [from, to] = measure === 'ratio' ? [colours.low, colours.high] : [0, 1];
  const place = (exponent) => (100 * (exponent - colours.low)) / (colours.high - colours.low);
  const ticks = [];
  for (let exponent = Math.ceil(colours.low); exponent <= colours.high; exponent += 1) ticks.push(exponent);
  const limit = number(shown[0].worst_token_limit);
  return markup`<div class="ramp" style="background:${rampGradient(colours.stops, from, to)}">
      ${ticks.map((exponent) => markup`<span style="left:${place(exponent)}%">${rampEnd(measure, colours, exponent)}${powerOfTen(exponent)}</span>`)}
      ${measure === 'ratio' && markup`<span class="ramp-limit" style="left:${place(Math.log10(limit))}%">limit ${limit}</span>`}
    </div><span class="ramp-absent">no values</span>`;
}

// R beyond the ramp has the colour of its end.
function rampEnd(measure, colours, exponent) {
  if (measure !== 'ratio') return '';
  return { [colours.low]: '≤ ', [colours.high]: '≥ ' }[exponent] ?? '';
}

// The cell under a point of the figure.
function heatmapCellAt(figure, x, y) {
  const row = Math.floor((y - HEATMAP.top) / figure.line);
  const column = Math.floor(((x - HEATMAP.left) / figure.plot) * figure.columns);
  if (row < 0 || row >= figure.shown.length || column < 0 || column >= figure.columns) return null;
  return { row: figure.shown[row], line: row, column, value: figure.values[row]?.[column] ?? null };
}
