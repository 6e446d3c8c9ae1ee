/** What a test waits for may take so long: many times what it takes alone, as no test is about the speed of the machine. */
const LIMIT_MS = 60_000;
const LOOK_EVERY_MS = 30;

/** Waits until a condition holds. @returns what was seen. @throws Error naming it after the time, milliseconds */
export async function until<T>(what: string, look: () => Promise<T | undefined | false>, limitMs = LIMIT_MS): Promise<T> {
  const end = Date.now() + limitMs;
  for (;;) {
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
    if (Date.now() > end) throw new Error(`waited ${limitMs} ms in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}
