import assert from 'node:assert/strict';
import type { CaseTicket, ServiceDeskPort } from '../../../connectors/service-desk-port.ts';
import { theyTakeBadAnswers, type ExceptionsOf } from './bad-answers.ts';
import { callContext, uniqueTag } from './documents.ts';
import { AT_ITS_LIMIT, failureOf, LIMIT_MS, type FaultBoard } from './records.ts';
import { onBothSidesOfTheDateLine } from './zones.ts';

/** A ticket as people see it on the service desk's own pages. */
export interface ShownTicket {
  readonly externalId: string;
  readonly open: boolean;
  readonly summary: string;
  readonly description: string;
  readonly priority: string;
  /** Local day. */
  readonly due: string | null;
  readonly labels: readonly string[];
  readonly comments: readonly { readonly text: string; readonly internal: boolean }[];
}

/** What people do at the service desk, past the connector. */
export interface ServiceDeskOffice {
  shows(externalId: string): Promise<ShownTicket>;
  /** How many tickets of a case there are, open or not. */
  count(caseId: string): Promise<number>;
  /** Other tickets, made by people. */
  others(count: number): Promise<void>;
  closeByHand(externalId: string): Promise<void>;
  commentByHand(externalId: string, text: string): Promise<void>;
  labelByHand(externalId: string, label: string): Promise<void>;
  deleteByHand(externalId: string): Promise<void>;
  /** Lets the desk's search catch up. */
  settle(): Promise<void>;
}

export interface ServiceDeskCase {
  readonly name: string;
  readonly port: () => ServiceDeskPort;
  readonly office: () => ServiceDeskOffice;
  readonly faults: FaultBoard;
  /** What the vendor makes a ticket with: a regular expression on the path. */
  readonly createPath: string;
  readonly commentPath: string;
  readonly endPath: string;
  /** Names of the priorities, most urgent first. */
  readonly priorities: Readonly<Record<CaseTicket['severity'], string>>;
  readonly unknownId: string;
  readonly badAnswers?: ExceptionsOf<'find' | 'write' | 'undo' | 'comment' | 'standing' | 'close'>;
}

export function aTicket(change: Partial<CaseTicket> = {}): CaseTicket {
  return {
    caseId: `exception/closed-won/salesforce/${uniqueTag()}/1`,
    code: 'RATE_NOT_APPROVED',
    summary: 'Rate of SENIOR_CONSULTANT is not approved',
    description: 'The deal Acme Cloud sells SENIOR_CONSULTANT at 260.00 USD.\nNo approved rate card has this rate.\n\nApprove the card, then retry.',
    severity: 'high',
    owner: 'finance_operations',
    dueAt: '2026-11-24T17:00:00.000Z',
    link: 'http://127.0.0.1:8090/cases/1',
    ...change,
  };
}

/** What every service desk promises (connectors/service-desk-port.ts). */
export function describeServiceDesk({ name, port, office, faults, createPath, commentPath, endPath, priorities, unknownId, badAnswers }: ServiceDeskCase): void {
  describe(`${name}, as any service desk`, () => {
    afterEach(async () => faults.clear());
    const find = (ticket: CaseTicket) => port().ticket.find(ticket, callContext());
    const write = async (ticket: CaseTicket) => port().ticket.write(ticket, await find(ticket), callContext());
    const undo = (document: CaseTicket, externalId: string, created = true) => port().ticket.undo({ document, externalId, created }, callContext());
    const comment = (externalId: string, key: string, text: string) => port().comment({ externalId, key, text }, callContext());
    const close = (externalId: string, resolution = 'Corrected and activated.') => port().close({ externalId, resolution }, callContext());
    const texts = async (externalId: string) => (await office().shows(externalId)).comments.map(({ text }) => text);

    it('shows a case as a ticket: what happened, how urgent, until when, and where to look', async () => {
      const ticket = aTicket();
      assert.equal(await find(ticket), null);
      const { externalId, created } = await write(ticket);
      assert.equal(created, true);
      const shown = await office().shows(externalId);
      assert.deepEqual([shown.open, shown.summary, shown.priority, shown.due], [true, ticket.summary, priorities.high, '2026-11-24']);
      assert.ok(shown.description.startsWith(ticket.description) && shown.description.includes(ticket.link ?? ''), shown.description);
      assert.ok(shown.labels.some((label) => label.includes('finance')), shown.labels.join());
    });

    it('is found by its case at once and later, and in the same place', async () => {
      const ticket = aTicket();
      const { externalId, url } = await write(ticket);
      assert.deepEqual(await find(ticket), { externalId, url });
      await office().settle();
      assert.deepEqual(await find(ticket), { externalId, url });
      assert.equal(await find(aTicket()), null);
    });

    it('is one ticket however often it is written', async () => {
      const ticket = aTicket();
      const { externalId } = await write(ticket);
      for (let again = 0; again < 3; again += 1) {
        const written = await write(ticket);
        assert.deepEqual([written.externalId, written.created], [externalId, false]);
      }
      assert.equal(await office().count(ticket.caseId), 1);
    });

    it('follows its case: urgency, owner, words and date; what people added stays', async () => {
      const ticket = aTicket();
      const { externalId } = await write(ticket);
      await office().labelByHand(externalId, 'quarter-end');
      await office().commentByHand(externalId, 'I asked Dana.');
      await write({ ...ticket, summary: 'Escalated', severity: 'critical', owner: 'controller', dueAt: null, link: null, description: 'Still open.' });
      const shown = await office().shows(externalId);
      assert.deepEqual([shown.summary, shown.priority, shown.due, shown.description], ['Escalated', priorities.critical, null, 'Still open.']);
      assert.ok(shown.labels.includes('quarter-end') && shown.labels.some((label) => label.includes('controller')) && !shown.labels.some((label) => label.includes('finance')), shown.labels.join());
      assert.deepEqual(shown.comments.map(({ text }) => text), ['I asked Dana.']);
    });

    it('gives each severity a priority of its own', async () => {
      for (const severity of ['low', 'medium', 'high', 'critical'] as const) {
        const { externalId } = await write(aTicket({ severity }));
        assert.equal((await office().shows(externalId)).priority, priorities[severity]);
      }
    });

    it('takes any language and any length, in one line where the desk has one', async () => {
      const ticket = aTicket({ summary: `Abgelehnt:\n${'Größe 宮本 🚀 '.repeat(60)}`, description: `${'請求書の発行 🚀 "quoted" <b>&amp;</b>\t\\ '.repeat(2000)}`, caseId: `exception/${'très long et étrange '.repeat(20)}${uniqueTag()}` });
      const { externalId } = await write(ticket);
      const shown = await office().shows(externalId);
      assert.ok(!shown.summary.includes('\n') && shown.summary.startsWith('Abgelehnt: Größe 宮本 🚀') && shown.summary.endsWith('…'), shown.summary);
      assert.ok(shown.description.length > 10_000 && shown.description.startsWith('請求書の発行 🚀 "quoted" <b>&amp;</b>'));
      assert.equal((await find(ticket))?.externalId, externalId);
      await comment(externalId, 'long', 'x'.repeat(100_000));
      assert.ok((await texts(externalId))[0]?.startsWith('xxx'));
    });

    it('adds a comment once for each key, among however many others', async () => {
      const { externalId } = await write(aTicket());
      await comment(externalId, 'reminder-1', 'Due tomorrow.');
      for (let index = 0; index < 120; index += 1) await office().commentByHand(externalId, `chat ${index}`);
      await comment(externalId, 'reminder-1', 'Due tomorrow.');
      await comment(externalId, 'reminder-2', 'Due today.');
      const shown = await office().shows(externalId);
      assert.deepEqual(shown.comments.filter(({ text }) => text.startsWith('Due')), [{ text: 'Due tomorrow.', internal: true }, { text: 'Due today.', internal: true }]);
    });

    it('tells how tickets stand: open, closed by people, or gone', async () => {
      const [one, closed, gone] = [await write(aTicket()), await write(aTicket()), await write(aTicket())];
      await office().closeByHand(closed.externalId);
      await office().deleteByHand(gone.externalId);
      const standing = await port().standing([one, closed, gone].map(({ externalId }) => externalId), callContext());
      assert.deepEqual([one, closed, gone].map(({ externalId }) => standing.get(externalId)?.state), ['open', 'closed', 'gone']);
      assert.deepEqual([standing.get(one.externalId)?.number === null, standing.get(gone.externalId)?.number], [false, null]);
      assert.deepEqual([...(await port().standing([], callContext()))], []);
    });

    it('is closed with how the case ended, once', async () => {
      const { externalId } = await write(aTicket());
      await close(externalId);
      await close(externalId);
      const shown = await office().shows(externalId);
      assert.deepEqual([shown.open, shown.comments.map(({ text }) => text)], [false, ['Corrected and activated.']]);
    });

    it('is closed without a word against people who closed it before', async () => {
      const { externalId } = await write(aTicket());
      await office().closeByHand(externalId);
      await close(externalId);
      assert.deepEqual([(await office().shows(externalId)).open, await texts(externalId)], [false, ['Corrected and activated.']]);
    });

    it('is closed as not needed by an undo, never deleted', async () => {
      const ticket = aTicket();
      const { externalId } = await write(ticket);
      for (let again = 0; again < 2; again += 1) {
        const undone = await undo(ticket, externalId);
        assert.equal(undone.how, 'cancelled', undone.detail);
      }
      assert.deepEqual([(await office().shows(externalId)).open, await office().count(ticket.caseId), (await texts(externalId)).length], [false, 1, 1]);
      assert.equal((await undo(aTicket(), unknownId)).how, 'not_found');
    });

    it('is kept by an undo where it stood before', async () => {
      const ticket = aTicket();
      const { externalId } = await write(ticket);
      assert.equal((await undo(ticket, externalId, false)).how, 'kept');
      assert.equal((await office().shows(externalId)).open, true);
    });

    it('says so where people deleted the ticket', async () => {
      const ticket = aTicket();
      const { externalId } = await write(ticket);
      await office().deleteByHand(externalId);
      assert.equal((await undo(ticket, externalId)).how, 'not_found');
      for (const work of [() => comment(externalId, 'k', 'text'), () => close(externalId), () => port().ticket.write(ticket, { externalId, url: null }, callContext())]) {
        const failure = await failureOf(work);
        assert.deepEqual([failure.kind, failure.written], ['business_rule', 'no']);
      }
    });

    for (const others of [0, 1, 60]) {
      for (const kind of ['cut-before', 'cut-after'] as const) {
        it(`is made once where the connection is ${kind === 'cut-before' ? 'cut before' : 'cut after'} it is made and ${others} tickets of others come in between`, async () => {
          const ticket = aTicket();
          await faults.next({ kind, method: 'POST', path: createPath });
          const failure = await failureOf(() => port().ticket.write(ticket, null, callContext()));
          assert.deepEqual([failure.kind, failure.written], ['in_doubt', 'unknown']);
          await office().others(others);
          const found = await find(ticket);
          assert.equal(found !== null, kind === 'cut-after');
          await port().ticket.write(ticket, found, callContext());
          await office().settle();
          assert.equal(await office().count(ticket.caseId), 1);
        });
      }
    }

    it('is made once where the answer is of another shape, a web page or a 500', async () => {
      for (const fault of [{ kind: 'wrong-schema' }, { kind: 'html' }, { kind: 'status', status: 500 }] as const) {
        const ticket = aTicket();
        await faults.next({ ...fault, method: 'POST', path: createPath });
        const failure = await failureOf(() => port().ticket.write(ticket, null, callContext()));
        assert.equal(failure.written, 'unknown', failure.code);
        await write(ticket);
        assert.equal(await office().count(ticket.caseId), 1);
      }
    });

    it('comments and closes once where the answer is lost', async () => {
      for (const kind of ['cut-before', 'cut-after'] as const) {
        const { externalId } = await write(aTicket());
        await faults.next({ kind, method: 'POST', path: commentPath });
        assert.equal((await failureOf(() => comment(externalId, 'k', 'Noted.'))).kind, 'in_doubt');
        await comment(externalId, 'k', 'Noted.');
        await faults.next({ kind, method: 'POST', path: endPath });
        assert.equal((await failureOf(() => close(externalId))).kind, 'in_doubt');
        await close(externalId);
        assert.deepEqual([(await office().shows(externalId)).open, await texts(externalId)], [false, ['Noted.', 'Corrected and activated.']]);
      }
    });

    it('goes through where the token expires in the middle, and waits as long as a limit says', async () => {
      const ticket = aTicket();
      await faults.next({ kind: 'expired-token', method: 'POST', path: createPath });
      const { externalId } = await write(ticket);
      await faults.next({ ...AT_ITS_LIMIT, method: 'POST', path: commentPath });
      const failure = await failureOf(() => comment(externalId, 'k', 'Noted.'));
      assert.deepEqual([failure.kind, failure.written, failure.retryAfterMs], ['transient', 'no', LIMIT_MS]);
      await comment(externalId, 'k', 'Noted.');
      assert.deepEqual(await texts(externalId), ['Noted.']);
    });

    it('is due on the same day wherever the process runs', async () => {
      await onBothSidesOfTheDateLine(async () => {
        const { externalId } = await write(aTicket());
        assert.equal((await office().shows(externalId)).due, '2026-11-24');
      });
    });

    it('is found, and told how it stands, among 1000 tickets of others', async () => {
      const ticket = aTicket();
      const { externalId } = await write(ticket);
      await office().others(1000);
      await office().settle();
      assert.equal((await find(ticket))?.externalId, externalId);
      const written = await write(ticket);
      assert.deepEqual([written.externalId, written.created], [externalId, false]);
      assert.equal((await port().standing([externalId], callContext())).get(externalId)?.state, 'open');
    });

    let ticket: CaseTicket;
    const made = async () => {
      ticket = aTicket();
      return await write(ticket);
    };
    theyTakeBadAnswers([
      {
        name: 'find', writes: false,
        arrange: async () => {
          const { externalId } = await made();
          await office().settle();
          return async () => assert.equal((await find(ticket))?.externalId, externalId, 'a ticket that is there is not found');
        },
      },
      {
        name: 'write', writes: true, spoils: { method: 'POST', path: createPath },
        arrange: () => {
          ticket = aTicket();
          return Promise.resolve(() => port().ticket.write(ticket, null, callContext()));
        },
        afterwards: async () => {
          await write(ticket);
          await office().settle();
          assert.equal(await office().count(ticket.caseId), 1);
        },
      },
      {
        name: 'undo', writes: false,
        arrange: async () => {
          const { externalId } = await made();
          return () => undo(ticket, externalId);
        },
      },
      {
        name: 'comment', writes: true, spoils: { method: 'POST', path: commentPath },
        arrange: async () => {
          const { externalId } = await made();
          return () => comment(externalId, 'k', 'Noted.');
        },
      },
      {
        name: 'standing', writes: false,
        arrange: async () => {
          const { externalId } = await made();
          return async () => assert.equal((await port().standing([externalId], callContext())).get(externalId)?.state ?? 'left out', 'open');
        },
      },
      {
        name: 'close', writes: true, spoils: { method: 'POST', path: endPath },
        arrange: async () => {
          const { externalId } = await made();
          return () => close(externalId);
        },
      },
    ], faults, badAnswers);

    it('says what the integration user lacks', async () => {
      await faults.next({ kind: 'status', status: 403, method: 'POST', path: createPath });
      const failure = await failureOf(() => port().ticket.write(aTicket(), null, callContext()));
      assert.deepEqual([failure.kind, failure.written], ['configuration', 'no']);
    });
  });
}
