// The panel at the side that shows one tap; the address after # names it, so that it can be sent to others.

let openedFrom = null;

function openTap(row) {
  openedFrom ??= document.activeElement;
  if (location.hash !== anchor(row)) history.replaceState(null, '', anchor(row));
  const panel = element('panel');
  const [before, after] = [rows[row.index - 1], rows[row.index + 1]];
  const facts = [row.phase, row.op, row.layer !== null && `layer ${row.layer}`].filter(Boolean).join(' · ');
  show(panel, markup`<header>
      <div><h2 id="panel-title">${row.tap}</h2>${statusMark(row)} <span class="caption">${facts}</span></div>
      <nav>${stepButton(before, '↑', 'the tap before')}${stepButton(after, '↓', 'the tap after')}
      <button type="button" data-close aria-label="close" title="close (Esc)">✕</button></nav></header>
    ${tapDetail(row)}`);
  panel.hidden = false;
  panel.dataset.key = row.key;
  panel.scrollTop = 0;
  panel.focus({ preventScroll: true });
  markOpenRow(row);
}

function stepButton(row, sign, name) {
  const label = row ? `${name}: ${row.tap}` : name;
  return markup`<button type="button" data-step="${row?.index}" ${new Markup(row ? '' : 'disabled')}
    aria-label="${label}" title="${label} (${sign})">${sign}</button>`;
}

function markOpenRow(row) {
  for (const line of tableLines.values()) line.classList.remove('open');
  if (row) tableLine(row.index).classList.add('open');
}

function closePanel() {
  const panel = element('panel');
  if (panel.hidden) return;
  panel.hidden = true;
  history.replaceState(null, '', location.pathname + location.search);
  markOpenRow(null);
  openedFrom?.focus?.({ preventScroll: true });
  openedFrom = null;
}

function openFromAddress() {
  const row = rowByKey.get(decodeAddress(location.hash.slice(1)));
  if (row) openTap(row);
}

function decodeAddress(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function startPanel() {
  const panel = element('panel');
  panel.addEventListener('click', (event) => {
    const button = event.target.closest('button');
    if (!button) return;
    if ('close' in button.dataset) closePanel();
    else openTap(rows[button.dataset.step]);
  });
  document.addEventListener('keydown', (event) => {
    if (panel.hidden || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
    if (event.key === 'Escape') closePanel();
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    const next = step && document.activeElement === panel && rows[rowByKey.get(panel.dataset.key).index + step];
    if (next) { event.preventDefault(); openTap(next); }
  });
  window.addEventListener('hashchange', openFromAddress);
  openFromAddress();
}
