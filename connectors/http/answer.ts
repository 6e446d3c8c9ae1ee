import type { IncomingHttpHeaders } from 'node:http';
import { parseExactJson } from './exact-json.ts';

export interface ReadAnswer {
  /** Undefined where the body is empty or is not JSON. */
  readonly body: unknown;
  /** A web page (a proxy's, a login's, a maintenance notice) instead of the API's answer. */
  readonly html: boolean;
}

/** Reads the body by what it is rather than by what its header claims. */
export function readAnswer(headers: IncomingHttpHeaders, text: string): ReadAnswer {
  const html = /^\s*<(!doctype html|html)/i.test(text) || (headers['content-type']?.startsWith('text/html') === true && text.trim() !== '');
  if (html || text.trim() === '') return { body: undefined, html };
  try {
    return { body: parseExactJson(text), html: false };
  } catch {
    return { body: undefined, html: false };
  }
}
