import type { Exchange } from '../recorded.ts';

/** One request to an OData service, alone or as a part of a batch, below the service's root. */
export interface Operation {
  readonly method: string;
  /** "A_SalesOrder('1')/to_Item", decoded. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Undefined: none. */
  readonly body: unknown;
  /** 0: spoilt, or not to be told from the batch's answer. */
  readonly status: number;
  readonly answer: unknown;
}

/** JSON has no line breaks of its own, so that a line that begins with "--" ends it. */
const REQUEST = /^(GET|POST|PATCH|MERGE|PUT|DELETE) (\S+) HTTP\/1\.1\r?\n([\s\S]*?)\r?\n\r?\n([\s\S]*?)\r?\n--/gm;
const ANSWER = /HTTP\/1\.1 (\d{3})[^\n]*\n[\s\S]*?\r?\n\r?\n([\s\S]*?)\r?\n--/g;

/** What an exchange asks of the service whose root its path begins with. */
export function operationsOf(exchange: Exchange, root: string): Operation[] {
  const { pathname } = new URL(exchange.url, 'http://any');
  if (!pathname.endsWith('/$batch')) return [operation(exchange.method, exchange.url, root, exchange.body, exchange.status, exchange.answer)];
  const asked = [...`${exchange.body}\n--`.matchAll(REQUEST)];
  const answers = [...`${exchange.answer}\n--`.matchAll(ANSWER)];
  // A change set that was refused has one answer for all its parts: then it is not said whose it is.
  const told = asked.length === answers.length;
  return asked.map(([, method = '', url = '', , body = ''], index) => operation(method, url, root, body, told ? Number(answers[index]?.[1]) : 0, told ? (answers[index]?.[2] ?? '') : ''));
}

function operation(method: string, url: string, root: string, body: string, status: number, answer: string): Operation {
  const parsed = new URL(url, `http://any${root}/`);
  return { method, path: decodeURIComponent(parsed.pathname.slice(root.length)).replace(/^\//, ''), query: parsed.searchParams, body: jsonIn(body), status, answer: jsonIn(answer) };
}

function jsonIn(text: string): unknown {
  const trimmed = text.trim();
  if (trimmed === '') return undefined;
  try {
    return JSON.parse(trimmed);
  } catch {
    return trimmed;
  }
}
