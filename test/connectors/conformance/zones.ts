/** Two zones between which it is another day at every moment. */
export const EDGES_OF_THE_DATE_LINE: readonly string[] = ['America/Los_Angeles', 'Pacific/Kiritimati'];

/** Runs the work in a process whose clock is set to each of the zones: a date that depends on it moves by a day in one of them. */
export async function onBothSidesOfTheDateLine(work: (zone: string) => Promise<void>): Promise<void> {
  const before = process.env['TZ'];
  try {
    for (const zone of EDGES_OF_THE_DATE_LINE) {
      process.env['TZ'] = zone;
      await work(zone);
    }
  } finally {
    if (before === undefined) delete process.env['TZ'];
    else process.env['TZ'] = before;
  }
}
