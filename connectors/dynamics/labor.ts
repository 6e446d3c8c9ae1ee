import { z } from 'zod';
import { isSystemFailure, SystemFailure, type Failure } from '../../domain/failure.ts';
import type { LaborPosting } from '../../domain/model/time/labor-posting.ts';
import { addDecimal, decimalText } from '../../domain/money.ts';
import type { LaborAnswer, LaborPort } from '../labor-port.ts';
import { afterFirstWrite } from '../partial-write.ts';
import type { Found } from '../ports.ts';
import { alreadyExists } from './classify.ts';
import type { About, Dynamics } from './client.ts';
import type { Journals } from './journals.ts';
import { lineKeyOf } from './keys.ts';
import { inGroups } from '../groups.ts';
import type { LaborDirectory, Place, Resource } from './labor-directory.ts';
import { journalLineOf } from './labor-line.ts';
import type { Item } from '../write-in-halves.ts';
import { LINES, type LineWriter } from './labor-writer.ts';
import { anyOf, between, matching, number } from './odata.ts';
import type { DynamicsOptions } from './options.ts';
import type { DynamicsReferences } from './references.ts';

const BATCH_SIZE = 100;
/** Line numbers are short: more of them fit in a URL. */
const NUMBERS_IN_FILTER = 30;
const lineRow = z.object({ JournalId: z.string(), LineNumber: z.union([z.number(), z.string()]).transform(decimalText), Description: z.string().nullish() });
const hoursRow = z.object({ Hours: z.union([z.number(), z.string()]).transform(decimalText), Description: z.string().nullish() });
const MARKED = /^\[[0-9A-HJKMNP-TV-Z]{12}\]/;

type Refused = Extract<LaborAnswer, { outcome: 'refused' }>;
/** The line's ID where it was written, else why not. */
type Outcome = { readonly externalId: string } | SystemFailure;
type Prepared = { readonly posting: LaborPosting; readonly place: Place; readonly line: object };

export interface LaborParts {
  readonly dynamics: Dynamics;
  readonly references: DynamicsReferences;
  readonly options: DynamicsOptions;
  readonly directory: LaborDirectory;
  readonly journals: Journals;
  readonly writer: LineWriter;
}

/**
 * Labor as lines of hour journals, one for each posting, under a line number made of the posting's key: a line is found by it in whichever journal
 * it is, and a second one is refused in the same journal. Journals stay open for people or a batch job of Dynamics to post.
 */
export function createLaborPort({ dynamics, references, options, directory, journals, writer }: LaborParts): LaborPort {
  const companyOf = (posting: LaborPosting) => references.company(posting.legalEntity, labelOf(posting));

  async function find(postings: readonly LaborPosting[], about: About): Promise<Map<string, Found>> {
    const found = new Map<string, Found>();
    for (const [company, own] of Map.groupBy(postings, companyOf)) {
      for (const some of inGroups(own, NUMBERS_IN_FILTER)) {
        const byNumber = new Map(some.map((posting) => [lineKeyOf(posting.key).lineNumber, posting.key]));
        const rows = await dynamics.list(LINES, { filter: `${matching({ dataAreaId: company })} and ${anyOf('LineNumber', [...byNumber.keys()].map(number))}`, select: ['JournalId', 'LineNumber', 'Description'] }, lineRow, about);
        for (const row of rows) {
          const key = byNumber.get(row.LineNumber);
          if (key !== undefined && row.Description?.startsWith(lineKeyOf(key).mark) === true) found.set(key, references.found('ProjJournalTable_Hour', company, `${row.JournalId}/${row.LineNumber}`));
        }
      }
    }
    return found;
  }

  const placeOf = (posting: LaborPosting): Place => {
    const elsewhere = posting.purpose === 'labor' && options.companies[posting.projectEntity] === undefined;
    const project = elsewhere ? (options.costProjects[posting.legalEntity] ?? posting.projectNumber) : posting.projectNumber;
    return { person: posting.person, company: companyOf(posting), project, task: elsewhere ? null : posting.task };
  };

  const prepare = (posting: LaborPosting): Prepared | Refused => {
    const place = placeOf(posting);
    const workers = directory.workers(posting.person);
    const resource = resourceOf(workers, options.companies[posting.employer]?.toLowerCase());
    if (resource === undefined || workers.length > 1) return personRefused(dynamics.system, posting, workers);
    const activities = directory.activities(place.company, place.project);
    if (activities === undefined) return projectRefused(dynamics.system, posting, place);
    const activity = place.task === null ? null : (activities.get(place.task) ?? null);
    return { posting, place, line: journalLineOf(posting, { project: place.project, activity, resource }, options) };
  };

  /** Writes lines into the open journals of their weeks; those that are refused once more where theirs was posted in the meantime. */
  async function write(lines: readonly Prepared[], about: About, again = true): Promise<Map<string, Outcome>> {
    const outcome = new Map<string, Outcome>();
    const placed: { readonly journal: string; readonly prepared: Prepared }[] = [];
    for (const prepared of lines) placed.push({ journal: await journals.open(prepared.place.company, prepared.posting.workDate, about), prepared });
    let first = true;
    for (const some of Map.groupBy(placed, ({ journal, prepared }) => `${prepared.place.company}/${journal}`).values()) {
      const items: Item[] = some.map(({ journal, prepared: { posting, place, line } }) => ({ key: posting.key, body: { dataAreaId: place.company, JournalId: journal, ...line } }));
      const one = async () => {
        const written = await writer.write(items, about);
        for (const { journal, prepared: { posting } } of some) outcome.set(posting.key, written.get(posting.key) ?? { externalId: `${journal}/${lineKeyOf(posting.key).lineNumber}` });
      };
      await (first ? one() : afterFirstWrite(one));
      first = false;
    }
    const late = again ? await afterFirstWrite(() => tooLate(placed.filter(({ prepared }) => outcome.get(prepared.posting.key) instanceof SystemFailure), about)) : [];
    return late.length === 0 ? outcome : new Map([...outcome, ...(await afterFirstWrite(() => write(late, about, false)))]);
  }

  /** Those whose journal takes no more lines, whatever the words of the refusal. */
  async function tooLate(refusedLines: readonly { readonly journal: string; readonly prepared: Prepared }[], about: About): Promise<Prepared[]> {
    const late: Prepared[] = [];
    for (const some of Map.groupBy(refusedLines, ({ journal, prepared }) => `${prepared.place.company}/${journal}`).values()) {
      const [example] = some;
      if (example === undefined) continue;
      const { company } = example.prepared.place;
      journals.forget(company, example.prepared.posting.workDate);
      if ((await journals.open(company, example.prepared.posting.workDate, about)) !== example.journal) late.push(...some.map(({ prepared }) => prepared));
    }
    return late;
  }

  return {
    lookUp: 'key',
    batchSize: BATCH_SIZE,
    find: (postings, context) => find(postings, { object: batchLabel(postings), context }),
    async post(postings, context) {
      if (postings.length > BATCH_SIZE) throw new RangeError(`A batch has at most ${BATCH_SIZE} lines; ${postings.length} were given.`);
      const about: About = { object: batchLabel(postings), context };
      const answers = new Map<string, LaborAnswer>();
      const mapped = postings.filter((posting) => keepRefusal(answers, posting, () => companyOf(posting)));
      for (const [key, found] of await find(mapped, about)) answers.set(key, { key, outcome: 'posted', ...found });
      const missing = mapped.filter((posting) => !answers.has(posting.key));
      await directory.prepare(missing.map(placeOf), about);
      const lines: Prepared[] = [];
      for (const each of missing.map(prepare)) {
        if ('outcome' in each) answers.set(each.key, each);
        else lines.push(each);
      }
      for (const posting of missing) {
        if (answers.has(posting.key)) directory.forget(placeOf(posting));
      }
      if (lines.length > 0) await afterWriting(lines, await write(lines, about), answers, about);
      return postings.map((posting) => {
        const answer = answers.get(posting.key);
        if (answer === undefined) throw new Error(`the batch has no answer for ${posting.key}`);
        return answer;
      });
    },
    async totals({ legalEntity, from, to }, context) {
      const about: About = { object: `the time of ${legalEntity} from ${from} to ${to}`, context };
      const filter = `${matching({ dataAreaId: references.company(legalEntity, about.object) })} and ${between('ProjectDate', { raw: `${from}T00:00:00Z` }, { raw: `${to}T23:59:59Z` })}`;
      let lines = 0;
      let hours = '0';
      for await (const page of dynamics.pages(LINES, { filter, select: ['Hours', 'Description'] }, hoursRow, about)) {
        const ours = page.filter((row) => MARKED.test(row.Description ?? ''));
        lines += ours.length;
        hours = ours.map((row) => row.Hours).reduce(addDecimal, hours);
      }
      // Dynamics keeps prices, not amounts: what it bills is hours times price.
      return { legalEntity, lines, hours, billed: [] };
    },
  };

  /** The answers for lines that were handed over; those that another worker wrote in the same moment are asked for. */
  async function afterWriting(lines: readonly Prepared[], written: ReadonlyMap<string, Outcome>, answers: Map<string, LaborAnswer>, about: About): Promise<void> {
    const doubled = lines.filter(({ posting }) => alreadyExists(written.get(posting.key)));
    const found = doubled.length === 0 ? new Map<string, Found>() : await afterFirstWrite(() => find(doubled.map(({ posting }) => posting), about));
    for (const { posting, place } of lines) {
      const { key } = posting;
      const outcome = written.get(key);
      const there = found.get(key) ?? (outcome !== undefined && 'externalId' in outcome ? references.found('ProjJournalTable_Hour', place.company, outcome.externalId) : undefined);
      if (there !== undefined) answers.set(key, { key, outcome: 'posted', ...there });
      else if (outcome instanceof SystemFailure) {
        directory.forget(place);
        answers.set(key, refused(posting, { ...outcome.failure, object: labelOf(posting) }));
      }
    }
  }
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

/** The worker's resource in the employer's company, else the first. */
function resourceOf(workers: readonly (readonly Resource[])[], company: string | undefined): Resource | undefined {
  const [resources = []] = workers;
  return resources.find((resource) => resource.company === company) ?? resources[0];
}

function refused(posting: LaborPosting, failure: Failure): Refused {
  return { key: posting.key, outcome: 'refused', failure };
}

function personRefused(system: string, posting: LaborPosting, workers: readonly unknown[]): Refused {
  const failure = { kind: 'configuration' as const, system, object: labelOf(posting), written: 'no' as const };
  if (workers.length > 1) {
    return refused(posting, { ...failure, code: 'PERSON_AMBIGUOUS', message: `Dynamics 365 has ${workers.length} workers with the e-mail address ${posting.person}.`, mend: 'Leave the address with one of them in Dynamics 365, then retry.' });
  }
  const message = workers.length === 0 ? `Dynamics 365 has no worker with the primary e-mail address ${posting.person}` : `The worker with the e-mail address ${posting.person} is no project resource in Dynamics 365`;
  return refused(posting, { ...failure, code: 'PERSON_UNKNOWN', message: `${message}, who worked on ${posting.projectNumber}.`, mend: 'Make the worker in Dynamics 365 with this primary e-mail address, and a project resource of it, then retry.' });
}

function projectRefused(system: string, posting: LaborPosting, place: Place): Refused {
  const mend = place.project === posting.projectNumber && posting.purpose === 'labor'
    ? `Find out whether the project was activated in Dynamics 365 under this number, or name the project for such costs as costProjects.${posting.legalEntity} in the options of this system, then retry.`
    : 'Find out whether the project was activated in Dynamics 365 under this number, then retry.';
  return refused(posting, { kind: 'configuration', code: 'PROJECT_UNKNOWN', system, object: labelOf(posting), written: 'no', message: `Dynamics 365 has no project with the number ${place.project} in ${place.company}.`, mend });
}

function labelOf(posting: LaborPosting): string {
  return `${posting.hours} hours of ${posting.person} on ${posting.workDate} for ${posting.projectNumber}`;
}

function batchLabel(postings: readonly LaborPosting[]): string {
  const [first] = postings;
  return postings.length === 1 && first !== undefined ? labelOf(first) : `${postings.length} lines of labor`;
}
