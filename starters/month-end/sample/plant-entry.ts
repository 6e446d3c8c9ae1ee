import { addDays } from '../../../domain/dates.ts';
import type { TimeEntry } from '../../../domain/model/time/time-entry.ts';
import { internalProject } from './clean-entries.ts';
import { TRAP_KINDS, type DirtKind } from './dirt.ts';
import { spoil, type Draft, type Outcome } from './draft.ts';
import type { SampleFirm } from './firm.ts';
import { clockFrom } from './local-clock.ts';
import { CATEGORY_WITHOUT_COST, clientsOf } from './people.ts';
import type { SampleProject } from './projects.ts';
import { at } from './random.ts';
import { CATEGORIES } from './rates.ts';

export type Plant = (draft: Draft) => void;

/** The first entry: billable work on a plain project of the author's legal entity. */
const VICTIM = 0;
const NINE = 9 * 60;

function one(parts: Partial<TimeEntry> | ((entry: TimeEntry, draft: Draft) => Partial<TimeEntry>), outcome: Outcome = 'rejected'): Plant {
  return (draft) => spoil(draft, VICTIM, typeof parts === 'function' ? parts(at(draft.entries, VICTIM), draft) : parts, outcome);
}

export function trapOf({ projects }: SampleFirm, kind: DirtKind): SampleProject {
  const found = projects.find(({ trap }) => trap === kind);
  if (found === undefined) throw new RangeError(`no project is set up for ${kind}`);
  return found;
}

/** The project of the kind, set up wrong. */
function onTrap(kind: DirtKind, outcome: Outcome = 'rejected', parts: Partial<TimeEntry> = {}): Plant {
  return one((_, { firm, author }) => ({ projectNumber: trapOf(firm, kind).number, task: '1', laborCategory: author.category, role: null, costCenter: null, ...parts }), outcome);
}

/** The first plain project of a legal entity that the author's lends nobody to, or does in a wrong currency. */
export function projectAbroad({ entities, projects }: SampleFirm, employer: string, kind: 'transfer_rate_missing' | 'transfer_currency_differs'): SampleProject {
  const index = entities.findIndex(({ code }) => code === employer);
  const served = [at(entities, index), ...clientsOf(index, entities)];
  const others = entities.filter((entity) => !served.includes(entity));
  const client = kind === 'transfer_rate_missing' ? at(others, 0) : at(others, others.length - 1);
  const found = projects.find(({ entity, plain }) => plain && entity === client);
  if (found === undefined) throw new RangeError(`${client.code} has no plain project`);
  return found;
}

function abroad(kind: 'transfer_rate_missing' | 'transfer_currency_differs'): Plant {
  return one((_, { firm, author }) => {
    const project = projectAbroad(firm, author.entity.code, kind);
    return { projectNumber: project.number, task: at(project.tasks, 0).code, laborCategory: author.category, role: null, costCenter: null };
  });
}

const clockAt = (startMinute: number, minutes: number) => one((entry, { author }) => ({ hours: '2', clock: clockFrom(entry.workDate, author.entity.timeZone, startMinute, minutes) }));

const OF_TRAPS = Object.fromEntries(TRAP_KINDS.map((kind) => [kind, onTrap(kind)]));

/** Kinds that spoil one entry. */
export const ENTRY_PLANTS: Partial<Record<DirtKind, Plant>> = {
  ...OF_TRAPS,
  project_pending: onTrap('project_pending', 'held'),
  labor_category_missing: onTrap('labor_category_missing', 'rejected', { laborCategory: null }),
  hours_absurd: one((entry) => ({ hours: entry.id.endsWith('1') ? '999999999999' : '26' })),
  hours_too_fine: one({ hours: '1.3333' }),
  hours_not_positive: one({ hours: '-8' }),
  work_date_outside_week: one((_, { plan }) => ({ workDate: addDays(plan.weekStart, -7) })),
  work_date_in_future: one((_, { plan }) => ({ workDate: addDays(plan.weekStart, 6) })),
  work_date_absurd: one((entry) => ({ workDate: `2006${entry.workDate.slice(4)}` })),
  person_differs: one((_, { firm, author }) => ({ person: at(firm.people, (author.index + 1) % firm.people.length).email })),
  entry_of_other_system: one((entry) => ({ system: `${entry.system}-old` })),
  clock_out_of_order: clockAt(NINE, -2 * 60),
  hours_differ_from_clock: clockAt(NINE, 4 * 60),
  work_date_differs_from_clock: clockAt(NINE - 24 * 60, 2 * 60),
  not_a_working_day: one((_, { author, plan }) => ({ workDate: addDays(plan.weekStart, author.hours.slice(0, 5).indexOf(0)) })),
  project_unknown: one((entry) => ({ projectNumber: `${entry.projectNumber}-OLD` })),
  task_unknown: one({ task: '77' }),
  role_not_mapped: one({ laborCategory: null, role: 'Rock star' }),
  labor_category_unknown: one({ laborCategory: 'WIZARD' }),
  labor_category_not_assigned: one((_, { author }) => ({ laborCategory: CATEGORIES.find((category) => category !== author.category && category !== CATEGORY_WITHOUT_COST) ?? null })),
  billable_on_internal_project: one((_, { firm, author }) => ({ projectNumber: internalProject(firm, author).number, task: null, costCenter: null, billable: true })),
  billable_on_non_billable_task: one({ task: '9' }),
  cost_center_unknown: one({ costCenter: 'CC-0815' }),
  cost_center_of_other_entity: one((_, { firm, author }) => ({ costCenter: `${firm.entities.find((entity) => entity !== author.entity)?.code ?? ''}-TECH` })),
  transfer_rate_missing: abroad('transfer_rate_missing'),
  transfer_currency_differs: abroad('transfer_currency_differs'),
  sunday_work: one((_, { plan }) => ({ workDate: addDays(plan.weekStart, 6) })),
  holiday_work: one((entry, { firm }) => ({ workDate: firm.calendar.germanHoliday ?? entry.workDate })),
  original_not_seen: one((_, { sheetId }) => ({ replaces: { id: `${sheetId}-LOST`, version: 1 } }), 'held'),
  correction_of_itself: one((entry) => ({ replaces: { id: entry.id, version: entry.version } })),
};
