import type { Kind } from './kinds.ts';

export interface NewConnector {
  /** As given: "acme", "acme-hr" or "acme_hr". */
  readonly name: string;
  /** "Acme HR". */
  readonly title: string;
  readonly kind: Kind;
}

/** One name in the spellings of the places it goes to. */
export interface Names {
  /** Of folders and of the system's ID: "acme-hr". */
  readonly folder: string;
  /** Of the product, the sandbox and the credentials: "acme_hr". */
  readonly product: string;
  /** Of values: "acmeHr". */
  readonly camel: string;
  /** Of types: "AcmeHr". */
  readonly pascal: string;
  /** Of failure codes: "ACME_HR". */
  readonly upper: string;
}

const NAME = /^[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*$/;
const LONGEST = 30;

/** @throws Error for a name that cannot be one of a folder, a product and a function at once */
export function namesOf(name: string): Names {
  if (!NAME.test(name) || name.length > LONGEST) throw new Error(`"${name}" cannot be a connector's name: lower-case letters and digits, words joined by "-" or "_", at most ${LONGEST} characters, such as "acme" or "acme-hr"`);
  const words = name.split(/[-_]/);
  const pascal = words.map(capitalized).join('');
  return { folder: words.join('-'), product: words.join('_'), camel: `${words[0] ?? ''}${words.slice(1).map(capitalized).join('')}`, pascal, upper: words.join('_').toUpperCase() };
}

/** "acme-hr" → "Acme Hr": what it is called until somebody says better. */
export function titleOf(name: string): string {
  return name.split(/[-_]/).map(capitalized).join(' ');
}

function capitalized(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
