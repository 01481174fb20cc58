// One tap in depth: why it has its status, what its inputs say, and where its error sits.

function tapDetail(row) {
  const figures = [
    row.histogram && detailFigure('Size of the error', histogramFigure(row), payload.has_floor
      ? 'Number of elements by |error|; bars: the candidate, outline: the noise floor. Bars right of the outline are error that rounding does not explain.'
      : 'Number of elements by |error| of the candidate.'),
    row.profile && detailFigure('Error by token', profileFigure(row), row.profile.ratio
      ? `R of the worst token of every ${bucketWords(row)}; 1 is pure rounding, dashed is the limit. Few tall bars: a fault at certain positions; all tall: a fault everywhere.`
      : `rel-L2 of the worst token of every ${bucketWords(row)}.`),
    row.heads.length > 0 && detailFigure('Error by head', headsFigure(row), payload.has_floor
      ? 'R of each head over all tokens. One tall bar: that head is wrong; equal bars: the fault is in what heads share.'
      : 'rel-L2 of each head over all tokens.'),
    row.tokens.length > 0 && detailFigure('Worst tokens', tokenTable(row), 'The tokens with the largest error; positions count from 0 within the prompt.'),
    row.channels.length > 0 && detailFigure('Worst channels', channelTable(row), 'Share of the squared error of the whole tap; one large share points at one wrong weight row or bias.'),
  ];
  return markup`<p class="reason">${row.reason}${row.origin && markup`; <b>${row.origin}</b>`}.</p>
    ${inputList(row)}
    <div class="detail">${limitTable(row)}${metricTable(row)}${sideTable(row)}${figures}</div>`;
}

function bucketWords(row) {
  return row.profile.bucket === 1 ? 'token' : `${row.profile.bucket} tokens`;
}

function detailFigure(title, content, caption) {
  return markup`<figure><h4>${title}</h4>${content}<figcaption>${caption}</figcaption></figure>`;
}

function inputList(row) {
  if (row.inputs.length === 0) return '';
  return markup`<p class="inputs">computed from ${row.inputs.map((tap) => {
    const input = inputRow(row, tap);
    return input ? markup`<a href="${anchor(input)}">${tap}</a> ${statusMark(input)} ` : markup`<span>${tap}</span> <span class="caption">not captured</span> `;
  })}</p>`;
}

function limitTable(row) {
  if (row.flag_value === '–') return '';
  const lines = [
    row.basis && ['R, median token', cell(row, 'noise_ratio'), row.noise_limit],
    row.basis && ['R, worst token', cell(row, 'worst_token_noise_ratio'), row.worst_token_limit],
    [`flag: ${row.flag_metric}`, row.flag_value, row.flag_threshold],
  ].filter(Boolean);
  return markup`<figure><h4>Judged by</h4><table class="plain"><thead><tr><th></th><th class="num">found</th><th class="num">allowed</th><th></th></tr></thead>
    ${lines.map(([name, found, allowed]) => markup`<tr><td>${name}</td><td class="num">${found}</td><td class="num">${allowed}</td><td>${limitMark(found, allowed)}</td></tr>`)}
    </table><figcaption>${basisWords(row)}</figcaption></figure>`;
}

function limitMark(found, allowed) {
  const value = number(found);
  if (value === null) return found === 'nan' ? markup`<b class="beyond">beyond</b>` : '';
  return value > number(allowed) ? markup`<b class="beyond">beyond</b>` : 'within';
}

function basisWords(row) {
  if (!payload.has_floor) return 'No noise floor was recorded, so the flag decides.';
  if (row.basis === 'rounding') return "R is in units of one rounding of the tap's inputs, because the floor run is exact at most tokens here.";
  return `R is in units of the measured noise floor (rel-L2 ${row.floor_rel_l2} here).`;
}

function metricTable(row) {
  if (cell(row, 'rel_l2') === '–') return '';
  const line = (name, values) => markup`<tr><td>${name}</td>${values.map((value) => markup`<td class="num">${value}</td>`)}</tr>`;
  const of = (kind, p99) => [cell(row, `mean_${kind}`), cell(row, `median_${kind}`), p99, cell(row, `max_${kind}`)];
  return markup`<figure><h4>Errors over ${row.elements} elements</h4>
    <table class="plain"><thead><tr><th></th>${['mean', 'median', 'p99', 'max'].map((name) => markup`<th class="num">${name}</th>`)}</tr></thead>
    ${line('|c − r|', of('abs', row.p99_abs))}${line('relative', of('rel', row.p99_rel))}</table>
    <table class="plain"><thead><tr>${['rel-L2', 'cosine', '‖c‖/‖r‖', 'SQNR dB'].map((name) => markup`<th class="num">${name}</th>`)}</tr></thead>
    <tr>${['rel_l2', 'cosine', 'norm_ratio', 'sqnr_db'].map((name) => markup`<td class="num">${cell(row, name)}</td>`)}</tr></table>
    <figcaption>Relative error is |c − r| / (|r| + 1e-5). The lower line gives the whole difference as one number, four ways.</figcaption></figure>`;
}

function sideTable(row) {
  const [ours, theirs] = [row.reference, row.candidate];
  const counts = row.non_finite ?? ['–', '–'];
  const lines = [
    ['dtype', ours?.dtype ?? 'absent', theirs?.dtype ?? 'absent'],
    ['shape', ours?.shape ?? '–', theirs?.shape ?? '–'],
    ['NaN, infinite', ...counts],
    row.worst && ['worst element', row.worst.reference_value, row.worst.candidate_value],
  ].filter(Boolean);
  return markup`<figure><h4>Both sides</h4>
    <table class="plain"><thead><tr><th></th><th class="num">reference</th><th class="num">candidate</th></tr></thead>
    ${lines.map(([name, left, right]) => markup`<tr><td>${name}</td><td class="num">${left}</td><td class="num">${right}</td></tr>`)}</table>
    <figcaption>${worstWords(row)}</figcaption></figure>`;
}

function worstWords(row) {
  if (!row.worst) return 'No element was compared.';
  if (row.status === 'not finite') return `The first element that is not finite is at ${row.worst.where}.`;
  return `The worst element is at ${row.worst.where}; its values are ${row.worst.difference} apart.`;
}

function tokenTable(row) {
  return markup`<table class="plain"><thead><tr><th>prompt</th><th>position</th><th>piece</th><th class="num">rel-L2</th>${payload.has_floor && markup`<th class="num">R</th>`}</tr></thead>
    ${row.tokens.map((token) => markup`<tr><td>${token.prompt}</td><td>${token.position}</td><td><bdi class="piece">${token.piece || '–'}</bdi></td>
      <td class="num">${token.rel_l2}</td>${payload.has_floor && markup`<td class="num">${token.ratio}</td>`}</tr>`)}</table>`;
}

function channelTable(row) {
  return markup`<table class="plain"><thead><tr><th>channel</th><th class="num">share</th><th></th><th class="num">rms error</th><th class="num">rms truth</th></tr></thead>
    ${row.channels.map((channel) => markup`<tr><td class="where">${channel.where}</td><td class="num">${channel.share}</td>
      <td class="share"><i style="width:${channel.share.replace(/[<>]/, '')}"></i></td>
      <td class="num">${channel.rms_error}</td><td class="num">${channel.rms_reference}</td></tr>`)}</table>`;
}
