const EVIDENCE_LENGTH = 2000;

/** What holds a secret, whoever spells it. */
const NAMES = String.raw`\b(?:(?:(?:access|refresh|id|session|x-csrf|csrf|auth|api|security)[_-]?)?token|(?:client[_-]?)?assertion|(?:(?:client|signing)[_-]?)?secret|password|passwd|signature|(?:x[_-]?)?api[_-]?key|session[_-]?id|set-cookie|cookie)`;

const SECRETS: readonly (readonly [RegExp, string])[] = [
  [/\b(bearer|basic|session)\s+[A-Za-z0-9+/._~=!-]{8,}/gi, '$1 [redacted]'],
  [/\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)?/g, '[redacted]'],
  [new RegExp(`(${NAMES}"?\\s*[:=]\\s*")(?:[^"\\\\]|\\\\.)*`, 'gi'), '$1[redacted]'],
  [new RegExp(`(${NAMES}"?\\s*[:=]\\s*)[^"&\\s,;}<]+`, 'gi'), '$1[redacted]'],
  [/\b(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{6,}|\bwhsec_[A-Za-z0-9+/=]{6,}|\bpat-[a-z0-9]{2,}-[A-Za-z0-9-]{8,}/g, '[redacted]'],
  [/-----BEGIN [A-Z ]+-----[\s\S]*?(?:-----END [A-Z ]+-----|$)/g, '[redacted]'],
];

/** Text without tokens, keys and passwords, for logs and cases. */
export function redact(text: string): string {
  return SECRETS.reduce((current, [pattern, replacement]) => current.replace(pattern, replacement), text);
}

/** A vendor's answer for the person who mends the case: redacted, at most 2,000 characters. */
export function evidenceOf(text: string): string {
  const clean = redact(text.slice(0, EVIDENCE_LENGTH * 2));
  return clean.length <= EVIDENCE_LENGTH ? clean : `${clean.slice(0, EVIDENCE_LENGTH - 1)}…`;
}
