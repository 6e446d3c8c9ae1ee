import { XMLValidator } from 'fast-xml-parser';

/** A body as text or value, or why it cannot be read. */
export type Read<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly detail: string };

/** Reads UTF-8 strictly: a byte sequence that is not UTF-8 would be stored as something the sender never said. */
export function readText(raw: Buffer): Read<string> {
  if (raw.length === 0) return { ok: false, detail: 'the body is empty' };
  try {
    return { ok: true, value: new TextDecoder('utf-8', { fatal: true }).decode(raw) };
  } catch {
    return { ok: false, detail: 'the body is not UTF-8 text' };
  }
}

/** JSON no deeper than `nesting` levels: parsing itself has no limit, but everything that walks the value later does. */
export function readJson(raw: Buffer, nesting: number): Read<unknown> {
  const text = readText(raw);
  if (!text.ok) return text;
  if (jsonDepth(text.value, nesting) > nesting) return { ok: false, detail: `the JSON is nested more than ${nesting} levels deep` };
  try {
    return { ok: true, value: JSON.parse(text.value) };
  } catch (error) {
    return { ok: false, detail: `the body is not JSON (${error instanceof SyntaxError ? jsonPlace(error.message) : 'unreadable'})` };
  }
}

/** Well-formed XML without document type and no deeper than `nesting` elements. */
export function readXml(raw: Buffer, nesting: number): Read<string> {
  const text = readText(raw);
  if (!text.ok) return text;
  if (/<!\s*(?:DOCTYPE|ENTITY)/i.test(text.value)) return { ok: false, detail: 'the XML declares a document type or entities, which a SOAP message must not' };
  if (xmlTooDeep(text.value, nesting)) return { ok: false, detail: `the XML is nested more than ${nesting} levels deep` };
  const valid = XMLValidator.validate(text.value);
  if (valid !== true) return { ok: false, detail: `the body is not well-formed XML (${valid.err.code} at line ${valid.err.line}, column ${valid.err.col})` };
  return text;
}

function jsonDepth(text: string, enough: number): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let at = 0; at < text.length && deepest <= enough; at += 1) {
    const character = text[at];
    if (inString) {
      if (character === '\\') at += 1;
      else if (character === '"') inString = false;
    } else if (character === '"') inString = true;
    else if (character === '[' || character === '{') deepest = Math.max(deepest, (depth += 1));
    else if (character === ']' || character === '}') depth -= 1;
  }
  return deepest;
}

function xmlTooDeep(text: string, nesting: number): boolean {
  let depth = 0;
  for (const [tag] of text.matchAll(/<[^>]*>/g)) {
    if (tag.startsWith('</')) depth -= 1;
    else if (!tag.startsWith('<?') && !tag.startsWith('<!') && !tag.endsWith('/>')) depth += 1;
    if (depth > nesting) return true;
  }
  return false;
}

/** V8 quotes the text around the mistake: only its place goes back to the sender. */
export function jsonPlace(message: string): string {
  if (/end of JSON input|Unterminated/.test(message)) return 'it ends too early';
  return /at position \d+(?: \(line \d+ column \d+\))?/.exec(message)?.[0] ?? 'an unexpected character';
}
