import assert from 'node:assert/strict';
import type { Invoice } from '../../../domain/model/invoice.ts';
import { isSystemFailure } from '../../../domain/failure.ts';
import type { RecordPort, References, WithReferences } from '../../../connectors/ports.ts';
import { callContext } from './documents.ts';
import type { ReceivablesOffice } from './receivables.ts';
import { AT_ITS_LIMIT, describeRecordBadAnswers, failureOf, LIMIT_MS, type FaultBoard, type RecordExceptions } from './records.ts';
import { onBothSidesOfTheDateLine } from './zones.ts';

interface IssuedCase {
  readonly name: string;
  readonly port: () => RecordPort<WithReferences<Invoice>>;
  readonly fresh: () => Promise<{ document: Invoice; references: References }>;
  readonly office: () => ReceivablesOffice;
  readonly faults: FaultBoard;
  readonly writeMethod: 'POST' | 'PUT';
  readonly unknownId: string;
  readonly badAnswers?: RecordExceptions;
}

/** What a record port promises of documents that are final once they are written (test/connectors/conformance/records.ts has those that can change). */
export function describeIssuedDocument({ name, port, fresh, office, faults, writeMethod, unknownId, badAnswers = {} }: IssuedCase): void {
  describe(`${name}, as any record that is final once written`, () => {
    afterEach(async () => faults.clear());

    it('is not found before it is written and found after', async () => {
      const wanted = await fresh();
      assert.equal(await port().find(wanted, callContext()), null);
      const written = await port().write(wanted, null, callContext());
      assert.equal(written.created, true);
      assert.equal((await port().find(wanted, callContext()))?.externalId, written.externalId);
      await office().check(wanted.document, written.externalId);
    });

    it('is one record however often it is written', async () => {
      const wanted = await fresh();
      const first = await port().write(wanted, null, callContext());
      const second = await port().write(wanted, first, callContext());
      const third = await port().write(wanted, await port().find(wanted, callContext()), callContext());
      assert.deepEqual([second.externalId, second.created, third.externalId, third.created], [first.externalId, false, first.externalId, false]);
      assert.equal(await office().count(wanted.document), 1);
    });

    it('is voided, not deleted, by its undo, and a second undo says the same', async () => {
      const wanted = await fresh();
      const { externalId } = await port().write(wanted, null, callContext());
      for (const time of ['first', 'second']) {
        const undone = await port().undo({ document: wanted, externalId, created: true }, callContext());
        assert.equal(undone.how, 'cancelled', `${time}: ${undone.detail}`);
      }
      assert.equal(await office().count(wanted.document), 1);
    });

    it('says that there is nothing to undo where it was never made, and leaves what stood before', async () => {
      const wanted = await fresh();
      assert.equal((await port().undo({ document: wanted, externalId: unknownId, created: true }, callContext())).how, 'not_found');
      const { externalId } = await port().write(wanted, null, callContext());
      assert.equal((await port().undo({ document: wanted, externalId, created: false }, callContext())).how, 'kept');
    });

    /** What the ledger does: write; on a failure look it up; write again with what was found. */
    const throughDoubt = async (wanted: WithReferences<Invoice>) => {
      const failure = await failureOf(() => port().write(wanted, null, callContext()));
      const found = await port().find(wanted, callContext());
      const written = await port().write(wanted, found, callContext());
      assert.equal(await office().count(wanted.document), 1);
      await office().check(wanted.document, written.externalId);
      return { failure, found };
    };

    for (const kind of ['cut-before', 'cut-after'] as const) {
      it(`is made once where the connection is ${kind === 'cut-before' ? 'cut before the write' : 'cut after the write'}`, async () => {
        const wanted = await fresh();
        await faults.next({ kind, method: writeMethod });
        const { failure, found } = await throughDoubt(wanted);
        assert.deepEqual([failure.kind, failure.written], ['in_doubt', 'unknown']);
        assert.equal(found === null, kind === 'cut-before');
      });
    }

    it('is made once where the answer to the write is of another shape, or a web page', async () => {
      for (const kind of ['wrong-schema', 'html'] as const) {
        const wanted = await fresh();
        await faults.next({ kind, method: writeMethod });
        const { failure } = await throughDoubt(wanted);
        assert.equal(failure.written, 'unknown', `${failure.kind} ${failure.code}`);
        await faults.clear();
      }
    });

    it('leaves doubt after a 500 to the write, and none after a 429', async () => {
      const [failed, limited] = [await fresh(), await fresh()];
      await faults.next({ kind: 'status', status: 500, method: writeMethod });
      const { failure } = await throughDoubt(failed);
      assert.deepEqual([failure.kind, failure.written], ['in_doubt', 'unknown']);
      await faults.next({ ...AT_ITS_LIMIT, method: writeMethod });
      const refused = (await throughDoubt(limited)).failure;
      assert.deepEqual([refused.kind, refused.written, refused.retryAfterMs], ['transient', 'no', LIMIT_MS]);
    });

    describeRecordBadAnswers({ port, fresh, count: ({ document }) => office().count(document), writeMethod, badAnswers }, faults);

    it('is a matter for the administrator, and not written, where the account may not write it', async () => {
      const wanted = await fresh();
      await faults.next({ kind: 'status', status: 403, method: writeMethod });
      const { failure, found } = await throughDoubt(wanted);
      assert.deepEqual([failure.kind, failure.written, found], ['configuration', 'no', null], `${failure.code}: ${failure.message}`);
    });

    it('is found by its key among 1000 others', async () => {
      const wanted = await fresh();
      await office().seedInvoices(1000);
      assert.equal(await port().find(wanted, callContext()), null);
      const { externalId } = await port().write(wanted, null, callContext());
      assert.equal((await port().find(wanted, callContext()))?.externalId, externalId);
      const again = await port().write(wanted, await port().find(wanted, callContext()), callContext());
      assert.deepEqual([again.externalId, again.created], [externalId, false]);
    });

    it('keeps its dates and texts wherever the process runs', async () => {
      await onBothSidesOfTheDateLine(async () => {
        const { document, references } = await fresh();
        const { externalId } = await port().write({ document, references }, null, callContext());
        await office().check(document, externalId);
        const { issued, due } = await office().days(externalId);
        if (issued !== null) assert.equal(issued, document.issueDate);
        if (due !== null) assert.equal(due, document.dueDate);
      });
    });

    it('goes through where our credentials are refused once in the middle', async () => {
      const wanted = await fresh();
      await faults.next({ kind: 'expired-token', method: writeMethod });
      const written = await port().write(wanted, null, callContext());
      await office().check(wanted.document, written.externalId);
    });

    it('is refused, before anything is sent, for a customer the system does not have', async () => {
      const { document, references } = await fresh();
      const work = () => port().write({ document, references: { ...references, customers: {} } }, null, callContext());
      await assert.rejects(work, (error) => isSystemFailure(error) && error.failure.written === 'no' && error.failure.kind === 'configuration');
      assert.equal(await office().count(document), 0);
    });
  });
}
