import { stringify } from 'csv-stringify/sync';
import type { PayrollExport } from '../../domain/model/time/payroll-export.ts';

export const CSV_COLUMNS = ['export_id', 'line', 'employer', 'pay_period', 'pay_date', 'person', 'work_date', 'pay_code', 'multiplier', 'hours', 'cost_center'] as const;

/**
 * The hours of an export as RFC 4180 text in UTF-8 (https://www.rfc-editor.org/rfc/rfc4180): a header, CRLF, one record for each line, in order.
 * The same document gives the same bytes.
 */
export function hoursCsv(document: PayrollExport): Buffer {
  const records = document.lines.map((line) => [
    document.id,
    line.line,
    document.employer,
    document.payPeriod.code,
    document.payDate,
    harmless(line.person),
    line.workDate,
    harmless(line.payCode),
    line.multiplier,
    line.hours,
    harmless(line.costCenter),
  ]);
  return Buffer.from(stringify([[...CSV_COLUMNS], ...records], { record_delimiter: 'windows' }), 'utf8');
}

/**
 * A text that a spreadsheet would run as a formula begins with an apostrophe, and so does one that began with it already, so that it can be taken
 * off again (https://owasp.org/www-community/attacks/CSV_Injection). Hours are exact decimals and may begin with a minus.
 */
function harmless(text: string): string {
  return /^[=+\-@\t\r\n'\uFF1D\uFF0B\uFF0D\uFF20]/.test(text) ? `'${text}` : text;
}
