/** What was looked up, for a while: mended set-up takes effect without a restart. The oldest go first when there are too many. */
export function bounded<Value>(limits: { readonly entries?: number; readonly milliseconds?: number } = {}) {
  const entries = limits.entries ?? 20_000;
  const milliseconds = limits.milliseconds ?? 300_000;
  const kept = new Map<string, { readonly value: Value; readonly until: number }>();
  return {
    get(key: string): Value | undefined {
      const found = kept.get(key);
      if (found === undefined || found.until > Date.now()) return found?.value;
      kept.delete(key);
      return undefined;
    },
    set(key: string, value: Value): void {
      kept.delete(key);
      kept.set(key, { value, until: Date.now() + milliseconds });
      const oldest = kept.keys().next();
      if (kept.size > entries && oldest.done !== true) kept.delete(oldest.value);
    },
    delete(key: string): void {
      kept.delete(key);
    },
  };
}
