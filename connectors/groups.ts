/** The items in order, so many in a group; the last may have fewer. */
export function inGroups<Item>(items: readonly Item[], size: number): Item[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) => items.slice(index * size, (index + 1) * size));
}

/** Each value once, in the order of first appearance. */
export function distinct(values: readonly string[]): string[] {
  return [...new Set(values)];
}
