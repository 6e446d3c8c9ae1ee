import { parse } from 'csv-parse/sync';
import { z } from 'zod';
import type { PayrollAcknowledgement, SentReference } from '../payroll-port.ts';

/** A reason has a thousand characters: what has more is no such file, and is not read to its end. */
const MOST_RECORD_BYTES = 64 * 1024;

const reason = z.string().min(1).max(1000);
const outcome = z.enum(['accepted', 'lines_rejected', 'refused']);

/** An acknowledgement as the bureau writes it in JSON. */
const acknowledgementSchema = z.object({
  schema: z.literal('payroll-acknowledgement'),
  schemaVersion: z.literal(1),
  exportId: z.string(),
  /** Of the hours as the bureau received them. */
  checksum: z.string(),
  outcome,
  accepted: z.int().nonnegative(),
  rejected: z.array(z.object({ line: z.int().positive(), reason })).default([]),
  reason: reason.nullable().default(null),
  reference: z.string().min(1).max(200).nullable().default(null),
});

/** Not understood, or not about what was sent. */
export class AcknowledgementRefused extends Error {
  override readonly name = 'AcknowledgementRefused';
  readonly code: 'PAYROLL_ACK_UNREADABLE' | 'PAYROLL_ACK_OTHER_CHECKSUM' | 'PAYROLL_ACK_UNKNOWN_LINES' | 'PAYROLL_ACK_TOTALS_DIFFER';
  constructor(code: AcknowledgementRefused['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/** Reads an acknowledgement and holds it against what was sent. @throws AcknowledgementRefused */
export function readAcknowledgement(content: Buffer, format: 'json' | 'csv', sent: SentReference): PayrollAcknowledgement {
  const text = textOf(content);
  const { schema: _schema, schemaVersion: _version, ...told } = format === 'json' ? fromJson(text) : fromCsv(text);
  if (told.exportId !== sent.exportId) throw refused('PAYROLL_ACK_OTHER_CHECKSUM', `it is of export ${told.exportId}, not of ${sent.exportId}`);
  if (told.checksum !== sent.checksum) throw refused('PAYROLL_ACK_OTHER_CHECKSUM', `it echoes the checksum ${told.checksum}, but ${sent.checksum} was sent: the bureau has other hours than ours`);
  const unknown = told.rejected.filter(({ line }) => line > sent.lines).map(({ line }) => line);
  if (unknown.length > 0) throw refused('PAYROLL_ACK_UNKNOWN_LINES', `it rejects line ${unknown.slice(0, 10).join(', ')}, but the export has ${sent.lines}`);
  if (new Set(told.rejected.map(({ line }) => line)).size !== told.rejected.length) throw refused('PAYROLL_ACK_TOTALS_DIFFER', 'it rejects a line twice');
  if (told.outcome === 'refused') {
    if (told.accepted > 0) throw refused('PAYROLL_ACK_TOTALS_DIFFER', `it refuses the export and accepts ${told.accepted} of its lines`);
    return { ...told, reason: told.reason ?? 'no reason was given' };
  }
  if (told.accepted + told.rejected.length !== sent.lines) throw refused('PAYROLL_ACK_TOTALS_DIFFER', `it accepts ${told.accepted} lines and rejects ${told.rejected.length}, but ${sent.lines} were sent`);
  if ((told.rejected.length > 0) !== (told.outcome === 'lines_rejected')) throw refused('PAYROLL_ACK_TOTALS_DIFFER', `it says "${told.outcome}" and rejects ${told.rejected.length} lines`);
  return told;
}

function textOf(content: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(content);
  } catch {
    throw refused('PAYROLL_ACK_UNREADABLE', 'it is not UTF-8 text');
  }
}

function fromJson(text: string): z.infer<typeof acknowledgementSchema> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw refused('PAYROLL_ACK_UNREADABLE', 'it is not a whole JSON document');
  }
  return shaped(value);
}

/**
 * The same as records of a CSV file: `H,<export ID>,<checksum>,<outcome>,<accepted>,<rejected>,<reference>,<reason>`, one `R,<line>,<reason>` for
 * each rejected line, and last `T,<number of R records>`, without which the file is not whole.
 */
function fromCsv(text: string): z.infer<typeof acknowledgementSchema> {
  let records: string[][];
  try {
    records = parse(text, { relax_column_count: true, skip_empty_lines: true, bom: true, max_record_size: MOST_RECORD_BYTES });
  } catch {
    throw refused('PAYROLL_ACK_UNREADABLE', 'it is not a whole CSV file');
  }
  const [head = [], ...rest] = records;
  const last = rest.at(-1) ?? [];
  const lines = rest.slice(0, -1);
  if (head[0] !== 'H' || last[0] !== 'T' || lines.some(([kind]) => kind !== 'R') || Number(last[1]) !== lines.length || Number(head[5]) !== lines.length) {
    throw refused('PAYROLL_ACK_UNREADABLE', 'its head, lines and end (H, R…, T) do not belong together');
  }
  return shaped({
    schema: 'payroll-acknowledgement',
    schemaVersion: 1,
    exportId: head[1],
    checksum: head[2],
    outcome: head[3],
    accepted: numberOf(head[4]),
    rejected: lines.map(([, line, why]) => ({ line: numberOf(line), reason: why })),
    reference: head[6] === '' ? null : head[6],
    reason: head[7] === '' ? null : head[7],
  });
}

function numberOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

function shaped(value: unknown): z.infer<typeof acknowledgementSchema> {
  const parsed = acknowledgementSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw refused('PAYROLL_ACK_UNREADABLE', `${issue?.path.map(String).join('.') || 'the document'}: ${issue?.message ?? 'not as agreed'}`);
}

function refused(code: AcknowledgementRefused['code'], message: string): AcknowledgementRefused {
  return new AcknowledgementRefused(code, message);
}
