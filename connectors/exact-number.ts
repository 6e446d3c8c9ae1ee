import type { DecimalText } from '../domain/money.ts';

/** A number in a JSON body with exactly these digits: money never passes through a double on its way out. @throws SyntaxError for text that is no JSON number */
export function exactNumber(value: DecimalText): unknown {
  return JSON.rawJSON(value);
}

declare global {
  interface JSON {
    /** Puts a JSON primitive into JSON.stringify's output as it stands (ECMAScript: JSON.parse source text access). @throws SyntaxError */
    rawJSON(text: string): object;
  }
}
