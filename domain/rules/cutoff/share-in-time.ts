/** Records that came together and have one cutoff, such as a page. Seconds from a common beginning. */
export interface TimedBatch {
  readonly arrivesAt: number;
  readonly cutoffAt: number;
  readonly records: number;
}

/**
 * Share of records that are decided by their cutoff (1: all of them; an empty backlog too), when `recordsPerSecond` are decided one after the other.
 * `fifo`: in the order of their arrival. `cutoff`: the soonest cutoff that can still be made first; what is late already comes after everything
 * that is not. Records of equal length in the order of their deadlines, the hopeless ones last, is the most that any order can have in time
 * (F. Glover, Maximum matching in a convex bipartite graph, Naval Research Logistics Quarterly 14, 1967).
 * @throws RangeError for a rate that is not above zero
 */
export function shareInTime(order: 'cutoff' | 'fifo', backlog: readonly TimedBatch[], recordsPerSecond: number): number {
  if (!(recordsPerSecond > 0)) throw new RangeError(`a rate of ${recordsPerSecond} records a second cannot be simulated: it must be above zero`);
  const total = backlog.reduce((sum, { records }) => sum + records, 0);
  return total === 0 ? 1 : recordsInTime(order, backlog, recordsPerSecond) / total;
}

interface Batch {
  readonly arrival: number;
  readonly deadline: number;
  readonly position: number;
  left: number;
}

/** Time is counted in slots, in each of which one record is decided: slot n ends at (n + 1) / rate. */
function recordsInTime(order: 'cutoff' | 'fifo', backlog: readonly TimedBatch[], rate: number): number {
  const waiting: Batch[] = backlog
    .map(({ arrivesAt, cutoffAt, records }, position) => ({ arrival: Math.ceil(arrivesAt * rate), deadline: Math.floor(cutoffAt * rate), position, left: records }))
    .filter(({ left }) => left > 0);
  let slot = 0;
  let inTime = 0;
  while (waiting.length > 0) {
    const here = waiting.filter(({ arrival }) => arrival <= slot);
    const nextArrival = Math.min(...waiting.filter(({ arrival }) => arrival > slot).map(({ arrival }) => arrival));
    const batch = here.toSorted((left, right) => precedence(order, left, right, slot))[0];
    if (batch === undefined) {
      slot = nextArrival;
      continue;
    }
    const makes = batch.deadline - slot;
    const untilChange = order === 'fifo' ? batch.left : Math.min(batch.left, makes > 0 ? makes : batch.left, nextArrival - slot);
    inTime += Math.min(Math.max(makes, 0), untilChange);
    batch.left -= untilChange;
    slot += untilChange;
    if (batch.left === 0) waiting.splice(waiting.indexOf(batch), 1);
  }
  return inTime;
}

function precedence(order: 'cutoff' | 'fifo', left: Batch, right: Batch, slot: number): number {
  const byArrival = left.arrival - right.arrival || left.position - right.position;
  if (order === 'fifo') return byArrival;
  const late = Number(left.deadline <= slot) - Number(right.deadline <= slot);
  return late || left.deadline - right.deadline || byArrival;
}
