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
