/** Text as stores and files can carry it: broken characters become "\uFFFD", and it is cut at `most` characters, between characters. */
export function storableText(text: string, most: number): string {
  const clean = text.toWellFormed().replaceAll('\0', '\uFFFD');
  if (clean.length <= most) return clean;
  return `${clean.slice(0, most - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}
