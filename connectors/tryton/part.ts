import { z } from 'zod';
import type { Project } from '../../domain/model/project.ts';
import type { CallContext, Found, RecordPort, WithReferences } from '../ports.ts';
import type { Tryton } from './client.ts';
import { isGone, refusedByRule } from './failures.ts';
import type { Links } from './links.ts';
import type { TrytonReferences } from './references.ts';
import { below, deleteWorks, findWork, isUsed, keyOf, readTree, type Work, type WorkQuery } from './works.ts';

/** A task below a project with one task per item: its rates, or what will be billed. */
export interface Part {
  readonly key: string;
  readonly name: string;
  readonly comment: string;
  /** The project's `project_invoice_method`; null leaves it. */
  readonly invoiceMethod: 'timesheet' | 'effort' | null;
  readonly items: readonly { readonly key: string; readonly values: Readonly<Record<string, unknown>> }[];
}

export interface PartSettings<Document> {
  readonly tryton: Tryton;
  readonly references: TrytonReferences;
  readonly links: Links;
  readonly what: string;
  readonly keyOf: string;
  readonly projectOf: (document: Document) => Project;
  readonly partOf: (document: Document, context: CallContext) => Promise<Part>;
}

/** The record port of such a part. It is written in one transaction and found by its key below the project. */
export function createPartPort<Document>(settings: PartSettings<Document>): RecordPort<WithReferences<Document>> {
  const { tryton, references, links, what } = settings;
  const found = (id: number): Found => ({ externalId: String(id), url: links.to('project.work', id) });
  const queryOf = async (project: Project, context: CallContext): Promise<WorkQuery> => {
    const object = `${what} of ${project.number}`;
    return { company: (await references.company(project.legalEntity.code, object, context)).id, object, context };
  };
  const rootOf = async (project: Project, known: WithReferences<Document>['references'], query: WorkQuery): Promise<Work | null> => {
    const id = known.projects[project.id];
    if (id === undefined) return findWork(tryton, project.number, null, query);
    return (await readTree(tryton, Number(id), query)).find((work) => work.id === Number(id)) ?? null;
  };

  return {
    lookUp: 'key',
    async find({ document, references: known }, context) {
      const project = settings.projectOf(document);
      const query = await queryOf(project, context);
      const root = await rootOf(project, known, query);
      const part = root === null ? null : await findWork(tryton, settings.keyOf, root.id, query);
      return part === null ? null : found(part.id);
    },

    async write({ document, references: known }, existing, context) {
      const project = settings.projectOf(document);
      const query = await queryOf(project, context);
      const wanted = await settings.partOf(document, context);
      const root = await rootOf(project, known, query);
      if (root === null) {
        throw refusedByRule(tryton.system, query.object, { code: 'TRYTON_PROJECT_GONE', message: `Tryton has no project ${project.number} to add the ${what} to.`, mend: 'Run the project step first, then retry.' });
      }
      const part = existing === null ? await findWork(tryton, settings.keyOf, root.id, query) : { id: Number(existing.externalId) };
      const tree = part === null ? [] : await readTree(tryton, part.id, query);
      const fresh = { type: 'task', company: query.company, status: root.status };
      const head = { name: wanted.name, comment: wanted.comment };
      const method = wanted.invoiceMethod === null || wanted.invoiceMethod === root.project_invoice_method ? {} : { project_invoice_method: wanted.invoiceMethod };
      const write = async (values: Readonly<Record<string, unknown>>) => {
        await tryton.call({ method: 'project.work.write', args: [[root.id], { ...method, ...values }], company: query.company, result: z.null(), object: query.object, writes: true, context });
      };

      if (part === null || tree.length === 0) {
        const items = wanted.items.map((item, index) => ({ ...item.values, ...fresh, sequence: index + 1 }));
        await write({ children: [['create', [{ ...head, ...fresh, sequence: 1000, children: [['create', items]] }]]] });
        const created = await findWork(tryton, settings.keyOf, root.id, query);
        if (created === null) throw refusedByRule(tryton.system, query.object, { code: 'TRYTON_PROJECT_GONE', message: `The ${what} of ${project.number} was deleted at the moment it was made.`, mend: 'Find out who deleted it, then retry.' });
        return { ...found(created.id), created: true };
      }
      const items = below(tree, part.id);
      const keys = new Set(wanted.items.map((item) => item.key));
      const dropped = items.filter((work) => !keys.has(keyOf(work)));
      const used = dropped.filter((work) => isUsed([work]));
      if (used.length > 0) {
        throw refusedByRule(tryton.system, query.object, { code: 'TRYTON_ITEM_USED', message: `The ${what} of ${project.number} no longer has "${used[0]?.name ?? ''}", which is already booked on or invoiced in Tryton.`, mend: 'Keep the item in the deal, or reverse its invoices and time in Tryton, then retry.' });
      }
      const commands = wanted.items.map((item, index) => {
        const work = items.find((candidate) => keyOf(candidate) === item.key);
        return work === undefined ? ['create', [{ ...item.values, ...fresh, sequence: index + 1 }]] : ['write', [work.id], { ...item.values, sequence: index + 1 }];
      });
      const removal = dropped.length === 0 ? [] : [['delete', dropped.map((work) => work.id)]];
      await write({ children: [['write', [part.id], { ...head, children: [...removal, ...commands] }]] });
      return { ...found(part.id), created: false };
    },

    async undo({ document: { document }, externalId, created }, context) {
      const query = await queryOf(settings.projectOf(document), context);
      if (!created) return { how: 'kept', detail: `the ${query.object} stood before this deal` };
      const tree = await readTree(tryton, Number(externalId), query);
      if (tree.length === 0) return { how: 'not_found', detail: `the ${query.object} is not in Tryton` };
      if (!isUsed(tree)) {
        try {
          await deleteWorks(tryton, tree, query);
          return { how: 'deleted', detail: `the ${query.object} was deleted from Tryton` };
        } catch (error) {
          if (isGone(error)) return { how: 'not_found', detail: `the ${query.object} is not in Tryton` };
          if (!links.isInUse(error)) throw error;
        }
      }
      const status = await references.status('cancelled', query.object, context);
      await tryton.call({ method: 'project.work.write', args: [tree.map((work) => work.id), { status }], company: query.company, result: z.null(), object: query.object, writes: true, context });
      return { how: 'cancelled', detail: `the ${query.object} is used in Tryton and was cancelled` };
    },
  };
}
