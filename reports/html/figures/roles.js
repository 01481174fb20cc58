// Where error is born and where it grows, over one axis of taps in graph order.
//
// Upper panel, in units of noise: a stem with a diamond is an operation that is wrong itself (a source); columns are
// error that came in and is passed on (carriers) or made larger (amplifiers); dots are operations within noise.
// Lower panel: how much more a right operation enlarges the error than it enlarges noise; triangles are amplifiers.

const ROLES = { left: 66, right: 46, top: 50, panel: 230, gap: 40, growth: 74, bottom: 26, lowest: -1, labels: 6 };

function rolesFigure(shown, width) {
  const axis = tapAxis(shown.length, width, ROLES);
  const births = { ...axis, top: ROLES.top, bottom: ROLES.top + ROLES.panel };
  const growth = { ...axis, top: births.bottom + ROLES.gap, bottom: births.bottom + ROLES.gap + ROLES.growth };
  const grown = shown.some((row) => growthOf(row) !== null);
  const bottom = grown ? growth.bottom : births.bottom;
  const height = bottom + ROLES.bottom;
  const content = markup`<svg width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">
    ${layerBands(shown, { ...axis, top: births.top, bottom })}
    ${birthPanel(shown, births)}${grown && growthPanel(shown, growth)}
    <line id="roles-cursor" class="cursor" y1="${births.top}" y2="${bottom}" x1="-9" x2="-9"/></svg>`;
  return { content, indexAt: axis.indexAt, x: axis.x };
}

function roleOf(row) {
  return row.diagnosis?.role ?? null;
}

// The ratio that decides: the median token's where it is beyond its limit, else the worst token's where that is.
function decidingRatio(row, median, worst) {
  return median > number(row.noise_limit) || !(worst > number(row.worst_token_limit)) ? median : worst;
}

function localRatio(row) {
  if (!row.diagnosis) return null;
  const [median, worst] = [metric(row, 'local_noise_ratio'), number(row.diagnosis.worst_local)];
  return roleOf(row) === 'source' ? decidingRatio(row, median ?? Infinity, worst ?? Infinity) : median;
}

function inheritedRatio(row) {
  if (!row.diagnosis) return null;
  const [median, worst] = [metric(row, 'inherited_noise_ratio'), number(row.diagnosis.worst_inherited)];
  return roleOf(row) === 'clean' ? median : decidingRatio(row, median ?? Infinity, worst ?? Infinity);
}

function birthPanel(shown, frame) {
  const limit = (row) => number(row.noise_limit);
  const [, high] = exponentRange(shown.flatMap((row) => [localRatio(row), inheritedRatio(row), limit(row), 10]));
  const scale = logScale(ROLES.lowest, high, frame.bottom, frame.top);
  const noise = scale.at(1);
  return markup`${svgText('panel-title', 2, 14, 'R of what each operation does wrong, and of what came in')}
    ${verticalAxis(scale, frame.left, frame.right)}
    ${svgLine('noise', [frame.left, noise], [frame.right, noise])}
    ${svgText('tick', frame.right + 4, noise + HALF_LETTER, 'noise')}
    ${inheritedColumns(shown, scale, frame)}${limitSteps(limit, shown, scale, frame)}
    ${localDots(shown, scale, frame)}${sourceStems(shown, scale, frame)}`;
}

// Side by side they have no seams, so that an error that is passed on looks like one plateau.
function inheritedColumns(shown, scale, frame) {
  const [paths, noise, half] = [new Map(), scale.at(1), frame.step / 2];
  shown.forEach((row, i) => {
    const [role, value] = [roleOf(row), inheritedRatio(row)];
    if (role === null || role === 'clean' || !(value > number(row.noise_limit))) return;
    const kind = role === 'amplifier' ? 'amplifier' : 'carrier';
    const [left, right] = [frame.x(i) - half, frame.x(i) + half].map((x) => x.toFixed(2));
    const d = `M${left} ${noise.toFixed(1)}V${scale.at(value).toFixed(1)}H${right}V${noise.toFixed(1)}Z`;
    paths.set(kind, (paths.get(kind) ?? '') + d);
  });
  return [...paths].map(([kind, d]) => markup`<path class="column" data-role="${kind}" d="${d}"/>`);
}

function localDots(shown, scale, frame) {
  const radius = Math.max(0.9, Math.min(2.2, frame.step * 0.3));
  const d = shown.map((row, i) => {
    const value = localRatio(row);
    if (value === null || roleOf(row) === 'source') return '';
    return `M${frame.x(i).toFixed(1)} ${scale.at(value).toFixed(1)}h0`;
  });
  return markup`<path class="local-dot" style="stroke-width:${(2 * radius).toFixed(1)}" d="${d.join('')}"/>`;
}

function sourceStems(shown, scale, frame) {
  const noise = scale.at(1);
  const width = Math.max(2, Math.min(5, frame.step * 0.4));
  const r = Math.max(4, Math.min(6.5, frame.step * 0.6));
  const sources = [];
  shown.forEach((row, i) => {
    if (roleOf(row) === 'source') sources.push({ row, x: frame.x(i), y: scale.at(localRatio(row)) });
  });
  const stems = sources.map(({ x, y }) => `M${x.toFixed(1)} ${noise.toFixed(1)}V${y.toFixed(1)}`).join('');
  const blamed = sources.filter(({ row }) => payload.sources.includes(row.index));
  const innocent = sources.filter((source) => !blamed.includes(source));
  const diamonds = (some) => some.map(({ x, y }) => `M${x.toFixed(1)} ${(y - r).toFixed(1)}l${r} ${r}l${-r} ${r}l${-r} ${-r}Z`).join('');
  return markup`<path class="stem-halo" style="stroke-width:${(width + 3).toFixed(1)}" d="${stems}"/>
    <path class="stem" style="stroke-width:${width.toFixed(1)}" d="${stems}"/>
    <path class="source-mark innocent" d="${diamonds(innocent)}"/><path class="source-mark" d="${diamonds(blamed)}"/>
    ${sourceLabels(blamed, frame, r)}`;
}

// Names beside the marks of the costliest sources, each where it covers no other; the rest say theirs on hover.
function sourceLabels(sources, frame, r) {
  const taken = [];
  const ranked = [...sources].sort((a, b) => payload.sources.indexOf(a.row.index) - payload.sources.indexOf(b.row.index));
  return ranked.slice(0, ROLES.labels).map(({ row, x, y }) => {
    const text = `${row.tap}: R ${localText(row)}`;
    const wide = text.length * 6.6;
    const end = x + r + wide > frame.right;
    const [left, right] = end ? [x - r - wide, x - r] : [x + r, x + r + wide];
    const free = [y - r - 3, y + HALF_LETTER, y - r - 18, y + 18]
      .find((at) => at > 24 && taken.every((box) => box.right < left || box.left > right || Math.abs(box.at - at) > 14));
    if (free === undefined) return '';
    taken.push({ left, right, at: free });
    return svgText('source-label', end ? right - 2 : left + 2, free, text, end ? 'end' : 'start');
  });
}

function localText(row) {
  const median = cell(row, 'local_noise_ratio');
  return localRatio(row) === number(median) ? median : `${row.diagnosis.worst_local} at the worst token`;
}

// Only taps that an error came into have a growth worth a mark; for the others it is noise over noise.
function growthOf(row) {
  return ['carrier', 'amplifier'].includes(roleOf(row)) ? number(row.diagnosis.growth) : null;
}

function growthPanel(shown, frame) {
  const scale = logScale(...exponentRange([...shown.map(growthOf), 0.7, 4]), frame.bottom, frame.top);
  const one = scale.at(1);
  const paths = new Map();
  shown.forEach((row, i) => {
    if (growthOf(row) === null) return;
    const kind = roleOf(row) === 'amplifier' ? 'amplifier' : 'carrier';
    paths.set(kind, (paths.get(kind) ?? '') + `M${frame.x(i).toFixed(1)} ${one.toFixed(1)}V${scale.at(growthOf(row)).toFixed(1)}`);
  });
  const width = Math.max(1.5, Math.min(4, frame.step * 0.35)).toFixed(1);
  return markup`${svgText('panel-title', 2, frame.top - 10, 'Gain of the error ÷ gain of noise, where an error came in')}
    ${verticalAxis(scale, frame.left, frame.right)}${svgLine('noise', [frame.left, one], [frame.right, one])}
    ${[...paths].map(([kind, d]) => markup`<path class="growth" data-role="${kind}" style="stroke-width:${width}" d="${d}"/>`)}
    ${limitLine(scale.at(payload.amplifies), frame.left, frame.right, payload.amplifies)}
    ${amplifierMarks(shown, scale, frame)}`;
}

function amplifierMarks(shown, scale, frame) {
  const r = Math.max(3.5, Math.min(6, frame.step * 0.5));
  const d = shown.map((row, i) => {
    if (roleOf(row) !== 'amplifier' || growthOf(row) === null) return '';
    const [x, y] = [frame.x(i), scale.at(growthOf(row))];
    return `M${x.toFixed(1)} ${(y - r).toFixed(1)}l${r} ${2 * r}h${-2 * r}Z`;
  });
  return markup`<path class="amplifier-mark" d="${d.join('')}"/>`;
}
