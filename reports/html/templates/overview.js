// The two figures over all taps: which rows they show, and what pointer and keyboard do in them.

const overview = {
  phase: rows[payload.first]?.phase ?? payload.phases[0],
  kind: '',
  measure: payload.has_floor ? 'ratio' : 'rel_l2',
};
const drawn = { shown: [], depth: null, heatmap: null, cursor: 0 };

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

function redraw() {
  drawn.shown = shownRows();
  drawn.cursor = 0;
  redrawDepth();
  redrawHeatmap();
}

function redrawDepth() {
  const container = element('depth');
  drawn.depth = drawn.shown.length ? depthFigure(drawn.shown, container.clientWidth) : null;
  show(container, drawn.depth ? drawn.depth.content : 'no tap of this kind in this phase');
  element('depth-caption').textContent = CAPTIONS.depth;
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
  const measures = [payload.has_floor && option('ratio', 'R', overview.measure), option('rel_l2', 'rel-L2')];
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

// Moves the cursor to a tap of the depth figure; without a pointer the tooltip stands beside the cursor.
function pointAtDepth(index, event) {
  drawn.cursor = index;
  const x = drawn.depth.x(index);
  element('depth-cursor').setAttribute('x1', x);
  element('depth-cursor').setAttribute('x2', x);
  const box = element('depth').getBoundingClientRect();
  showTooltip(tapTooltip(drawn.shown[index]), event?.clientX ?? box.left + x, event?.clientY ?? box.top + 40);
}

function startDepth() {
  const container = element('depth');
  const indexOf = (event) => drawn.depth.indexAt(event.clientX - container.getBoundingClientRect().left);
  container.tabIndex = 0;
  container.addEventListener('pointermove', (event) => drawn.depth && pointAtDepth(indexOf(event), event));
  container.addEventListener('pointerleave', hideTooltip);
  container.addEventListener('blur', hideTooltip);
  container.addEventListener('click', (event) => drawn.depth && openTap(drawn.shown[indexOf(event)]));
  container.addEventListener('keydown', (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!drawn.depth || (!step && event.key !== 'Enter')) return;
    event.preventDefault();
    if (event.key === 'Enter') openTap(drawn.shown[drawn.cursor]);
    else pointAtDepth(Math.min(drawn.shown.length - 1, Math.max(0, drawn.cursor + step)));
  });
}

function heatmapTooltip(found) {
  const name = overview.measure === 'ratio' ? 'R here' : 'rel-L2 here';
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
  startDepth();
  startHeatmap();
  DARK.addEventListener('change', redraw);
  let lastWidth = element('depth').clientWidth;
  new ResizeObserver(() => {
    const width = element('depth').clientWidth;
    if (width && width !== lastWidth) redraw();
    lastWidth = width;
  }).observe(element('depth'));
}
