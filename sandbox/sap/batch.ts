/**
 * `$batch` of OData version 2: multipart/mixed with change sets, each done wholly or not at all. The batch itself answers 202; a change set that is refused has a single
 * part in place of its own, with the reason. https://www.odata.org/documentation/odata-version-2-0/batch-processing/
 */
import { randomUUID } from 'node:crypto';
import { malformed, Refusal } from './errors.ts';
import { perform, type Answer, type Service } from './operations.ts';

const MULTIPART = /^multipart\/mixed;.*boundary="?([^";\s]+)"?/i;

interface Part {
  readonly headers: ReadonlyMap<string, string>;
  readonly content: string;
}

/**
 * @param share of the change sets that are done, from the first on; 1: all of them
 * @throws Refusal for a body that is no batch
 */
export function performBatch(service: Service, path: string, contentType: string | undefined, body: unknown, share = 1): { readonly contentType: string; readonly text: string } {
  const boundary = MULTIPART.exec(contentType ?? '')?.[1];
  if (boundary === undefined || typeof body !== 'string') throw malformed('The content type of a batch must be multipart/mixed with a boundary');
  const answerBoundary = randomUUID().replaceAll('-', '').toUpperCase();
  const asked = partsIn(body, boundary);
  const parts = asked.slice(0, Math.ceil(asked.length * share)).map((part) => answerTo(service, path, part));
  return { contentType: `multipart/mixed; boundary=${answerBoundary}`, text: joined(answerBoundary, parts) };
}

function answerTo(service: Service, path: string, part: Part): string {
  const inner = MULTIPART.exec(part.headers.get('content-type') ?? '')?.[1];
  if (inner === undefined) return httpPart(settled(() => performPart(service, path, part, 'GET')));
  const refusalOrParts = changeSet(service, path, partsIn(part.content, inner));
  if (typeof refusalOrParts === 'string') return refusalOrParts;
  const boundary = randomUUID().replaceAll('-', '').toUpperCase();
  return `Content-Type: multipart/mixed; boundary=${boundary}\r\n\r\n${joined(boundary, refusalOrParts)}`;
}

function changeSet(service: Service, path: string, operations: readonly Part[]): string | string[] {
  try {
    return service.system.transaction(() => operations.map((operation) => httpPart(performPart(service, path, operation, 'change'))));
  } catch (error) {
    if (error instanceof Refusal) return httpPart({ status: error.status, headers: error.headers, ...(typeof error.body === 'object' ? { body: error.body } : {}) });
    throw error;
  }
}

function performPart(service: Service, path: string, part: Part, kind: 'GET' | 'change'): Answer {
  if (part.headers.get('content-type') !== 'application/http') throw malformed("The content type of a part must be 'application/http'");
  const [start = '', ...rest] = part.content.split('\n');
  const [, method = '', url = ''] = /^([A-Z]+) (\S+) HTTP\/1\.1\s*$/.exec(start) ?? [];
  if ((method === 'GET') !== (kind === 'GET')) throw malformed(kind === 'GET' ? 'Outside a change set only GET is allowed' : 'A change set holds only requests that change something');
  const { headers, content } = partOf(`${rest.join('\n')}\n\n`);
  const text = content.trim();
  const length = headers.get('content-length');
  if (text !== '' && (length === undefined || Number(length) !== Buffer.byteLength(text))) throw malformed(`Content-Length ${length ?? ''} of a part is not that of its body`);
  const { pathname, searchParams } = new URL(url, 'http://system/');
  return perform(service, { method, service: path, path: decodeURIComponent(pathname.slice(1)), query: searchParams, ifMatch: headers.get('if-match'), body: text === '' ? undefined : jsonIn(text) });
}

function settled(work: () => Answer): Answer {
  try {
    return work();
  } catch (error) {
    if (error instanceof Refusal) return { status: error.status, headers: error.headers, ...(typeof error.body === 'object' ? { body: error.body } : {}) };
    throw error;
  }
}

/** The parts between the lines "--boundary" and the line "--boundary--", without which the batch is cut off. */
function partsIn(text: string, boundary: string): Part[] {
  const pieces = text.replaceAll('\r\n', '\n').split(`--${boundary}`);
  if (pieces.length < 3 || pieces.at(-1)?.startsWith('--') !== true) throw malformed('The batch ends before its closing boundary');
  return pieces.slice(1, -1).map((piece) => partOf(piece.replace(/^[ \t]*\n/, '')));
}

function partOf(text: string): Part {
  const end = text.indexOf('\n\n');
  if (end < 0) throw malformed('A part of the batch has no content');
  const headers = text.slice(0, end).split('\n').filter((line) => line.includes(':')).map((line) => [line.slice(0, line.indexOf(':')).trim().toLowerCase(), line.slice(line.indexOf(':') + 1).trim()] as const);
  return { headers: new Map(headers), content: text.slice(end + 2) };
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw malformed('The body of a part is not valid JSON');
  }
}

function httpPart({ status, headers, body }: Answer): string {
  const text = body === undefined ? '' : JSON.stringify(body);
  const inner = Object.entries({ ...headers, 'Content-Length': String(Buffer.byteLength(text)), dataserviceversion: '2.0', ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) }).map(([name, value]) => `${name}: ${value}`);
  return `Content-Type: application/http\r\nContent-Length: ${Buffer.byteLength(text) + 200}\r\ncontent-transfer-encoding: binary\r\n\r\nHTTP/1.1 ${status} ${status < 300 ? 'Created' : 'Bad Request'}\r\n${inner.join('\r\n')}\r\n\r\n${text}`;
}

function joined(boundary: string, parts: readonly string[]): string {
  return `${parts.map((part) => `--${boundary}\r\n${part}\r\n`).join('')}--${boundary}--\r\n`;
}
