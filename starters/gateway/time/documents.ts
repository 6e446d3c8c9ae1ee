import { isUtf8 } from 'node:buffer';
import { z } from 'zod';
import { expenseReportSchema, type ExpenseReport } from '../../../domain/model/time/expense-report.ts';
import { recordIdSchema } from '../../../domain/model/time/record.ts';
import { timesheetSchema, type Timesheet } from '../../../domain/model/time/timesheet.ts';
import type { BatchKind } from '../../../store/time/intake.ts';
import { jsonPlace } from '../body.ts';
import { findingsOf, type Finding } from '../problem.ts';

export type TimeDocument = Timesheet | ExpenseReport;

export type ReadDocument =
  | { readonly ok: true; readonly document: TimeDocument }
  | { readonly ok: false; readonly id: string | null; readonly version: number | null; readonly errors: readonly Finding[] };

const MOST_ERRORS = 20;
const FIRST_DAY = '1970-01-01';
const LAST_DAY = '2199-12-31';

const SCHEMAS = { timesheets: timesheetSchema, expenses: expenseReportSchema } as const;
const headSchema = z.looseObject({ id: recordIdSchema.nullable().catch(null), version: z.number().nullable().catch(null) });

/** Reads one document from its bytes, as strictly as its schema; `last` says of what is not JSON that it may be cut off. */
export function readDocument(kind: BatchKind, bytes: Buffer, last = false): ReadDocument {
  if (!isUtf8(bytes)) return unreadable('the line is not UTF-8 text');
  const text = bytes.toString('utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const where = error instanceof SyntaxError ? jsonPlace(error.message) : 'unreadable';
    return unreadable(last ? `the last line is cut off: it is not JSON (${where}) and no line end follows it` : `the line is not JSON (${where})`);
  }
  return checkDocument(kind, value, text);
}

/** The same for a value that was parsed before, from this text. */
export function checkDocument(kind: BatchKind, value: unknown, text: string): ReadDocument {
  const head = headSchema.safeParse(value);
  const { id, version } = head.success ? head.data : { id: null, version: null };
  const parsed = SCHEMAS[kind].safeParse(value);
  if (!parsed.success) return { ok: false, id, version, errors: findingsOf(parsed.error).slice(0, MOST_ERRORS) };
  const errors = [...(text.includes('\\u') ? brokenTexts(parsed.data) : []), ...outOfRange(parsed.data)];
  return errors.length === 0 ? { ok: true, document: parsed.data } : { ok: false, id, version, errors: errors.slice(0, MOST_ERRORS) };
}

function unreadable(message: string): ReadDocument {
  return { ok: false, id: null, version: null, errors: [{ path: '', message }] };
}

/** U+0000 and halves of characters cannot be kept as they are, and are not changed in silence. */
function brokenTexts(value: unknown, path: readonly string[] = []): Finding[] {
  if (typeof value === 'string') {
    if (value.includes('\0')) return [{ path: path.join('.'), message: 'the text holds the character U+0000' }];
    return value.isWellFormed() ? [] : [{ path: path.join('.'), message: 'the text holds half a character (a lone surrogate)' }];
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) => brokenTexts(member, [...path, name]));
}

function outOfRange(document: TimeDocument): Finding[] {
  const findings: Finding[] = [];
  const day = (path: string, given: string) => {
    if (given < FIRST_DAY || given > LAST_DAY) findings.push({ path, message: `expected a day from ${FIRST_DAY} to ${LAST_DAY}` });
  };
  if (document.schema === 'expense-report') {
    day('submittedOn', document.submittedOn);
    document.lines.forEach(({ incurredOn }, index) => day(`lines.${index}.incurredOn`, incurredOn));
    return findings;
  }
  day('weekStart', document.weekStart);
  document.entries.forEach(({ workDate }, index) => day(`entries.${index}.workDate`, workDate));
  return findings;
}
