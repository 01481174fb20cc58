// The comparison as Python embedded it (parity/reports/html/payload.py): every number is text, ready to show.

const payload = JSON.parse(element('payload').textContent);
const rows = payload.rows;
const rowByKey = new Map();
rows.forEach((row, index) => {
  row.index = index;
  if (!rowByKey.has(row.key)) rowByKey.set(row.key, row);
});

const columnAt = new Map(payload.columns.map((column, index) => [column.name, index]));
const roleRank = new Map(payload.roles.map((role, index) => [role.name, index]));
const severity = new Map(payload.statuses.map((status, index) => [status.name, index]));

function cell(row, name) {
  return row.cells[columnAt.get(name)];
}

// The number that a text shows; null where there is none.
function number(text) {
  if (text === 'inf') return Infinity;
  if (text === '-inf') return -Infinity;
  const value = parseFloat(text);
  return Number.isNaN(value) ? null : value;
}

function metric(row, name) {
  return number(cell(row, name));
}

function inputRow(row, tap) {
  return rowByKey.get(`${row.phase}-${tap}`);
}

function anchor(row) {
  return '#' + encodeURIComponent(row.key);
}

// The inverse of parity/reports/html/packing.py.
function unpackLogs(packed) {
  const bytes = atob(packed);
  return Float64Array.from({ length: bytes.length / 2 }, (_, i) => {
    const code = bytes.charCodeAt(2 * i) + 256 * bytes.charCodeAt(2 * i + 1);
    if (code === 0) return 0;
    return code === 65535 ? Infinity : 10 ** ((code - 1) / 1000 - 20);
  });
}

// Per-token values of a row in buckets; null where values were not compared.
function tokenValues(row, measure) {
  if (!row.profile || !row.profile[measure]) return null;
  row.unpacked ??= {};
  row.unpacked[measure] ??= unpackLogs(row.profile[measure]);
  return row.unpacked[measure];
}

// How many tokens each prompt has in the phase of a profile: its own length, or one in a decoding step.
function promptLengths(profile, buckets) {
  const fits = (lengths) => Math.ceil(lengths.reduce((a, b) => a + b, 0) / profile.bucket) === buckets;
  return [payload.prompts, payload.prompts.map(() => 1)].find(fits) ?? [];
}

// Where the token lies that is `flat`-th over all prompts.
function tokenPlace(flat, lengths) {
  let position = flat;
  for (const [prompt, length] of lengths.entries()) {
    if (position < length) return { prompt, position };
    position -= length;
  }
  return null;
}

function bucketPlace(bucket, index, lengths) {
  const total = lengths.reduce((a, b) => a + b, 0);
  const first = tokenPlace(index * bucket, lengths);
  const last = tokenPlace(Math.min((index + 1) * bucket, total) - 1, lengths);
  if (!first || !last) return `tokens ${index * bucket} to ${(index + 1) * bucket - 1}`;
  if (bucket === 1) return `prompt ${first.prompt}, token ${first.position}`;
  if (first.prompt === last.prompt) return `prompt ${first.prompt}, tokens ${first.position} to ${last.position}`;
  return `prompt ${first.prompt}, token ${first.position} to prompt ${last.prompt}, token ${last.position}`;
}
