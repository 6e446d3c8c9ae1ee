import { z } from 'zod';
import { isSystemFailure, SystemFailure } from '../../domain/failure.ts';
import type { LaborPosting } from '../../domain/model/time/labor-posting.ts';
import { inGroups } from '../groups.ts';
import type { LaborAnswer, LaborPort } from '../labor-port.ts';
import { afterFirstWrite } from '../partial-write.ts';
import type { Found } from '../ports.ts';
import { writeInHalves, type Item, type Written } from '../write-in-halves.ts';
import { alreadyExists, isOfTheRows } from './classify.ts';
import type { About, Dataverse } from './client.ts';
import { LINES, type Journals } from './journals.ts';
import type { LaborDirectory, Place } from './labor-directory.ts';
import { journalLinesOf, leadIdOf, type JournalLine } from './labor-line.ts';
import { batchLabel, labelOf, personRefused, projectRefused, refused, type Refused } from './labor-refusals.ts';
import { laborTotals } from './labor-totals.ts';
import type { Names } from './names.ts';
import { anyOf } from './odata.ts';
import type { ProjectOperationsOptions } from './options.ts';
import { projectIdOf } from './project.ts';

const BATCH_SIZE = 100;
/** GUIDs in one filter: a URL has at most 32 KB. */
const IDS_IN_FILTER = 100;
const lineRow = z.object({ msdyn_journallineid: z.string(), _msdyn_journal_value: z.string().nullish(), msdyn_isposted: z.boolean().nullish() });

interface Standing {
  readonly journal: string | null;
  readonly isPosted: boolean;
}
interface Prepared {
  readonly posting: LaborPosting;
  readonly lines: readonly JournalLine[];
}

export interface LaborParts {
  readonly dataverse: Dataverse;
  readonly names: Names;
  readonly options: ProjectOperationsOptions;
  readonly directory: LaborDirectory;
  readonly journals: Journals;
}

/**
 * Labor as entry journals: Time lines of cost and of unbilled sales, which become actuals when their journal is confirmed. The IDs of lines are made of the posting's key,
 * so that a line is looked up by its primary key and cannot be made twice. A line whose journal is not confirmed yet counts as not there: the next attempt confirms it.
 */
export function createLaborPort({ dataverse, names, options, directory, journals }: LaborParts): LaborPort {
  const { system } = dataverse;
  const found = (posting: LaborPosting): Found => names.found('msdyn_journalline', leadIdOf(posting));

  async function standing(postings: readonly LaborPosting[], about: About): Promise<Map<string, Standing>> {
    const byLine = new Map(postings.map((posting) => [leadIdOf(posting), posting.key]));
    const standing = new Map<string, Standing>();
    for (const some of inGroups([...byLine.keys()], IDS_IN_FILTER)) {
      for (const row of await dataverse.list(LINES, { filter: anyOf('msdyn_journallineid', some), select: ['msdyn_journallineid', '_msdyn_journal_value', 'msdyn_isposted'] }, lineRow, about)) {
        const key = byLine.get(row.msdyn_journallineid.toLowerCase());
        if (key !== undefined) standing.set(key, { journal: row._msdyn_journal_value ?? null, isPosted: row.msdyn_isposted === true || !options.confirmJournals });
      }
    }
    return standing;
  }

  async function find(postings: readonly LaborPosting[], about: About): Promise<Map<string, Found>> {
    const stands = await standing(postings, about);
    return new Map(postings.filter((posting) => stands.get(posting.key)?.isPosted === true).map((posting) => [posting.key, found(posting)]));
  }

  const placeOf = (posting: LaborPosting): Place => {
    const elsewhere = posting.purpose === 'labor' && options.organizationalUnits[posting.projectEntity] === undefined;
    return { person: posting.person, project: elsewhere ? (options.costProjects[posting.legalEntity] ?? posting.projectNumber) : posting.projectNumber, task: elsewhere ? null : posting.task };
  };

  async function prepare(posting: LaborPosting, about: About): Promise<Prepared | Refused> {
    const place = placeOf(posting);
    const resources = directory.resources(posting.person);
    const [resource] = resources;
    if (resource === undefined || resources.length > 1) return personRefused(system, posting, resources.length);
    const tasks = directory.tasks(place.project);
    if (tasks === undefined) return projectRefused(system, posting, place.project);
    try {
      const unit = await names.unit('hour', about);
      if (unit === null) throw new Error('the options have a unit of hours by their schema');
      const lines = journalLinesOf(posting, {
        organizationalUnit: await names.organizationalUnit(posting.legalEntity, about),
        project: projectIdOf(place.project),
        task: place.task === null ? null : (tasks.get(place.task) ?? null),
        resource: resource.id,
        resourcingUnit: resource.organizationalUnit,
        role: await names.role(posting.laborCategory, about),
        unit,
        currency: await names.currency(posting.billing.amount.currency, about),
        costCurrency: posting.cost === null ? null : await names.currency(posting.cost.currency, about),
      });
      return { posting, lines };
    } catch (error) {
      // A name that is missing concerns this line alone; what keeps the system away concerns all.
      if (isSystemFailure(error) && error.failure.kind === 'configuration' && error.failure.code.startsWith('PROJECT_OPERATIONS_')) return refused(posting, { ...error.failure, object: labelOf(posting) });
      throw error;
    }
  }

  /** Each journal in one change set; where it is refused, in halves, down to the posting that is at fault. */
  async function write(prepared: readonly Prepared[], about: About): Promise<Written> {
    const written = new Map<string, SystemFailure | null>();
    let first = true;
    for (const [legalEntity, own] of Map.groupBy(prepared, ({ posting }) => posting.legalEntity)) {
      const linesOf = new Map(own.map(({ posting, lines }) => [posting.key, lines]));
      const items = own.map(({ posting }): Item => ({ key: posting.key, body: { key: posting.key } }));
      const one = () => writeInHalves(items, {
        linesPerRequest: options.postingsPerJournal,
        keepsAllBack: (failure) => !isOfTheRows(failure),
        writeAll: (bodies) => journals.write(legalEntity, bodies.flatMap((body) => linesOf.get('key' in body ? String(body.key) : '') ?? []), about).catch(existingIsTheRows),
      });
      for (const [key, failure] of await (first ? one() : afterFirstWrite(one))) written.set(key, failure);
      first = false;
    }
    return written;
  }

  return {
    lookUp: 'key',
    batchSize: BATCH_SIZE,
    find: (postings, context) => find(postings, { object: batchLabel(postings), context }),
    async post(postings, context) {
      if (postings.length > BATCH_SIZE) throw new RangeError(`A batch has at most ${BATCH_SIZE} lines; ${postings.length} were given.`);
      const about: About = { object: batchLabel(postings), context };
      const answers = new Map<string, LaborAnswer>();
      let stands = await standing(postings, about);
      const left = new Set([...stands.values()].filter(({ isPosted }) => !isPosted).map(({ journal }) => journal).filter((journal) => journal !== null));
      for (const journal of left) await journals.finish(journal, about);
      if (left.size > 0) stands = await afterFirstWrite(() => standing(postings, about));
      for (const posting of postings) if (stands.get(posting.key)?.isPosted === true) answers.set(posting.key, { key: posting.key, outcome: 'posted', ...found(posting) });
      const missing = postings.filter((posting) => !answers.has(posting.key));
      await directory.prepare(missing.map(placeOf), about);
      const prepared: Prepared[] = [];
      for (const posting of missing) {
        const each = await prepare(posting, about);
        if ('outcome' in each) answers.set(each.key, each);
        else prepared.push(each);
      }
      if (prepared.length > 0) await answerFor(prepared, await write(prepared, about), answers, about);
      return postings.map((posting) => {
        const answer = answers.get(posting.key);
        if (answer === undefined) throw new Error(`the batch has no answer for ${posting.key}`);
        return answer;
      });
    },
    totals: ({ legalEntity, from, to }, context) => laborTotals(dataverse, { legalEntity, from, to }, options.confirmJournals, { object: `the time of ${legalEntity} from ${from} to ${to}`, context }),
  };

  /** The answers for what was handed over; what another worker wrote in the same moment is asked for. */
  async function answerFor(prepared: readonly Prepared[], written: Written, answers: Map<string, LaborAnswer>, about: About): Promise<void> {
    const doubled = prepared.filter(({ posting }) => alreadyExists(written.get(posting.key)));
    const others = doubled.length === 0 ? new Map<string, Found>() : await afterFirstWrite(() => find(doubled.map(({ posting }) => posting), about));
    for (const { posting } of prepared) {
      const failure = written.get(posting.key) ?? null;
      const there = others.get(posting.key) ?? (failure === null ? found(posting) : undefined);
      if (there !== undefined) answers.set(posting.key, { key: posting.key, outcome: 'posted', ...there });
      else if (failure !== null) answers.set(posting.key, refused(posting, { ...failure.failure, ...(alreadyExists(failure) ? { kind: 'transient' as const } : {}), object: labelOf(posting) }));
    }
  }
}

/** One line that is there already holds its whole change set back: it is of the rows, not of the moment. */
function existingIsTheRows(error: unknown): never {
  if (isSystemFailure(error) && alreadyExists(error) && error.failure.written === 'no') throw new SystemFailure({ ...error.failure, kind: 'business_rule' }, { cause: error });
  throw error;
}
