// Error of one tap along the tokens of all prompts, each bucket showing its worst token.

const PROFILE = { width: 340, height: 150, left: 44, right: 24, top: 20, bottom: 26 };

function profileFigure(row) {
  const measure = row.profile.ratio ? 'ratio' : 'rel_l2';
  const values = [...tokenValues(row, measure)];
  const limit = measure === 'ratio' ? number(row.worst_token_limit) : null;
  const bottom = PROFILE.height - PROFILE.bottom;
  const scale = logScale(...exponentRange([...values, limit, measure === 'ratio' ? 1 : null]), bottom, PROFILE.top);
  const step = (PROFILE.width - PROFILE.left - PROFILE.right) / values.length;
  const lengths = promptLengths(row.profile, values.length);
  const right = PROFILE.width - PROFILE.right;
  return markup`<svg viewBox="0 0 ${PROFILE.width} ${PROFILE.height}" role="img" aria-label="error by token">
    ${verticalAxis(scale, PROFILE.left, right)}
    ${promptMarks(lengths, step / row.profile.bucket, bottom)}
    ${values.map((value, i) => logBar(PROFILE.left + i * step, step * 0.9, scale, measure === 'ratio' ? 1 : null, value,
      `${bucketPlace(row.profile.bucket, i, lengths)}: ${measure === 'ratio' ? 'R' : 'rel-L2'} about ${value.toPrecision(2)}`))}
    ${limit && limitLine(scale.at(limit), PROFILE.left, right, limit)}</svg>`;
}

function promptMarks(lengths, scale, bottom) {
  let start = 0;
  return lengths.map((length, prompt) => {
    const x = PROFILE.left + start * scale;
    start += length;
    return markup`${prompt > 0 && markup`<line class="boundary" x1="${x.toFixed(1)}" x2="${x.toFixed(1)}" y1="${PROFILE.top}" y2="${bottom + 4}"/>`}
      ${length * scale > 14 && markup`<text class="tick" x="${(x + 2).toFixed(1)}" y="${bottom + 16}">${length * scale > 54 ? `prompt ${prompt}` : prompt}</text>`}`;
  });
}
