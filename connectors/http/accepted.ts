export interface Accepted {
  answered(now: number): void;
  /** Requests per second the system would seem to bear, refusing now and taking requests again in so long; 0 where it has taken none of late. */
  sustainable(now: number, againInMs: number): number;
}

const SLICE_MS = 100;
const SPANS_MS = [1000, 5000, 15_000, 60_000];
const LONGEST_MS = 60_000;

/**
 * How many requests a system took of late. Where it refuses one, one of its windows is full, and taken to be no longer than until it takes requests
 * again. What was taken within a span lies in the windows that fit into it and two more, which it may touch at its ends: by that many no window
 * holds less, whenever windows begin. Of the spans looked at, the one that says most is nearest to the truth.
 */
export function createAccepted(): Accepted {
  let slices: { readonly at: number; count: number }[] = [];
  return {
    answered(now) {
      const at = Math.floor(now / SLICE_MS) * SLICE_MS;
      const last = slices.at(-1);
      if (last?.at === at) {
        last.count += 1;
        return;
      }
      slices.push({ at, count: 1 });
      if (slices.length > LONGEST_MS / SLICE_MS) slices = slices.filter((slice) => slice.at > now - LONGEST_MS);
    },
    sustainable(now, againInMs) {
      return Math.max(
        ...SPANS_MS.map((span) => {
          const within = slices.filter(({ at }) => at > now - span);
          const first = within[0];
          if (first === undefined) return 0;
          return (within.reduce((sum, { count }) => sum + count, 0) / (now - first.at + 2 * againInMs)) * 1000;
        }),
      );
    },
  };
}
