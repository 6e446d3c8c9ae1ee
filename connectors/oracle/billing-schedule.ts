import { z } from 'zod';
import type { BillingItem, BillingSchedule } from '../../domain/model/billing.ts';
import type { Project } from '../../domain/model/project.ts';
import { decimalText } from '../../domain/money.ts';
import { exactNumber } from '../exact-number.ts';
import { afterFirstWrite } from '../partial-write.ts';
import type { RecordPort, WithReferences } from '../ports.ts';
import { FSCM, type About, type Oracle, type Stored } from './client.ts';
import type { OracleOptions } from './options.ts';
import { removeUnlessUsed } from './parts.ts';
import { billingLineOf } from './project.ts';
import { both, equal } from './query.ts';
import { cut, type OracleReferences } from './references.ts';
import { numberValue } from './rows.ts';

type Document = { readonly project: Project; readonly schedule: BillingSchedule };

const EVENTS = `${FSCM}/projectBillingEvents`;
const FIELDS = ['SourceReference', 'EventDescription', 'BillTrnsAmount', 'CompletionDate'];
const eventRow = z.object({ SourceReference: z.string(), EventDescription: z.string().nullish(), BillTrnsAmount: numberValue.nullish(), CompletionDate: z.string().nullish() });
type Event = Stored<z.infer<typeof eventRow>>;
const label = ({ project }: Document) => `billing schedule of ${project.number}`;
const referenceOf = (project: Project, item: BillingItem): string => `${project.number}/${item.sequence}`;

/**
 * Dated amounts are billing events of the contract's line, under our source name and `<project>/<sequence>` as reference. Items without an amount
 * need none: the bill plan of the contract invoices the time that was costed. An event that was invoiced is left as it is.
 */
export function createBillingSchedulePort(oracle: Oracle, references: OracleReferences, options: OracleOptions): RecordPort<WithReferences<Document>> {
  const eventsOf = async (project: Project, about: About): Promise<Map<string, Event>> => {
    const rows = await oracle.list(EVENTS, { where: both(equal('SourceName', options.sourceName), equal('ProjectNumber', project.number)), fields: FIELDS }, eventRow, about);
    return new Map(rows.map((row) => [row.SourceReference, row]));
  };
  const changing = (item: BillingItem) => ({ EventDescription: cut(item.description, 240), BillTrnsAmount: exactNumber(item.amount?.amount ?? '0'), CompletionDate: item.billOn });

  async function writeEvents({ project, schedule }: Document, contractNumber: string, about: About): Promise<void> {
    const planned = schedule.items.filter((item) => item.amount !== null);
    const { contract, line } = await billingLineOf(oracle, contractNumber, project, about);
    const existing = await eventsOf(project, about);
    const fixed = {
      SourceName: options.sourceName, ContractNumber: contractNumber, ContractLineNumber: line.LineNumber, ProjectNumber: project.number,
      ...(contract.ContractTypeName == null ? {} : { ContractTypeName: contract.ContractTypeName }), BusinessUnitName: references.businessUnit(project.legalEntity.code, about.object),
    };
    const writes: (() => Promise<unknown>)[] = [];
    for (const item of planned) {
      const before = existing.get(referenceOf(project, item));
      existing.delete(referenceOf(project, item));
      const kind = item.kind === 'milestone' ? options.eventTypes.milestone : options.eventTypes.instalment;
      if (before === undefined) writes.push(() => oracle.create(EVENTS, { ...fixed, SourceReference: referenceOf(project, item), EventTypeName: kind, ...changing(item) }, eventRow, about));
      else if (differs(before, item)) writes.push(() => oracle.update(before.self, changing(item), before.etag, about));
    }
    for (const event of existing.values()) writes.push(() => removeUnlessUsed(oracle, event.self, about));
    for (const [index, write] of writes.entries()) await (index === 0 ? write() : afterFirstWrite(write));
  }

  return {
    lookUp: 'key',
    async find({ document }, context) {
      const found = await eventsOf(document.project, { object: label(document), context });
      return found.size === 0 ? null : references.found(document.project.number);
    },
    async write({ document, references: known }, existing, context) {
      const about: About = { object: label(document), context };
      const contractNumber = references.known(known.contracts, document.project.contractId, 'contract', about.object);
      await writeEvents(document, contractNumber, about);
      return { ...references.found(document.project.number), created: existing === null };
    },
    async undo({ document: { document }, created }, context) {
      const about: About = { object: label(document), context };
      if (!created) return { how: 'kept', detail: `the ${about.object} stood before this deal` };
      const events = await eventsOf(document.project, about);
      if (events.size === 0) return { how: 'not_found', detail: `the ${about.object} has no billing events in Oracle` };
      let left = 0;
      for (const event of events.values()) if (!(await removeUnlessUsed(oracle, event.self, about))) left += 1;
      if (left === 0) return { how: 'deleted', detail: `the ${events.size} billing events of the ${about.object} were deleted from Oracle` };
      return { how: 'kept', detail: `${left} billing events of the ${about.object} were invoiced in Oracle and stay; credit them there. The other ${events.size - left} were deleted` };
    },
  };
}

function differs(event: Event, item: BillingItem): boolean {
  return event.BillTrnsAmount !== decimalText(item.amount?.amount ?? '0') || event.CompletionDate?.slice(0, 10) !== item.billOn || (event.EventDescription ?? '') !== cut(item.description, 240);
}
