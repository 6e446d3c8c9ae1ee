import { z } from 'zod';
import type { Project, ProjectStatus } from '../../domain/model/project.ts';
import type { CallContext } from '../ports.ts';
import type { Tryton } from './client.ts';
import { refusedByRule } from './failures.ts';
import { projectLabel } from './project.ts';
import type { TrytonReferences } from './references.ts';
import { wireDate } from './wire.ts';
import { below, BILLING, keyOf, readTree, type Work } from './works.ts';

/**
 * Sets the status of a project with its tasks. Active opens the tasks without tasks below them (WBS elements and rates) for time; pending and cancelled take away
 * what nobody has used. Closed is refused by Tryton itself while billing items are not done: bill or cancel them first.
 */
export function createStatusSetter(tryton: Tryton, references: TrytonReferences) {
  return async ({ document, externalId }: { readonly document: Project; readonly externalId: string }, status: ProjectStatus, context: CallContext): Promise<ProjectStatus> => {
    const object = projectLabel(document);
    const company = (await references.company(document.legalEntity.code, object, context)).id;
    const id = await references.status(status, object, context);
    const tree = await readTree(tryton, Number(externalId), { company, object, context });
    const root = tree.find((work) => work.id === Number(externalId));
    if (root === undefined) {
      throw refusedByRule(tryton.system, object, { code: 'TRYTON_PROJECT_GONE', message: `${object} is no longer in Tryton (work ${externalId}).`, mend: 'Find out who deleted it; abort the deal, or retry to make it again.' });
    }
    const billing = tree.filter((work) => work.parent === root.id && keyOf(work) === BILLING).flatMap((work) => [work, ...below(tree, work.id)]);
    const followers = tree.filter((work) => !billing.includes(work));
    const leaves = followers.filter((work) => !tree.some((other) => other.parent === work.id));
    const toOpen = status === 'active' ? leaves.filter((work) => !work.timesheet_available) : [];
    const toShut = status === 'pending' || status === 'cancelled' ? tree.filter((work) => work.timesheet_available && work.timesheet_duration === 0) : [];
    const ids = (works: readonly Work[]) => works.map((work) => work.id);
    const args = [
      // Children before their parents: Tryton checks that a finished work has finished children.
      ...(root.status === id && followers.every((work) => work.status === id) ? [] : [ids([...followers].toReversed()), { status: id, ...(status === 'closed' ? { progress: 1 } : { progress: null }) }]),
      ...(toOpen.length === 0 ? [] : [ids(toOpen), { timesheet_available: true, timesheet_start_date: wireDate(document.startDate) }]),
      ...(toShut.length === 0 ? [] : [ids(toShut), { timesheet_available: false }]),
    ];
    if (args.length > 0) await tryton.call({ method: 'project.work.write', args, company, result: z.null(), object, writes: true, context });
    return status;
  };
}
