const EVIDENCE_LENGTH = 2000;

const SECRETS: readonly (readonly [RegExp, string])[] = [
  [/\b(bearer|basic|session)\s+[A-Za-z0-9+/._~=!-]{8,}/gi, '$1 [redacted]'],
  [/\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)?/g, '[redacted]'],
  [/("?(?:access_token|refresh_token|id_token|assertion|client_assertion|client_secret|password|signature|api_?key|sessionId)"?\s*[:=]\s*"?)[^"&\s,}<]+/gi, '$1[redacted]'],
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
