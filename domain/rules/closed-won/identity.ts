const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const OFFSET = 0xcbf29ce484222325n;
const PRIME = 0x100000001b3n;
const MASK = 0xffffffffffffffffn;

/**
 * Eight characters (40 bits) that stand for a list of names: the same names always give the same token, on any machine.
 * FNV-1a over the names' UTF-8 bytes, mixed, in Crockford's base 32; no secret, only short.
 */
export function stableToken(...names: readonly string[]): string {
  let hash = OFFSET;
  for (const byte of new TextEncoder().encode(names.map((name) => `${name.length}:${name}`).join('/'))) {
    hash = ((hash ^ BigInt(byte)) * PRIME) & MASK;
  }
  hash = ((hash ^ (hash >> 33n)) * 0xff51afd7ed558ccdn) & MASK;
  hash ^= hash >> 33n;
  let token = '';
  for (let shift = 35n; shift >= 0n; shift -= 5n) token += CROCKFORD[Number((hash >> shift) & 31n)] ?? '';
  return token;
}

/** "US01-TECH-7K3QF9QX": stays the same over all versions of the deal, whatever its amounts and dates. */
export function projectNumber(deal: { readonly crm: string; readonly id: string }, group: { readonly legalEntity: string; readonly serviceLine: string; readonly billingMethod: string; readonly template: string }): string {
  const token = stableToken(deal.crm, deal.id, group.legalEntity, group.serviceLine, group.billingMethod, group.template);
  return `${group.legalEntity}-${group.serviceLine.slice(0, 4)}-${token}`;
}

export function contractKey(deal: { readonly crm: string; readonly id: string }, legalEntity: string): string {
  return `SOW-${legalEntity}-${stableToken(deal.crm, deal.id, legalEntity)}`;
}

/** "salesforce-0015g00000AbCdE"; an ID that systems could not take as a key (length, characters) is shortened and made unique by a token. */
export function customerKey(crm: string, accountId: string): string {
  const plain = `${crm}-${accountId}`;
  if (plain.length <= 60 && /^[A-Za-z0-9_-]+$/.test(plain)) return plain;
  return `${plain.replaceAll(/[^A-Za-z0-9_-]+/g, '-').slice(0, 40)}-${stableToken(crm, accountId)}`;
}
