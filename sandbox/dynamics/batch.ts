/**
 * `POST /data/$batch`: multipart/mixed with change sets, each done wholly or not at all. The batch itself answers 200; where a change set is refused, it
 * has one part, with status 500 and the body of the refused request.
 * https://docs.oasis-open.org/odata/odata/v4.0/errata02/os/complete/part1-protocol/odata-v4.0-errata02-os-part1-protocol-complete.html#_Toc406398359
 */
import { randomUUID } from 'node:crypto';
import { badRequest, Refusal } from './errors.ts';
import { perform, type Answer, type Asked, type Service } from './operations.ts';

const MOST_OPERATIONS = 5000;
const MULTIPART = /^multipart\/mixed;.*boundary="?([^";]+)"?/i;

export interface BatchAnswer {
  readonly contentType: string;
  readonly text: string;
}

interface Part {
  readonly headers: ReadonlyMap<string, string>;
  readonly content: string;
}

/** @throws Refusal for a body that is no batch */
export function performBatch(service: Service, contentType: string | undefined, body: unknown): BatchAnswer {
  const boundary = MULTIPART.exec(contentType ?? '')?.[1];
  if (boundary === undefined || typeof body !== 'string') throw badRequest('The content type of a batch must be multipart/mixed with a boundary.');
  const answerBoundary = `batchresponse_${randomUUID()}`;
  const parts = partsIn(body, boundary).map((part) => answerTo(service, part));
  return { contentType: `multipart/mixed; boundary=${answerBoundary}`, text: joined(answerBoundary, parts) };
}

function answerTo(service: Service, part: Part): string {
  const inner = MULTIPART.exec(part.headers.get('content-type') ?? '')?.[1];
  if (inner === undefined) return httpPart(settled(() => perform(service, requestIn(part))), undefined);
  const operations = partsIn(part.content, inner);
  if (operations.length > MOST_OPERATIONS) throw badRequest(`A batch has at most ${MOST_OPERATIONS} operations.`);
  const boundary = `changesetresponse_${randomUUID()}`;
  return `Content-Type: multipart/mixed; boundary=${boundary}\r\n\r\n${joined(boundary, changeSet(service, operations))}`;
}

function changeSet(service: Service, operations: readonly Part[]): string[] {
  let current: string | undefined;
  try {
    return service.environment.transaction(() =>
      operations.map((operation) => {
        current = operation.headers.get('content-id');
        const asked = requestIn(operation);
        if (asked.method === 'GET') throw badRequest('A change set contains only requests that change something.');
        return httpPart(perform(service, asked), current);
      }),
    );
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return [httpPart({ status: error.status === 400 ? 500 : error.status, headers: {}, body: error.body }, current)];
  }
}

function settled(work: () => Answer): Answer {
  try {
    return work();
  } catch (error) {
    if (error instanceof Refusal) return { status: error.status, headers: error.headers, body: error.body };
    throw error;
  }
}

/** The parts between the lines "--boundary" and the line "--boundary--", without which the batch is cut off. */
function partsIn(text: string, boundary: string): Part[] {
  const pieces = text.replaceAll('\r\n', '\n').split(`--${boundary}`);
  if (pieces.length < 3 || pieces.at(-1)?.startsWith('--') !== true) throw badRequest('The batch ends before its closing boundary.');
  return pieces.slice(1, -1).map((piece) => partOf(piece.replace(/^[ \t]*\n/, '')));
}

function partOf(text: string): Part {
  const end = text.indexOf('\n\n');
  if (end < 0) throw badRequest('A part of the batch has no content.');
  return { headers: headersIn(text.slice(0, end)), content: text.slice(end + 2) };
}

function headersIn(text: string): Map<string, string> {
  return new Map(text.split('\n').filter((line) => line.includes(':')).map((line) => [line.slice(0, line.indexOf(':')).trim().toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]));
}

function requestIn(part: Part): Asked {
  if (part.headers.get('content-type') !== 'application/http') throw badRequest("The content type of a part must be 'application/http'.");
  const [start = '', ...rest] = part.content.split('\n');
  const [, method = '', url = ''] = /^([A-Z]+) (\S+) HTTP\/1\.1\s*$/.exec(start) ?? [];
  const { headers, content } = partOf(`${rest.join('\n')}\n\n`);
  const { pathname, searchParams } = new URL(url, 'http://environment/data/');
  const body = content.trim();
  return { method, segment: decodeURIComponent(pathname.replace(/^\/data\//, '')), query: searchParams, ifMatch: headers.get('if-match'), body: body === '' ? undefined : jsonIn(body) };
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw badRequest('The body of a part is not valid JSON.');
  }
}

function httpPart({ status, headers, body }: Answer, contentId: string | undefined): string {
  const head = ['Content-Type: application/http', 'Content-Transfer-Encoding: binary', ...(contentId === undefined ? [] : [`Content-ID: ${contentId}`])];
  const inner = Object.entries({ ...headers, 'OData-Version': '4.0', ...(body === undefined ? {} : { 'Content-Type': 'application/json; odata.metadata=minimal; charset=utf-8' }) }).map(([name, value]) => `${name}: ${value}`);
  return `${head.join('\r\n')}\r\n\r\nHTTP/1.1 ${status} ${status < 300 ? 'OK' : 'Error'}\r\n${inner.join('\r\n')}\r\n\r\n${body === undefined ? '' : JSON.stringify(body)}`;
}

function joined(boundary: string, parts: readonly string[]): string {
  return `${parts.map((part) => `--${boundary}\r\n${part}\r\n`).join('')}--${boundary}--\r\n`;
}
