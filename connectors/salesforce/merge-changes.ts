import type { ChangedDeal } from '../ports.ts';

/** Merges two runs of changes, each oldest first, into one; a change told by both at the same version is told once. */
export async function* mergeByModifiedAt(left: AsyncIterable<ChangedDeal>, right: AsyncIterable<ChangedDeal>): AsyncIterable<ChangedDeal> {
  const [one, other] = [left[Symbol.asyncIterator](), right[Symbol.asyncIterator]()];
  const told = new Map<string, string>();
  let [a, b] = [await one.next(), await other.next()];
  while (a.done !== true || b.done !== true) {
    let next: ChangedDeal;
    if (a.done !== true && (b.done === true || a.value.modifiedAt <= b.value.modifiedAt)) {
      next = a.value;
      a = await one.next();
    } else if (b.done !== true) {
      next = b.value;
      b = await other.next();
    } else return;
    if (told.get(next.opportunityId) === next.version) continue;
    told.set(next.opportunityId, next.version);
    yield next;
  }
}
