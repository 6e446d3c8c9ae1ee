/**
 * The moment at which time is judged: now; or, for runs of a sample month, a day of that month that goes on from the start of this process
 * (Q2C_CLOCK: an ISO instant). Never for real books.
 * @throws Error where Q2C_CLOCK is no instant
 */
export function clockOfEnvironment(environment: Readonly<Record<string, string | undefined>> = process.env): () => Date {
  const given = environment['Q2C_CLOCK'];
  if (given === undefined || given === '') return () => new Date();
  const begins = Date.parse(given);
  if (Number.isNaN(begins)) throw new Error(`Q2C_CLOCK is "${given}", which is no instant such as 2026-11-03T12:00:00Z: unset it`);
  const started = Date.now();
  return () => new Date(begins + Date.now() - started);
}
