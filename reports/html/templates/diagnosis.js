// Why a tap differs: its error taken apart, what explains it, what it costs.

function roleMark(name) {
  const role = payload.roles.find((candidate) => candidate.name === name);
  return role && markup`<span class="role" data-role="${name}" title="${name}: ${role.meaning}">${name}</span>`;
}

function diagnosisFigures(row) {
  if (!row.diagnosis) return [];
  const { causes, signature, costs, tokens } = row.diagnosis;
  return [
    detailFigure('The error taken apart', apartTable(row), apartCaption(row), 'wide'),
    causes.length > 0 && detailFigure('Causes tried', causeTable(row, causes), CAPTIONS.causes, 'wide'),
    signature && detailFigure('What it looks like', markup`<p>${signature}</p>`, CAPTIONS.signature, 'wide'),
    costs && detailFigure('What it costs', costTable(costs), CAPTIONS.costs, 'wide'),
    tokens.length > 0 && row.profile?.local
      && detailFigure('Own error by token', profileFigure(row, 'local'), localProfileCaption(row)),
    tokens.length > 0 && detailFigure('Worst tokens of its own error', tokenTable(tokens, true), CAPTIONS.localTokens),
  ];
}

function apartTable(row) {
  const { worst_local: local, worst_inherited: inherited, noise_gain: noise, growth } = row.diagnosis;
  const whole = payload.has_floor && ['as a whole', cell(row, 'rel_l2'), cell(row, 'noise_ratio'), cell(row, 'worst_token_noise_ratio')];
  const lines = [
    [markup`<b>born here</b> (local)`, cell(row, 'local_rel_l2'), cell(row, 'local_noise_ratio'), local],
    [markup`<b>came in</b> (inherited)`, cell(row, 'inherited_rel_l2'), cell(row, 'inherited_noise_ratio'), inherited],
    whole,
  ].filter(Boolean).map(([name, error, median, worst]) => [name, error, median, worst, partBar(row, median, worst)]);
  const gain = cell(row, 'gain');
  const words = gain === '–' ? 'Nothing came in, so there is no gain.' : markup`Gain <b>${gain}</b>${growthWords(noise, growth)}.`;
  return markup`${plainTable(['part of the error', '#rel-L2', '#R median', '#R worst', ''], lines)}<p class="gain">${words}</p>`;
}

function growthWords(noise, growth) {
  if (growth === '–') return '';
  const times = markup`<b>${growth}</b> times that of noise (${noise})`;
  return number(growth) > payload.amplifies
    ? markup`, ${times}: a right operation makes this error grow`
    : markup`, ${times}: it grows no more than noise`;
}

function partBar(row, median, worst) {
  return ratioBar({ median: number(median), worst: number(worst), limit: number(row.noise_limit) });
}

function causeTable(row, causes) {
  const lines = causes.map(([sentence, share, ratio, worst, fitted], i) => [
    i === 0 ? markup`<b>${sentence}</b>` : sentence,
    share, ratio, worst, partBar(row, ratio, worst), fitted,
  ]);
  return plainTable(['if it were that …', '#explained', '#R left', '#worst', '', '#fitted'], lines);
}

function costTable(costs) {
  const sides = [...costs, payload.logits].filter(Boolean);
  const names = ['next tokens changed', '… where the choice was clear', 'mean KL, nats', 'largest KL, nats',
    'top-5 overlap', 'margin lost, at most'];
  const lines = names.map((name, i) => [name, ...sides.map((side) => side[i])]);
  return plainTable(['', '#its own error alone', '#all it puts out', '#the whole run'].slice(0, sides.length + 1), lines);
}
