import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { isSystemFailure } from '../../domain/failure.ts';
import type { LaborPosting } from '../../domain/model/time/labor-posting.ts';
import type { LaborAnswer, LaborPort, LaborTotal } from '../labor-port.ts';
import { afterFirstWrite } from '../partial-write.ts';
import type { CallContext, Found } from '../ports.ts';
import type { Tryton } from './client.ts';
import { employeeOf, judgeOriginal, judgeReversal, refusalOf, type Line, type Refusal } from './labor-judge.ts';
import { describeLine, describeTakenBack, hoursOf, labelOf, microsecondsOf, wireMicroseconds } from './labor-line.ts';
import { createPeople } from './labor-people.ts';
import { createPlaces } from './labor-places.ts';
import { readLines, readPosted, readTimestamps, sumPosted } from './labor-read.ts';
import type { Links } from './links.ts';
import type { TrytonReferences } from './references.ts';
import { wireDate } from './wire.ts';

/** 2,000 lines a second and below half a second for the whole transaction, in which Tryton's SQLite lets nobody else write. */
const BATCH = 200;
/** Tries where somebody else wrote on one of the works between our reading and writing; each with half the works, so that the last have one or two. */
const TRIES = 10;

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
  const found = (id: number): Found => ({ externalId: String(id), url: links.to('timesheet.line', id) });
  const posted = (key: string, id: number): LaborAnswer => ({ key, outcome: 'posted', ...found(id) });
  const refused = (posting: LaborPosting, refusal: Refusal): LaborAnswer => ({ key: posting.key, outcome: 'refused', failure: { ...refusal, system: tryton.system, object: labelOf(posting), written: 'no' } });

  const employeesOf = (postings: readonly LaborPosting[], batch: Batch) => people.find(postings.map(({ person }) => person), batch.company, batch.object, batch.context);
  const postedOf = async (of: readonly Pick<Line, 'posting' | 'employee'>[], batch: Batch) => {
    const days = of.map(({ posting }) => posting.workDate).toSorted();
    return readPosted(tryton, { employees: [...new Set(of.map(({ employee }) => employee))], from: days[0] ?? '', to: days.at(-1) ?? '' }, batch);
  };
  const forget = (posting: LaborPosting, { company }: Batch) => {
    people.forget(posting.person, company);
    places.forget(posting.projectNumber, company);
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

  /**
   * Lines that stand or fall one by one: those Tryton refuses together are halved until the bad ones are found. They are parted by date first: Tryton 8.2.1
   * checks a small batch of many dates as a whole, and would let a line pass that it refuses alone (ModelStorage._validate, grouped domains).
   */
  const settle = async (lines: readonly Line[], batch: Batch, answers: Map<string, LaborAnswer>, tries = TRIES): Promise<void> => {
    const works = await readTimestamps(tryton, [...new Set(lines.map(({ work }) => work))], batch);
    const timestamps = { ...works, ...Object.fromEntries(lines.flatMap(({ takes }) => (takes === null ? [] : [[`timesheet.line,${takes.id}`, takes._timestamp]]))) };
    const there = await postedOf(lines, batch);
    const fresh = lines.filter(({ posting }) => !there.has(posting.key));
    const answerFound = (known: ReadonlyMap<string, number>) => {
      for (const { posting } of lines) {
        const line = known.get(posting.key);
        if (line !== undefined) answers.set(posting.key, posted(posting.key, line));
      }
    };
    answerFound(there);
    if (fresh.length === 0) return;
    try {
      await write(fresh, timestamps, batch);
    } catch (error) {
      if (!isSystemFailure(error) || error.failure.written === 'unknown') throw error;
      const { failure } = error;
      if (failure.code === 'TRYTON_CONCURRENCY' && tries > 1) {
        const { signal } = batch.context;
        await sleep(Math.random() * 20 * (TRIES - tries + 1), undefined, { signal }).catch(() => { signal.throwIfAborted(); });
        for (const part of halves([...Map.groupBy(fresh, ({ work }) => work).values()])) await settle(part.flat(), batch, answers, tries - 1);
        return;
      }
      if (failure.kind !== 'business_rule' && failure.code !== 'TRYTON_FAULT') throw error;
      const [only] = fresh;
      if (fresh.length === 1 && only !== undefined) {
        forget(only.posting, batch);
        answers.set(only.posting.key, refused(only.posting, refusalOf(failure)));
        return;
      }
      const dates = [...Map.groupBy(fresh, ({ posting }) => posting.workDate).values()];
      for (const part of dates.length > 1 ? dates : halves(fresh)) await settle(part, batch, answers);
      return;
    }
    batch.progress.wrote = true;
    answerFound(await postedOf(fresh, batch));
  };

  const postIn = async (legalEntity: string, postings: readonly LaborPosting[], context: CallContext, progress: Batch['progress'], answers: Map<string, LaborAnswer>): Promise<void> => {
    const object = `${postings.length} lines of labor of ${legalEntity}`;
    const company = await references.company(legalEntity, object, context);
    const batch: Batch = { company: company.id, object, context, progress };
    const employees = await employeesOf(postings, batch);
    const projects = await places.find(postings.map(({ projectNumber }) => projectNumber), company.id, object, context);
    const originals: Line[] = [];
    const reversals: { readonly posting: LaborPosting; readonly employee: number }[] = [];
    const doubtful: { readonly posting: LaborPosting; readonly employee: number; readonly refusal: Refusal }[] = [];
    for (const posting of postings) {
      const records = employees.get(posting.person.toLowerCase()) ?? [];
      const employee = employeeOf(posting, records);
      const judged = 'kind' in employee ? { refusal: employee } : judgeOriginal(posting, employee, projects.get(posting.projectNumber), company);
      const [some] = records;
      if (posting.kind === 'reversal' && some !== undefined) reversals.push({ posting, employee: 'kind' in employee ? some.id : employee.id });
      else if ('line' in judged) originals.push(judged.line);
      else if (some === undefined) answers.set(posting.key, refused(posting, judged.refusal));
      else doubtful.push(...records.map(({ id }) => ({ posting, employee: id, refusal: judged.refusal })));
    }
    if (doubtful.length > 0) {
      const known = await postedOf(doubtful, batch);
      for (const { posting, refusal } of doubtful) {
        const line = known.get(posting.key);
        forget(posting, batch);
        answers.set(posting.key, line === undefined ? refused(posting, refusal) : posted(posting.key, line));
      }
    }
    if (originals.length > 0) await settle(originals, batch, answers);
    if (reversals.length === 0) return;

    const known = await postedOf(reversals, batch);
    const taken = await readLines(tryton, reversals.flatMap(({ posting }) => known.get(posting.reverses ?? '') ?? []), batch);
    const lines: Line[] = [];
    for (const { posting, employee } of reversals) {
      const done = known.get(posting.key);
      const judged = judgeReversal(posting, employee, taken.get(known.get(posting.reverses ?? '') ?? 0));
      if (done !== undefined) answers.set(posting.key, posted(posting.key, done));
      else if ('line' in judged) lines.push(judged.line);
      else answers.set(posting.key, refused(posting, judged.refusal));
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
        const batch: Batch = { company, object, context, progress: { wrote: false } };
        const employees = await employeesOf(ofEntity, batch);
        const lines = await postedOf(ofEntity.flatMap((posting) => (employees.get(posting.person.toLowerCase()) ?? []).map(({ id }) => ({ posting, employee: id }))), batch);
        for (const { key } of ofEntity) {
          const line = lines.get(key);
          if (line !== undefined) known.set(key, found(line));
        }
      }
      return known;
    },
    async post(postings, context) {
      const answers = new Map<string, LaborAnswer>();
      const once = new Map(postings.map((posting) => [posting.key, posting]));
      const progress = { wrote: false };
      try {
        for (const [legalEntity, ofEntity] of Map.groupBy(once.values(), (posting) => posting.legalEntity)) {
          await inTurn(legalEntity, () => postIn(legalEntity, ofEntity, context, progress, answers));
        }
      } catch (error) {
        if (!progress.wrote) throw error;
        return afterFirstWrite(() => Promise.reject(error));
      }
      return postings.map((posting) => answers.get(posting.key) ?? refused(posting, { kind: 'contract', code: 'TRYTON_LINE_GONE', message: `Tryton took ${labelOf(posting)} and does not show it.`, mend: 'Look for the line in Tryton (Timesheet > Lines); retry if it is not there.' }));
    },
    async totals({ legalEntity, from, to }, context): Promise<LaborTotal> {
      const object = `labor of ${legalEntity}, ${from} to ${to}`;
      const company = (await references.company(legalEntity, object, context)).id;
      const { lines, microseconds } = await sumPosted(tryton, { from, to }, { company, object, context });
      return { legalEntity, lines, hours: hoursOf(microseconds), billed: [] };
    },
  };
}

function halves<T>(items: readonly T[]): T[][] {
  const middle = Math.ceil(items.length / 2);
  return [items.slice(0, middle), items.slice(middle)].filter((half) => half.length > 0);
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
