import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger, Worker, type WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { recordedHistories, type RecordedHistory } from '../support/histories.ts';
import { quietRuntime, theBundle } from '../support/temporal.ts';

/** Runs of `timesheet` itself; the others by that name are pages, events and sweeps. */
const CHANGED_TIMESHEETS = new Set(['timesheet', 'timesheet-in-doubt', 'timesheet-overridden', 'timesheet-refused-and-corrected', 'timesheet-refused-and-corrected-begun-at-its-case', 'timesheet-refused-by-erp', 'timesheet-returned']);

describe('A changed workflow', function () {
  this.timeout(60_000);
  let histories: RecordedHistory[];
  before(async () => {
    quietRuntime();
    histories = await recordedHistories();
  });

  /** What goes wrong when the recorded runs are replayed with these workflows, by the name of the run. */
  async function replay(workflowBundle: WorkflowBundleWithSourceMap): Promise<Map<string, Error | undefined>> {
    const names = new Map(histories.map(({ name, workflowId }) => [workflowId, name]));
    const results = new Map<string, Error | undefined>();
    for await (const { workflowId, error } of Worker.runReplayHistories({ workflowBundle, reuseV8Context: true }, histories)) results.set(names.get(workflowId) ?? workflowId, error);
    return results;
  }

  it('is held against runs of every kind', () => {
    const names = histories.map(({ name }) => name);
    assert.deepEqual(names, [
      'books-close',
      'change-order',
      'change-order-aborted',
      'closed-won',
      'closed-won-aborted',
      'closed-won-overridden',
      'closed-won-rerouted',
      'closed-won-told-twice-and-amended',
      'closed-won-two-entities',
      'closed-won-woken-by-configuration',
      'exception-case-closed',
      'exception-case-of-timesheet-begun-at-its-case',
      'exception-case-two-persons',
      'expense-report',
      'expense-report-held-and-returned',
      'expense-report-held-and-returned-answered',
      'expense-report-returned',
      'expense-sweep',
      'expense-sweep-failed',
      'missed-event-sweep',
      'missed-event-sweep-with-its-sla',
      'payroll-export',
      'payroll-export-unposted',
      'timesheet',
      'timesheet-event',
      'timesheet-in-doubt',
      'timesheet-overridden',
      'timesheet-page',
      'timesheet-page-begun-at-its-case',
      'timesheet-refused-and-corrected',
      'timesheet-refused-and-corrected-begun-at-its-case',
      'timesheet-refused-by-erp',
      'timesheet-returned',
      'timesheet-sweep',
      'timesheet-sweep-failed',
      'timesheet-withdrawn',
    ]);
  });

  it('still carries on every run that was begun before the change', async () => {
    const results = await replay(await theBundle());
    assert.equal(results.size, histories.length);
    for (const [name, error] of results) assert.equal(error, undefined, `${name}: ${error?.message ?? ''}`);
  });

  it('is refused where it would not', async () => {
    const changed = await bundleWorkflowCode({ workflowsPath: fileURLToPath(new URL('histories/changed.ts', import.meta.url)), logger: new DefaultLogger('ERROR') });
    const results = await replay(changed);
    for (const [name, error] of results) {
      if (name.startsWith('closed-won') || CHANGED_TIMESHEETS.has(name)) assert.equal(error?.name, 'DeterminismViolationError', name);
      else assert.equal(error, undefined, name);
    }
  });

  it('keeps no secrets, hosts or paths in its records', () => {
    for (const { name, text } of histories) assert.doesNotMatch(text, /@[\w-]+"|file:\/\/|\/node_modules\/|password|token"/i, name);
  });
});
