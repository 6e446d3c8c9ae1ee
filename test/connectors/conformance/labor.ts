import assert from 'node:assert/strict';
import type { LaborAnswer, LaborPort } from '../../../connectors/labor-port.ts';
import type { CallContext } from '../../../connectors/ports.ts';
import { isSystemFailure, SystemFailure } from '../../../domain/failure.ts';
import type { LaborPosting } from '../../../domain/model/time/labor-posting.ts';
import { addDecimal } from '../../../domain/money.ts';
import { theyTakeBadAnswers, type ExceptionsOf } from './bad-answers.ts';
import { callContext } from './documents.ts';
import { billed, laborLine, reversalOf, type LaborChange, type LaborPlace } from './labor-documents.ts';
import { AT_ITS_LIMIT, failureOf, LIMIT_MS, type FaultBoard } from './records.ts';

/** The labor of one ERP, as the conformance suite drives it. */
export interface LaborCase {
  readonly name: string;
  readonly port: () => LaborPort;
  readonly place: () => LaborPlace;
  /** How many lines the system has under this key, asked on another way than the port's. */
  readonly count: (key: string) => Promise<number>;
  /** Throws where the line in the system is not what the posting says. */
  readonly check: (posting: LaborPosting) => Promise<void>;
  /** The faults' `method` and `path` (a regular expression) of the request that writes a batch; of one that asks about it after, where there is one. */
  readonly write: { readonly method: string; readonly path: string };
  readonly after: { readonly method: string; readonly path: string } | null;
  /** Currencies, with an amount in all their digits, whose lines the system takes as they are. */
  readonly currencies: readonly { readonly currency: string; readonly amount: string; readonly rate: string }[];
  /** Orders the system to break off in the middle of the next batch; null where it cannot be told to. */
  readonly breakOff?: { readonly on: () => Promise<void>; readonly off: () => Promise<void> } | null;
  /** What becomes of bad answers where it is not the rule; null where the system gives no answers over HTTP. */
  readonly badAnswers?: ExceptionsOf<'find' | 'post' | 'totals'> | null;
  /** Makes a person the system does not know known to it. */
  readonly hire: (email: string) => Promise<void>;
}

const posted = (answers: readonly LaborAnswer[]) => answers.filter((answer) => answer.outcome === 'posted');
const refusals = (answers: readonly LaborAnswer[]) => answers.filter((answer) => answer.outcome === 'refused');

/** What every labor port promises (connectors/labor-port.ts). */
export function describeLaborPort(labor: LaborCase, faults: FaultBoard | null): void {
  const line = (change: LaborChange = {}) => laborLine(labor.place(), change);
  const post = (postings: readonly LaborPosting[], context: CallContext = callContext()) => labor.port().post(postings, context);
  const find = (postings: readonly LaborPosting[]) => labor.port().find(postings, callContext());
  const once = async (postings: readonly LaborPosting[]) => {
    for (const posting of postings) {
      assert.equal(await labor.count(posting.key), 1, posting.key);
      await labor.check(posting);
    }
  };
  /** What the ledger does after doubt: it looks up, then posts what is not there. */
  const settle = async (postings: readonly LaborPosting[]) => {
    const found = await find(postings);
    const missing = postings.filter((posting) => !found.has(posting.key));
    const answers = missing.length === 0 ? [] : await post(missing);
    assert.deepEqual(refusals(answers), []);
    return found;
  };

  describe(`${labor.name}, as any labor port`, () => {
    afterEach(async () => faults?.clear());

    it('is not found before it is posted, and found under the same ID after', async () => {
      const lines = [line(), line({ hours: '0.25', workDate: '2026-11-17' })];
      assert.equal((await find(lines)).size, 0);
      const answers = await post(lines);
      assert.deepEqual(answers.map((answer) => [answer.key, answer.outcome]), lines.map((each) => [each.key, 'posted']));
      const found = await find(lines);
      assert.deepEqual(posted(answers).map((answer) => answer.externalId), lines.map((each) => found.get(each.key)?.externalId));
      await once(lines);
    });

    it('is there once however often and in whichever company it is posted', async () => {
      const lines = [line(), line(), line()];
      const first = posted(await post(lines));
      const again = posted(await post(lines));
      const more = line();
      const mixed = posted(await post([...lines.slice(1), more]));
      assert.deepEqual(again.map((answer) => answer.externalId), first.map((answer) => answer.externalId));
      assert.deepEqual(mixed.slice(0, 2).map((answer) => answer.externalId), first.slice(1).map((answer) => answer.externalId));
      await once([...lines, more]);
    });

    it('leaves a line alone that is there already', async () => {
      const original = line({ notes: 'As it was posted' });
      await post([original]);
      const [answer] = await post([{ ...original, notes: 'Sent again with other words' }, line()]);
      assert.equal(answer?.outcome, 'posted');
      await once([original]);
    });

    it('refuses people and projects the system does not know, and posts the lines beside them', async () => {
      const stranger = line({ person: `nobody-${crypto.randomUUID().slice(0, 8)}@northwind-consulting.example` });
      const nowhere = line({ projectNumber: `NO-SUCH-${crypto.randomUUID().slice(0, 8)}` });
      const good = [line(), line()];
      const answers = await post([stranger, ...good, nowhere]);
      assert.deepEqual(answers.map((answer) => answer.key), [stranger, ...good, nowhere].map((each) => each.key));
      assert.deepEqual(refusals(answers).map((answer) => [answer.key, answer.failure.code, answer.failure.kind, answer.failure.written]), [
        [stranger.key, 'PERSON_UNKNOWN', 'configuration', 'no'],
        [nowhere.key, 'PROJECT_UNKNOWN', 'configuration', 'no'],
      ]);
      for (const each of refusals(answers)) assert.ok(each.failure.mend.length > 0 && each.failure.message.length > 0);
      await once(good);
      assert.equal(await labor.count(stranger.key), 0);
      assert.equal(await labor.count(nowhere.key), 0);
    });

    it('posts a refused line once the system knows its person', async () => {
      const email = `late-${crypto.randomUUID().slice(0, 8)}@northwind-consulting.example`;
      const late = line({ person: email });
      assert.equal((await post([late]))[0]?.outcome, 'refused');
      await labor.hire(email);
      assert.equal((await post([late]))[0]?.outcome, 'posted');
      await once([late]);
    });

    it('takes a line back by a line of its own', async () => {
      const original = line();
      const reversal = reversalOf(original);
      assert.equal(posted(await post([original])).length, 1);
      assert.equal(posted(await post([reversal])).length, 1);
      await once([original, reversal]);
    });

    it('tells what it has of a legal entity between two days', async () => {
      const [date, next] = ['2031-05-14', '2031-05-15'];
      const place = labor.place();
      const scope = { legalEntity: place.legalEntity, from: date, to: date };
      const before = await labor.port().totals(scope, callContext());
      const lines = [line({ workDate: date, hours: '1.1' }), line({ workDate: date, hours: '2.2' }), line({ workDate: next, hours: '3.3' })];
      const [first] = lines;
      assert.ok(first !== undefined);
      const reversal = reversalOf(first);
      await post([...lines, reversal]);
      const after = await labor.port().totals(scope, callContext());
      assert.equal(after.legalEntity, place.legalEntity);
      assert.equal(after.lines, before.lines + 3);
      assert.equal(after.hours, addDecimal(before.hours, '2.2'));
      const amountOf = (totals: typeof after) => totals.billed.find((money) => money.currency === place.currency)?.amount ?? '0';
      if (after.billed.length > 0) assert.equal(addDecimal(amountOf(after), `-${amountOf(before)}`.replace('-0', '0')), '1575');
      assert.deepEqual(await labor.port().totals({ legalEntity: place.legalEntity, from: '2031-05-20', to: '2031-05-21' }, callContext()), { legalEntity: place.legalEntity, lines: 0, hours: '0', billed: [] });
    });

    it('keeps notes in any script, quotes and line breaks', async () => {
      const lines = ['Überprüfung der Maßnahmen – 設計レビュー 👩‍💻', `O'Brien said "go";\nDROP TABLE time; -- \\ '' %`, '', 'عميل جديد'].map((notes) => line({ notes }));
      assert.deepEqual(refusals(await post(lines)), []);
      await once(lines);
    });

    it('keeps the day of the work, whatever the time is elsewhere', async () => {
      const lines = ['2026-12-31', '2027-01-01', '2028-02-29', '2026-03-29', '2026-11-01'].map((workDate) => line({ workDate }));
      assert.deepEqual(refusals(await post(lines)), []);
      await once(lines);
    });

    it('keeps hours and amounts to their last digit', async () => {
      const lines = [
        ...labor.currencies.map(({ currency, amount, rate }) => line({ hours: '1', billing: billed(amount, currency, rate), cost: null })),
        ...['0.01', '0.1', '7.77', '23.99', '24'].map((hours) => line({ hours, billing: billed('0.01', labor.place().currency, '1') })),
      ];
      assert.deepEqual(refusals(await post(lines)), []);
      await once(lines);
    });

    it('takes a full batch at once, and several at the same time', async function () {
      this.timeout(60_000);
      const { people, projects } = labor.place();
      const batches = [0, 1, 2].map((batch) => Array.from({ length: labor.port().batchSize }, (_, index) => line({ person: people[index % people.length], projectNumber: projects[(index + batch) % projects.length] })));
      const answers = await Promise.all(batches.map((batch) => post(batch)));
      for (const [index, batch] of batches.entries()) {
        assert.equal(posted(answers[index] ?? []).length, batch.length);
        assert.equal((await find(batch)).size, batch.length);
      }
      await once(batches.flatMap((batch) => batch.filter((_, index) => index % 33 === 0)));
    });

    it('is there once where two workers post it at the same time, alone and among other lines', async () => {
      const shared = [line(), line()];
      const [mine, other] = [line(), line()];
      const answers = await Promise.allSettled([post(shared), post(shared), post([...shared, mine]), post([other, ...shared])]);
      for (const answer of answers) {
        if (answer.status === 'fulfilled') for (const each of answer.value) assert.ok(each.outcome === 'posted' || each.failure.kind === 'transient', each.key);
        else assert.ok(isSystemFailure(answer.reason), String(answer.reason));
      }
      await settle([...shared, mine, other]);
      await once([...shared, mine, other]);
    });

    it('stops when it is cancelled', async () => {
      const controller = new AbortController();
      controller.abort(new Error('the worker shuts down'));
      await assert.rejects(post([line()], { ...callContext(), signal: controller.signal }), /the worker shuts down/);
    });

    if (faults !== null) describeFaults(labor, faults, { line, post, find, once, settle });
  });
}

interface Tools {
  readonly line: (change?: LaborChange) => LaborPosting;
  readonly post: (postings: readonly LaborPosting[]) => Promise<readonly LaborAnswer[]>;
  readonly find: LaborCaseFind;
  readonly once: (postings: readonly LaborPosting[]) => Promise<void>;
  readonly settle: LaborCaseFind;
}
type LaborCaseFind = (postings: readonly LaborPosting[]) => Promise<ReadonlyMap<string, unknown>>;

function describeFaults(labor: LaborCase, faults: FaultBoard, { line, post, find, once, settle }: Tools): void {
  const known = async () => void (await post([line()]));

  it('is in doubt, and there once in the end, where the answer to the batch is cut before the write', async () => {
    await known();
    const lines = [line(), line()];
    await faults.next({ kind: 'cut-before', ...labor.write });
    const failure = await failureOf(() => post(lines));
    assert.deepEqual([failure.kind, failure.written], ['in_doubt', 'unknown']);
    assert.equal((await settle(lines)).size, 0);
    await once(lines);
  });

  it('is in doubt, and there once in the end, where the answer to the batch is cut after the write', async () => {
    await known();
    const lines = [line(), line()];
    await faults.next({ kind: 'cut-after', ...labor.write });
    const failure = await failureOf(() => post(lines));
    assert.deepEqual([failure.kind, failure.written], ['in_doubt', 'unknown']);
    await settle(lines);
    await once(lines);
  });

  it('is there once where the answer to the batch is a web page, of another shape, or a 500', async () => {
    await known();
    for (const fault of [{ kind: 'html' }, { kind: 'wrong-schema' }, { kind: 'status', status: 500 }] as const) {
      const lines = [line(), line()];
      await faults.next({ ...fault, ...labor.write });
      try {
        await post(lines);
      } catch (error) {
        assert.ok(isSystemFailure(error));
        assert.equal(error.failure.written, 'unknown', `${fault.kind}: ${error.failure.code}`);
      }
      await settle(lines);
      await once(lines);
      await faults.clear();
    }
  });

  it('is certainly not written where the system is at its limit, and goes through a moment later', async function () {
    this.timeout(20_000);
    await known();
    const lines = [line(), line()];
    await faults.next({ ...AT_ITS_LIMIT, ...labor.write });
    const failure = await failureOf(() => post(lines));
    assert.deepEqual([failure.kind, failure.written, failure.retryAfterMs], ['transient', 'no', LIMIT_MS]);
    assert.equal((await find(lines)).size, 0);
    await post(lines);
    await once(lines);
  });

  if (labor.badAnswers !== null) {
    let there: LaborPosting[] = [];
    theyTakeBadAnswers([
      {
        name: 'find', writes: false,
        arrange: async () => {
          if (there.length === 0) {
            there = [line(), line()];
            await post(there);
          }
          return async () => assert.equal((await find(there)).size, 2, 'lines that are there are not found');
        },
      },
      {
        name: 'post', writes: true, spoils: labor.write,
        arrange: async () => {
          await known();
          there = [line(), line()];
          return async () => {
            const [refusal] = refusals(await post(there));
            if (refusal !== undefined) throw new SystemFailure(refusal.failure);
          };
        },
        afterwards: async () => {
          await settle(there);
          await once(there);
        },
      },
      { name: 'totals', writes: false, arrange: () => Promise.resolve(() => labor.port().totals({ legalEntity: labor.place().legalEntity, from: '2026-11-16', to: '2026-11-17' }, callContext())) },
    ], faults, labor.badAnswers);
  }

  it('goes through where the token expires in the middle', async () => {
    await known();
    const lines = [line(), line()];
    await faults.next({ kind: 'expired-token', ...labor.write });
    if (labor.after !== null) await faults.next({ kind: 'expired-token', ...labor.after });
    await post(lines);
    await once(lines);
  });

  if (labor.after !== null) {
    const { after } = labor;
    it('is there once where an answer about the batch is lost', async () => {
      await known();
      for (const kind of ['cut-before', 'cut-after', 'html', 'wrong-schema'] as const) {
        const lines = [line(), line()];
        await faults.next({ kind, ...after });
        try {
          await post(lines);
        } catch (error) {
          assert.ok(isSystemFailure(error));
          assert.equal(error.failure.written, 'unknown', `${kind}: ${error.failure.code}`);
        }
        await settle(lines);
        await once(lines);
        await faults.clear();
      }
    });
  }

  if (labor.breakOff != null) {
    const { on, off } = labor.breakOff;
    it('is there once, every line, where the system breaks off in the middle of the batch', async () => {
      const lines = [line(), line(), line(), line()];
      await on();
      try {
        await post(lines);
      } catch (error) {
        assert.ok(isSystemFailure(error));
        assert.equal(error.failure.written, 'unknown');
      } finally {
        await off();
      }
      await settle(lines);
      await once(lines);
    });
  }
}
