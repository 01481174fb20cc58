// The table of taps: sort by a header, filter by text and status.
// Rows come into the page by portions as the reader scrolls, so that a thousand taps sort as fast as a hundred.

const tableColumns = payload.columns.filter((column) => (payload.has_floor || !column.needs_floor)
  && (payload.roles.length || !column.needs_roles));
const tableState = {
  text: '', statuses: new Set(), roles: new Set(), failing: false, sort: null, descending: false,
  order: rows.map((row) => row.index), visible: [],
};
const tableLines = new Map();

const PORTION = 300;
const SCROLL_AHEAD = 600;

const BAR_DECADES = 3;

// Logarithmic, from 1 to 1000: the median, the worst token behind it, and the limit as a tick.
function ratioBar({ median, worst, limit, status }) {
  const place = (value) => (100 * Math.min(1, Math.max(0, Math.log10(value) / BAR_DECADES))).toFixed(1);
  if (median === null) return '';
  return markup`<span class="ratio-bar" aria-hidden="true"><i class="worst" style="width:${place(worst)}%"></i
    ><i data-status="${status ?? (median > limit ? 'mismatch' : 'match')}" style="width:${place(median)}%"></i
    ><u style="left:${place(limit)}%"></u></span>`;
}

function rowBar(row) {
  const [median, worst] = [metric(row, 'noise_ratio'), metric(row, 'worst_token_noise_ratio')];
  return ratioBar({ median, worst, limit: number(row.noise_limit), status: row.status });
}

function flagMark(row) {
  const title = `flagged: ${row.flag_metric} ${row.flag_value} is above ${row.flag_threshold}`;
  return row.flagged && markup` <span class="flag-mark" title="${title}">⚑</span>`;
}

const CELLS = {
  tap: (row, text) => markup`<a href="${anchor(row)}">${text}</a>`,
  status: (row) => markup`${statusMark(row)}${flagMark(row)}`,
  role: (row) => roleMark(row.diagnosis?.role),
  noise_ratio: (row, text) => markup`${rowBar(row)}<span class="ratio">${text}</span>`,
};

function tableCell(row, column) {
  const text = cell(row, column.name);
  const kind = column.order === 'number' ? 'num ' : '';
  return markup`<td class="${kind}c-${column.name}">${CELLS[column.name]?.(row, text) ?? text}</td>`;
}

function tableLine(index) {
  if (!tableLines.has(index)) {
    const row = rows[index];
    const holder = document.createElement('tbody');
    const cells = tableColumns.map((column) => tableCell(row, column));
    show(holder, markup`<tr data-index="${index}" class="${row.fails && 'fails'}">${cells}</tr>`);
    tableLines.set(index, holder.firstElementChild);
  }
  return tableLines.get(index);
}

function appendPortion() {
  const body = element('tap-table').tBodies[0];
  const start = body.rows.length;
  body.append(...tableState.visible.slice(start, start + PORTION).map(tableLine));
}

function refillTable() {
  tableState.visible = tableState.order.filter((index) => matchesFilter(rows[index]));
  element('tap-table').tBodies[0].replaceChildren();
  appendPortion();
}

function sortKey(column) {
  if (column.order === 'graph') {
    return column.name === 'phase' ? (row) => payload.phases.indexOf(row.phase) : (row) => row.index;
  }
  if (column.order === 'status') return (row) => severity.get(row.status) + (row.fails ? severity.size : 0);
  if (column.order === 'role') return (row) => (row.diagnosis ? -roleRank.get(row.diagnosis.role) : null);
  if (column.order === 'text') return (row) => cell(row, column.name);
  return (row) => metric(row, column.name);
}

// Rows without a value stand last in either direction; equal rows keep graph order.
function sortedIndices(column, descending) {
  const key = sortKey(column);
  const keys = rows.map(key);
  const sign = descending ? -1 : 1;
  return rows.map((row) => row.index).sort((a, b) => {
    if (keys[a] === null || keys[b] === null) return (keys[a] === null) - (keys[b] === null) || a - b;
    if (keys[a] === keys[b]) return a - b;
    return keys[a] < keys[b] ? -sign : sign;
  });
}

function sortTable(name) {
  const column = tableColumns.find((candidate) => candidate.name === name);
  const again = tableState.sort === name;
  tableState.descending = again ? !tableState.descending : column.worst === 'high';
  tableState.sort = name;
  tableState.order = sortedIndices(column, tableState.descending);
  refillTable();
  for (const header of element('tap-table').tHead.querySelectorAll('th')) {
    if (header.dataset.column !== name) header.removeAttribute('aria-sort');
    else header.setAttribute('aria-sort', tableState.descending ? 'descending' : 'ascending');
  }
}

function matchesFilter(row) {
  if (tableState.failing && !row.fails) return false;
  if (tableState.statuses.size && !tableState.statuses.has(row.status)) return false;
  if (tableState.roles.size && !tableState.roles.has(row.diagnosis?.role)) return false;
  const words = tableState.text.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return true;
  const flag = row.flagged ? 'flagged' : '';
  const texts = [row.phase, row.tap, row.op, row.status, row.reason, cell(row, 'dtype'), flag, row.diagnosis?.role];
  const text = texts.join(' ').toLowerCase();
  return words.every((word) => text.includes(word));
}

function filterTable() {
  refillTable();
  const count = tableState.visible.length;
  const none = count === 0 ? ': nothing matches the filter' : '';
  element('filter-count').textContent = count === rows.length ? `${count} taps` : `${count} of ${rows.length} taps${none}`;
  for (const chip of element('filter-status').children) {
    chip.setAttribute('aria-pressed', String(tableState.statuses.has(chip.dataset.status)));
  }
  for (const chip of element('filter-role').children) {
    chip.setAttribute('aria-pressed', String(tableState.roles.has(chip.dataset.role)));
  }
}

function toggle(set, name) {
  if (!set.delete(name)) set.add(name);
  filterTable();
}

function showOnlyStatus(name) {
  tableState.statuses = new Set([name]);
  tableState.roles.clear();
  filterTable();
}

function statusChip({ name }) {
  return markup`<button type="button" class="status" data-status="${name}" aria-pressed="false">${name}</button>`;
}

function roleChip({ name, meaning }) {
  return markup`<button type="button" class="role" data-role="${name}" aria-pressed="false" title="${meaning}">${name}</button>`;
}

function startFilters() {
  const chips = element('filter-status');
  show(chips, payload.statuses.filter(({ name }) => rows.some((row) => row.status === name)).map(statusChip));
  chips.addEventListener('click', ({ target }) => target.dataset.status && toggle(tableState.statuses, target.dataset.status));
  const roles = element('filter-role');
  show(roles, payload.roles.filter(({ name }) => rows.some((row) => row.diagnosis?.role === name)).map(roleChip));
  roles.addEventListener('click', ({ target }) => target.dataset.role && toggle(tableState.roles, target.dataset.role));
  element('filter-text').addEventListener('input', (event) => {
    tableState.text = event.target.value;
    filterTable();
  });
  element('filter-failing').addEventListener('change', (event) => {
    tableState.failing = event.target.checked;
    filterTable();
  });
}

// Rows come ahead of the reader, and all of them before printing.
function startPortions() {
  const scroller = element('tap-table').parentElement;
  scroller.addEventListener('scroll', () => {
    if (scroller.scrollTop + scroller.clientHeight > scroller.scrollHeight - SCROLL_AHEAD) appendPortion();
  });
  window.addEventListener('beforeprint', () => {
    while (element('tap-table').tBodies[0].rows.length < tableState.visible.length) appendPortion();
  });
}

function startTable() {
  startFilters();
  startPortions();
  element('tap-table').tHead.addEventListener('click', (event) => {
    const header = event.target.closest('th');
    if (header) sortTable(header.dataset.column);
  });
  element('tap-table').tBodies[0].addEventListener('click', (event) => {
    const line = event.target.closest('tr');
    if (line && !event.target.closest('a')) openTap(rows[line.dataset.index]);
  });
  filterTable();
}
