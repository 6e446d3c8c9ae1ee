import type { TimesheetContext } from '../../domain/model/time/context.ts';
import type { PostedEntry } from '../../domain/model/time/enriched-entry.ts';
import { hundredths, weekOf } from '../../domain/rules/timesheet/hours.ts';
import { indexOf } from '../../domain/rules/timesheet/index-context.ts';
import { splitWeek } from '../../domain/rules/timesheet/overtime.ts';
import { repaid, type PayChange } from '../../domain/rules/timesheet/pay.ts';
import { payerOfPosted } from '../../domain/rules/timesheet/payer.ts';
import type { Work } from '../../domain/rules/timesheet/work.ts';

/**
 * The entries that are paid otherwise once others are no longer in force: what was overtime beside them is none without them. What another employer paid stands.
 * @param context in which the ended entries are not in force any more
 */
export function repaidWithout(ended: readonly PostedEntry[], context: TimesheetContext): PayChange[] {
  const index = indexOf(context);
  const gone = ended.flatMap((one) => {
    const payer = payerOfPosted(one, index);
    return payer === undefined ? [] : [{ payer, email: one.labor.entry.person, week: weekOf(one.labor.entry.workDate, payer.ruleSet.weekStartsOn) }];
  });
  return [...Map.groupBy(gone, ({ payer }) => payer.key).values()].flatMap((of) => {
    const [first] = of;
    if (first === undefined) return [];
    const { payer: { key, person, ruleSet }, email } = first;
    const weeks = new Set(of.map(({ week }) => week));
    const standing = new Map(index.postedOf(email).filter((posted) => posted.state === 'in_force' && payerOfPosted(posted, index)?.key === key).map((posted) => [posted.labor.entry, posted]));
    const work = [...standing.values()].map(({ labor }): Work => ({ entry: labor.entry, date: labor.entry.workDate, hours: hundredths(labor.entry.hours) ?? 0, projectNumber: labor.projectNumber, absence: index.project(labor.projectNumber)?.absencePayCode ?? null, candidate: false }));
    return [...Map.groupBy(work, ({ date }) => weekOf(date, ruleSet.weekStartsOn))].filter(([week]) => weeks.has(week)).flatMap(([, ofWeek]) =>
      [...splitWeek(ofWeek, ruleSet, person.overtime === 'exempt', index)].flatMap(([{ entry }, parts]): PayChange[] => {
        const posted = standing.get(entry);
        return posted === undefined || JSON.stringify(posted.labor.pay) === JSON.stringify(parts) ? [] : [{ posted, labor: repaid(posted, parts, index) }];
      }),
    );
  });
}
