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
  roles: 'A diamond is where error is born: that operation differs from the reference even on its own inputs. Columns are '
    + 'operations that are right, and to which an error came. Above 2 in the lower panel they make it grow. Hover for '
    + 'values, click to open.',
  causes: 'Each was replayed on the captured inputs. Explained: share of the squared error that it reproduces. R left: '
    + 'what it does not, in units of noise, with a bar from 1 to 1000; 1 or less is rounding. Fitted: numbers solved for.',
  signature: 'Nothing known leaves only rounding, so this is where the error sits and what it follows.',
  costs: 'The reference continued with that difference, everything else being right. KL: distance of the next-token '
    + 'distributions. A choice is clear where its margin exceeds noise; above 100% of the margin it changes.',
  localTokens: 'The tokens at which this operation errs most, whatever came in.',
  channels: 'Share of the squared error of the whole tap; one large share points at one wrong weight row or bias.',
});

function heatmapCaption(measure, bucket) {
  const each = bucket === 1 ? 'one token a column' : `${bucket} tokens a column, showing the worst`;
  const axes = `by tap (downwards in graph order) and token (${each})`;
  if (measure === 'local') {
    return `R of what each operation does wrong itself, whatever came in, ${axes}. Grey and blue are noise, only sources are darker.`;
  }
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

function apartCaption(row) {
  const noise = payload.floors > 1 ? ' as the first floor run shows it' : '';
  return `Born here: on the candidate's own inputs x, its output against the reference's operation f, ‖y − f(x)‖, in `
    + `units of that operation's own noise${noise}. Came in: ‖f(x) − f(x_truth)‖, what a right operation makes of wrong `
    + `inputs; gain is that ÷ the error of the inputs. Bars run from R 1 to 1000, the tick is the limit ${row.noise_limit}.`;
}

function localProfileCaption(row) {
  const each = row.profile.bucket === 1 ? 'every token' : `the worst of every ${row.profile.bucket} tokens`;
  return `R of the operation's own error at ${each}; 1 is noise, dashed is the limit.`;
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
