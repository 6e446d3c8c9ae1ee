import { decimalText, type DecimalText } from '../../domain/money.ts';
import type { LaborPosting } from '../../domain/model/time/labor-posting.ts';

/** How a timesheet.line carries its posting: https://docs.tryton.org/projects/modules-timesheet/. Its `uuid` is readonly for every outside program (8.2.1). */

const TAG = /\[q2c ([A-Za-z0-9_-]{8,64})\]\s*$/;
/** For a domain: lines that were posted by us; a key has eight characters or more. */
export const OUR_LINES = ['description', 'like', '%[q2c ________%]'] as const;
const LONGEST_NOTE = 400;

export function keyInDescription(description: string | null): string | null {
  return TAG.exec(description ?? '')?.[1] ?? null;
}

/** What a person reads on the line, and the posting key at its end. `toBillByHand`: what Tryton will not invoice by itself. */
export function describeLine(posting: LaborPosting, toBillByHand: string | null): string {
  const notes = oneLine(posting.notes);
  const billing = toBillByHand === null ? '' : `, to be billed by hand: ${toBillByHand}`;
  const taken = posting.reverses === null ? '' : `Takes back posting ${posting.reverses} (${posting.hours} h). `;
  return `${taken}${notes === '' ? '' : `${notes} · `}${posting.laborCategory}${billing}, entry ${posting.entry.system} ${posting.entry.id} v${posting.entry.version} [q2c ${posting.key}]`;
}

/** The description of a line that was taken back: what it said, what it was, and by which posting. */
export function describeTakenBack(description: string, hours: DecimalText, by: string): string {
  const tag = TAG.exec(description)?.[0] ?? '';
  return `${description.slice(0, description.length - tag.length).trimEnd()}, was ${hours} h, taken back by posting ${by} ${tag}`;
}

function oneLine(text: string): string {
  const flat = text.replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ').trim();
  return flat.length <= LONGEST_NOTE ? flat : `${flat.slice(0, LONGEST_NOTE - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}

const SCALE = 10;
const MICROSECONDS_PER_HOUR = 3_600_000_000n;
const UNIT = 10n ** BigInt(SCALE);

/** Hours in microseconds, the finest Tryton keeps; rounded to one where the hours are finer (beyond 8 decimals). */
export function microsecondsOf(hours: DecimalText): bigint {
  const negative = hours.startsWith('-');
  const [whole = '0', fraction = ''] = hours.replace('-', '').split('.');
  const scaled = BigInt(whole + fraction.padEnd(SCALE, '0'));
  const micros = (scaled * MICROSECONDS_PER_HOUR + UNIT / 2n) / UNIT;
  return negative ? -micros : micros;
}

/** Microseconds (not negative) in hours, to ten decimals. */
export function hoursOf(micros: bigint): DecimalText {
  const scaled = (micros * UNIT + MICROSECONDS_PER_HOUR / 2n) / MICROSECONDS_PER_HOUR;
  const digits = scaled.toString().padStart(SCALE + 1, '0');
  return decimalText(`${digits.slice(0, -SCALE)}.${digits.slice(-SCALE)}`);
}

export function wireMicroseconds(micros: bigint) {
  return { __class__: 'timedelta', seconds: Number(micros) / 1_000_000 } as const;
}

export const labelOf = (posting: LaborPosting) => `labor of ${posting.person} on ${posting.projectNumber}, ${posting.workDate} (posting ${posting.key})`;
