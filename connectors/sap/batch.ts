import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { SystemFailure } from '../../domain/failure.ts';
import { readAnswer } from '../http/answer.ts';
import { evidenceOf } from '../http/redact.ts';
import { classifySap } from './classify.ts';

/**
 * `$batch` of OData version 2: change sets, each done wholly or not at all, whatever becomes of the others.
 * https://www.odata.org/documentation/odata-version-2-0/batch-processing/
 */
export interface Operation {
  readonly method: 'POST' | 'PATCH' | 'DELETE';
  /** Below the service: "TimeSheetEntryCollection". */
  readonly path: string;
  readonly body?: object;
  readonly ifMatch?: string;
}

/** The answers' bodies where a change set was done, else why not. */
export type ChangeSetOutcome = { readonly bodies: readonly unknown[] } | { readonly refusal: SystemFailure };

const MULTIPART = /^multipart\/mixed;.*boundary="?([^";\s]+)"?/i;

export function batchOf(changeSets: readonly (readonly Operation[])[]): { readonly type: string; readonly text: string } {
  const batch = `batch_${randomUUID()}`;
  const parts = changeSets.map((operations) => {
    const changeSet = `changeset_${randomUUID()}`;
    return [`--${batch}`, `Content-Type: multipart/mixed; boundary=${changeSet}`, '', `${operations.map((operation) => partOf(changeSet, operation)).join('')}--${changeSet}--`, ''].join('\r\n');
  });
  return { type: `multipart/mixed; boundary=${batch}`, text: `${parts.join('\r\n')}\r\n--${batch}--\r\n` };
}

function partOf(boundary: string, { method, path, body, ifMatch }: Operation): string {
  const content = body === undefined ? '' : JSON.stringify(body);
  const headers = ['Accept: application/json', ...(ifMatch === undefined ? [] : [`If-Match: ${ifMatch}`]), ...(body === undefined ? [] : ['Content-Type: application/json']), `Content-Length: ${Buffer.byteLength(content)}`];
  return [`--${boundary}`, 'Content-Type: application/http', 'Content-Transfer-Encoding: binary', '', `${method} ${path} HTTP/1.1`, ...headers, '', content, ''].join('\r\n');
}

/**
 * What became of each change set, in their order: one that was refused has a single part, with the reason, in the place of its parts.
 * @throws SystemFailure with `written: 'unknown'` where the answer cannot be read
 */
export function outcomesOf(system: string, object: string, changeSets: readonly (readonly Operation[])[], answer: { readonly type: string | undefined; readonly text: string }): ChangeSetOutcome[] {
  const parts = piecesOf(answer.type, answer.text);
  if (parts?.length !== changeSets.length) throw unreadable(system, object, answer.text, `${parts?.length ?? 'no'} parts that can be read; ${changeSets.length} were asked for`);
  return parts.map((part, index): ChangeSetOutcome => {
    const { headers, content } = split(part);
    const inner = piecesOf(headers.get('content-type'), content);
    const answers = inner?.map((piece) => responseIn(split(piece).content)) ?? [responseIn(content)];
    const refused = answers.find(({ status }) => status >= 400);
    if (refused !== undefined) return { refusal: refusalOf(system, object, refused) };
    if (answers.length !== changeSets[index]?.length || answers.some(({ status }) => status < 200 || status >= 300)) throw unreadable(system, object, part, `a change set whose parts do not fit what was asked`);
    return { bodies: answers.map(({ body }) => body) };
  });
}

/** A body in a batch's answer, of the shape that was asked for. @throws SystemFailure with `written: 'unknown'` */
export function bodyIn<T>(system: string, object: string, body: unknown, schema: z.ZodType<T>): T {
  const parsed = z.object({ d: schema }).safeParse(body);
  if (parsed.success) return parsed.data.d;
  throw unreadable(system, object, JSON.stringify(body) ?? '', 'a record of another shape than documented');
}

interface Response {
  readonly status: number;
  readonly body: unknown;
  readonly text: string;
}

function responseIn(text: string): Response {
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(text)?.[1] ?? 0);
  const content = split(text.replace(/^[^\n]*\n/, '')).content.trim();
  return { status, body: readAnswer({}, content).body, text: content };
}

function refusalOf(system: string, object: string, { status, body, text }: Response): SystemFailure {
  const verdict = classifySap({ status, headers: {}, body, text }, { object, writes: true });
  const meaning = verdict === 'token_refused' ? { kind: 'transient' as const, code: 'SAP_HTTP_401', message: `The session ended in the middle of ${object}.`, mend: 'Nothing to do: it is tried again by itself.' } : verdict;
  const wait = meaning.retryAfterMs === undefined ? {} : { retryAfterMs: meaning.retryAfterMs };
  // An error of the server itself inside a batch says nothing about the change set: it is looked up first.
  const doubt = status >= 500 && meaning.refused !== true;
  return new SystemFailure({ kind: doubt ? 'in_doubt' : meaning.kind, code: meaning.code, message: meaning.message, mend: meaning.mend, ...wait, system, object, written: doubt ? 'unknown' : 'no', evidence: evidenceOf(text) });
}

function unreadable(system: string, object: string, text: string, what: string): SystemFailure {
  return new SystemFailure({
    kind: 'contract', code: 'SAP_BATCH_ANSWER', system, object, written: 'unknown', evidence: evidenceOf(text),
    message: `The answer to the batch with ${object} has ${what}.`,
    mend: "Compare the evidence with the vendor's documentation, correct the connector, then retry: the records are looked up first.",
  });
}

/** Undefined where the text is not multipart, or is cut off before its end. */
function piecesOf(type: string | undefined, text: string): string[] | undefined {
  const boundary = MULTIPART.exec(type?.trim() ?? '')?.[1];
  if (boundary === undefined) return undefined;
  const pieces = text.replaceAll('\r\n', '\n').split(`--${boundary}`);
  return pieces.length < 3 || pieces.at(-1)?.startsWith('--') !== true ? undefined : pieces.slice(1, -1).map((piece) => piece.replace(/^[ \t]*\n/, ''));
}

function split(part: string): { readonly headers: ReadonlyMap<string, string>; readonly content: string } {
  const end = part.indexOf('\n\n');
  const head = end < 0 ? part : part.slice(0, end);
  const headers = head.split('\n').filter((line) => line.includes(':')).map((line) => [line.slice(0, line.indexOf(':')).trim().toLowerCase(), line.slice(line.indexOf(':') + 1).trim()] as const);
  return { headers: new Map(headers), content: end < 0 ? '' : part.slice(end + 2) };
}
