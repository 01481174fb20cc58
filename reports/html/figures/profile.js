// Error of one tap along the tokens of all prompts, each bucket showing its worst token.

const PROFILE = { width: 340, height: 150, left: 44, right: 24, top: 20, bottom: 26 };

function profileFigure(row, measure) {
  const values = [...tokenValues(row, measure)];
  const [limit, base] = measure === 'rel_l2' ? [null, null] : [number(row.worst_token_limit), 1];
  const [bottom, right] = [PROFILE.height - PROFILE.bottom, PROFILE.width - PROFILE.right];
  const scale = logScale(...exponentRange([...values, limit, base]), bottom, PROFILE.top);
  const step = (right - PROFILE.left) / values.length;
  const lengths = promptLengths(row.profile, values.length);
  const bars = values.map((value, i) => {
    const place = bucketPlace(row.profile.bucket, i, lengths);
    const title = `${place}: ${measure === 'rel_l2' ? 'rel-L2' : 'R'} about ${value.toPrecision(2)}`;
    return logBar(PROFILE.left + i * step, step * 0.9, scale, base, value, title);
  });
  return markup`<svg viewBox="0 0 ${PROFILE.width} ${PROFILE.height}" role="img" aria-label="error by token">
    ${verticalAxis(scale, PROFILE.left, right)}${promptMarks(lengths, step / row.profile.bucket, bottom)}${bars}
    ${limit && limitLine(scale.at(limit), PROFILE.left, right, limit)}</svg>`;
}

function promptMarks(lengths, scale, bottom) {
  let start = 0;
  return lengths.map((length, prompt) => {
    const [x, wide] = [PROFILE.left + start * scale, length * scale];
    start += length;
    return [
      prompt > 0 && svgLine('boundary', [x, PROFILE.top], [x, bottom + 4]),
      wide > 14 && svgText('tick', x + 2, bottom + 16, wide > 54 ? `prompt ${prompt}` : prompt),
    ];
  });
}
