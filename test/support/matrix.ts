import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import { pino } from 'pino';
import { z } from 'zod';
import type { LaborTotal } from '../../connectors/labor-port.ts';
import { isUnsupported } from '../../connectors/ports.ts';
import { timeProjectSchema, type TimeProject } from '../../domain/model/time/context.ts';
import type { DealReference } from '../../domain/process/deal-process.ts';
import { startPageDispatch } from '../../starters/relay/pages.ts';
import { openCases } from '../../store/cases.ts';
import { dealProcess } from '../../store/deal-processes.ts';
import { putReference, referenceRows } from '../../store/time/reference.ts';
import { createSystems } from '../../workers/systems.ts';
import { anAccount, aLine, anOpportunity } from '../builders/opportunity.ts';
import { AS_OF, aPerson } from '../builders/time.ts';
import { callContext } from '../connectors/conformance/documents.ts';
import { sandboxDesk, startLegacyErp, type ErpDesk, type ErpName, type Held } from './matrix-erp.ts';
import type { TimeSystemName } from './matrix-time.ts';
import type { MatrixTryton } from './matrix-tryton.ts';
import { aSale, aSoldLine } from './sales.ts';
import { startSandboxLine, type Admin, type SandboxLine } from './sandbox-line.ts';

export const CRMS = ['salesforce', 'hubspot', 'canonical'] as const;
export type CrmName = (typeof CRMS)[number];

/** Works in all three time systems; her time is approved by their administrator. */
export const PERSON = 'dana.kowalski@northwind-consulting.example';
const ADMINISTRATOR = 'ingrid.solberg@northwind-consulting.example';
const PERIOD = { startDate: '2026-11-02', endDate: '2027-05-31' };

/** The firm's own fields that delivery is written back to. */
const TOLD = { salesforce: { status: 'Delivery_Status__c', projects: 'Delivery_Projects__c' }, hubspot: { status: 'delivery_status', projects: 'delivery_projects' } } as const;
const hubspotDeals = z.array(z.looseObject({ id: z.string(), properties: z.record(z.string(), z.unknown()) }));
const activatedSchema = z.looseObject({ outcome: z.string(), projects: z.array(z.string()) });

export interface Sold {
  readonly deal: DealReference;
  readonly clientName: string;
}

export interface MatrixLine {
  readonly line: SandboxLine;
  /** The time system's own pages. */
  readonly time: Admin;
  /** A deal with a named person is won in the CRM; it began at the start of the month in which time is judged. */
  sell(crm: CrmName): Promise<Sold>;
  /** How many of each the ERP holds for the client. */
  held(clientName: string): Promise<Held>;
  /** What the CRM was told of the deal's delivery; of deals sent to the API, which have none, what `q2c status` tells. */
  told(sold: Sold): Promise<{ readonly status: string; readonly projects: string }>;
  /** The one project that time is judged by: what the won deal left. @throws Error where there is not exactly one */
  project(): Promise<TimeProject>;
  /** The ERP's people hear of the person, and so does the line. */
  hire(): Promise<void>;
  /** Waits until the ERP has taken so many lines and nothing is under way. @throws Error with what became of the time when it does not in time */
  posted(lines: number): Promise<void>;
  /** Hours of US01, asked from the ERP by its own connector. */
  labor(scope: { readonly from: string; readonly to: string }): Promise<LaborTotal>;
  stop(): Promise<void>;
}

/** The whole line on one ERP and one time system, chosen by overlays of the configuration; time is judged at the builders' moment. */
export async function startMatrixLine(erp: ErpName, time: TimeSystemName, tryton?: MatrixTryton): Promise<MatrixLine> {
  const files = erp === 'legacy' ? await startLegacyErp() : undefined;
  const line = await startSandboxLine({
    overlays: [...(erp === 'netsuite' ? [] : [erp]), ...(time === 'harvest' ? [] : [time])],
    now: () => new Date(AS_OF),
    ...(files === undefined ? {} : { change: files.change }),
    ...(tryton === undefined ? {} : { tryton: tryton.login }),
  });
  const { db } = line.store;
  const log = pino({ level: process.env['Q2C_TEST_LOG'] ?? 'silent' });
  const pages = startPageDispatch({ store: line.store, client: line.client, log });
  const desk = deskOf(erp);
  const systems = await createSystems(line.firm, { store: line.store, log, secrets: async () => Promise.resolve(line.credentials), endpoints: async () => Promise.resolve(line.endpoints) });

  function deskOf(name: ErpName): ErpDesk {
    if (name !== 'tryton') return sandboxDesk(name, files?.admin ?? line.admin(name));
    if (tryton === undefined) throw new Error('Tryton has no sandbox: give the one that runs');
    return tryton.desk;
  }

  async function sell(crm: CrmName): Promise<Sold> {
    if (crm === 'canonical') {
      const tag = randomUUID().slice(0, 8);
      const client = anAccount({ id: `ACC-${tag}`, name: `Tidewater ${tag}` });
      const lines = [aLine({ id: 'LINE-1', laborCategory: 'PROJECT_MANAGER', unitPrice: '280', resourceEmail: PERSON }), aLine({ id: 'LINE-2' })];
      const { deal, status } = await line.post(anOpportunity({ ...PERIOD, id: `D-${tag}`, accounts: [client], lines }));
      if (status !== 202) throw new Error(`POST /v1/deals answered ${status}`);
      return { deal, clientName: client.name };
    }
    const sale = aSale({ ...PERIOD, crm, lines: [aSoldLine({ name: 'Project management', laborCategory: 'PROJECT_MANAGER', quantity: 40, unitPrice: 280, person: PERSON }), aSoldLine({ quantity: 120, unitPrice: 215 })] });
    return { deal: await line.sell(sale), clientName: sale.client.name };
  }

  return {
    line,
    time: line.admin(time),
    sell,
    held: (clientName) => desk.held(clientName),
    async told({ deal }) {
      const { status, projects } = TOLD[deal.crm === 'hubspot' ? 'hubspot' : 'salesforce'];
      if (deal.crm === 'canonical') {
        const { outcome, projects: numbers } = activatedSchema.parse((await dealProcess(db, deal))?.outcome);
        return { status: outcome, projects: numbers.join() };
      }
      const record = deal.crm === 'salesforce' ? (await line.admin('salesforce').state())['Opportunity']?.find((row) => row['Id'] === deal.opportunityId) : hubspotDeals.parse((await line.admin('hubspot').state())['deals']).find(({ id }) => id === deal.opportunityId)?.properties;
      return { status: String(record?.[status]).toLowerCase(), projects: String(record?.[projects]) };
    },
    async project() {
      const [only, ...others] = await referenceRows(db, { kind: 'project' });
      if (only === undefined || others.length > 0) throw new Error(`one project was expected in the reference, there are ${only === undefined ? 0 : others.length + 1}`);
      return timeProjectSchema.parse(only.document);
    },
    async hire() {
      await desk.hire(PERSON);
      await putReference(db, 'test', [{ kind: 'person', key: PERSON, scope: PERSON, document: aPerson({ email: PERSON, laborCategory: 'PROJECT_MANAGER', timeZone: 'America/Chicago', approvers: [ADMINISTRATOR] }) }]);
    },
    async posted(lines) {
      const state = async () => (await sql<{ open: number; done: number }>`
        select ((select count(*) from time_record where state = 'received') + (select count(*) from labor_posting where state not in ('done', 'cancelled')))::integer as open,
               (select count(*) from labor_posting where state = 'done')::integer as done`.execute(db)).rows[0];
      try {
        await line.until(`${lines} lines of labor are posted`, async () => {
          const now = await state();
          return now?.open === 0 && now.done >= lines;
        });
      } catch (error) {
        const { rows: outcomes } = await sql`select r.system, r.record_id, r.state, o.outcome, o.codes from time_record r left join time_outcome o on r.id = o.record`.execute(db);
        const { rows: postings } = await sql`select system, state, attempts, hours, error from labor_posting`.execute(db);
        const cases = (await openCases(db)).map(({ code, subject }) => ({ code, subject }));
        throw new Error(`${String(error)}\n${JSON.stringify({ outcomes, postings, cases }, null, 1)}`);
      }
    },
    async labor({ from, to }) {
      const { labor } = systems.erp(erp);
      if (isUnsupported(labor)) throw new Error(labor.unsupported);
      return await labor.totals({ legalEntity: 'US01', from, to }, callContext());
    },
    async stop() {
      await pages.stop();
      await line.stop();
      await files?.close();
    },
  };
}
