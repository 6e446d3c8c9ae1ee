import type { RecordStore } from './records.ts';

const SHOWN_ROWS = 200;
const STYLE = `body{font:14px/1.45 system-ui,sans-serif;margin:2rem;color:#1d2733;background:#fff}
h1{font-size:1.4rem}h2{font-size:1.05rem;margin-top:2rem}p,small{color:#5a6675}
.wide{overflow-x:auto}table{border-collapse:collapse}th,td{border:1px solid #d8dee6;padding:.25rem .5rem;text-align:left;vertical-align:top;max-width:28rem;overflow-wrap:anywhere}
th{background:#f3f5f8;position:sticky;top:0;white-space:nowrap}`;

/** A read-only page of everything a sandbox holds, for a person who wants to see what the line wrote there. */
export function recordsPage(title: string, records: RecordStore): string {
  const names = records.collectionNames().filter((name) => !name.startsWith('__'));
  const sections = names.map((name) => section(name, records.collection<Record<string, unknown>>(name).all()));
  return `<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>${escape(title)}</title><style>${STYLE}</style></head>
<body><h1>${escape(title)}</h1><p>A sandbox: it speaks the vendor's wire format and holds these records. Read only.
The same as JSON: <a href="/__admin/state">/__admin/state</a>, the last requests: <a href="/__admin/requests">/__admin/requests</a>.</p>
${sections.join('\n')}</body></html>`;
}

function section(name: string, rows: readonly Record<string, unknown>[]): string {
  if (rows.length === 0) return '';
  const shown = rows.slice(-SHOWN_ROWS).reverse().map(flatten);
  const columns = [...new Set(shown.flatMap((row) => Object.keys(row)))];
  const head = columns.map((column) => `<th>${escape(column)}</th>`).join('');
  const body = shown.map((row) => `<tr>${columns.map((column) => `<td>${escape(text(row[column]))}</td>`).join('')}</tr>`);
  const count = rows.length > SHOWN_ROWS ? `the last ${SHOWN_ROWS} of ${rows.length}` : String(rows.length);
  return `<h2>${escape(name)} <small>${count}</small></h2><div class="wide"><table><thead><tr>${head}</tr></thead><tbody>${body.join('')}</tbody></table></div>`;
}

/** Vendors wrap a record's own fields in `properties` or `fields`; a reader wants them as columns. */
function flatten(row: Record<string, unknown>): Record<string, unknown> {
  const { properties, fields, ...rest } = row;
  return { ...rest, ...(isRecord(properties) ? properties : {}), ...(isRecord(fields) ? fields : {}) };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function text(value: unknown): string {
  if (value === undefined || value === null) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function escape(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
