import assert from 'node:assert/strict';
import { closedWonId, dealKey, type DealReference } from '../../domain/process/deal-process.ts';
import { startDeal } from '../support/saga.ts';
import { SearchAttribute } from '../../workflows/contracts/search-attributes.ts';
import { aLine, anOpportunity } from '../builders/opportunity.ts';
import { currentDetails, listed } from '../support/operators-view.ts';
import { startTestLine, type TestLine } from '../support/line.ts';
import { stopTemporalServer } from '../support/temporal.ts';

describe('An operator in the Temporal UI', function () {
  let line: TestLine;
  let done: DealReference;
  let waiting: DealReference;
  let caseId: string;
  before(async function () {
    this.timeout(120_000);
    line = await startTestLine();
    done = line.deal(anOpportunity());
    waiting = line.deal(anOpportunity({ name: 'Underpriced platform', lines: [aLine({ unitPrice: '120' })] }));
    await Promise.all([startDeal(line, done), startDeal(line, waiting)]);
    await line.outcome(closedWonId(done));
    caseId = (await line.openCase('RATE_BELOW_CARD', waiting)).case_id;
  });
  after(async () => {
    await line.stop();
    await stopTemporalServer();
  });

  const found = (query: string) => line.until(`Visibility answers ${query}`, async () => {
    const executions = await listed(line.client, query);
    return executions.length > 0 && executions;
  });

  it('finds a deal by its ID, and its process by stage, region, legal entity, customer and project', async () => {
    const outcome = await line.outcome(closedWonId(done));
    const project = outcome.outcome === 'activated' ? (outcome.projects[0] ?? '') : '';
    const [only, ...more] = await found(`Deal = "${dealKey(done)}" and Process = "closedWon" and Stage = "activated" and Region = "NA" and LegalEntities = "US01" and Projects = "${project}" and ExecutionStatus = "Completed"`);
    assert.equal(only?.workflowId, closedWonId(done));
    assert.equal(more.length, 0);
    assert.match(String(only?.typedSearchAttributes.get(SearchAttribute.customer)), /^salesforce-ACC-/);
  });

  it('finds what waits for a person, whose it is, and by when', async () => {
    const [process] = await found(`Deal = "${dealKey(waiting)}" and Process = "closedWon" and Stage = "waiting" and ExecutionStatus = "Running"`);
    assert.equal(process?.workflowId, closedWonId(waiting));
    const [open] = await found(`Deal = "${dealKey(waiting)}" and Process = "exceptionCase" and ExceptionCode = "RATE_BELOW_CARD" and ExceptionOwner = "finance_operations" and Stage = "open" and DueAt > "2020-01-01T00:00:00Z"`);
    assert.equal(open?.workflowId, caseId);
    const legalEntity = open?.typedSearchAttributes.get(SearchAttribute.legalEntity);
    assert.ok(legalEntity === undefined || /^[A-Z]{2}\d\d$/.test(legalEntity), `${String(legalEntity)} is a code`);
  });

  it('reads of an activated deal, in plain words, each step with the ID in its system', async () => {
    const { summary, details } = await currentDetails(line.client, closedWonId(done));
    assert.equal(summary, `Closed-won deal ${done.opportunityId} from salesforce`);
    assert.match(details, /Activated: people can book time on the projects/);
    assert.match(details, /Claims platform for Harbor Insurance, 8800.00 USD/);
    assert.match(details, /\| step \| of \| in \| state \| ID \|/);
    for (const record of line.fakes.recordsOf(done.opportunityId)) assert.ok(details.includes(record.id), `${record.id} of ${record.at} is shown`);
  });

  it('reads of a waiting deal what it waits for, and which case that is', async () => {
    const { details } = await currentDetails(line.client, closedWonId(waiting));
    assert.match(details, /Waiting for a person/);
    assert.match(details, /RATE_BELOW_CARD/);
    assert.ok(details.includes(caseId));
  });

  it('reads of a case what happened, how to mend it, who may do what, and the very words to send', async () => {
    const { summary, details } = await currentDetails(line.client, caseId);
    assert.match(summary, /^RATE_BELOW_CARD: /);
    assert.match(details, /owner: \*\*finance_operations\*\* · severity: medium · due: \d{4}-/);
    assert.match(details, /Permitted: correct, override, return_to_submitter, abort\./);
    assert.match(details, /npm run q2c -- resolve exception\/closed-won\//);
  });

  it('asks a process for its progress and gets every step', async () => {
    const progress = await line.progress(closedWonId(done));
    assert.equal(progress.stage, 'activated');
    assert.deepEqual(progress.openCases, []);
    const steps = progress.steps.map(({ step, system, state }) => `${step} in ${system}: ${state}`);
    assert.deepEqual(steps.toSorted(), [
      'activation in harvest: done',
      'activation in netsuite: done',
      'billing-schedule in netsuite: done',
      'contract in netsuite: done',
      'customer in netsuite: done',
      'decide in q2c: done',
      'load in salesforce: done',
      'outcome in q2c: done',
      'project in netsuite: done',
      'rate-card in netsuite: done',
      'reporting in warehouse: done',
      'resources in harvest-assignments: done',
      'time-project in harvest: done',
      'write-back in salesforce: done',
    ]);
    assert.ok(progress.steps.every((step) => step.externalId !== null || step.system === 'q2c'));
    assert.equal((await line.progress(closedWonId(waiting))).openCases[0]?.caseId, caseId);
  });
});
