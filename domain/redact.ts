/** No more than this is looked through: what a system sends, a page of ten megabytes too, must not hold the process up. */
const MOST_READ = 65_536;

/** What a name holds that keeps a secret, whatever stands before: new_password, consumerSecret, SAP_SESSIONID_X1_100. */
const PARTS = String.raw`(?:token|secret(?!ar)|passw(?:or)?d|passphrase|pwd|credential|assertion|signature|cookie|authorization|session|[cx]srf|mysapsso2|(?:api|private|signing|access|encryption|subscription)[_-]?key|(?<![A-Za-z])(?:sid|sig|auth)(?![A-Za-z]))`;
/** What comes after it in the name; one that ends so tells of a secret without holding it. */
const REST = String.raw`(?![_-]?(?:expir|type|count|policy|length|limit|lifetime|status|ur[il]|endpoint))[\w.-]{0,40}`;
const QUOTE = String.raw`(?:\\{0,8}["']|%22)`;
const GIVEN = String.raw`${QUOTE}?\s{0,20}(?:=>|[:=](?!>)|%3[AD])\s{0,20}`;
/** How a message goes on that only speaks of the secret: "token: is expired", "password":"must have 8 characters". */
const SCHEME = String.raw`(?:bearer|basic|token|digest|oauth|negotiate|ntlm|apikey|hawk|ssws|session)\s{1,20}`;
const WORDS = "true|false|null|undefined|none|an?|the|this|that|it|its|your|our|you|we|i[sn]|are|was|were|has|have|had|must|may|might|can|could|can't|cannot|should|shall|will|does|doesn't|isn't|did|do|not|no|too|please|required|invalid[\\w-]{0,30}|expired|missing|unknown|wrong|empty|failed|unable|expected|unexpected|value|field|of|for|and|or";
const PROSE = String.raw`(?!(?:${SCHEME})?\[redacted\]|(?:${WORDS})[.,;:!?)}]{0,3}(?:[\s"\\]|$))`;

/** Each takes time in proportion to the text: what may fail after a repetition is bounded in length. */
const SECRETS: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]{1,40}-----[\s\S]*?(?:-----END [A-Z ]{1,40}-----|$)/g, '[redacted]'],
  [/(:\/\/)[^\s/?#"'<>]{1,512}@/g, '$1[redacted]@'],
  [/(?<![A-Za-z0-9])eyJ[\w-]{6,}(?:\.[\w-]*)*/g, '[redacted]'],
  [/\b00D[A-Za-z0-9]{2,15}![\w.]+/g, '[redacted]'],
  [/\b(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{6,}|\bwhsec_[A-Za-z0-9+/=]{6,}|\bpat-[a-z0-9]{2,}-[A-Za-z0-9-]{8,}|\bATATT[\w=-]{16,}|\b\d{1,12}\.(?:pt|at)\.[\w-]{16,}/g, '[redacted]'],
  // Header lines: the value has blanks and semicolons in it.
  [new RegExp(String.raw`(cookie${GIVEN}\[)(?!\[?redacted\])[^\]]{1,8192}`, 'gi'), '$1[redacted]'],
  [new RegExp(String.raw`(cookie${GIVEN}${QUOTE}?)(?=[^\s"'=;]{1,256}=)[^"'\r\n\\]+`, 'gi'), '$1[redacted]'],
  [new RegExp(String.raw`(authorization${GIVEN}(?!\[redacted\])[\["'\\]{0,8}(?:${SCHEME})?)${PROSE}(?!\[)[^\s"'<>\\]+(?:[ \t]{1,20}[^\s"'<>\\]{16,})?`, 'gi'), '$1[redacted]'],
  [/\b(bearer\s{1,20})(?!(?:authentication|authorization|credentials?|challenge)(?![\w+/~=!-]))[A-Z0-9+/._~=!-]{8,}/gi, '$1[redacted]'],
  [/\b((?:[Bb]asic|BASIC)\s{1,20})(?=[a-z]{0,200}[A-Z0-9+/=])[A-Za-z0-9+/=]{8,}/g, '$1[redacted]'],
  [/\b(session\s{1,20})(?:(?=[A-Z+/._~=!-]{0,200}\d)[A-Z0-9+/._~=!-]{8,}|[A-Z0-9+/._~=!-]{24,})/gi, '$1[redacted]'],
  [/\b(token\s{1,20})(?=[A-Z+/._~=!-]{0,200}\d)[A-Z0-9+/._~=!-]{16,}/gi, '$1[redacted]'],
  // A name with its value: in JSON, in JSON within JSON, in single quotes, in XML, in a form, a query or plain text.
  [new RegExp(String.raw`(${PARTS}${REST}${GIVEN}")${PROSE}(?:[^"\\]|\\[\s\S])+`, 'gi'), '$1[redacted]'],
  [new RegExp(String.raw`(${PARTS}${REST}${GIVEN}\\{1,8}")${PROSE}[^"\\]+`, 'gi'), '$1[redacted]'],
  [new RegExp(String.raw`(${PARTS}${REST}${GIVEN}')${PROSE}[^'\r\n]+`, 'gi'), '$1[redacted]'],
  [new RegExp(String.raw`(<[\w.:-]{0,40}?${PARTS}${REST}(?:\s[^<>]{0,200})?>)[^<]+`, 'gi'), '$1[redacted]'],
  [new RegExp(String.raw`(${QUOTE}[\w.-]{0,40}?${PARTS}${REST}${QUOTE},?\s{0,20}${QUOTE}?(?:value|content)${GIVEN}${QUOTE})[^"'\\]+`, 'gi'), '$1[redacted]'],
  [new RegExp(String.raw`(${PARTS}${REST}${GIVEN})${PROSE}(?:[^"'\s&,;{}<[\\]|(?<=[^\s:=])')(?:[^"\s&,;}<\\]|,(?!\s|["']|$|[\w.-]{1,60}[:=]))*`, 'gi'), '$1[redacted]'],
  [/([?&](?:key|code)=)[^&\s"'<>]{16,}/gi, '$1[redacted]'],
];

/** Text without tokens, keys, passwords, cookies and users of addresses, for logs, spans and cases; at most its first 65,536 characters. */
export function redact(text: string): string {
  const read = text.length <= MOST_READ ? text : text.slice(0, MOST_READ);
  const clean = SECRETS.reduce((current, [pattern, replacement]) => current.replace(pattern, replacement), read);
  return read === text ? clean : `${clean}…`;
}
