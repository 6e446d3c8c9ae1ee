import { z } from 'zod';
import type { BillingItem, BillingSchedule } from '../../domain/model/billing.ts';
import type { Project } from '../../domain/model/project.ts';
import { afterFirstWrite } from '../partial-write.ts';
import type { RecordPort, WithReferences } from '../ports.ts';
import { standingBillingType, type BillingType } from './billing-type.ts';
import { hasDependents, isGone } from './classify.ts';
import type { About, NetSuite } from './client.ts';
import { externalIdOf } from './external-id.ts';
import type { NetSuiteOptions } from './options.ts';
import { cut, type NetSuiteReferences } from './references.ts';

type Document = { readonly project: Project; readonly schedule: BillingSchedule };
const idRow = z.object({ id: z.string() });
const milestoneRow = z.object({ milestoneId: z.union([z.number(), z.string()]).optional(), comments: z.string().default(''), milestoneCompleted: z.boolean().default(false), milestoneActualCompletionDate: z.string().optional() });
const scheduleRow = z.object({ id: z.string(), milestone: z.object({ items: z.array(milestoneRow).default([]) }).default({ items: [] }) });
type Milestone = z.infer<typeof milestoneRow>;

/**
 * Billing schedules, made for their project and set on it: milestones for fixed fees and milestones, dated recurrences for retainers, monthly
 * invoices of actual time otherwise, a forecast of charges where those bill it. A milestone that finance has completed stays completed. The project's
 * billing type is set with it: NetSuite refuses a schedule of another type
 * (https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_3935875522.html).
 */
export function createBillingSchedulePort(netSuite: NetSuite, references: NetSuiteReferences, options: NetSuiteOptions): RecordPort<WithReferences<Document>> {
  const label = ({ project }: Document) => `billing schedule of ${project.number}`;
  const eid = ({ project }: Document) => externalIdOf(project.id, 'billing');

  const bodyOf = ({ schedule }: Document, scheduleType: BillingType, job: { id: string }, done: readonly Milestone[], object: string) => {
    const head = { name: cut(schedule.code, 99), scheduleType: { id: scheduleType }, job, isInactive: false };
    const [first] = schedule.items;
    const amountOf = (item: BillingItem) => (item.amount === null ? {} : { milestoneAmount: references.amount(item.amount, object) });
    const monthly = { ...head, frequency: { id: 'MONTHLY' }, repeatEvery: { id: '1' }, numberRemaining: schedule.items.length, inArrears: true, ...(first === undefined ? {} : { seriesStartDate: first.billOn }) };
    switch (scheduleType) {
      case 'TM':
        return { ...monthly, billForActuals: true };
      case 'CB':
        return monthly;
      case 'FBI':
        return { ...head, frequency: { id: 'CUSTOM' }, recurrence: { items: schedule.items.map((item) => ({ recurrenceDate: item.billOn, count: 1, ...(item.amount === null ? {} : { amount: references.amount(item.amount, object) }) })) } };
      case 'FBM':
        return {
          ...head,
          milestone: {
            items: schedule.items.map((item) => {
              const comments = `${item.sequence} ${item.description}`;
              const before = done.find((milestone) => milestone.comments === comments && milestone.milestoneCompleted);
              return { comments, milestoneDate: item.billOn, ...amountOf(item), milestoneCompleted: before !== undefined, ...(before?.milestoneActualCompletionDate === undefined ? {} : { milestoneActualCompletionDate: before.milestoneActualCompletionDate }) };
            }),
          },
        };
    }
  };
  /** Takes the schedule off its project where it still is on it, so that it can go. */
  const detach = async (jobId: string | undefined, about: About) => {
    if (jobId === undefined) return;
    try {
      await netSuite.update('job', jobId, { billingSchedule: null }, about);
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  };

  return {
    lookUp: 'key',
    async find({ document }, context) {
      const found = await netSuite.read('billingSchedule', `eid:${eid(document)}`, idRow, { object: label(document), context }, { fields: 'id' });
      return found === null ? null : references.found('billingSchedule', found.id);
    },
    async write({ document, references: known }, existing, context) {
      const object = label(document);
      const about = { object, context };
      const job = references.known(known.projects, document.project.id, 'project', object);
      const billingType = await standingBillingType(netSuite, document.schedule.method, job.id, options, about);
      const before = existing === null ? null : await netSuite.read('billingSchedule', existing.externalId, scheduleRow, about, { expandSubResources: 'true' });
      const id = await netSuite.upsert('billingSchedule', eid(document), bodyOf(document, billingType, job, before?.milestone.items ?? [], object), about, ['milestone', 'recurrence']);
      await afterFirstWrite(() => netSuite.update('job', job.id, { jobBillingType: { id: billingType }, billingSchedule: { id } }, about));
      return { ...references.found('billingSchedule', id), created: existing === null };
    },
    async undo({ document: { document, references: known }, externalId, created }, context) {
      const object = label(document);
      const about = { object, context };
      if (!created) return { how: 'kept', detail: `the ${object} stood before this deal` };
      if ((await netSuite.read('billingSchedule', externalId, idRow, about, { fields: 'id' })) === null) return { how: 'not_found', detail: `the ${object} is not in NetSuite` };
      await detach(known.projects[document.project.id], about);
      try {
        await netSuite.remove('billingSchedule', externalId, about);
        return { how: 'deleted', detail: `the ${object} was deleted from NetSuite` };
      } catch (error) {
        if (!hasDependents(error)) throw error;
        await netSuite.update('billingSchedule', externalId, { isInactive: true }, about);
        return { how: 'deactivated', detail: `the ${object} is used by other records in NetSuite and was made inactive` };
      }
    },
  };
}
