// One tooltip for all figures, beside the pointer and inside the window.

function showTooltip(content, x, y) {
  const tip = element('tooltip');
  show(tip, content);
  tip.hidden = false;
  const { width, height } = tip.getBoundingClientRect();
  const left = x + 16 + width > window.innerWidth ? x - 16 - width : x + 16;
  const top = y + 16 + height > window.innerHeight ? y - 16 - height : y + 16;
  tip.style.transform = `translate(${Math.max(4, left)}px, ${Math.max(4, top)}px)`;
}

function hideTooltip() {
  element('tooltip').hidden = true;
}

function statusMark(row) {
  return markup`<span class="status" data-status="${row.status}">${row.status}</span>`;
}

function roleFacts(row) {
  const { worst_local: local, worst_inherited: inherited, growth } = row.diagnosis;
  return [
    ['born here', `R ${cell(row, 'local_noise_ratio')} median, ${local} worst token`],
    ['came in', `R ${cell(row, 'inherited_noise_ratio')} median, ${inherited} worst token`],
    growth !== '–' && ['gain', `${growth} times that of noise`],
    row.diagnosis.causes.length > 0 && ['cause', row.diagnosis.causes[0][0]],
  ];
}

function tapTooltip(row, more) {
  const facts = [
    payload.has_floor && ['R', `${cell(row, 'noise_ratio')} median, ${cell(row, 'worst_token_noise_ratio')} worst token`],
    ['rel-L2', cell(row, 'rel_l2') + (row.basis ? `, floor ${row.floor_rel_l2}` : '')],
    [row.flag_metric, `${row.flag_value}, flagged above ${row.flag_threshold}`],
    ...(row.diagnosis ? roleFacts(row) : []),
    ...(more ?? []),
  ].filter(Boolean);
  return markup`<b>${row.tap}</b> ${statusMark(row)} ${row.diagnosis && roleMark(row.diagnosis.role)}<br>${row.phase} · ${row.op}
    <dl>${facts.map(([name, value]) => markup`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`;
}
