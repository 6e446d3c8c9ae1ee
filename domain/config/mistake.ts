export type ConfigPath = readonly (string | number)[];

/** One thing wrong in the configuration, by its path in the merged whole; the loader adds file, line and column. */
export interface ConfigProblem {
  readonly path: ConfigPath;
  readonly expected: string;
  readonly found: string;
  /** Points to the key at the path's end (an unknown key) rather than to its value. */
  readonly atKey?: boolean;
}

/** "legalEntities[2].billingCurrencies" */
export function pathText(path: ConfigPath): string {
  return path.map((part, position) => (typeof part === 'number' ? `[${part}]` : `${position === 0 ? '' : '.'}${part}`)).join('');
}

/** A value as a mistake quotes it, shortened. */
export function quoted(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value) ?? typeof value;
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
