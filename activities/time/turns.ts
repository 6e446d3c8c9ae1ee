/** Lets a few at a time work, in the order they came. */
export function createTurns(atOnce: number): <Result>(work: () => Promise<Result>) => Promise<Result> {
  const waiting: (() => void)[] = [];
  let working = 0;

  return async (work) => {
    if (working >= atOnce) await new Promise<void>((resolve) => waiting.push(resolve));
    else working += 1;
    try {
      return await work();
    } finally {
      // The turn passes on as it is, so that nobody slips in between.
      const next = waiting.shift();
      if (next === undefined) working -= 1;
      else next();
    }
  };
}
