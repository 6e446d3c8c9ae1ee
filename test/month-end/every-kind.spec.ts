import assert from 'node:assert/strict';
import { sql } from 'kysely';
import { codeOf, DIRT_KINDS } from '../../starters/month-end/sample/index.ts';
import { decideMonth, type RealMonth } from './real-month.ts';

interface Decided {
  readonly timesheet: string;
  readonly document: object;
  readonly position: number;
  readonly outcome: string;
  readonly codes: readonly string[];
  /** Bookings in the labor ledger and pay lines of the entry that its own record brought. */
  readonly booked: number;
  readonly paid: number;
  readonly entry: string;
}

/** Refused for good; of a timesheet whose approval was withdrawn its entries are not booked either. */
const REFUSED: ReadonlySet<string> = new Set(['rejected', 'returned', 'withdrawn']);

describe('Every kind of dirt in a month that is really received and decided', function () {
  this.timeout(600_000);
  let real: RealMonth;
  let decided: Map<string, Decided[]>;
  before(async () => {
    real = await decideMonth({ seed: 6, consultants: 320, dirtyPercent: 25 });
    const { rows } = await sql<Decided>`
      with booked as (
        select record, line->'entry'->>'id' as id, (line->'entry'->>'version')::integer as version, count(*)::integer as lines from labor_posting where kind = 'original' and line->>'purpose' <> 'labor' group by 1, 2, 3
      ), paid as (select record, entry_id as id, entry_version as version, count(*)::integer as lines from pay_line where kind = 'original' group by 1, 2, 3)
      select r.record_id as timesheet, r.document, o.position, o.outcome, o.codes, o.entry_id || '@' || o.entry_version as entry, coalesce(b.lines, 0) as booked, coalesce(p.lines, 0) as paid
      from time_record r join time_outcome o on o.record = r.id
      left join booked b on b.record = r.id and b.id = o.entry_id and b.version = o.entry_version left join paid p on p.record = r.id and p.id = o.entry_id and p.version = o.entry_version
      order by r.id, o.position`.execute(real.store.db);
    decided = Map.groupBy(rows, ({ timesheet }) => timesheet);
  });
  after(() => real.stop());

  /** What was decided of a timesheet as it was told: of its own content, not of another version. */
  const decisionOf = (sheet: object & { readonly id: string; readonly approval: { readonly status: string }; readonly entries: readonly { readonly id: string; readonly version: number; readonly hours: string }[] }) =>
    (decided.get(sheet.id) ?? []).filter(({ document }) => sameContent(document, sheet));

  it('has each of them', () => {
    const told = new Set(real.sheets.map(({ dirt }) => dirt));
    assert.deepEqual(DIRT_KINDS.filter((kind) => !told.has(kind)), []);
  });

  it('ends each entry as it must, rejected or held with the code of its kind, none of them lost', () => {
    const wrong: string[] = [];
    const seen = new Set<string>();
    let entries = 0;
    for (const { sheet, expected, dirt } of real.sheets.filter((one) => !real.unread.includes(one))) {
      const content = JSON.stringify(sheet);
      if (seen.has(content)) continue;
      seen.add(content);
      const found = decisionOf(sheet);
      for (const position of sheet.entries.keys()) {
        entries += 1;
        const of = found.filter((one) => one.position === position);
        const [one] = of;
        const name = `${sheet.id} ${position} (${dirt ?? 'clean'})`;
        if (one === undefined || of.length > 1) {
          wrong.push(`${name}: decided ${of.length} times`);
          continue;
        }
        const outcome = REFUSED.has(one.outcome) ? 'rejected' : one.outcome;
        if (outcome !== expected[position]) wrong.push(`${name}: ${expected[position] ?? ''} expected, ${one.outcome} ${one.codes.join(' ')}`);
        if (outcome === 'accepted' || outcome === 'repeat') continue;
        if (dirt === null || !one.codes.includes(codeOf(dirt))) wrong.push(`${name}: ${dirt === null ? 'no finding' : codeOf(dirt)} expected, ${one.outcome} ${one.codes.join(' ')}`);
      }
    }
    assert.deepEqual(wrong, []);
    assert.equal([...decided.values()].flat().length, entries, 'nothing was decided that was not told');
  });

  it('posts and pays nothing of what is rejected or held, and everything else', () => {
    const wrong = [...decided.values()].flatMap((own) => own.flatMap(({ timesheet, position, outcome, entry, booked, paid }) => {
      // The same entry told twice in one timesheet: what is booked is the accepted one's.
      const once = own.some((one) => one.entry === entry && one.outcome === 'accepted') ? 1 : 0;
      return booked === once && (once === 1 || paid === 0) ? [] : [`${timesheet} ${position}: ${outcome}, booked ${booked} times, ${paid} pay lines`];
    }));
    assert.ok([...decided.values()].flat().some(({ paid }) => paid > 0));
    assert.deepEqual(wrong, []);
  });

  it('keeps what the gateway cannot read in quarantine, and no other kind', async () => {
    assert.deepEqual([...new Set(real.unread.map(({ dirt }) => dirt))], ['notes_unreadable']);
    assert.equal(real.unread.length, real.sheets.filter(({ dirt }) => dirt === 'notes_unreadable').length);
    const { rows } = await sql<{ id: string; state: string }>`select payload->>'id' as id, state from inbox order by 1`.execute(real.store.db);
    assert.deepEqual(rows, real.unread.map(({ sheet }) => ({ id: sheet.id, state: 'quarantined' })).toSorted((one, other) => (one.id < other.id ? -1 : 1)));
    assert.deepEqual(real.unread.flatMap(({ sheet }) => decided.get(sheet.id) ?? []), []);
  });
});

/** The store keeps members in an order of its own. */
function sameContent(one: unknown, other: unknown): boolean {
  try {
    assert.deepStrictEqual(one, other);
    return true;
  } catch {
    return false;
  }
}
