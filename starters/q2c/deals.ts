import type { Command } from 'commander';
import type { DealReference } from '../../domain/process/deal-process.ts';
import { abortUpdate } from '../../workflows/contracts/deal-process.ts';
import { changeOrderId, closedWonId } from '../../domain/process/deal-process.ts';
import { dealsMatching } from '../../store/deal-processes.ts';
import { dispatchDeal } from '../relay/dispatch.ts';
import { dealStatus, statusText } from '../status/deal-status.ts';
import { withSession } from './session.ts';
import { table } from '../status/table.ts';

export function dealCommands(program: Command): void {
  program
    .command('status')
    .argument('[deal]', 'a deal such as salesforce/006…, its ID alone, or a project number; all deals when left out')
    .description("Where a deal stands: each step with its system's ID and link, open cases, what to do next")
    .action(async (wanted: string | undefined) => {
      await withSession(program, async (session) => {
        const { db } = session.store();
        if (wanted === undefined) {
          const deals = await dealsMatching(db, null);
          session.print(deals, deals.length === 0 ? 'No deal has come in yet.' : table(['deal', 'state', 'version', 'since'], deals.map((row) => [`${row.crm}/${row.opportunity_id}`, row.state, row.version_seen ?? '', row.first_seen_at])));
          return;
        }
        const [deal, ...others] = await dealsMatching(db, wanted);
        if (deal === undefined) throw new Error(`no deal matches "${wanted}": npm run q2c -- status lists all, npm run q2c -- inbox shows events not yet relayed`);
        if (others.length > 0) throw new Error(`"${wanted}" matches ${others.length + 1} deals: name the CRM too, such as ${deal.crm}/${deal.opportunity_id}`);
        const status = await dealStatus({ store: session.store(), client: await session.client(), endpoints: session.endpoints }, { crm: deal.crm, opportunityId: deal.opportunity_id });
        session.print(status, statusText(status));
      });
    });

  program
    .command('start')
    .argument('<deal>', 'crm/opportunity, such as salesforce/006…')
    .description('Starts a deal by hand, or joins its running process')
    .action(async (name: string) => {
      await withSession(program, async (session) => {
        const dispatched = await dispatchDeal(await session.client(), session.store(), referenceOf(name), { version: '', source: `operator ${process.env['USER'] ?? ''}` }, { force: true });
        session.print(dispatched, dispatched.disposition === 'ignored' ? `Nothing started: ${dispatched.reason}` : `${dispatched.workflowId}: ${dispatched.disposition}.`);
      });
    });

  program
    .command('abort')
    .argument('<deal>', 'crm/opportunity')
    .description('Aborts the running process of a deal and undoes what it made')
    .requiredOption('--by <person>')
    .requiredOption('--reason <text>')
    .action(async (name: string, options: { by: string; reason: string }) => {
      await withSession(program, async (session) => {
        const deal = referenceOf(name);
        const client = await session.client();
        const { status } = await client.workflow.getHandle(closedWonId(deal)).describe();
        const workflowId = status.name === 'RUNNING' ? closedWonId(deal) : changeOrderId(deal);
        const message = await client.workflow.getHandle(workflowId).executeUpdate(abortUpdate, { args: [options] });
        session.print({ message }, message);
      });
    });
}

function referenceOf(name: string): DealReference {
  const [crm, opportunityId, ...rest] = name.split('/');
  if (crm === undefined || crm === '' || opportunityId === undefined || opportunityId === '' || rest.length > 0) throw new Error(`"${name}" is not a deal: write crm/opportunity, such as salesforce/006…`);
  return { crm, opportunityId };
}
