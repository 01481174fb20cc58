// One tap in depth: why it has its status, what its inputs say, and where its error sits.

function tapDetail(row) {
  const figures = [
    ...diagnosisFigures(row),
    limitFigure(row),
    errorFigure(row),
    detailFigure('Both sides', sideTable(row), worstCaption(row)),
    row.histogram && detailFigure('Size of the error', histogramFigure(row), CAPTIONS.histogram),
    row.profile && detailFigure('Error by token', profileFigure(row, row.profile.ratio ? 'ratio' : 'rel_l2'), profileCaption(row)),
    row.heads.length > 0 && detailFigure('Error by head', headsFigure(row), CAPTIONS.heads),
    row.tokens.length > 0 && detailFigure('Worst tokens', tokenTable(row.tokens, payload.has_floor), CAPTIONS.tokens),
    row.channels.length > 0 && detailFigure('Worst channels', channelTable(row), CAPTIONS.channels),
  ];
  return markup`<p class="reason">${row.reason}${originWords(row)}.</p>
    ${row.diagnosis && markup`<p class="reason">${roleMark(row.diagnosis.role)} ${row.diagnosis.reason}.</p>`}
    ${inputList(row)}<div class="detail">${figures}</div>`;
}

const NAMED_SOURCES = 3;

// Of an error that only passes through, where it was born says more than which input fails, too.
function originWords(row) {
  const born = row.diagnosis?.born ?? [];
  if (!born.length) return row.origin && markup`; <b>${row.origin}</b>`;
  const links = born.slice(0, NAMED_SOURCES).map((number, i) => {
    const source = rows[number];
    const cause = source.diagnosis.causes[0]?.[0];
    return markup`${i > 0 && ', '}<a href="${anchor(source)}"><code>${source.tap}</code></a>${cause && ` (${cause})`}`;
  });
  const more = born.length > NAMED_SOURCES && ` and ${born.length - NAMED_SOURCES} more`;
  return markup`; <b>the error that came in was born in ${links}${more}</b>`;
}

function detailFigure(title, content, caption, kind = '') {
  return markup`<figure class="${kind}"><h4>${title}</h4>${content}<figcaption>${caption}</figcaption></figure>`;
}

function inputList(row) {
  if (row.inputs.length === 0) return '';
  return markup`<p class="inputs">computed from ${row.inputs.map((tap) => inputLink(tap, inputRow(row, tap)))}</p>`;
}

function inputLink(tap, input) {
  if (!input) return markup`<span>${tap}</span> <span class="caption">not captured</span> `;
  return markup`<a href="${anchor(input)}">${tap}</a> ${statusMark(input)} `;
}

function limitFigure(row) {
  if (row.flag_value === '–') return '';
  const lines = [
    row.basis && ['R, median token', cell(row, 'noise_ratio'), row.noise_limit],
    row.basis && ['R, worst token', cell(row, 'worst_token_noise_ratio'), row.worst_token_limit],
    [`flag: ${row.flag_metric}`, row.flag_value, row.flag_threshold],
  ].filter(Boolean);
  const judged = lines.map(([name, found, allowed]) => [name, found, allowed, limitMark(found, allowed)]);
  return detailFigure('Judged by', plainTable(['', '#found', '#allowed', ''], judged), basisCaption(row));
}

// Written so that what is no number counts as beyond.
function limitMark(found, allowed) {
  return number(found) <= number(allowed) && found !== 'nan' ? 'within' : markup`<b class="beyond">beyond</b>`;
}

function errorFigure(row) {
  if (cell(row, 'rel_l2') === '–') return '';
  const spread = [
    ['|c − r|', cell(row, 'mean_abs'), cell(row, 'median_abs'), row.p99_abs, cell(row, 'max_abs')],
    ['relative', cell(row, 'mean_rel'), cell(row, 'median_rel'), row.p99_rel, cell(row, 'max_rel')],
  ];
  const whole = ['rel_l2', 'cosine', 'norm_ratio', 'sqnr_db'].map((name) => cell(row, name));
  const tables = markup`${plainTable(['', '#mean', '#median', '#p99', '#max'], spread)}
    ${plainTable(['#rel-L2', '#cosine', '#‖c‖/‖r‖', '#SQNR dB'], [whole])}`;
  return detailFigure(`Errors over ${row.elements} elements`, tables, CAPTIONS.errors);
}

function sideTable(row) {
  const [ours, theirs] = [row.reference, row.candidate];
  const lines = [
    ['dtype', ours?.dtype ?? 'absent', theirs?.dtype ?? 'absent'],
    ['shape', ours?.shape ?? '–', theirs?.shape ?? '–'],
    ['NaN, infinite', ...(row.non_finite ?? ['–', '–'])],
    row.worst && ['worst element', row.worst.reference_value, row.worst.candidate_value],
  ].filter(Boolean);
  return plainTable(['', '#reference', '#candidate'], lines);
}

function tokenTable(tokens, withRatio) {
  const lines = tokens.map(([prompt, position, piece, error, ratio]) => [
    prompt, position, markup`<bdi class="piece">${piece || '–'}</bdi>`, error, ratio,
  ]);
  if (withRatio) return plainTable(['prompt', 'position', 'piece', '#rel-L2', '#R'], lines);
  return plainTable(['prompt', 'position', 'piece', '#rel-L2'], lines.map((line) => line.slice(0, -1)));
}

function shareBar(share) {
  return markup`<span class="share"><i style="width:${share.replace(/[<>]/, '')}"></i></span>`;
}

function channelTable(row) {
  const lines = row.channels.map(([where, share, error, truth]) => [
    markup`<span class="where">${where}</span>`, share, shareBar(share), error, truth,
  ]);
  return plainTable(['channel', '#share', '', '#rms error', '#rms truth'], lines);
}
