// The two figures over all taps: which rows they show, and what pointer and keyboard do in them.

const overview = {
  phase: rows[payload.first]?.phase ?? payload.phases[0],
  kind: '',
  measure: payload.has_floor ? 'ratio' : 'rel_l2',
};
// Figures over all taps by the id of their element; the page of a run that was not taken apart has no roles.
const TAP_FIGURES = { roles: rolesFigure, depth: depthFigure };
const drawn = { shown: [], heatmap: null, roles: null, depth: null };

const BLOCK_KINDS = ['attn_out', 'mlp_out', 'resid_mid', 'resid_out'];
const GROUPS = [
  { value: '', label: 'all', keeps: () => true },
  { value: 'stream', label: 'residual stream', keeps: (row) => row.layer === null || row.kind.startsWith('resid') },
  { value: 'blocks', label: 'block outputs', keeps: (row) => row.layer === null || BLOCK_KINDS.includes(row.kind) },
];
const MANY_TAPS = 600;

function shownRows() {
  const group = GROUPS.find(({ value }) => value === overview.kind);
  const keeps = group ? group.keeps : (row) => row.kind === overview.kind;
  return rows.filter((row) => row.phase === overview.phase && keeps(row));
}

// Sources and amplifiers are what the picture of roles is about, so no choice of taps hides them.
function shownInRoles() {
  const keeps = new Set(drawn.shown);
  const telling = (row) => row.phase === overview.phase && ['source', 'amplifier'].includes(roleOf(row));
  return rows.filter((row) => keeps.has(row) || telling(row));
}

function redraw() {
  drawn.shown = shownRows();
  for (const id of Object.keys(TAP_FIGURES)) redrawTaps(id);
  redrawHeatmap();
}

function redrawTaps(id) {
  const container = element(id);
  if (!container) return;
  const shown = id === 'roles' ? shownInRoles() : drawn.shown;
  drawn[id] = shown.length ? { ...TAP_FIGURES[id](shown, container.clientWidth), shown, cursor: 0 } : null;
  show(container, drawn[id] ? drawn[id].content : 'no tap of this kind in this phase');
  element(`${id}-caption`).textContent = CAPTIONS[id];
}

function redrawHeatmap() {
  const container = element('heatmap');
  drawn.heatmap = drawn.shown.length ? heatmapFigure(drawn.shown, overview.measure, container.clientWidth) : null;
  show(element('heatmap-legend'), drawn.heatmap ? heatmapLegend(drawn.heatmap) : '');
  element('heatmap-caption').textContent = drawn.heatmap ? heatmapCaption(overview.measure, drawn.heatmap.bucket) : '';
  if (drawn.heatmap) drawHeatmap(container, drawn.heatmap);
  else show(container, 'no values by token here');
}

function startSelectors() {
  if (rows.filter((row) => row.phase === overview.phase).length > MANY_TAPS) overview.kind = 'stream';
  const kinds = [...new Set(rows.map((row) => row.kind))].map((kind) => ({ value: kind, label: kind }));
  const measures = [
    payload.has_floor && option('ratio', 'R', overview.measure),
    rows.some((row) => row.profile?.local) && option('local', 'R of the own error'),
    option('rel_l2', 'rel-L2', overview.measure),
  ];
  show(element('overview-phase'), payload.phases.map((phase) => option(phase, phase, overview.phase)));
  show(element('overview-kind'), [...GROUPS, ...kinds].map(({ value, label }) => option(value, label, overview.kind)));
  show(element('heatmap-measure'), measures);
  for (const [id, name] of [['overview-phase', 'phase'], ['overview-kind', 'kind'], ['heatmap-measure', 'measure']]) {
    element(id).addEventListener('change', (event) => {
      overview[name] = event.target.value;
      redraw();
    });
  }
}

// Moves the cursor to a tap of a figure; without a pointer the tooltip stands beside the cursor.
function pointAtTap(id, index, event) {
  const figure = drawn[id];
  figure.cursor = index;
  const x = figure.x(index);
  element(`${id}-cursor`).setAttribute('x1', x);
  element(`${id}-cursor`).setAttribute('x2', x);
  const box = element(id).getBoundingClientRect();
  showTooltip(tapTooltip(figure.shown[index]), event?.clientX ?? box.left + x, event?.clientY ?? box.top + 40);
}

function startTaps(id) {
  const container = element(id);
  if (!container) return;
  const indexOf = (event) => drawn[id].indexAt(event.clientX - container.getBoundingClientRect().left);
  container.tabIndex = 0;
  container.addEventListener('pointermove', (event) => drawn[id] && pointAtTap(id, indexOf(event), event));
  container.addEventListener('pointerleave', hideTooltip);
  container.addEventListener('blur', hideTooltip);
  container.addEventListener('click', (event) => drawn[id] && openTap(drawn[id].shown[indexOf(event)]));
  container.addEventListener('keydown', (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!drawn[id] || (!step && event.key !== 'Enter')) return;
    event.preventDefault();
    const { shown, cursor } = drawn[id];
    if (event.key === 'Enter') openTap(shown[cursor]);
    else pointAtTap(id, Math.min(shown.length - 1, Math.max(0, cursor + step)));
  });
}

function heatmapTooltip(found) {
  const name = { ratio: 'R here', local: 'R of its own error here', rel_l2: 'rel-L2 here' }[overview.measure];
  const value = found.value === null ? 'not compared' : `about ${found.value.toPrecision(3)}`;
  const place = bucketPlace(drawn.heatmap.bucket, found.column, drawn.heatmap.lengths);
  return tapTooltip(found.row, [['at', place], [name, value]]);
}

function startHeatmap() {
  const container = element('heatmap');
  const cellOf = (event) => {
    const box = container.getBoundingClientRect();
    return drawn.heatmap && heatmapCellAt(drawn.heatmap, event.clientX - box.left, event.clientY - box.top);
  };
  container.addEventListener('pointermove', (event) => {
    const found = cellOf(event);
    if (!found) return hideTooltip();
    element('heatmap-cursor').setAttribute('y', HEATMAP.top + found.line * drawn.heatmap.line);
    return showTooltip(heatmapTooltip(found), event.clientX, event.clientY);
  });
  container.addEventListener('pointerleave', hideTooltip);
  container.addEventListener('click', (event) => {
    const found = cellOf(event);
    if (found) openTap(found.row);
  });
}

function startOverview() {
  startSelectors();
  redraw();
  for (const id of Object.keys(TAP_FIGURES)) startTaps(id);
  startHeatmap();
  DARK.addEventListener('change', redraw);
  let lastWidth = element('depth').clientWidth;
  new ResizeObserver(() => {
    const width = element('depth').clientWidth;
    if (width && width !== lastWidth) redraw();
    lastWidth = width;
  }).observe(element('depth'));
}
