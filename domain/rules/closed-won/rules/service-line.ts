import { trimmed } from '../lines.ts';
import { listed, mayPass, mustChange, notConfigured, type DealRule } from '../rule.ts';

/** Every line belongs to a service line of ours. */
export const serviceLineRule: DealRule = ({ lines, config }) =>
  lines.flatMap(({ picked, serviceLine }) => {
    const { value, path } = picked.serviceLine;
    if (value === null) {
      return [mustChange('SERVICE_LINE_MISSING', path, { message: 'A line names no service line, and neither does the deal.', mend: 'Pick the service line at the line or at the deal.' })];
    }
    if (serviceLine !== undefined) return [];
    return [
      notConfigured('SERVICE_LINE_UNKNOWN', path, {
        message: `The service line "${value}" is not one of ours (${listed(config.serviceLines.map(({ code }) => code))}).`,
        mend: `Pick one of ours in the CRM, or add ${value} to config/service-lines.yaml with a cost center in each legal entity.`,
      }),
    ];
  });

/** The practice that sold the deal sells its service lines. */
export const practiceRule: DealRule = ({ deal, lines }) => {
  const practice = trimmed(deal.practice);
  if (practice === null) {
    return [mayPass('PRACTICE_MISSING', 'practice', { message: 'The deal names no practice.', mend: 'Pick the practice that sold the deal.' })];
  }
  return lines.flatMap(({ picked, serviceLine }) => {
    if (serviceLine === undefined || serviceLine.practices.some((seller) => seller.toLowerCase() === practice.toLowerCase())) return [];
    return [
      mayPass('PRACTICE_NOT_ALIGNED', picked.serviceLine.path, {
        message: `The practice ${practice} does not sell ${serviceLine.name} (sold by ${listed(serviceLine.practices)}).`,
        mend: 'Correct the practice or the service line in the CRM, or let the project management office allow it.',
      }),
    ];
  });
};
