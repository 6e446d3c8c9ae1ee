import assert from 'node:assert/strict';
import { z } from 'zod';
import type { CaseInput } from '../../domain/process/exception-case.ts';
import { LINE_QUEUE } from '../../domain/process/task-queues.ts';
import { ticketOf } from '../../store/case-tickets.ts';
import { caseById } from '../../store/cases.ts';
import { closeCaseSignal } from '../../workflows/contracts/exception-case.ts';
import { startSandboxLine, type SandboxLine } from '../support/sandbox-line.ts';
import { stopTemporalServer } from '../support/temporal.ts';

const issueSchema = z.object({ id: z.string(), key: z.string(), status: z.string(), fields: z.object({ components: z.array(z.string()), requestType: z.string().nullable() }) });

describe('The overlay with a service desk', function () {
  this.timeout(120_000);
  let line: SandboxLine;
  before(async () => {
    line = await startSandboxLine({ overlays: ['jira'] });
  });
  after(async () => {
    await line?.stop();
    await stopTemporalServer();
  });

  it('has a case as a request of its team in Jira, from its opening to its end', async () => {
    const caseId = 'exception/closed-won/salesforce/006/first/1';
    const input: CaseInput = { process: 'closed-won/salesforce/006', code: 'LEGAL_ENTITY_UNKNOWN', kind: 'business_rule', subject: 'deal Acme Cloud', message: 'There is no legal entity XX01.', mend: 'Correct the line.', findings: [], system: 'salesforce', legalEntity: null, deal: 'salesforce/006', amount: null, evidence: null, postingKey: null, configHash: null, registersItself: true, without: [] };
    await line.client.workflow.start('exceptionCase', { workflowId: caseId, taskQueue: LINE_QUEUE, args: [input] });
    await line.until('it is registered', async () => (await caseById(line.store.db, caseId)) !== undefined);
    const run = async () => await line.client.workflow.execute('caseTickets', { workflowId: `case-tickets/service-desk-${Date.now()}`, taskQueue: LINE_QUEUE, args: [{ desk: 'service-desk' }] });
    const issue = async () => z.array(issueSchema).parse((await line.admin('jira').state())['issues'] ?? []);
    await run();
    const [made, ...others] = await issue();
    assert.deepEqual([others, made?.fields.components, made?.fields.requestType, made?.key], [[], ['Finance'], '25', (await ticketOf(line.store.db, caseId))?.number]);
    await line.client.workflow.getHandle(caseId).signal(closeCaseSignal, { reason: 'the deal was corrected' });
    await line.until('it is closed', async () => (await caseById(line.store.db, caseId))?.state === 'closed');
    await run();
    assert.deepEqual((await issue()).map(({ status }) => status), ['resolved']);
    assert.equal((await ticketOf(line.store.db, caseId))?.state, 'closed');
  });
});
