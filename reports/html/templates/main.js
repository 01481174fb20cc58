// Starts everything and connects figures with selectors, pointer and keyboard.

const overview = { phase: rows[payload.first]?.phase ?? payload.phases[0], kind: '', measure: payload.has_floor ? 'ratio' : 'rel_l2' };
const drawn = { depth: null, heatmap: null, cursor: 0 };

const KINDS = [
  ['', 'all', () => true],
  ['stream', 'residual stream', (row) => row.layer === null || row.kind.startsWith('resid')],
  ['blocks', 'block outputs', (row) => row.layer === null || ['attn_out', 'mlp_out', 'resid_mid', 'resid_out'].includes(row.kind)],
];
const MANY_TAPS = 600;

function shownRows() {
  const named = KINDS.find(([name]) => name === overview.kind);
  const keep = named ? named[2] : (row) => row.kind === overview.kind;
  return rows.filter((row) => row.phase === overview.phase && keep(row));
}

function drawDepth(shown) {
  const container = element('depth');
  drawn.depth = shown.length ? depthFigure(shown, container.clientWidth) : null;
  drawn.depthRows = shown;
  show(container, drawn.depth ? drawn.depth.content : 'no tap of this kind in this phase');
  element('depth-caption').textContent = payload.has_floor
    ? 'Every tap in graph order; dashed lines are limits. A correct port stays around R 1 or below, within the shade; the first diamond is where to look, what follows inherits its error. Hover for values, click to open the tap.'
    : 'Every tap in graph order; the first diamond is where to look. Without a noise floor nothing tells rounding from error. Hover for values, click to open the tap.';
}

function redrawHeatmap(shown) {
  const container = element('heatmap');
  drawn.heatmap = shown.length ? heatmapFigure(shown, overview.measure, container.clientWidth) : null;
  if (!drawn.heatmap) {
    show(container, 'no values by token here');
    show(element('heatmap-legend'), '');
    return;
  }
  drawHeatmap(container, drawn.heatmap);
  show(element('heatmap-legend'), heatmapLegend(drawn.heatmap));
  const each = drawn.heatmap.bucket === 1 ? 'one token a column' : `${drawn.heatmap.bucket} tokens a column, showing the worst`;
  element('heatmap-caption').textContent = overview.measure === 'ratio'
    ? `R by tap (downwards in graph order) and token (${each}). Grey is rounding; a whole line turning orange is a fault of that tap, single columns are faults at those positions.`
    : `rel-L2 from the truth by tap (downwards in graph order) and token (${each}); dark is far from it.`;
}

function redraw() {
  const shown = shownRows();
  drawDepth(shown);
  redrawHeatmap(shown);
}

function fillSelectors() {
  const kinds = [...new Set(rows.map((row) => row.kind))];
  const option = (value, label, chosen) => markup`<option value="${value}" ${new Markup(value === chosen ? 'selected' : '')}>${label}</option>`;
  const perPhase = rows.filter((row) => row.phase === overview.phase).length;
  if (perPhase > MANY_TAPS) overview.kind = 'stream';
  show(element('overview-phase'), payload.phases.map((phase) => option(phase, phase, overview.phase)));
  show(element('overview-kind'), [...KINDS.map(([value, label]) => option(value, label, overview.kind)), ...kinds.map((kind) => option(kind, kind))]);
  show(element('heatmap-measure'), [payload.has_floor && option('ratio', 'R', 'ratio'), option('rel_l2', 'rel-L2')]);
  for (const [id, name] of [['overview-phase', 'phase'], ['overview-kind', 'kind'], ['heatmap-measure', 'measure']]) {
    element(id).addEventListener('change', (event) => { overview[name] = event.target.value; redraw(); });
  }
}

function pointAtDepth(index, event) {
  const row = drawn.depthRows[index];
  drawn.cursor = index;
  const x = drawn.depth.x(index);
  const line = element('depth-cursor');
  line.setAttribute('x1', x);
  line.setAttribute('x2', x);
  const box = element('depth').getBoundingClientRect();
  showTooltip(tapTooltip(row), event?.clientX ?? box.left + x, event?.clientY ?? box.top + 40);
}

function startDepth() {
  const container = element('depth');
  const indexOf = (event) => drawn.depth.indexAt(event.clientX - container.getBoundingClientRect().left);
  container.tabIndex = 0;
  container.addEventListener('pointermove', (event) => drawn.depth && pointAtDepth(indexOf(event), event));
  container.addEventListener('pointerleave', hideTooltip);
  container.addEventListener('blur', hideTooltip);
  container.addEventListener('click', (event) => drawn.depth && openTap(drawn.depthRows[indexOf(event)]));
  container.addEventListener('keydown', (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!drawn.depth || (!step && event.key !== 'Enter')) return;
    event.preventDefault();
    if (event.key === 'Enter') openTap(drawn.depthRows[drawn.cursor]);
    else pointAtDepth(Math.min(drawn.depthRows.length - 1, Math.max(0, drawn.cursor + step)));
  });
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
    element('heatmap-cursor')?.setAttribute('y', HEATMAP.top + found.line * drawn.heatmap.line);
    const name = overview.measure === 'ratio' ? 'R here' : 'rel-L2 here';
    const value = found.value === null ? 'not compared' : `about ${found.value.toPrecision(3)}`;
    const place = bucketPlace(drawn.heatmap.bucket, found.column, drawn.heatmap.lengths);
    return showTooltip(tapTooltip(found.row, [['at', place], [name, value]]), event.clientX, event.clientY);
  });
  container.addEventListener('pointerleave', hideTooltip);
  container.addEventListener('click', (event) => { const found = cellOf(event); if (found) openTap(found.row); });
}

function startBanner() {
  for (const link of document.querySelectorAll('.counts a')) {
    link.addEventListener('click', () => showOnlyStatus(link.dataset.status));
  }
  for (const button of document.querySelectorAll('button.copy')) {
    button.addEventListener('click', () => copyText(button));
  }
}

function copyText(button) {
  const code = button.previousElementSibling;
  getSelection().selectAllChildren(code);
  const done = document.execCommand('copy');
  button.textContent = done ? 'copied' : 'press Ctrl+C';
}

document.documentElement.classList.add('scripted');
fillSelectors();
startTable();
startTrouble();
redraw();
startDepth();
startHeatmap();
startBanner();
startPanel();
DARK.addEventListener('change', redraw);
let lastWidth = element('depth').clientWidth;
new ResizeObserver(() => {
  const width = element('depth').clientWidth;
  if (width && width !== lastWidth) redraw();
  lastWidth = width;
}).observe(element('depth'));
