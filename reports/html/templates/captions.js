// What every figure says about itself, in one line.

const CAPTIONS = payload.has_floor ? {
  depth: 'Every tap in graph order; dashed lines are limits. A correct port stays around R 1 or below, within the '
    + 'shade; the first diamond is where to look, what follows inherits its error. Hover for values, click to open.',
  histogram: 'Number of elements by |error|; bars: the candidate, outline: the noise floor. Bars right of the '
    + 'outline are error that rounding does not explain.',
  heads: 'R of each head over all tokens. One tall bar: that head is wrong; equal bars: the fault is in what heads share.',
} : {
  depth: 'Every tap in graph order; the first diamond is where to look. Without a noise floor nothing tells rounding '
    + 'from error. Hover for values, click to open.',
  histogram: 'Number of elements by |error| of the candidate.',
  heads: 'rel-L2 of each head over all tokens.',
};

Object.assign(CAPTIONS, {
  errors: 'Relative error is |c − r| / (|r| + 1e-5). The lower line gives the whole difference as one number, four ways.',
  tokens: 'The tokens with the largest error; positions count from 0 within the prompt.',
  channels: 'Share of the squared error of the whole tap; one large share points at one wrong weight row or bias.',
});

function heatmapCaption(measure, bucket) {
  const each = bucket === 1 ? 'one token a column' : `${bucket} tokens a column, showing the worst`;
  const axes = `by tap (downwards in graph order) and token (${each})`;
  return measure === 'ratio'
    ? `R ${axes}. Grey is rounding; a whole line turning orange is a fault of that tap, single columns are faults `
      + 'at those positions.'
    : `rel-L2 from the truth ${axes}; the farther from the background, the larger.`;
}

function profileCaption(row) {
  const each = row.profile.bucket === 1 ? 'every token' : `the worst of every ${row.profile.bucket} tokens`;
  return row.profile.ratio
    ? `R of ${each}; 1 is pure rounding, dashed is the limit. Few tall bars: a fault at certain positions; all tall: `
      + 'a fault everywhere.'
    : `rel-L2 of ${each}.`;
}

function basisCaption(row) {
  if (!payload.has_floor) return 'No noise floor was recorded, so the flag decides.';
  return row.basis === 'rounding'
    ? "R is in units of one rounding of the tap's inputs, because the floor run is exact at most tokens here."
    : `R is in units of the measured noise floor (rel-L2 ${row.floor_rel_l2} here).`;
}

function worstCaption(row) {
  if (!row.worst) return 'No element was compared.';
  return row.status === 'not finite'
    ? `The first element that is not finite is at ${row.worst.where}.`
    : `The worst element is at ${row.worst.where}; its values are ${row.worst.difference} apart.`;
}
