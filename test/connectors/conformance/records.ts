import assert from 'node:assert/strict';
import { isSystemFailure, type Failure } from '../../../domain/failure.ts';
import type { RecordPort } from '../../../connectors/ports.ts';
import { itTakesBadAnswers, type BadAnswer, type Exceptions } from './bad-answers.ts';
import { callContext, type DealTerms } from './documents.ts';
import { describeRecordContent, type RecordContent } from './record-content.ts';

/** One kind of record of one connector, as the conformance suite drives it. */
export interface RecordCase<Document> {
  readonly name: string;
  readonly port: () => RecordPort<Document>;
  /** A document nobody has written yet, of these terms where any are given, with all it refers to in place. */
  readonly fresh: (terms?: DealTerms) => Promise<Document>;
  /** The same record with other content. */
  readonly amended: (document: Document) => Document;
  /** How many such records the system has, asked through the vendor's own API or the sandbox's state. */
  readonly count: (document: Document) => Promise<number>;
  /** Throws where the record in the system is not what the document says. */
  readonly check: (document: Document, externalId: string) => Promise<void>;
  /** Makes other records depend on it, as people would by using it; null where nothing can. */
  readonly use: ((document: Document, externalId: string) => Promise<void>) | null;
  /** For a vendor that never deletes such a record: an undo puts it out of use, and the next write takes it back. */
  readonly undoneAs?: 'deactivated' | 'cancelled';
  /** What the vendor makes such a record with. */
  readonly writeMethod: 'POST' | 'PUT';
  /** An ID no record of this kind has. */
  readonly unknownId: string;
  readonly content: RecordContent;
  /** What becomes of bad answers where it is not the rule; null where the system gives no answers over HTTP. */
  readonly badAnswers?: RecordExceptions | null;
}

export interface RecordExceptions {
  /** Of a real system, where each making takes seconds: looking up alone. */
  readonly only?: 'find';
  readonly every?: Exceptions;
  readonly find?: Exceptions;
  readonly write?: Exceptions;
  readonly undo?: Exceptions;
}

/** Faults to order for the next request that changes something; null for a system that cannot be told to fail. */
export interface FaultBoard {
  next(fault: { kind: 'cut-before' | 'cut-after' | 'status' | 'expired-token' | BadAnswer; status?: number; retryAfterSeconds?: number; path?: string; method?: string }): Promise<void>;
  clear(): Promise<void>;
}

/** How long the systems at their limit ask to wait here: short, as each of them is waited for. */
export const LIMIT_MS = 50;
export const AT_ITS_LIMIT = { kind: 'status', status: 429, retryAfterSeconds: LIMIT_MS / 1000 } as const;

/** The failure of a call; null where it goes through. */
async function failureIn(work: () => Promise<unknown>): Promise<Failure | null> {
  try {
    await work();
    return null;
  } catch (error) {
    if (isSystemFailure(error)) return error.failure;
    throw error;
  }
}

export async function failureOf(work: () => Promise<unknown>): Promise<Failure> {
  const failure = await failureIn(work);
  assert.ok(failure !== null, 'the call went through though it should have failed');
  return failure;
}

/** What every record port promises (connectors/ports.ts), as statements about one kind of record. */
export function describeRecordPort<Document>(record: RecordCase<Document>, faults: FaultBoard | null): void {
  describe(`${record.name}, as any record port`, () => {
    afterEach(async () => faults?.clear());

    it('is not found before it is written and found after', async () => {
      const document = await record.fresh();
      assert.equal(await record.port().find(document, callContext()), null);
      const written = await record.port().write(document, null, callContext());
      assert.equal(written.created, true);
      const found = await record.port().find(document, callContext());
      assert.equal(found?.externalId, written.externalId);
      await record.check(document, written.externalId);
    });

    it('is one record however often it is written', async () => {
      const document = await record.fresh();
      const first = await record.port().write(document, null, callContext());
      const second = await record.port().write(document, first, callContext());
      const third = await record.port().write(document, await record.port().find(document, callContext()), callContext());
      assert.deepEqual([second.externalId, second.created, third.externalId, third.created], [first.externalId, false, first.externalId, false]);
      assert.equal(await record.count(document), 1);
      await record.check(document, first.externalId);
    });

    it('is updated, not doubled, when its document changes', async () => {
      const document = await record.fresh();
      const written = await record.port().write(document, null, callContext());
      const amended = record.amended(document);
      const again = await record.port().write(amended, written, callContext());
      assert.equal(again.externalId, written.externalId);
      assert.equal(await record.count(amended), 1);
      await record.check(amended, written.externalId);
    });

    if (record.undoneAs !== undefined) it('is out of use after its undo, however often, and back in use when it is written again', async () => {
      const document = await record.fresh();
      const { externalId } = await record.port().write(document, null, callContext());
      for (const how of [record.undoneAs, record.undoneAs]) assert.equal((await record.port().undo({ document, externalId, created: true }, callContext())).how, how);
      const again = await record.port().write(document, await record.port().find(document, callContext()), callContext());
      assert.deepEqual([again.externalId, again.created, await record.count(document)], [externalId, false, 1]);
      await record.check(document, externalId);
    });
    else it('is gone after its undo while nobody has used it, and a second undo finds nothing', async () => {
      const document = await record.fresh();
      const { externalId } = await record.port().write(document, null, callContext());
      const undone = await record.port().undo({ document, externalId, created: true }, callContext());
      assert.equal(undone.how, 'deleted', undone.detail);
      assert.equal(await record.count(document), 0);
      assert.equal(await record.port().find(document, callContext()), null);
      const again = await record.port().undo({ document, externalId, created: true }, callContext());
      assert.equal(again.how, 'not_found', again.detail);
    });

    it('says that there is nothing to undo where it was never made', async () => {
      const document = await record.fresh();
      const undone = await record.port().undo({ document, externalId: record.unknownId, created: true }, callContext());
      assert.equal(undone.how, 'not_found', undone.detail);
    });

    it('is kept by an undo where it stood before', async () => {
      const document = await record.fresh();
      const { externalId } = await record.port().write(document, null, callContext());
      const undone = await record.port().undo({ document, externalId, created: false }, callContext());
      assert.equal(undone.how, 'kept');
      assert.equal(await record.count(document), 1);
    });

    if (record.use !== null) {
      const { use } = record;
      it('is put out of use, not deleted, by an undo once it has been used', async () => {
        const document = await record.fresh();
        const { externalId } = await record.port().write(document, null, callContext());
        await use(document, externalId);
        const undone = await record.port().undo({ document, externalId, created: true }, callContext());
        assert.ok(['deactivated', 'cancelled', 'kept'].includes(undone.how), `${undone.how}: ${undone.detail}`);
        assert.equal(await record.count(document), 1);
        const again = await record.port().undo({ document, externalId, created: true }, callContext());
        assert.ok(['deactivated', 'cancelled', 'kept'].includes(again.how), `${again.how}: ${again.detail}`);
      });
    }

    describeRecordContent(record);

    if (faults !== null) describeFaults(record, faults);
  });
}

function describeFaults<Document>(record: RecordCase<Document>, faults: FaultBoard): void {
  const { writeMethod: method } = record;
  const WRITES = '^(?!.*oauth2)';
  /** What the ledger does: write; on a failure look it up; write again with what was found. */
  const throughDoubt = async (document: Document) => {
    const failure = await failureOf(() => record.port().write(document, null, callContext()));
    const found = await record.port().find(document, callContext());
    const written = await record.port().write(document, found, callContext());
    assert.equal(await record.count(document), 1);
    await record.check(document, written.externalId);
    return { failure, found };
  };

  for (const kind of ['cut-before', 'cut-after'] as const) {
    it(`is made once where the connection is ${kind === 'cut-before' ? 'cut before the write' : 'cut after the write'}`, async () => {
      const document = await record.fresh();
      await faults.next({ kind, method, path: WRITES });
      const { failure, found } = await throughDoubt(document);
      assert.equal(failure.kind, 'in_doubt');
      assert.equal(failure.written, 'unknown');
      if (kind === 'cut-before') assert.equal(found, null);
    });
  }

  it('is made once where the answer to the write is of another shape, or a web page', async () => {
    for (const kind of ['wrong-schema', 'html'] as const) {
      const document = await record.fresh();
      await faults.next({ kind, method, path: WRITES });
      const failure = await failureIn(() => record.port().write(document, null, callContext()));
      if (failure !== null) assert.equal(failure.written, 'unknown', `${failure.kind} ${failure.code}`);
      const written = await record.port().write(document, await record.port().find(document, callContext()), callContext());
      assert.equal(await record.count(document), 1);
      await record.check(document, written.externalId);
      await faults.clear();
    }
  });

  it('leaves doubt after a 500 to the write, and none after a 429', async () => {
    const failed = await record.fresh();
    await faults.next({ kind: 'status', status: 500, method, path: WRITES });
    const { failure } = await throughDoubt(failed);
    assert.deepEqual([failure.kind, failure.written], ['in_doubt', 'unknown']);
    const limited = await record.fresh();
    await faults.next({ ...AT_ITS_LIMIT, method, path: WRITES });
    const refused = (await throughDoubt(limited)).failure;
    assert.deepEqual([refused.kind, refused.written, refused.retryAfterMs], ['transient', 'no', LIMIT_MS]);
  });

  it('is a matter for the administrator, and not written, where the account may not write it', async () => {
    const document = await record.fresh();
    await faults.next({ kind: 'status', status: 403, method, path: WRITES });
    const { failure, found } = await throughDoubt(document);
    assert.deepEqual([failure.kind, failure.written, found], ['configuration', 'no', null], `${failure.code}: ${failure.message}`);
    assert.ok(failure.mend.length > 10, failure.mend);
  });

  if (record.badAnswers !== null) describeRecordBadAnswers({ ...record, badAnswers: record.badAnswers ?? {} }, faults);

  it('goes through where the token expires in the middle', async () => {
    const document = await record.fresh();
    await faults.next({ kind: 'expired-token', method, path: WRITES });
    const written = await record.port().write(document, null, callContext());
    assert.equal(await record.count(document), 1);
    await record.check(document, written.externalId);
  });
}

/** Finding, making and undoing a record, whatever is answered; what was made is there once in the end. */
export function describeRecordBadAnswers<Document>(record: Pick<RecordCase<Document>, 'port' | 'count' | 'writeMethod'> & { readonly fresh: () => Promise<Document>; readonly badAnswers: RecordExceptions }, faults: FaultBoard): void {
  const { port, writeMethod: method, badAnswers: exceptions } = record;
  let document: Document;
  let known: { readonly document: Document; readonly externalId: string } | undefined;
  itTakesBadAnswers({
    name: 'looking it up', writes: false,
    arrange: async () => {
      if (known === undefined) {
        const made = await record.fresh();
        known = { document: made, externalId: (await port().write(made, null, callContext())).externalId };
      }
      const { document: there, externalId } = known;
      return async () => assert.equal((await port().find(there, callContext()))?.externalId, externalId, 'a record that is there is not found');
    },
  }, faults, { ...exceptions.every, ...exceptions.find });

  if (exceptions.only === 'find') return;

  itTakesBadAnswers({
    name: 'making it', writes: true, spoils: { method },
    arrange: async () => {
      document = await record.fresh();
      return () => port().write(document, null, callContext());
    },
    afterwards: async (answer) => {
      await port().write(document, await port().find(document, callContext()), callContext());
      assert.equal(await record.count(document), 1, `${answer}: there is one of it`);
    },
  }, faults, { ...exceptions.every, ...exceptions.write });

  itTakesBadAnswers({
    name: 'undoing it', writes: false,
    arrange: async () => {
      document = await record.fresh();
      const { externalId } = await port().write(document, null, callContext());
      return () => port().undo({ document, externalId, created: true }, callContext());
    },
  }, faults, { ...exceptions.every, ...exceptions.undo });
}
