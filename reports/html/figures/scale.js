// Logarithmic axes for the figures, and the pieces of SVG that all of them share.

function tickText(digit, exponent) {
  return exponent >= -2 && exponent <= 3 ? String(Number((digit * 10 ** exponent).toPrecision(1))) : `${digit}e${exponent}`;
}

function powerOfTen(exponent) {
  return tickText(1, exponent);
}

function isPlottable(value) {
  return value !== null && value > 0 && Number.isFinite(value);
}

// Maps [low, high], both exponents of ten, to [from, to]; what lies beyond stays on the edge.
function logScale(low, high, from, to) {
  const at = (value) => {
    const exponent = value > 0 ? Math.log10(value) : low;
    const share = (Math.min(high, Math.max(low, exponent)) - low) / (high - low);
    return from + share * (to - from);
  };
  return { at, ticks: logTicks(low, high), low, high };
}

// At most half a dozen marks: every so many decades, or 1, 2 and 5 where there is hardly more than one decade.
function logTicks(low, high) {
  const stride = Math.max(1, Math.ceil((high - low) / 5));
  const digits = high - low < 1.7 ? [1, 2, 5] : [1];
  const ticks = [];
  for (let exponent = Math.floor(low / stride) * stride; exponent <= high; exponent += stride) {
    for (const digit of digits) {
      const place = exponent + Math.log10(digit);
      if (place >= low && place <= high) ticks.push({ value: 10 ** place, text: tickText(digit, exponent) });
    }
  }
  return ticks;
}

// Exponents around all plottable values, a decade apart at least.
function exponentRange(values) {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (!isPlottable(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) return [-1, 1];
  const [bottom, top] = [Math.log10(low) - 0.1, Math.log10(high) + 0.1];
  return top - bottom < 1 ? [(bottom + top) / 2 - 0.5, (bottom + top) / 2 + 0.5] : [bottom, top];
}

function svgText(kind, x, y, text, side = 'start') {
  return markup`<text class="${kind}" x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${side}">${text}</text>`;
}

function svgLine(kind, [x1, y1], [x2, y2]) {
  return markup`<line class="${kind}" x1="${x1.toFixed(1)}" y1="${y1.toFixed(1)}" x2="${x2.toFixed(1)}" y2="${y2.toFixed(1)}"/>`;
}

// How far below its middle the baseline of small text lies.
const HALF_LETTER = 3.6;

// Horizontal grid lines with labels at the left.
function verticalAxis(scale, left, right) {
  return scale.ticks.map(({ value, text }) => {
    const y = scale.at(value);
    return [svgLine('grid', [left, y], [right, y]), svgText('tick', left - 6, y + HALF_LETTER, text, 'end')];
  });
}

// The dashed line of a limit with its value beyond the right end.
function limitLine(y, left, right, label) {
  return [svgLine('limit', [left, y], [right, y]), svgText('limit-label', right + 4, y + HALF_LETTER, label)];
}

// Path through the points; a null breaks it.
function linePath(points) {
  let pen = 'M';
  return points.map((point) => {
    if (point === null) {
      pen = 'M';
      return '';
    }
    const step = `${pen}${point[0].toFixed(1)} ${point[1].toFixed(1)}`;
    pen = 'L';
    return step;
  }).join('');
}

function bar(x, width, top, bottom, title) {
  return markup`<rect class="bar" x="${x.toFixed(1)}" width="${Math.max(0.5, width).toFixed(1)}" y="${top.toFixed(1)}"
    height="${Math.max(0, bottom - top).toFixed(1)}"><title>${title}</title></rect>`;
}

// A bar on a logarithmic axis: from `base` up or down, or from the bottom where there is no base.
function logBar(x, width, scale, base, value, title) {
  const ends = [scale.at(value), scale.at(base ?? 0)].sort((a, b) => a - b);
  return bar(x, width, ends[0], Math.max(ends[1], ends[0] + 1), title);
}
