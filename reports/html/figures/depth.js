// Error against depth: three panels over one axis of taps in graph order.
//
// The shaded area is the noise floor, dashed lines are limits. Points are matches and rounding, diamonds fail; bars
// through a whole panel mark taps without a number (missing, not finite, shape …).

const DEPTH = { left: 66, right: 40, panel: 128, gap: 32, top: 40, bottom: 26 };

function depthPanels(shown) {
  const flagMetric = shown.find((row) => columnAt.has(row.flag_metric))?.flag_metric ?? 'mean_abs';
  const panels = [
    {
      title: 'rel-L2 from the truth (shaded: noise floor)',
      value: (row) => metric(row, 'rel_l2'),
      floor: (row) => number(row.floor_rel_l2),
      limits: [],
    },
    {
      title: `${flagMetric} (dashed: flagged above)`,
      value: (row) => (row.flag_metric === flagMetric ? number(row.flag_value) : metric(row, flagMetric)),
      limits: [(row) => (row.flag_metric === flagMetric ? number(row.flag_threshold) : null)],
    },
  ];
  if (!payload.has_floor) return [{ ...panels[0], title: 'rel-L2 from the truth', floor: null }, panels[1]];
  const ratio = {
    title: 'R, median over tokens (dotted: worst token)',
    value: (row) => metric(row, 'noise_ratio'),
    upper: (row) => metric(row, 'worst_token_noise_ratio'),
    limits: [
      (row) => number(row.noise_limit),
      (row) => number(row.worst_token_limit),
    ],
  };
  return [ratio, ...panels];
}

function depthFigure(shown, width) {
  const panels = depthPanels(shown);
  const height = DEPTH.top + panels.length * (DEPTH.panel + DEPTH.gap) - DEPTH.gap + DEPTH.bottom;
  const axis = tapAxis(shown.length, width, DEPTH);
  const bodies = panels.map((panel, i) => {
    const top = DEPTH.top + i * (DEPTH.panel + DEPTH.gap);
    return depthPanel(panel, shown, { ...axis, top, bottom: top + DEPTH.panel });
  });
  const bottom = height - DEPTH.bottom;
  const content = markup`<svg width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">
    ${layerBands(shown, { ...axis, top: DEPTH.top, bottom })}${bodies}${firstMark(shown, axis.x, height)}
    <line id="depth-cursor" class="cursor" y1="${DEPTH.top}" y2="${bottom}" x1="-9" x2="-9"/></svg>`;
  return { content, indexAt: axis.indexAt, x: axis.x };
}

function depthPanel(panel, shown, frame) {
  const read = [panel.value, panel.floor, panel.upper, ...panel.limits].filter(Boolean);
  const scale = logScale(...exponentRange(shown.flatMap((row) => read.map((value) => value(row)))), frame.bottom, frame.top);
  const points = (value) => shown.map((row, i) => (value(row) === null ? null : [frame.x(i), scale.at(value(row))]));
  return markup`${svgText('panel-title', DEPTH.left, frame.top - 8, panel.title)}
    ${verticalAxis(scale, DEPTH.left, frame.right)}
    ${panel.floor && floorArea(points(panel.floor), frame)}
    ${panel.upper && markup`<path class="upper" d="${linePath(points(panel.upper))}"/>`}
    <path class="trace" d="${linePath(points(panel.value))}"/>
    ${withoutNumber(shown, panel, frame)}${statusPoints(shown, points(panel.value), frame)}
    ${panel.limits.map((limit) => limitSteps(limit, shown, scale, frame))}`;
}

function floorArea(points, frame) {
  const known = points.filter(Boolean);
  if (!known.length) return '';
  const [first, last] = [known[0], known[known.length - 1]];
  const edge = linePath(known);
  return markup`<path class="floor" d="${edge}L${last[0]} ${frame.bottom}L${first[0]} ${frame.bottom}Z"/>
    <path class="floor-edge" d="${edge}"/>`;
}

function withoutNumber(shown, panel, frame) {
  return shown.map((row, i) => panel.value(row) === null && row.status !== 'match' &&
    markup`<rect class="without-number" data-status="${row.status}" x="${(frame.x(i) - 1.5).toFixed(1)}" y="${frame.top}"
      width="3" height="${frame.bottom - frame.top}"/>`);
}

function statusPoints(shown, points, frame) {
  const radius = Math.max(1.6, Math.min(3, frame.step * 0.4));
  const paths = new Map();
  shown.forEach((row, i) => {
    if (points[i] === null) return;
    const shape = `${row.status}${row.fails ? '!' : ''}`;
    const [x, y] = points[i].map((value) => Number(value.toFixed(1)));
    const r = radius * 1.5;
    const mark = row.fails ? `M${x} ${y - r}l${r} ${r}l${-r} ${r}l${-r} ${-r}Z` : `M${x} ${y}h0`;
    paths.set(shape, (paths.get(shape) ?? '') + mark);
  });
  return [...paths].map(([shape, d]) => {
    const fails = shape.endsWith('!');
    const style = fails ? '' : `stroke-width:${(2 * radius).toFixed(1)}`;
    return markup`<path class="${fails ? 'diamond' : 'dot'}" data-status="${shape.replace('!', '')}" style="${style}" d="${d}"/>`;
  });
}

// The first failing tap of the phase; where it isn't among those shown, the place where it would stand.
function firstMark(shown, x, height) {
  const first = rows.find((row) => row.phase === shown[0].phase && row.fails);
  if (!first) return '';
  const following = shown.findIndex((row) => row.index >= first.index);
  const at = following < 0 ? shown.length - 1 : following;
  const label = shown[at] === first ? `first: ${first.tap}` : `first: ${first.tap} (not shown here)`;
  const end = at > shown.length / 2;
  return [
    svgLine('first', [x(at), 4], [x(at), height - DEPTH.bottom]),
    svgText('first-label', x(at) + (end ? -5 : 5), 12, label, end ? 'end' : 'start'),
  ];
}
