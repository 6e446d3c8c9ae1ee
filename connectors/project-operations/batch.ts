import { randomUUID } from 'node:crypto';
import { readAnswer } from '../http/answer.ts';
import { rowPath } from './odata.ts';

/** One row of a change set. A row that is to be made must not be there, one that is to be changed must be; with a version, only while nobody else has changed it. */
export type Change =
  | { readonly kind: 'create'; readonly set: string; readonly id: string; readonly body: object }
  | { readonly kind: 'update'; readonly set: string; readonly id: string; readonly body: object; readonly version?: string | undefined }
  | { readonly kind: 'delete'; readonly set: string; readonly id: string };

export interface Part {
  readonly status: number;
  readonly body: unknown;
  readonly text: string;
}

/** The first line of a batch, where the header does not say that it is one. */
const OPENING = /^--((?:batch|changeset)response_\S+)/;
const MULTIPART = /^multipart\/mixed;.*boundary="?([^";]+)"?/i;

/** https://learn.microsoft.com/en-us/power-apps/developer/data-platform/webapi/execute-batch-operations-using-web-api */
export function changeSetOf(changes: readonly Change[]): { readonly type: string; readonly text: string } {
  const [batch, changeSet] = [`batch_${randomUUID()}`, `changeset_${randomUUID()}`];
  const parts = changes.map((change, index) =>
    [
      `--${changeSet}`, 'Content-Type: application/http', 'Content-Transfer-Encoding: binary', `Content-ID: ${index + 1}`, '',
      `${change.kind === 'delete' ? 'DELETE' : 'PATCH'} ${rowPath(change.set, change.id)} HTTP/1.1`, ...conditionOf(change), 'Content-Type: application/json; type=entry', '',
      change.kind === 'delete' ? '' : JSON.stringify(change.body), '',
    ].join('\r\n'),
  );
  return { type: `multipart/mixed; boundary=${batch}`, text: [`--${batch}`, `Content-Type: multipart/mixed; boundary=${changeSet}`, '', `${parts.join('')}--${changeSet}--`, `--${batch}--`, ''].join('\r\n') };
}

/** A PATCH makes a row that is not there, unless a header says otherwise. */
function conditionOf(change: Change): string[] {
  if (change.kind === 'create') return ['If-None-Match: *'];
  return change.kind === 'update' ? [`If-Match: ${change.version ?? '*'}`] : [];
}

/** Whether a batch's answer says that so many requests of its change set were done. */
export function allDone(count: number, type: string | undefined, text: string): boolean {
  const parts = partsIn(type, text);
  return parts?.length === count && parts.every(({ status }) => status >= 200 && status < 300);
}

/** The refusal in a batch's answer. */
export function refusedPart(type: string | undefined, text: string): Part | undefined {
  return partsIn(type, text)?.find(({ status }) => status >= 400);
}

/** The answers in a batch's answer, those of a change set among them; undefined where it is none. */
function partsIn(type: string | undefined, text: string): Part[] | undefined {
  return piecesOf(type, text)?.flatMap((piece) => {
    const [head = '', ...rest] = piece.split('\n\n');
    const inner = /^content-type: *(multipart\/.*)$/im.exec(head)?.[1];
    if (inner !== undefined) return partsIn(inner, rest.join('\n\n')) ?? [];
    const content = rest.slice(1).join('\n\n').trim();
    return [{ status: Number(/^HTTP\/1\.1 (\d{3})/m.exec(piece)?.[1] ?? 0), body: readAnswer({}, content).body, text: content }];
  });
}

function piecesOf(type: string | undefined, text: string): string[] | undefined {
  const boundary = MULTIPART.exec(type?.trim() ?? '')?.[1] ?? OPENING.exec(text)?.[1];
  if (boundary === undefined) return undefined;
  const pieces = text.replaceAll('\r\n', '\n').split(`--${boundary}`);
  return pieces.length < 3 || pieces.at(-1)?.startsWith('--') !== true ? undefined : pieces.slice(1, -1).map((piece) => piece.replace(/^[ \t]*\n/, ''));
}
