import { z } from 'zod';
import { isSystemFailure, type Failure } from '../../domain/failure.ts';
import type { LaborPosting } from '../../domain/model/time/labor-posting.ts';
import type { LaborAnswer, LaborPort, LaborTotal } from '../labor-port.ts';
import { afterFirstWrite } from '../partial-write.ts';
import type { CallContext, Found } from '../ports.ts';
import type { Tryton } from './client.ts';
import { describeLine, describeTakenBack, hoursOf, labelOf, microsecondsOf, refusalOf, wireMicroseconds } from './labor-line.ts';
import { createPeople } from './labor-people.ts';
import { createPlaces, placeOf } from './labor-places.ts';
import { readPosted, readTimestamps, sumPosted, type TimesheetLine } from './labor-read.ts';
import type { Links } from './links.ts';
import type { TrytonReferences } from './references.ts';
import { wireDate } from './wire.ts';

/** 2,000 lines a second and below half a second for the whole transaction, in which Tryton's SQLite lets nobody else write. */
const BATCH = 200;
/** Somebody else wrote on one of the works between our reading and writing. */
const TRIES_AFTER_CONFLICT = 6;

/** A posting whose employee and work are known. `takes`: the line a reversal takes back. */
interface Line {
  readonly posting: LaborPosting;
  readonly employee: number;
  readonly work: number;
  readonly byHand: string | null;
  readonly takes: TimesheetLine | null;
}

interface Batch {
  readonly company: number;
  readonly object: string;
  readonly context: CallContext;
  /** Of the whole `post`: a failure after the first write leaves in doubt what of it was written. */
  readonly progress: { wrote: boolean };
}

/**
 * Labor as timesheet lines. They are written through the timesheet works they belong to, with the works' timestamps as read before the posted lines were
 * looked for: a line that a lost call wrote meanwhile makes Tryton refuse the write, so none is written twice.
 */
export function createLaborPort(tryton: Tryton, references: TrytonReferences, links: Links): LaborPort {
  const people = createPeople(tryton);
  const places = createPlaces(tryton);
  const inTurn = oneAtATime();
  const found = (line: TimesheetLine): Found => ({ externalId: String(line.id), url: links.to('timesheet.line', line.id) });
  const refused = (posting: LaborPosting, kind: Failure['kind'], code: string, message: string, mend: string): LaborAnswer =>
    ({ key: posting.key, outcome: 'refused', failure: { kind, code, message, mend, system: tryton.system, object: labelOf(posting), written: 'no' } });

  const employeesOf = (postings: readonly LaborPosting[], batch: Batch) => people.find(postings.map(({ person }) => person), batch.company, batch.object, batch.context);
  const postedOf = async (postings: readonly LaborPosting[], employees: readonly number[], batch: Batch) => {
    const days = postings.map(({ workDate }) => workDate).toSorted();
    return readPosted(tryton, { employees: [...new Set(employees)], from: days[0] ?? '', to: days.at(-1) ?? '' }, batch);
  };

  const findIn = async (postings: readonly LaborPosting[], batch: Batch): Promise<Map<string, TimesheetLine>> => {
    const employees = [...(await employeesOf(postings, batch)).values()].flat();
    return postedOf(postings, employees, batch);
  };

  /** Writes lines in one transaction: a new one on its work, a reversal beside the line it sets to zero. */
  const write = async (lines: readonly Line[], timestamps: Record<string, string>, batch: Batch): Promise<void> => {
    const args = [...Map.groupBy(lines, ({ work }) => work)].flatMap(([work, ofWork]) => {
      const rows = ofWork.map(({ posting, employee, byHand }) => ({
        company: batch.company, employee, date: wireDate(posting.workDate), description: describeLine(posting, byHand),
        duration: wireMicroseconds(posting.kind === 'reversal' ? 0n : microsecondsOf(posting.hours)),
      }));
      const zeroed = ofWork.flatMap(({ posting, takes }) => (takes === null ? [] : [['write', [takes.id], { duration: wireMicroseconds(0n), description: describeTakenBack(takes.description, hoursOf(takes.duration), posting.key) }]]));
      return [[work], { timesheet_lines: [...zeroed, ['create', rows]] }];
    });
    await tryton.call({ method: 'timesheet.work.write', args, company: batch.company, timestamps, result: z.null(), object: batch.object, writes: true, context: batch.context });
  };

  /** Lines that stand or fall one by one: those Tryton refuses together are halved until the bad ones are found. */
  const settle = async (lines: readonly Line[], batch: Batch, answers: Map<string, LaborAnswer>, tries = TRIES_AFTER_CONFLICT): Promise<void> => {
    const timestamps = await readTimestamps(tryton, [...new Set(lines.map(({ work }) => work))], batch);
    const there = await postedOf(lines.map(({ posting }) => posting), lines.map(({ employee }) => employee), batch);
    const fresh = lines.filter(({ posting }) => !there.has(posting.key));
    const answerFound = (known: ReadonlyMap<string, TimesheetLine>) => {
      for (const { posting } of lines) {
        const line = known.get(posting.key);
        if (line !== undefined) answers.set(posting.key, { key: posting.key, outcome: 'posted', ...found(line) });
      }
    };
    answerFound(there);
    if (fresh.length === 0) return;
    try {
      await write(fresh, timestamps, batch);
    } catch (error) {
      if (!isSystemFailure(error) || error.failure.written === 'unknown') throw error;
      const { failure } = error;
      if (failure.code === 'TRYTON_CONCURRENCY' && tries > 1) return settle(fresh, batch, answers, tries - 1);
      if (failure.kind !== 'business_rule' && failure.code !== 'TRYTON_FAULT') throw error;
      const [only] = fresh;
      if (fresh.length === 1 && only !== undefined) {
        people.forget(only.posting.person, batch.company);
        places.forget(only.posting.projectNumber, batch.company);
        answers.set(only.posting.key, { key: only.posting.key, outcome: 'refused', failure: refusalOf(failure, only.posting) });
        return;
      }
      const middle = Math.ceil(fresh.length / 2);
      await settle(fresh.slice(0, middle), batch, answers);
      return settle(fresh.slice(middle), batch, answers);
    }
    batch.progress.wrote = true;
    answerFound(await postedOf(fresh.map(({ posting }) => posting), fresh.map(({ employee }) => employee), batch));
  };

  const postIn = async (legalEntity: string, postings: readonly LaborPosting[], context: CallContext, progress: Batch['progress'], answers: Map<string, LaborAnswer>): Promise<void> => {
    const object = `${postings.length} lines of labor of ${legalEntity}`;
    const company = await references.company(legalEntity, object, context);
    const batch: Batch = { company: company.id, object, context, progress };
    const employees = await employeesOf(postings, batch);
    const projects = await places.find(postings.map(({ projectNumber }) => projectNumber), company.id, object, context);
    const refuse = (posting: LaborPosting, ...why: [Failure['kind'], string, string, string]) => answers.set(posting.key, refused(posting, ...why));

    const originals: Line[] = [];
    const reversals: { readonly posting: LaborPosting; readonly employee: number }[] = [];
    for (const posting of postings) {
      const [employee, other] = employees.get(posting.person.toLowerCase()) ?? [];
      if (employee === undefined) {
        refuse(posting, 'configuration', 'PERSON_UNKNOWN', `Tryton has no employee of ${legalEntity} with the e-mail address ${posting.person}.`, `Add the employee to the company ${legalEntity} in Tryton, with the address as an e-mail contact of its party, then retry.`);
      } else if (other !== undefined) {
        refuse(posting, 'configuration', 'PERSON_AMBIGUOUS', `Tryton has several employees of ${legalEntity} with the e-mail address ${posting.person} (IDs ${employees.get(posting.person.toLowerCase())?.join(', ') ?? ''}).`, 'Leave the address on one of their parties only, then retry.');
      } else if (posting.kind === 'reversal') {
        reversals.push({ posting, employee });
      } else {
        const project = projects.get(posting.projectNumber);
        const place = project === undefined ? null : placeOf(posting, project, company);
        if (project === undefined) refuse(posting, 'configuration', 'PROJECT_UNKNOWN', `Tryton has no project ${posting.projectNumber} in the company ${legalEntity}.`, posting.legalEntity === posting.projectEntity ? 'Find out why the project was not made there, or make it, then retry.' : `Add a timesheet work "${posting.projectNumber} …" to the company ${legalEntity} for its people's time on the other company's project, then retry.`);
        else if (place === null) {
          places.forget(posting.projectNumber, company.id);
          refuse(posting, 'business_rule', 'TRYTON_PROJECT_SHUT', `Nothing of project ${posting.projectNumber} is open for time in Tryton.`, 'Activate the project, or make a task of it available on timesheets in Tryton, then retry.');
        } else originals.push({ posting, employee, ...place, takes: null });
      }
    }
    if (originals.length > 0) await settle(originals, batch, answers);
    if (reversals.length === 0) return;

    const known = await postedOf(reversals.map(({ posting }) => posting), reversals.map(({ employee }) => employee), batch);
    const lines: Line[] = [];
    for (const { posting, employee } of reversals) {
      const done = known.get(posting.key);
      const takes = known.get(posting.reverses ?? '');
      if (done !== undefined) answers.set(posting.key, { key: posting.key, outcome: 'posted', ...found(done) });
      else if (takes === undefined) refuse(posting, 'business_rule', 'TRYTON_ORIGINAL_MISSING', `Tryton does not have posting ${posting.reverses ?? ''}, which ${posting.key} takes back.`, 'Post the original first, or find out who deleted its line, then retry.');
      else if (takes.invoice_line !== null) refuse(posting, 'business_rule', 'TRYTON_LINE_INVOICED', `Line ${takes.id} of ${posting.person}, ${posting.workDate}, is invoiced in Tryton and cannot be taken back.`, 'Cancel the invoice, or credit it with its lines, in Tryton, which sets its time free; then retry. Or settle the difference on the next invoice and dismiss this.');
      else if (takes.duration !== -microsecondsOf(posting.hours)) refuse(posting, 'business_rule', 'TRYTON_LINE_CHANGED', `Line ${takes.id} has ${hoursOf(takes.duration)} h in Tryton, but ${posting.reverses ?? ''} was posted with ${posting.hours.replace('-', '')} h: somebody changed it there.`, 'Set the line back to what was posted, then retry; or correct it in Tryton and dismiss this.');
      else lines.push({ posting, employee, work: takes.work, byHand: null, takes });
    }
    if (lines.length > 0) await settle(lines, batch, answers);
  };

  return {
    lookUp: 'key',
    batchSize: BATCH,
    async find(postings, context) {
      const known = new Map<string, Found>();
      for (const [legalEntity, ofEntity] of Map.groupBy(postings, (posting) => posting.legalEntity)) {
        const object = `${ofEntity.length} lines of labor of ${legalEntity}`;
        const company = (await references.company(legalEntity, object, context)).id;
        const lines = await findIn(ofEntity, { company, object, context, progress: { wrote: false } });
        for (const { key } of ofEntity) {
          const line = lines.get(key);
          if (line !== undefined) known.set(key, found(line));
        }
      }
      return known;
    },
    async post(postings, context) {
      const answers = new Map<string, LaborAnswer>();
      const progress = { wrote: false };
      try {
        for (const [legalEntity, ofEntity] of Map.groupBy(postings, (posting) => posting.legalEntity)) {
          await inTurn(legalEntity, () => postIn(legalEntity, ofEntity, context, progress, answers));
        }
      } catch (error) {
        if (!progress.wrote) throw error;
        return afterFirstWrite(() => Promise.reject(error));
      }
      return postings.map((posting) => answers.get(posting.key) ?? refused(posting, 'contract', 'TRYTON_LINE_GONE', `Tryton took ${labelOf(posting)} and does not show it.`, 'Look for the line in Tryton (Timesheet > Lines); retry if it is not there.'));
    },
    async totals({ legalEntity, from, to }, context): Promise<LaborTotal> {
      const object = `labor of ${legalEntity}, ${from} to ${to}`;
      const company = (await references.company(legalEntity, object, context)).id;
      const { lines, microseconds } = await sumPosted(tryton, { from, to }, { company, object, context });
      return { legalEntity, lines, hours: hoursOf(microseconds), billed: [] };
    },
  };
}

/** Postings of one company wait for each other in this process: on the works they share, they would only refuse one another. */
function oneAtATime() {
  const tails = new Map<string, Promise<unknown>>();
  return async <T>(name: string, task: () => Promise<T>): Promise<T> => {
    const before = tails.get(name) ?? Promise.resolve();
    const mine = before.then(task, task);
    tails.set(name, mine.catch(() => undefined));
    return mine;
  };
}
