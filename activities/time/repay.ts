import type { TimesheetContext } from '../../domain/model/time/context.ts';
import type { PostedEntry } from '../../domain/model/time/enriched-entry.ts';
import { costOf } from '../../domain/rules/timesheet/enrich.ts';
import { hundredths, weekOf } from '../../domain/rules/timesheet/hours.ts';
import { indexOf } from '../../domain/rules/timesheet/index-context.ts';
import { splitWeek } from '../../domain/rules/timesheet/overtime.ts';
import type { PayChange } from '../../domain/rules/timesheet/pay.ts';
import type { Work } from '../../domain/rules/timesheet/work.ts';

/**
 * The entries that are paid otherwise once others are no longer in force: what was overtime beside them is none without them. What another employer paid stands.
 * @param context in which the ended entries are not in force any more
 */
export function repaidWithout(ended: readonly PostedEntry[], context: TimesheetContext): PayChange[] {
  const index = indexOf(context);
  return [...Map.groupBy(ended, ({ labor }) => labor.entry.person)].flatMap(([email, gone]) => {
    const person = index.person(email);
    const ruleSet = person === undefined ? undefined : index.ruleSet(person);
    if (person === undefined || ruleSet === undefined || person.kind !== 'employee') return [];
    const weeks = new Set(gone.map(({ labor }) => weekOf(labor.entry.workDate, ruleSet.weekStartsOn)));
    const standing = new Map(index.postedOf(email).filter(({ state, labor }) => state === 'in_force' && labor.employer === person.legalEntity).map((posted) => [posted.labor.entry, posted]));
    const work = [...standing.values()].map(({ labor }): Work => ({ entry: labor.entry, date: labor.entry.workDate, hours: hundredths(labor.entry.hours) ?? 0, projectNumber: labor.projectNumber, absence: index.project(labor.projectNumber)?.absencePayCode ?? null, candidate: false }));
    return [...Map.groupBy(work, ({ date }) => weekOf(date, ruleSet.weekStartsOn))].filter(([week]) => weeks.has(week)).flatMap(([, of]) =>
      [...splitWeek(of, ruleSet, person.overtime === 'exempt', index)].flatMap(([{ entry }, parts]): PayChange[] => {
        const posted = standing.get(entry);
        if (posted === undefined || JSON.stringify(posted.labor.pay) === JSON.stringify(parts)) return [];
        return [{ posted, labor: { ...posted.labor, pay: [...parts], cost: costOf({ index, person, laborCategory: posted.labor.laborCategory, entry }, parts) } }];
      }),
    );
  });
}
