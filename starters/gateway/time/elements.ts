/**
 * The elements of a JSON array as its text has them, so that a number or a member name that a parser would change is kept as it came.
 * @param text of an array that a JSON parser has taken
 */
export function elementsOf(text: string): string[] {
  const elements: string[] = [];
  let depth = 0;
  let from = 0;
  for (const { 0: token, index } of text.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"|[[\]{},]/g)) {
    if (token === '[' || token === '{') {
      depth += 1;
      if (depth === 1) from = index + 1;
    } else if (token === ']' || token === '}' || (token === ',' && depth === 1)) {
      if (token !== ',') depth -= 1;
      if (token !== ',' && depth > 0) continue;
      const element = text.slice(from, index).trim();
      if (element !== '') elements.push(element);
      from = index + 1;
    }
  }
  return elements;
}
