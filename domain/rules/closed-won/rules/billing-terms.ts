import type { Finding } from '../../../findings.ts';
import { isWithin } from '../../../dates.ts';
import { compareMoney, sumMoney } from '../../../money.ts';
import { mayPass, mustChange, type DealRule } from '../rule.ts';

/** What is charged up to a cap has a cap, and it covers what was sold. */
export const capRule: DealRule = ({ deal, groups }) =>
  groups.flatMap(({ billingMethod, serviceLine, legalEntity, lines }): Finding[] => {
    if (!billingMethod.requiresCap) return [];
    const path = `lines[${lines[0]?.index ?? 0}].cap`;
    const scope = `${serviceLine.name} by ${legalEntity.code}`;
    const caps = lines.map(({ line }) => line.cap).filter((cap) => cap !== null);
    if (caps.length === 0) {
      return [mustChange('CAP_MISSING', path, { message: `${scope} is sold as ${billingMethod.name.toLowerCase()}, but no line has a cap.`, mend: 'Enter the cap at the line, or change the billing method.' })];
    }
    const { currency } = deal;
    if (currency === null || lines.some(({ line }) => line.amount.currency !== currency) || caps.some((cap) => cap.currency !== currency)) return [];
    const cap = sumMoney(caps, currency);
    const value = sumMoney(lines.map(({ line }) => line.amount), currency);
    if (compareMoney(cap, value) !== -1) return [];
    return [
      mayPass('CAP_BELOW_VALUE', path, {
        message: `${scope} was sold for ${value.amount} ${currency}, but capped at ${cap.amount} ${currency}: what is above the cap could never be billed.`,
        mend: 'Raise the cap or lower what is sold.',
      }),
    ];
  });

/** What is charged by milestones has a named milestone with a date on every line. */
export const milestoneRule: DealRule = ({ deal, groups }) =>
  groups
    .filter(({ billingMethod }) => billingMethod.requiresMilestones)
    .flatMap(({ lines }) =>
      lines.flatMap(({ index, line }): Finding[] => {
        const path = `lines[${index}].milestone`;
        if (line.milestone === null) {
          return [mustChange('MILESTONE_MISSING', path, { message: `"${line.description}" is charged by milestone but names none.`, mend: 'Name the milestone that the line is paid for.' })];
        }
        const { name, dueDate } = line.milestone;
        if (dueDate === null) return [mustChange('MILESTONE_DATE_MISSING', `${path}.dueDate`, { message: `The milestone "${name}" has no date.`, mend: 'Enter when the milestone is due.' })];
        if (deal.startDate === null || deal.endDate === null || isWithin(dueDate, deal.startDate, deal.endDate)) return [];
        return [
          mayPass('MILESTONE_OUTSIDE_PROJECT', `${path}.dueDate`, {
            message: `The milestone "${name}" is due on ${dueDate}, outside the project (${deal.startDate} to ${deal.endDate}).`,
            mend: "Correct the milestone's date or the project's dates.",
          }),
        ];
      }),
    );
