// Sources by what they cost, then failing taps, then flagged ones in graph order: some in full, some to unfold, the rest
// from the table.

const IN_FULL = 3;
const LISTED = 40;

function troubledRows() {
  const failing = rows.filter((row) => row.fails);
  const flagged = rows.filter((row) => row.flagged && !row.fails);
  return [...new Set([...sourceRows(), ...failing, ...flagged])];
}

function sourceRows() {
  return payload.sources.map((number) => rows[number]).filter((row) => row.fails);
}

// Where there are sources, only they are worth reading in full.
function countInFull(failing) {
  return Math.min(IN_FULL, sourceRows().length || failing);
}

function troubleCard(row, isOpen) {
  const ratio = payload.has_floor ? ` · R ${cell(row, 'noise_ratio')}` : '';
  const facts = `${row.phase} · ${row.op}${ratio} · ${row.flag_metric} ${row.flag_value}`;
  return markup`<details class="trouble" data-index="${row.index}" ${new Markup(isOpen ? 'open' : '')}>
    <summary><code>${row.tap}</code> ${statusMark(row)} ${row.diagnosis && roleMark(row.diagnosis.role)}
      <span class="caption">${facts}</span></summary>
    <div class="body">${isOpen && tapDetail(row)}</div></details>`;
}

function troubleCaption(all) {
  if (!all.length) return 'None: no tap fails and none is flagged.';
  const failing = all.filter((row) => row.fails).length;
  const [rest, full] = [all.length - LISTED, countInFull(failing)];
  return [
    failing === 0 && `None fails; ${all.length} are flagged, yet no farther from the truth than rounding. Each unfolds.`,
    failing > 0 && `${failing} of ${rows.length} taps fail; they stand first, in graph order${
      sourceRows().length ? ' after the sources, which are the ones to mend' : ''}.`,
    failing > 0 && all.length > failing && `${all.length - failing} are flagged only.`,
    failing > 0 && `The first ${full === 1 ? 'is' : `${full} are`} shown in full, the others unfold.`,
    rest > 0 && `${rest} more are not listed here: open them from the table or the figures above.`,
  ].filter(Boolean).join(' ');
}

function startTrouble() {
  const all = troubledRows();
  const full = countInFull(all.filter((row) => row.fails).length);
  element('trouble-caption').textContent = troubleCaption(all);
  const list = element('trouble-list');
  show(list, all.slice(0, LISTED).map((row, i) => troubleCard(row, i < full)));
  list.addEventListener('toggle', ({ target }) => {
    const body = target.querySelector('.body');
    if (target.open && !body.hasChildNodes()) show(body, tapDetail(rows[target.dataset.index]));
  }, true);
}
