/** Keeps a list for a minute: people and tasks change seldom and request limits are small. A list that could not be read is not kept. */
export function keptForAMinute<Input, T>(load: (input: Input) => Promise<T>): { get(input: Input): Promise<T>; forget(): void } {
  let kept: { readonly value: T; readonly until: number } | null = null;
  return {
    async get(input) {
      if (kept === null || kept.until < Date.now()) kept = { value: await load(input), until: Date.now() + 60_000 };
      return kept.value;
    },
    forget() {
      kept = null;
    },
  };
}
