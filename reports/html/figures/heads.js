// One bar a head: R where a floor was recorded, rel-L2 otherwise.

const HEADS = { width: 340, height: 150, left: 44, right: 24, top: 20, bottom: 22 };

function headsFigure(row) {
  const hasRatio = row.heads.some((head) => number(head.ratio) !== null);
  const values = row.heads.map((head) => number(hasRatio ? head.ratio : head.rel_l2));
  const limit = hasRatio ? number(row.noise_limit) : null;
  const bottom = HEADS.height - HEADS.bottom;
  const scale = logScale(...exponentRange([...values, limit, hasRatio ? 1 : null]), bottom, HEADS.top);
  const step = Math.min(40, (HEADS.width - HEADS.left - HEADS.right) / values.length);
  const every = Math.ceil(18 / step);
  const right = HEADS.width - HEADS.right;
  return markup`<svg viewBox="0 0 ${HEADS.width} ${HEADS.height}" role="img" aria-label="error by head">
    ${verticalAxis(scale, HEADS.left, right)}
    ${row.heads.map((head, i) => markup`${logBar(HEADS.left + i * step + step * 0.1, step * 0.8, scale, hasRatio ? 1 : null, values[i],
        `head ${head.head}: rel-L2 ${head.rel_l2}, R ${head.ratio}`)}
      ${i % every === 0 && markup`<text class="tick" x="${(HEADS.left + (i + 0.5) * step).toFixed(1)}" y="${bottom + 14}" text-anchor="middle">${head.head}</text>`}`)}
    ${limit && limitLine(scale.at(limit), HEADS.left, right, limit)}</svg>`;
}
