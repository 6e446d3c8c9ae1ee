import { createHash } from 'node:crypto';
import { SystemFailure, type Failure } from '../../domain/failure.ts';
import type { PayrollExport } from '../../domain/model/time/payroll-export.ts';
import type { ConnectorSettings } from '../connector.ts';
import { afterFirstWrite } from '../partial-write.ts';
import type { PayrollAcknowledgement, PayrollPort, SentPayroll, SentReference } from '../payroll-port.ts';
import type { CallContext } from '../ports.ts';
import { dataDirectory } from '../secrets.ts';
import { distinct, inGroups } from '../groups.ts';
import { inWords } from './classify.ts';
import { createGustoClient, PAGE_SIZE, type About } from './client.ts';
import { hoursByPerson, sameHours, type CodeHours } from './hours.ts';
import { gustoCredentialsSchema, gustoOptionsSchema } from './options.ts';
import { employeesOf, hoursIn, payrollById, prepared, regularPayroll, setHours, type Compensation, type Employee, type HoursChange, type Payroll } from './payrolls.ts';

const PAYROLL_NAME = /^gusto-payroll-(.+)$/;
const NOT_TAKEN_NAME = /^gusto-not-taken-(.+)$/;
type NotTaken = 'supplementary' | 'hours' | 'processed';
/** What Gusto cannot take by its nature: refused as a bureau would, so that people settle it (paid by hand, or with another export). */
const NOT_TAKEN: Readonly<Record<NotTaken, string>> = {
  supplementary: 'It is supplementary, and Gusto has hours of the same people and pay codes for this pay period already. Gusto keeps one sum of each, so it cannot be told whether these are in it. Look in Gusto; where they are not, enter them as an off-cycle payroll for a correction',
  hours: 'It has sums that are negative or finer than thousandths of an hour, which Gusto does not take. Nothing of it was written',
  processed: 'Gusto has run the payroll of this pay period already. Enter the hours in Gusto as an off-cycle payroll, unless they are in it',
};
const MOST_NAMED = 20;

type What = Pick<Failure, 'kind' | 'code' | 'message' | 'mend'>;

/**
 * A company in Gusto as the payroll bureau: hours go into the regular payroll of the pay period, which Gusto's people (or, where the options say so,
 * the line) then run. No amount of money is ever written. @throws ZodError for options or credentials of the wrong shape
 */
export function createGusto(settings: ConnectorSettings, dataDir: string = dataDirectory()): PayrollPort {
  const options = gustoOptionsSchema.parse(settings.options ?? {});
  const gusto = createGustoClient(settings, options, gustoCredentialsSchema.parse(settings.credentials), dataDir);
  const { system } = settings;

  function failed(about: About, what: What, written: 'no' | 'unknown' = 'no'): SystemFailure {
    return new SystemFailure({ system, object: about.object, written, ...what });
  }

  async function payrollFor(document: PayrollExport, about: About): Promise<Payroll> {
    const { employer, payPeriod } = document;
    if (employer !== options.legalEntity) throw failed(about, { kind: 'configuration', code: 'GUSTO_OTHER_EMPLOYER', message: `This Gusto company pays people of ${options.legalEntity}, in US dollars; ${document.id} is of ${employer}.`, mend: `Give ${employer} another payroll in config/payroll.yaml.` });
    const payroll = await regularPayroll(gusto, payPeriod, about);
    if (payroll === undefined) throw failed(about, { kind: 'configuration', code: 'GUSTO_NO_PAYROLL', message: `Gusto has no regular payroll from ${payPeriod.from} to ${payPeriod.to} for ${document.id}.`, mend: 'Make the company\'s pay schedule in Gusto and the pay periods of the legal entity the same, then retry.' });
    return payroll;
  }

  /** Every person's employee and job. */
  async function employeesFor(people: Iterable<string>, about: About): Promise<Map<string, Employee>> {
    const all = await employeesOf(gusto, about);
    const found = new Map<string, Employee>();
    const unknown: string[] = [];
    for (const person of people) {
      const fixed = options.employees[person];
      const matches = all.filter((employee) => (fixed === undefined ? [employee.work_email, employee.email].some((email) => email?.toLowerCase() === person.toLowerCase()) : employee.uuid === fixed));
      const [employee] = matches.length > 1 ? matches.filter(({ terminated }) => !terminated) : matches;
      if (employee === undefined) unknown.push(person);
      else found.set(person, employee);
    }
    if (unknown.length > 0) throw failed(about, { kind: 'configuration', code: 'GUSTO_EMPLOYEE_UNKNOWN', message: `Gusto has no employee with the address of ${listed(unknown)}.`, mend: 'Onboard them in Gusto with that address, or name their UUIDs in options.employees, then retry. Nothing was written.' });
    const shared = [...found].find(([person, { uuid }]) => [...found].some(([other, employee]) => other !== person && employee.uuid === uuid));
    if (shared !== undefined) throw failed(about, { kind: 'configuration', code: 'GUSTO_EMPLOYEE_SHARED', message: `${shared[0]} and another person of ${about.object} are the same employee in Gusto.`, mend: 'Correct options.employees or the addresses in Gusto, then retry. Nothing was written.' });
    return found;
  }

  /** Salaried people have no hours in Gusto. */
  const isLeftOut = ({ hourly_compensations: hourly }: Omit<Compensation, 'version'>) => hourly.length === 0 && options.salaried === 'leave_out';

  /** What has to be written so that Gusto has these hours; nothing where it has them. */
  function changesFor(people: ReadonlyMap<string, readonly CodeHours[]>, employees: ReadonlyMap<string, Employee>, compensations: ReadonlyMap<string, Compensation>, about: About): HoursChange[] {
    const changes: HoursChange[] = [];
    const missing: string[] = [];
    const other: string[] = [];
    for (const [person, wanted] of people) {
      const employee = employees.get(person);
      const has = employee === undefined ? undefined : compensations.get(employee.uuid);
      if (employee === undefined || has === undefined || has.excluded) {
        missing.push(`${person} is not paid in this payroll`);
        continue;
      }
      if (isLeftOut(has)) continue;
      const hourly: HoursChange['hourly_compensations'][number][] = [];
      for (const { name, hours, multiplier, payCode } of wanted) {
        const place = placeOf(has, name, employee);
        if (place === undefined) missing.push(`${person} has no "${name}"`);
        else if (place.compensation_multiplier !== undefined && place.compensation_multiplier !== Number(multiplier)) missing.push(`"${name}" is paid ${place.compensation_multiplier} times in Gusto, but ${payCode} of ${person} ${multiplier} times`);
        else if (!sameHours(place.hours, hours)) {
          if (!sameHours(place.hours, '0')) other.push(`${place.hours} hours "${name}" of ${person} instead of ${hours}`);
          hourly.push({ name, hours, job_uuid: place.job_uuid });
        }
      }
      if (hourly.length > 0) changes.push({ employee_uuid: employee.uuid, version: has.version, hourly_compensations: hourly });
    }
    if (missing.length > 0) throw failed(about, { kind: 'configuration', code: 'GUSTO_COMPENSATION_MISSING', message: `Gusto cannot take all hours of ${about.object}: ${listed(missing)}.`, mend: 'Correct the employees\' jobs in Gusto, or options.payCodes and options.salaried of the system, then retry. Nothing was written.' });
    if (other.length > 0) throw failed(about, { kind: 'contract', code: 'PAYROLL_EXPORT_CHANGED', message: `Gusto's payroll holds other hours already: ${listed(other)}.`, mend: 'Nothing was written. Find out who entered them. Set them back to zero in Gusto to have ours taken, or say that the bureau has the hours.' });
    return changes;
  }

  async function writeHours(document: PayrollExport, payroll: Payroll, changes: readonly HoursChange[], about: About): Promise<void> {
    const after = await setHours(gusto, payroll.payroll_uuid, changes, about);
    const holds = (change: HoursChange) => change.hourly_compensations.every(({ name, hours, job_uuid: job }) => after.some((each) => each.employee_uuid === change.employee_uuid && each.hourly_compensations.some((place) => place.name === name && place.job_uuid === job && sameHours(place.hours, hours))));
    const lost = changes.filter((change) => !holds(change));
    if (lost.length > 0) throw failed(about, { kind: 'contract', code: 'GUSTO_HOURS_LOST', message: `Gusto answered with other hours than ${document.id} has, for ${lost.length} employees.`, mend: 'Compare the payroll in Gusto with the export; the connector must be corrected.' }, 'unknown');
  }

  async function send(document: PayrollExport, context: CallContext): Promise<SentPayroll> {
    const about: About = { object: `payroll export ${document.id}`, context };
    const { people, problems } = hoursByPerson(document, options);
    const unmapped = problems.filter(({ code }) => code === 'GUSTO_PAY_CODE_UNKNOWN');
    if (unmapped.length > 0) throw failed(about, { kind: 'configuration', code: 'GUSTO_PAY_CODE_UNKNOWN', message: `Gusto cannot take all hours of ${document.id}: ${listed(unmapped.map(({ message }) => message))}.`, mend: 'Name the hourly compensation for each pay code in options.payCodes of the system, then retry.' });
    const checksum = checksumOf(document, people);
    const notTaken = (why: NotTaken): SentPayroll => {
      context.log.warn({ system, exportId: document.id, why, problems: problems.map(({ message }) => message).slice(0, MOST_NAMED) }, `payroll export ${document.id} cannot be taken by Gusto`);
      return { files: [`gusto-not-taken-${why}`], checksum };
    };
    const payroll = await payrollFor(document, about);
    if (problems.length > 0) return notTaken('hours');
    const sent: SentPayroll = { files: [`gusto-payroll-${payroll.payroll_uuid}`], checksum };
    const employees = await employeesFor(people.keys(), about);
    // Written by a call whose answer was lost, and run by somebody since.
    if (payroll.processed) return document.number === 1 && holdsAll(people, employees, await hoursIn(gusto, payroll.payroll_uuid, about), isLeftOut) ? sent : notTaken('processed');
    const compensations = new Map<string, Compensation>();
    for (const part of inGroups(distinct([...employees.values()].map(({ uuid }) => uuid)), PAGE_SIZE)) {
      for (const compensation of await prepared(gusto, payroll.payroll_uuid, part, about)) compensations.set(compensation.employee_uuid, compensation);
    }
    // The first export's hours are what the payroll should hold; later ones would have to be added, which is only certain where there is nothing yet.
    if (document.number > 1 && holdsSome(people, employees, compensations)) return notTaken('supplementary');
    const changes = changesFor(people, employees, compensations, about);
    let written = false;
    const step = (work: () => Promise<void>) => (written ? afterFirstWrite(work) : work());
    for (const part of inGroups(changes, PAGE_SIZE)) {
      await step(() => writeHours(document, payroll, part, about));
      written = true;
    }
    await step(() => gusto.start(`/payrolls/${payroll.payroll_uuid}/calculate`, about));
    return sent;
  }

  async function acknowledgement(sent: SentReference, context: CallContext): Promise<PayrollAcknowledgement | null> {
    const about: About = { object: `acknowledgement of payroll export ${sent.exportId}`, context };
    const [file = ''] = sent.files ?? [];
    const why = NOT_TAKEN_NAME.exec(file)?.[1];
    if (why !== undefined) return { exportId: sent.exportId, checksum: sent.checksum, outcome: 'refused', accepted: 0, rejected: [], reason: Object.entries(NOT_TAKEN).find(([name]) => name === why)?.[1] ?? why, reference: null };
    const payroll = PAYROLL_NAME.exec(file)?.[1];
    if (payroll === undefined) throw failed(about, { kind: 'contract', code: 'GUSTO_PAYROLL_NOT_NAMED', message: `It is not known which payroll in Gusto ${sent.exportId} went into.`, mend: 'Look in Gusto and say here whether the bureau has the hours.' });
    const { processed, processing_request: processing, payroll_uuid: reference } = await payrollById(gusto, payroll, about);
    const accepted: PayrollAcknowledgement = { exportId: sent.exportId, checksum: sent.checksum, outcome: 'accepted', accepted: sent.lines, rejected: [], reason: null, reference };
    if (processed) return accepted;
    if (processing?.status === 'processing_failed') return { ...accepted, outcome: 'refused', accepted: 0, reason: inWords(processing.errors) || 'Gusto could not process the payroll and gave no reason' };
    if (processing?.status !== 'calculate_success') return null;
    if (options.submit === 'when_calculated') await gusto.start(`/payrolls/${payroll}/submit`, about);
    return options.acceptedWhen === 'calculated' ? accepted : null;
  }

  return { kind: 'payroll', system, send, acknowledgement };
}

function holdsAll(people: ReadonlyMap<string, readonly CodeHours[]>, employees: ReadonlyMap<string, Employee>, compensations: readonly Omit<Compensation, 'version'>[], isLeftOut: (compensation: Omit<Compensation, 'version'>) => boolean): boolean {
  return [...people].every(([person, wanted]) => {
    const employee = employees.get(person);
    const has = compensations.find(({ employee_uuid: uuid }) => uuid === employee?.uuid);
    return employee !== undefined && has !== undefined && (isLeftOut(has) || wanted.every(({ name, hours }) => sameHours(placeOf(has, name, employee)?.hours ?? '0', hours)));
  });
}

function holdsSome(people: ReadonlyMap<string, readonly CodeHours[]>, employees: ReadonlyMap<string, Employee>, compensations: ReadonlyMap<string, Compensation>): boolean {
  return [...people].some(([person, wanted]) => {
    const employee = employees.get(person);
    const has = compensations.get(employee?.uuid ?? '');
    return employee !== undefined && has !== undefined && wanted.some(({ name }) => !sameHours(placeOf(has, name, employee)?.hours ?? '0', '0'));
  });
}

/** An employee with several jobs has the compensation in each: that of the primary one. */
function placeOf(compensation: Omit<Compensation, 'version'>, name: string, employee: Employee) {
  const places = compensation.hourly_compensations.filter((place) => place.name === name);
  const primary = employee.jobs.find((job) => job.primary)?.uuid;
  return places.find((place) => place.job_uuid === primary) ?? (places.length === 1 ? places[0] : undefined);
}

/** Of the hours as they are written, whatever the order of the lines. */
function checksumOf(document: PayrollExport, people: ReadonlyMap<string, readonly CodeHours[]>): string {
  const hours = [...people].flatMap(([person, own]) => own.map((each) => `${person}\t${each.name}\t${each.hours}`)).toSorted();
  return createHash('sha256').update([document.id, ...hours].join('\n')).digest('hex');
}

function listed(items: readonly string[]): string {
  return items.length <= MOST_NAMED ? items.join('; ') : `${items.slice(0, MOST_NAMED).join('; ')} and ${items.length - MOST_NAMED} more`;
}
