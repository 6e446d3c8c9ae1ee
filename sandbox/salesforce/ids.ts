const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ012345';
const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const POD = '5g0000';

/** The n-th 18-character ID of an object's key prefix: prefix, pod, base-62 counter, case checksum. */
export function salesforceId(keyPrefix: string, n: number): string {
  let counter = '';
  for (let rest = n; rest > 0; rest = Math.floor(rest / 62)) counter = `${BASE62[rest % 62] ?? '0'}${counter}`;
  return withChecksum(`${keyPrefix}${POD}${counter.padStart(6, '0')}`);
}

/** Appends the three characters that tell the case of the first fifteen (one per five characters, one bit per capital). */
export function withChecksum(id15: string): string {
  let suffix = '';
  for (let block = 0; block < 15; block += 5) {
    let bits = 0;
    for (let i = 0; i < 5; i += 1) if (/[A-Z]/.test(id15[block + i] ?? '')) bits |= 1 << i;
    suffix += ALPHABET[bits] ?? 'A';
  }
  return id15 + suffix;
}

/** The 18-character form of an ID in either form; undefined when it is no Salesforce ID. */
export function normalizeId(text: string): string | undefined {
  if (/^[0-9A-Za-z]{15}$/.test(text)) return withChecksum(text);
  if (/^[0-9A-Za-z]{18}$/.test(text) && withChecksum(text.slice(0, 15)).slice(15) === text.slice(15).toUpperCase()) {
    return withChecksum(text.slice(0, 15));
  }
  return undefined;
}
