// Markup built by templates that escape whatever is put into them, unless it is markup itself.

class Markup {
  constructor(text) { this.text = text; }
  toString() { return this.text; }
}

const ENTITIES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function escapeText(value) {
  return String(value).replace(/[&<>"']/g, (character) => ENTITIES[character]);
}

function insert(value) {
  if (value === null || value === undefined || value === false) return '';
  if (Array.isArray(value)) return value.map(insert).join('');
  return value instanceof Markup ? value.text : escapeText(value);
}

// Tag of template literals: markup`<b>${text}</b>`.
function markup(parts, ...values) {
  return new Markup(parts.reduce((text, part, i) => text + insert(values[i - 1]) + part));
}

function element(id) {
  return document.getElementById(id);
}

function show(node, content) {
  node.innerHTML = insert(content);
}

// A table from headers and lines; a header that begins with # makes a column of numbers.
function plainTable(headers, lines) {
  const kind = headers.map((header) => (header.startsWith('#') ? 'num' : ''));
  return markup`<table class="plain">
    <thead><tr>${headers.map((header, i) => markup`<th class="${kind[i]}">${header.replace('#', '')}</th>`)}</tr></thead>
    <tbody>${lines.map((line) => markup`<tr>${line.map((text, i) => markup`<td class="${kind[i]}">${text}</td>`)}</tr>`)}</tbody>
  </table>`;
}

function option(value, label, chosen) {
  return markup`<option value="${value}" ${new Markup(value === chosen ? 'selected' : '')}>${label}</option>`;
}
