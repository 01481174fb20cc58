// Failing taps first, then flagged ones, in graph order: some in full, some to unfold, the rest from the table.

const IN_FULL = 3;
const LISTED = 40;

function troubledRows() {
  return [...rows.filter((row) => row.fails), ...rows.filter((row) => row.flagged && !row.fails)];
}

function troubleCard(row, isOpen) {
  const ratio = payload.has_floor ? ` · R ${cell(row, 'noise_ratio')}` : '';
  const facts = `${row.phase} · ${row.op}${ratio} · ${row.flag_metric} ${row.flag_value}`;
  return markup`<details class="trouble" data-index="${row.index}" ${new Markup(isOpen ? 'open' : '')}>
    <summary><code>${row.tap}</code> ${statusMark(row)} <span class="caption">${facts}</span></summary>
    <div class="body">${isOpen && tapDetail(row)}</div></details>`;
}

function troubleCaption(all) {
  if (!all.length) return 'None: no tap fails and none is flagged.';
  const failing = all.filter((row) => row.fails).length;
  const rest = all.length - LISTED;
  return [
    failing === 0 && `None fails; ${all.length} are flagged, yet no farther from the truth than rounding. Each unfolds.`,
    failing > 0 && `${failing} of ${rows.length} taps fail; they stand first, in graph order.`,
    failing > 0 && all.length > failing && `${all.length - failing} are flagged only.`,
    failing > 0 && `The first ${Math.min(IN_FULL, failing)} are shown in full, the others unfold.`,
    rest > 0 && `${rest} more are not listed here: open them from the table or the figures above.`,
  ].filter(Boolean).join(' ');
}

function startTrouble() {
  const all = troubledRows();
  element('trouble-caption').textContent = troubleCaption(all);
  const list = element('trouble-list');
  show(list, all.slice(0, LISTED).map((row, i) => troubleCard(row, row.fails && i < IN_FULL)));
  list.addEventListener('toggle', ({ target }) => {
    const body = target.querySelector('.body');
    if (target.open && !body.hasChildNodes()) show(body, tapDetail(rows[target.dataset.index]));
  }, true);
}
