/** Fewer digits than this always survive a double, so plain parsing is safe and fast. */
const MAY_NOT_SURVIVE = /[\d.]{16}|\d[eE][+-]?\d{2}/;

/**
 * Parses JSON; numbers that a double cannot hold exactly stay the text they were: 12345678901234567.89 becomes "12345678901234567.89".
 * @throws SyntaxError for text that is not JSON
 */
export function parseExactJson(text: string): unknown {
  return MAY_NOT_SURVIVE.test(text) ? JSON.parse(text, keepExact) : JSON.parse(text);
}

function keepExact(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  const source = context?.source;
  return typeof value !== 'number' || source === undefined || significant(String(value)) === significant(source) ? value : source;
}

/** Sign, digits without leading and trailing zeros, and the power of ten of the last digit: equal for equal numbers. */
function significant(number: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(number) ?? [];
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  const trimmed = digits.replace(/0+$/, '');
  if (trimmed === '') return '0';
  return `${sign}${trimmed}e${Number(exponent) - fraction.length + digits.length - trimmed.length}`;
}
