import { Decimal } from 'decimal.js';
import { z } from 'zod';
import type { Project } from '../../domain/model/project.ts';
import { datedRates, type ProjectRateCard, type RateLine } from '../../domain/model/rate-card.ts';
import { exactNumber } from '../exact-number.ts';
import { afterFirstWrite } from '../partial-write.ts';
import type { RecordPort, WithReferences } from '../ports.ts';
import { FSCM, type About, type Oracle } from './client.ts';
import type { OracleOptions } from './options.ts';
import { removeUnlessUsed, writeParts, type Part, type PartSet } from './parts.ts';
import { equal } from './query.ts';
import { cut, type OracleReferences } from './references.ts';

type Document = { readonly project: Project; readonly rateCard: ProjectRateCard };

const SCHEDULES = `${FSCM}/rateSchedules`;
const NAME_LENGTH = 30;
const scheduleRow = z.object({ RateScheduleName: z.string() });
const rateRow = z.object({ ProjectRoleName: z.string().nullish(), JobName: z.string().nullish(), StartDateActive: z.string() });
const label = ({ project }: Document) => `rate card of ${project.number}`;

/** At most 25 characters of a project number and five more: exactly what the name of a schedule holds. */
export const rateScheduleOf = (projectNumber: string): string => `${projectNumber}-RATE`;

/**
 * Bill rates of a project as a rate schedule under its number, with a rate for each project role or job. Hours only are priced: a rate by day is
 * divided by `hoursPerDay`, a rate by month stands in the description. Finance picks the schedule in the bill plan of the contract.
 */
export function createRateCardPort(oracle: Oracle, references: OracleReferences, options: OracleOptions): RecordPort<WithReferences<Document>> {
  const { scheduleType, set, jobSet } = options.rates;
  const priced = scheduleType === 'JOB' ? 'JobName' : 'ProjectRoleName';
  const nameOf = (document: Document) => references.fitting(rateScheduleOf(document.project.number), NAME_LENGTH, 'rate schedule', label(document));
  const findSchedule = (name: string, about: About) => oracle.find(SCHEDULES, { where: equal('RateScheduleName', name), fields: ['RateScheduleName'] }, scheduleRow, about);
  const ratesOf = (self: string): PartSet<z.infer<typeof rateRow>> => ({ path: `${self}/child/Rates`, row: rateRow, fields: [priced, 'StartDateActive'], keyOf: (row) => keyOf(row[priced] ?? '', row.StartDateActive) });

  const partsOf = ({ rateCard }: Document): Part[] =>
    datedRates(rateCard).flatMap((line) => {
      const price = hourly(line, options.hoursPerDay);
      const role = options.roles[line.laborCategory] ?? line.laborCategory;
      return price === null ? [] : [{ key: keyOf(role, line.from), start: { [priced]: role, StartDateActive: line.from }, body: { Rate: exactNumber(price), EndDateActive: line.to } }];
    });

  return {
    lookUp: 'key',
    async find({ document }, context) {
      const found = await findSchedule(nameOf(document), { object: label(document), context });
      return found === null ? null : references.found(found.RateScheduleName);
    },
    async write({ document }, _existing, context) {
      const about: About = { object: label(document), context };
      const name = nameOf(document);
      const before = await findSchedule(name, about);
      const parts = partsOf(document);
      const body = { Description: cut(descriptionOf(document), 250) };
      if (before === null) {
        const start = { RateScheduleName: name, ScheduleTypeCode: scheduleType, ProjectRatesSetCode: set, CurrencyCode: document.rateCard.currency, ...(jobSet === undefined ? {} : { JobSetCode: jobSet }) };
        await oracle.create(SCHEDULES, { ...start, ...body, Rates: parts.map((part) => ({ ...part.start, ...part.body })) }, scheduleRow, about);
      } else {
        await oracle.update(before.self, body, before.etag, about);
        await afterFirstWrite(() => writeParts(oracle, ratesOf(before.self), parts, about));
      }
      return { ...references.found(name), created: before === null };
    },
    async undo({ document: { document }, externalId, created }, context) {
      const about: About = { object: label(document), context };
      if (!created) return { how: 'kept', detail: `the ${about.object} stood before this deal` };
      const schedule = await findSchedule(externalId, about);
      if (schedule === null) return { how: 'not_found', detail: `the ${about.object} is not in Oracle` };
      if (await removeUnlessUsed(oracle, schedule.self, about)) return { how: 'deleted', detail: `the ${about.object} was deleted from Oracle` };
      return { how: 'kept', detail: `the ${about.object} is used in Oracle, in the bill plan of a contract, and stays there` };
    },
  };
}

function keyOf(role: string, from: string): string {
  return `${role}/${from.slice(0, 10)}`;
}

/** To six decimals. */
function hourly(line: RateLine, hoursPerDay: number): string | null {
  if (line.unit === 'hour') return line.rate;
  return line.unit === 'day' ? new Decimal(line.rate).dividedBy(hoursPerDay).toDecimalPlaces(6).toFixed() : null;
}

function descriptionOf({ project, rateCard }: Document): string {
  const byMonth = rateCard.lines.filter((line) => line.unit === 'month').map((line) => `${line.laborCategory} ${line.rate} per month`);
  return [`Rates of ${project.number}, from ${rateCard.basedOn}`, ...byMonth].join('; ');
}
