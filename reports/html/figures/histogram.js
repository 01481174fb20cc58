// Histogram of |error| with both axes logarithmic, so that a few elements far out are seen as well.
// Bars are the candidate, the outline is the floor; what is exactly equal stands apart at the left.

const HISTOGRAM = { width: 340, height: 160, left: 40, right: 8, top: 20, bottom: 26, exact: 34, negligible: 1e-4 };

function histogramFigure(row) {
  const ours = histogramSeries(row.histogram.candidate, row.histogram.candidate_zeros);
  const theirs = payload.has_floor && histogramSeries(row.histogram.floor, row.histogram.floor_zeros);
  const edges = payload.edges[row.histogram.edges];
  const bins = histogramBins(ours, theirs, edges);
  const [first, last] = [bins[0], bins[bins.length - 1] + 1];
  const right = HISTOGRAM.width - HISTOGRAM.right;
  const start = HISTOGRAM.left + HISTOGRAM.exact;
  const x = (i) => start + ((i - first) / (last - first)) * (right - start);
  const tallest = Math.max(10, ...ours.counts, ours.zeros, ...(theirs ? [...theirs.counts, theirs.zeros] : []));
  const bottom = HISTOGRAM.height - HISTOGRAM.bottom;
  const scale = logScale(-0.3, Math.log10(tallest), bottom, HISTOGRAM.top);
  return markup`<svg viewBox="0 0 ${HISTOGRAM.width} ${HISTOGRAM.height}" role="img" aria-label="histogram of absolute error">
    ${verticalAxis(scale, HISTOGRAM.left, right)}
    ${logBar(HISTOGRAM.left + 3, 24, scale, null, ours.zeros, `${countText(ours.zeros)} elements are exact`)}
    ${bins.map((i) => logBar(x(i) + 0.5, x(i + 1) - x(i) - 1, scale, null, ours.counts[i], binTitle(ours, edges, i, first)))}
    ${theirs && markup`<path class="floor-outline" d="${floorOutline(theirs, bins, first, x, scale)}"/>`}
    ${histogramLabels(edges, bins, x, bottom)}${thresholdMark(row, edges, first, last, x)}</svg>`;
}

function histogramSeries(counts, zeros) {
  return { counts: [...counts], zeros };
}

// Bins that hold something; the long thin tail of small errors is gathered in the lowest bin shown.
function histogramBins(ours, theirs, edges) {
  const both = ours.counts.map((count, i) => count + (theirs ? theirs.counts[i] : 0));
  const total = both.reduce((a, b) => a + b, 0);
  if (!total) return both.map((_, i) => i).filter((i) => Math.abs(edges[i] + 4) <= 4);
  let first = 0;
  for (let below = both[0]; below <= HISTOGRAM.negligible * total; below += both[first]) first += 1;
  let last = both.length - 1;
  while (!both[last]) last -= 1;
  for (const series of theirs ? [ours, theirs] : [ours]) {
    series.counts[first] = series.counts.slice(0, first + 1).reduce((a, b) => a + b, 0);
  }
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

function countText(count) {
  return count.toLocaleString('en');
}

function binTitle(series, edges, i, first) {
  const edge = (exponent) => (10 ** exponent).toPrecision(2);
  return `${countText(series.counts[i])} elements ${i === first ? 'up' : `from ${edge(edges[i])}`} to ${edge(edges[i + 1])}`;
}

function floorOutline(series, bins, first, x, scale) {
  const y = (count) => scale.at(count).toFixed(1);
  const steps = bins.map((i) => {
    const start = i === first ? 'M' : 'L';
    return `${start}${x(i).toFixed(1)} ${y(series.counts[i])}H${x(i + 1).toFixed(1)}`;
  });
  return `M${HISTOGRAM.left + 2} ${y(series.zeros)}h26${steps.join('')}`;
}

function histogramLabels(edges, bins, x, bottom) {
  const decades = bins.filter((i) => Number.isInteger(edges[i]) && x(i) > HISTOGRAM.left + HISTOGRAM.exact + 20);
  const every = Math.ceil(decades.length / 6);
  const labelled = decades.filter((_, i) => i % every === 0);
  return [
    svgLine('axis', [HISTOGRAM.left, bottom], [HISTOGRAM.width - HISTOGRAM.right, bottom]),
    svgText('tick', HISTOGRAM.left + 15, bottom + 16, 'exact', 'middle'),
    labelled.map((i) => svgText('tick', x(i), bottom + 16, powerOfTen(edges[i]), 'middle')),
  ];
}

// The threshold of the flag, where it watches an absolute error.
function thresholdMark(row, edges, first, last, x) {
  if (!row.flag_metric.endsWith('_abs')) return '';
  const exponent = Math.log10(number(row.flag_threshold));
  if (exponent < edges[first] || exponent > edges[last]) return '';
  const at = x(first) + ((exponent - edges[first]) / (edges[last] - edges[first])) * (x(last) - x(first));
  const side = at > 0.75 * HISTOGRAM.width ? 'end' : 'middle';
  return [
    svgLine('limit', [at, HISTOGRAM.top - 6], [at, HISTOGRAM.height - HISTOGRAM.bottom]),
    svgText('limit-label', at, HISTOGRAM.top - 8, `${row.flag_metric} ${row.flag_threshold}`, side),
  ];
}
