/** Stands for what a new connector's tests still lack, but for `there`: whatever else is asked of it fails and says what to build. @param what with the file to build it in */
export function notBuilt<T extends object>(what: string, there: Partial<T> = {}): T {
  const missing = (part: string) => () => Promise.reject(new Error(`not built yet: ${part}, of ${what}`));
  return new Proxy(Object.create(null) as T, { get: (_target, part) => (part === 'then' ? undefined : (Reflect.get(there, part) ?? missing(String(part)))) });
}
