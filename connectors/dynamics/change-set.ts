import { randomUUID } from 'node:crypto';
import { SystemFailure } from '../../domain/failure.ts';
import { readAnswer } from '../http/answer.ts';
import { evidenceOf } from '../http/redact.ts';
import { classifyDynamics } from './classify.ts';

/**
 * Requests that are done wholly or not at all, as one part of a batch. The body of a batch is multipart/mixed:
 * https://docs.oasis-open.org/odata/odata/v4.0/errata02/os/complete/part1-protocol/odata-v4.0-errata02-os-part1-protocol-complete.html#_Toc406398359
 */
export interface Operation {
  readonly method: 'POST';
  readonly url: string;
  readonly body: object;
}

interface Part {
  readonly status: number;
  readonly body: unknown;
  readonly text: string;
}

const MULTIPART = /^multipart\/mixed;.*boundary="?([^";]+)"?/i;

export function changeSetOf(operations: readonly Operation[]): { readonly type: string; readonly text: string } {
  const [batch, changeSet] = [`batch_${randomUUID()}`, `changeset_${randomUUID()}`];
  const parts = operations.map(({ method, url, body }, index) =>
    [
      `--${changeSet}`, 'Content-Type: application/http', 'Content-Transfer-Encoding: binary', `Content-ID: ${index + 1}`, '',
      `${method} ${url} HTTP/1.1`, 'Content-Type: application/json; odata.metadata=minimal', 'Accept: application/json; odata.metadata=minimal', '',
      JSON.stringify(body), '',
    ].join('\r\n'),
  );
  return { type: `multipart/mixed; boundary=${batch}`, text: [`--${batch}`, `Content-Type: multipart/mixed; boundary=${changeSet}`, '', `${parts.join('')}--${changeSet}--`, `--${batch}--`, ''].join('\r\n') };
}

/**
 * What became of a change set of so many requests: null where all were done. The batch itself answers 200; a refused change set has one part, with the
 * reason, and nothing of it was done. An answer of another shape leaves doubt.
 */
export function changeSetFailure(system: string, object: string, count: number, answer: { readonly type: string | undefined; readonly text: string }): SystemFailure | null {
  const parts = partsIn(answer.type, answer.text);
  const refused = parts?.find((part) => part.status >= 400);
  if (refused !== undefined) {
    const verdict = classifyDynamics({ status: refused.status, headers: {}, body: refused.body, text: refused.text }, { object, writes: true });
    const meaning = verdict === 'token_refused' ? { kind: 'transient' as const, code: 'DYNAMICS_HTTP_401', message: `The token expired in the middle of ${object}.`, mend: 'Nothing to do: it is tried again by itself.' } : verdict;
    const wait = meaning.retryAfterMs === undefined ? {} : { retryAfterMs: meaning.retryAfterMs };
    return new SystemFailure({ kind: meaning.kind, code: meaning.code, message: meaning.message, mend: meaning.mend, ...wait, system, object, written: 'no', evidence: evidenceOf(refused.text) });
  }
  if (parts?.length === count) return null;
  return new SystemFailure({
    kind: 'contract', code: 'DYNAMICS_BATCH_ANSWER', system, object, written: 'unknown', evidence: evidenceOf(answer.text),
    message: `The answer to the batch with ${object} has ${parts?.length ?? 'no'} parts that can be read; ${count} were asked for.`,
    mend: "Compare the evidence with the vendor's documentation, correct the connector, then retry: the records are looked up first.",
  });
}

/** The answers in a change set's answer; undefined where it is not one. */
function partsIn(type: string | undefined, text: string): Part[] | undefined {
  const outer = piecesOf(type, text)?.[0];
  const [head = '', ...rest] = outer?.split('\n\n') ?? [];
  const inner = piecesOf(/^content-type: *(.*)$/im.exec(head)?.[1], rest.join('\n\n'));
  return inner?.map((piece) => {
    const [, , ...body] = piece.split('\n\n');
    const content = body.join('\n\n').trim();
    return { status: Number(/^HTTP\/1\.1 (\d{3})/m.exec(piece)?.[1] ?? 0), body: readAnswer({}, content).body, text: content };
  });
}

function piecesOf(type: string | undefined, text: string): string[] | undefined {
  const boundary = MULTIPART.exec(type?.trim() ?? '')?.[1];
  if (boundary === undefined) return undefined;
  const pieces = text.replaceAll('\r\n', '\n').split(`--${boundary}`);
  return pieces.length < 3 || pieces.at(-1)?.startsWith('--') !== true ? undefined : pieces.slice(1, -1).map((piece) => piece.replace(/^[ \t]*\n/, ''));
}
