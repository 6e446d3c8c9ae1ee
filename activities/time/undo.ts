/**
 * Remembers what these maps and lists hold now: a decision that cannot be carried out leaves them as they were.
 * @returns puts it all back
 */
export function remember(maps: readonly Map<unknown, unknown>[], lists: readonly unknown[][]): () => void {
  const kept = maps.map((map) => [map, [...map]] as const);
  const lengths = lists.map((list) => [list, list.length] as const);
  return () => {
    for (const [map, entries] of kept) {
      map.clear();
      for (const [key, value] of entries) map.set(key, value);
    }
    for (const [list, length] of lengths) list.length = length;
  };
}
