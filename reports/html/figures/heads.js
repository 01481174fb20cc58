// One bar a head: R where a floor was recorded, rel-L2 otherwise.

const HEADS = { width: 340, height: 150, left: 44, right: 24, top: 20, bottom: 22 };

function headsFigure(row) {
  const hasRatio = row.heads.some(([, , ratio]) => number(ratio) !== null);
  const values = row.heads.map(([, error, ratio]) => number(hasRatio ? ratio : error));
  const [limit, base] = hasRatio ? [number(row.noise_limit), 1] : [null, null];
  const [bottom, right] = [HEADS.height - HEADS.bottom, HEADS.width - HEADS.right];
  const scale = logScale(...exponentRange([...values, limit, base]), bottom, HEADS.top);
  const step = Math.min(40, (right - HEADS.left) / values.length);
  const every = Math.ceil(18 / step);
  const bars = row.heads.map(([head, error, ratio], i) => {
    const x = HEADS.left + i * step;
    const title = `head ${head}: rel-L2 ${error}, R ${ratio}`;
    return [
      logBar(x + step * 0.1, step * 0.8, scale, base, values[i], title),
      i % every === 0 && svgText('tick', x + step / 2, bottom + 14, head, 'middle'),
    ];
  });
  return markup`<svg viewBox="0 0 ${HEADS.width} ${HEADS.height}" role="img" aria-label="error by head">
    ${verticalAxis(scale, HEADS.left, right)}${bars}
    ${limit && limitLine(scale.at(limit), HEADS.left, right, limit)}</svg>`;
}
