import { stringify } from 'csv-stringify/sync';
import type { Examined } from './examine.ts';

export interface Rejection {
  readonly line: number;
  readonly reason: string;
}

export interface Answer {
  readonly name: string;
  readonly content: string;
}

/** What the bureau answers, as JSON or as CSV records. */
export function answerTo({ manifest, checksum, lines, refusal }: Examined, { rejected, reference, csv }: { readonly rejected: readonly Rejection[]; readonly reference: string; readonly csv: boolean }): Answer {
  const outcome = refusal !== null ? 'refused' : rejected.length > 0 ? 'lines_rejected' : 'accepted';
  const accepted = refusal === null ? lines.length - rejected.length : 0;
  const listed = refusal === null ? rejected : [];
  const name = `payroll.${manifest.exportId}.ack`;
  if (csv) {
    const records = [['H', manifest.exportId, checksum, outcome, accepted, listed.length, reference, refusal ?? ''], ...listed.map(({ line, reason }) => ['R', line, reason]), ['T', listed.length]];
    return { name: `${name}.csv`, content: stringify(records, { record_delimiter: 'windows' }) };
  }
  const document = { schema: 'payroll-acknowledgement', schemaVersion: 1, exportId: manifest.exportId, checksum, outcome, accepted, rejected: listed, reason: refusal, reference };
  return { name: `${name}.json`, content: `${JSON.stringify(document, null, 2)}\n` };
}
