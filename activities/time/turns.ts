/** Lets a few at a time work, those in a hurry first, otherwise in the order they came. */
export function createTurns(atOnce: number): <Result>(work: () => Promise<Result>, hurry: boolean) => Promise<Result> {
  const hurried: (() => void)[] = [];
  const patient: (() => void)[] = [];
  let working = 0;

  return async (work, hurry) => {
    if (working >= atOnce) await new Promise<void>((resolve) => (hurry ? hurried : patient).push(resolve));
    else working += 1;
    try {
      return await work();
    } finally {
      // The turn passes on as it is, so that nobody slips in between.
      const next = hurried.shift() ?? patient.shift();
      if (next === undefined) working -= 1;
      else next();
    }
  };
}
