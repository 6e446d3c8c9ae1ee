/**
 * `POST /api/data/v9.2/$batch`: multipart/mixed with up to 1,000 requests; a change set is done wholly or not at all. Without `odata.continue-on-error` the
 * batch ends with the first refusal and answers with its status.
 * https://learn.microsoft.com/en-us/power-apps/developer/data-platform/webapi/execute-batch-operations-using-web-api
 */
import { randomUUID } from 'node:crypto';
import { badRequest, Refusal } from './errors.ts';
import { perform, ROOT, type Answer, type Asked, type Service } from './operations.ts';

const MOST_OPERATIONS = 1000;
const MULTIPART = /^multipart\/mixed;.*boundary="?([^";]+)"?/i;

export interface BatchAnswer {
  readonly status: number;
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
  const answered: string[] = [];
  let status = 200;
  for (const part of partsIn(body, boundary)) {
    try {
      answered.push(answerTo(service, part));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      ({ status } = error);
      answered.push(httpPart(error, undefined));
      break;
    }
  }
  return { status, contentType: `multipart/mixed; boundary=${answerBoundary}`, text: joined(answerBoundary, answered) };
}

function answerTo(service: Service, part: Part): string {
  const inner = MULTIPART.exec(part.headers.get('content-type') ?? '')?.[1];
  if (inner === undefined) return httpPart(perform(service, requestIn(part)), undefined);
  const operations = partsIn(part.content, inner);
  if (operations.length > MOST_OPERATIONS) throw badRequest(`A batch has at most ${MOST_OPERATIONS} requests.`);
  const boundary = `changesetresponse_${randomUUID()}`;
  const done = service.environment.transaction(() => operations.map((operation) => {
    const contentId = operation.headers.get('content-id');
    if (contentId === undefined) throw badRequest('Content-ID header not present in one or more of the change set\'s parts.');
    const asked = requestIn(operation);
    if (asked.method === 'GET') throw badRequest('A change set contains only requests that change something.');
    return httpPart(perform(service, asked), contentId);
  }));
  return `Content-Type: multipart/mixed; boundary=${boundary}\r\n\r\n${joined(boundary, done)}`;
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
  const { pathname, searchParams } = new URL(url, 'http://environment');
  if (!pathname.startsWith(`${ROOT}/`)) throw badRequest(`'${url}' is not below ${ROOT}.`);
  const body = content.trim();
  return { method, segment: decodeURIComponent(pathname.slice(ROOT.length + 1)), query: searchParams, headers, body: body === '' ? undefined : jsonIn(body) };
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
  const inner = Object.entries({ ...headers, 'OData-Version': '4.0', ...(body === undefined ? {} : { 'Content-Type': 'application/json; odata.metadata=minimal' }) }).map(([name, value]) => `${name}: ${value}`);
  return `${head.join('\r\n')}\r\n\r\nHTTP/1.1 ${status} ${status < 300 ? 'OK' : 'Error'}\r\n${inner.join('\r\n')}\r\n\r\n${body === undefined ? '' : JSON.stringify(body)}`;
}

function joined(boundary: string, parts: readonly string[]): string {
  return `${parts.map((part) => `--${boundary}\r\n${part}\r\n`).join('')}--${boundary}--\r\n`;
}
