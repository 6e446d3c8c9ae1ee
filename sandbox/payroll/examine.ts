import { createHash } from 'node:crypto';
import { parse } from 'csv-parse/sync';
import { z } from 'zod';

/** The manifest as the bureau agreed on it with its customers: written here again, not taken from the sender's code. */
const Manifest = z.object({
  schema: z.literal('payroll-manifest'),
  schemaVersion: z.literal(1),
  exportId: z.string().min(1),
  employer: z.string().min(1),
  payPeriod: z.object({ code: z.string(), from: z.string(), to: z.string() }),
  payDate: z.string(),
  number: z.int().positive(),
  kind: z.enum(['regular', 'supplementary']),
  file: z.object({ name: z.string().regex(/^[^/\\]+\.csv$/), bytes: z.int(), sha256: z.string() }),
  totals: z.object({ lines: z.int(), people: z.int(), hours: z.string(), hoursPerPayCode: z.array(z.object({ payCode: z.string(), hours: z.string() })) }),
});
export type Manifest = z.infer<typeof Manifest>;

const HEADER = 'export_id,line,employer,pay_period,pay_date,person,work_date,pay_code,multiplier,hours,cost_center';
const SCALE = 10n ** 10n;

export interface HourLine {
  readonly line: number;
  readonly person: string;
  readonly payCode: string;
  /** In ten-thousand-millionths of an hour, so that sums are exact. */
  readonly scaled: bigint;
}

export interface Examined {
  readonly manifest: Manifest;
  /** Of the hours as they lie there. */
  readonly checksum: string;
  readonly lines: readonly HourLine[];
  /** Why the export is refused as a whole; null: its totals are right. */
  readonly refusal: string | null;
}

export function readManifest(text: string): Manifest | undefined {
  try {
    return Manifest.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** Counts everything again from the hours alone and holds it against the manifest. */
export function examine(manifest: Manifest, hours: Buffer): Examined {
  const checksum = createHash('sha256').update(hours).digest('hex');
  const refused = (refusal: string): Examined => ({ manifest, checksum, lines: [], refusal });
  if (hours.length !== manifest.file.bytes) return refused(`the file has ${hours.length} bytes, the manifest says ${manifest.file.bytes}`);
  if (checksum !== manifest.file.sha256) return refused('the checksum of the file is not the one in the manifest');
  let records: string[][];
  try {
    records = parse(new TextDecoder('utf-8', { fatal: true }).decode(hours), { record_delimiter: '\r\n' });
  } catch {
    return refused('the file is no CSV in UTF-8');
  }
  if (records[0]?.join(',') !== HEADER) return refused('the header is not the one that was agreed');
  const lines: HourLine[] = [];
  for (const [index, record] of records.slice(1).entries()) {
    const [exportId, line, employer, payPeriod, , person = '', , payCode = '', , amount = ''] = record;
    if (exportId !== manifest.exportId || employer !== manifest.employer || payPeriod !== manifest.payPeriod.code || Number(line) !== index + 1) return refused(`record ${index + 1} does not belong to this export`);
    const scaled = scaledOf(amount);
    if (scaled === undefined) return refused(`record ${index + 1} has the hours "${amount}"`);
    lines.push({ line: index + 1, person: person.replace(/^'/, ''), payCode: payCode.replace(/^'/, ''), scaled });
  }
  return { manifest, checksum, lines, refusal: differences(manifest, lines) };
}

function differences({ totals }: Manifest, lines: readonly HourLine[]): string | null {
  const total = (of: readonly HourLine[]) => of.reduce((sum, { scaled }) => sum + scaled, 0n);
  if (lines.length !== totals.lines) return `the file has ${lines.length} lines, the manifest says ${totals.lines}`;
  if (new Set(lines.map(({ person }) => person)).size !== totals.people) return 'the number of people differs';
  if (total(lines) !== scaledOf(totals.hours)) return 'the sum of hours differs';
  const codes = Map.groupBy(lines, ({ payCode }) => payCode);
  const wrong = totals.hoursPerPayCode.find(({ payCode, hours }) => total(codes.get(payCode) ?? []) !== scaledOf(hours));
  if (wrong !== undefined || codes.size !== totals.hoursPerPayCode.length) return `the hours of pay code ${wrong?.payCode ?? '?'} differ`;
  return null;
}

function scaledOf(text: string): bigint | undefined {
  const parts = /^(-?)(\d+)(?:\.(\d{1,10}))?$/.exec(text);
  if (parts === null) return undefined;
  const [, sign, whole = '0', fraction = ''] = parts;
  const scaled = BigInt(whole) * SCALE + BigInt(fraction.padEnd(10, '0'));
  return sign === '-' ? -scaled : scaled;
}

/** As text: "7.5". */
export function hoursText(scaled: bigint): string {
  const positive = scaled < 0n ? -scaled : scaled;
  const fraction = String(positive % SCALE).padStart(10, '0').replace(/0+$/, '');
  return `${scaled < 0n ? '-' : ''}${positive / SCALE}${fraction === '' ? '' : `.${fraction}`}`;
}
