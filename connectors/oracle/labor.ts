import { z } from 'zod';
import { isSystemFailure, type Failure, type SystemFailure } from '../../domain/failure.ts';
import type { LaborPosting } from '../../domain/model/time/labor-posting.ts';
import type { LaborAnswer, LaborPort } from '../labor-port.ts';
import { afterFirstWrite } from '../partial-write.ts';
import type { Found } from '../ports.ts';
import { alreadyExists } from './classify.ts';
import { FSCM, type About, type Oracle } from './client.ts';
import { inGroups } from '../groups.ts';
import { VALUES_IN_QUERY, type LaborDirectory, type Place } from './labor-directory.ts';
import { referenceOf, unprocessedCostOf } from './labor-line.ts';
import { createLaborTotals } from './labor-totals.ts';
import { UNPROCESSED, type LineWriter } from './labor-writer.ts';
import type { OracleOptions } from './options.ts';
import { both, equal, oneOf } from './query.ts';
import type { OracleReferences } from './references.ts';

const BATCH_SIZE = 100;
/** Where a cost is found: before the import of costs, and after it. In this order, as a cost goes from the first to the second. */
const PLACES = [`${FSCM}/${UNPROCESSED}`, `${FSCM}/projectCosts`];
const foundRow = z.object({ OriginalTransactionReference: z.string() });

type Refused = Extract<LaborAnswer, { outcome: 'refused' }>;
type Prepared = { readonly posting: LaborPosting; readonly place: Place; readonly body: object };

export interface LaborParts {
  readonly oracle: Oracle;
  readonly references: OracleReferences;
  readonly options: OracleOptions;
  readonly directory: LaborDirectory;
  readonly writer: LineWriter;
}

/** Labor as unprocessed project costs, one for each posting, under its reference: found by it there and, once Import Costs has run, among the project costs. */
export function createLaborPort({ oracle, references, options, directory, writer }: LaborParts): LaborPort {
  const { transactionSource } = options.labor;
  const found = (posting: LaborPosting): Found => references.found(referenceOf(posting));

  async function find(postings: readonly LaborPosting[], about: About): Promise<Map<string, Found>> {
    const byReference = new Map(postings.map((posting) => [referenceOf(posting), posting]));
    const there = new Map<string, Found>();
    for (const path of PLACES) {
      const missing = [...byReference].filter(([, posting]) => !there.has(posting.key)).map(([reference]) => reference);
      for (const some of inGroups(missing, VALUES_IN_QUERY)) {
        const where = both(equal('TransactionSource', transactionSource), oneOf('OriginalTransactionReference', some));
        for (const row of await oracle.list(path, { where, fields: ['OriginalTransactionReference'] }, foundRow, about)) {
          const posting = byReference.get(row.OriginalTransactionReference);
          if (posting !== undefined) there.set(posting.key, found(posting));
        }
      }
    }
    return there;
  }

  const placeOf = (posting: LaborPosting): Place => {
    const elsewhere = posting.purpose === 'labor' && options.businessUnits[posting.projectEntity] === undefined;
    const project = elsewhere ? (options.costProjects[posting.legalEntity] ?? posting.projectNumber) : posting.projectNumber;
    return { person: posting.person, project, task: elsewhere ? null : posting.task };
  };

  const prepare = (posting: LaborPosting): Prepared | Refused => {
    const place = placeOf(posting);
    const people = directory.people(posting.person);
    const [email] = people;
    if (email === undefined || people.length > 1) return personRefused(oracle.system, posting, people);
    const tasks = directory.tasks(place.project);
    if (tasks === undefined) return projectRefused(oracle.system, posting, place);
    const task = place.task === null ? tasks[0] : tasks.find((number) => number === place.task);
    if (task === undefined) return taskRefused(oracle.system, posting, place);
    if (options.labor.costed && posting.cost === null) return costRefused(oracle.system, posting);
    const object = labelOf(posting);
    const terms = { businessUnit: references.businessUnit(posting.legalEntity, object), organization: references.organization(posting.costCenter, posting.employer in options.businessUnits ? posting.employer : posting.legalEntity, object) };
    return { posting, place, body: unprocessedCostOf(posting, { ...terms, email, project: place.project, task }, options) };
  };

  /** The answers for lines that were handed over; those that another worker wrote in the same moment are asked for. */
  async function answersFor(lines: readonly Prepared[], written: ReadonlyMap<string, SystemFailure | null>, about: About): Promise<LaborAnswer[]> {
    const doubled = lines.filter(({ posting }) => alreadyExists(written.get(posting.key))).map(({ posting }) => posting);
    const there = doubled.length === 0 ? new Map<string, Found>() : await afterFirstWrite(() => find(doubled, about));
    return lines.map(({ posting, place }) => {
      const refusal = written.get(posting.key);
      if (refusal == null || there.has(posting.key)) return { key: posting.key, outcome: 'posted', ...found(posting) };
      directory.forget(place);
      return refused(posting, { ...refusal.failure, object: labelOf(posting) });
    });
  }

  return {
    lookUp: 'key',
    batchSize: BATCH_SIZE,
    find: (postings, context) => find(postings, { object: batchLabel(postings), context }),
    async post(postings, context) {
      if (postings.length > BATCH_SIZE) throw new RangeError(`A batch has at most ${BATCH_SIZE} lines; ${postings.length} were given.`);
      const about: About = { object: batchLabel(postings), context };
      const answers = new Map<string, LaborAnswer>();
      const mapped = postings.filter((posting) => keepRefusal(answers, posting, () => references.businessUnit(posting.legalEntity, labelOf(posting))));
      for (const [key, record] of await find(mapped, about)) answers.set(key, { key, outcome: 'posted', ...record });
      const missing = mapped.filter((posting) => !answers.has(posting.key));
      await directory.prepare(missing.map(placeOf), about);
      const lines: Prepared[] = [];
      for (const each of missing.map(prepare)) {
        if ('outcome' in each) answers.set(each.key, each);
        else lines.push(each);
      }
      for (const posting of missing) if (answers.has(posting.key)) directory.forget(placeOf(posting));
      if (lines.length > 0) {
        const written = await writer.write(lines.map(({ posting, body }) => ({ key: posting.key, body })), about);
        for (const answer of await answersFor(lines, written, about)) answers.set(answer.key, answer);
      }
      return postings.map((posting) => {
        const answer = answers.get(posting.key);
        if (answer === undefined) throw new Error(`the batch has no answer for ${posting.key}`);
        return answer;
      });
    },
    totals: createLaborTotals(oracle, references, transactionSource),
  };
}

function keepRefusal(answers: Map<string, LaborAnswer>, posting: LaborPosting, work: () => unknown): boolean {
  try {
    work();
    return true;
  } catch (error) {
    if (!isSystemFailure(error)) throw error;
    answers.set(posting.key, refused(posting, error.failure));
    return false;
  }
}

function refused(posting: LaborPosting, failure: Failure): Refused {
  return { key: posting.key, outcome: 'refused', failure };
}

function refusal(system: string, posting: LaborPosting, what: Pick<Failure, 'code' | 'message' | 'mend'>): Refused {
  return refused(posting, { kind: 'configuration', system, object: labelOf(posting), written: 'no', ...what });
}

function personRefused(system: string, posting: LaborPosting, people: readonly string[]): Refused {
  if (people.length > 1) return refusal(system, posting, { code: 'PERSON_AMBIGUOUS', message: `Oracle has ${people.length} project resources with the e-mail address ${posting.person}.`, mend: 'Leave the address with one of them in Oracle, then retry.' });
  return refusal(system, posting, { code: 'PERSON_UNKNOWN', message: `Oracle has no project enterprise resource with the e-mail address ${posting.person}, who worked on ${posting.projectNumber}.`, mend: 'Make the person a project enterprise resource with this e-mail address in Oracle (Maintain Project Enterprise Labor Resources), then retry.' });
}

function projectRefused(system: string, posting: LaborPosting, place: Place): Refused {
  const named = place.project === posting.projectNumber && posting.purpose === 'labor' ? `, or name the project for such costs as costProjects.${posting.legalEntity} in the options of this system` : '';
  return refusal(system, posting, { code: 'PROJECT_UNKNOWN', message: `Oracle has no project with the number ${place.project}.`, mend: `Find out whether the project was activated in Oracle under this number${named}, then retry.` });
}

function taskRefused(system: string, posting: LaborPosting, place: Place): Refused {
  const what = place.task === null ? 'no task that takes costs' : `no task ${place.task} that takes costs`;
  return refusal(system, posting, { code: 'TASK_UNKNOWN', message: `Project ${place.project} has ${what} in Oracle.`, mend: 'Add the task in Oracle, chargeable and at the lowest level, then retry.' });
}

function costRefused(system: string, posting: LaborPosting): Refused {
  return refusal(system, posting, { code: 'ORACLE_COST_MISSING', message: `The document in Oracle takes costs, and ${labelOf(posting)} has none.`, mend: 'Give the person a cost rate, or let Oracle price hours: set labor.costed to false and use a document without costs, then retry.' });
}

function labelOf(posting: LaborPosting): string {
  return `${posting.hours} hours of ${posting.person} on ${posting.workDate} for ${posting.projectNumber}`;
}

function batchLabel(postings: readonly LaborPosting[]): string {
  const [first] = postings;
  return postings.length === 1 && first !== undefined ? labelOf(first) : `${postings.length} lines of labor`;
}
