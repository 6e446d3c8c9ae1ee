import type { SystemFailure } from '../../domain/failure.ts';
import { isSystemFailure } from '../../domain/failure.ts';
import type { LaborPosting } from '../../domain/model/time/labor-posting.ts';
import { addDecimal } from '../../domain/money.ts';
import type { LaborAnswer, LaborPort } from '../labor-port.ts';
import { afterFirstWrite } from '../partial-write.ts';
import type { Found } from '../ports.ts';
import type { About, Sap } from './client.ts';
import { distinct, inGroups } from '../groups.ts';
import { VALUES_IN_FILTER, type LaborDirectory, type Place, type WorkAgreement } from './labor-directory.ts';
import { batchLabel, labelOf, refusals, refused, type Refused } from './labor-refusals.ts';
import { anyOf, between, matching } from './odata.ts';
import type { SapOptions } from './options.ts';
import type { SapReferences } from './references.ts';
import { cancellation, entriesIn, entryId, fitsEntry, newEntry, writeEntries, type Entry, type Item } from './time-entries.ts';
import { elementId, projectId } from './wbs.ts';

const BATCH_SIZE = 100;
type Written = { readonly posting: LaborPosting; readonly body: object; readonly person: WorkAgreement };

export interface LaborParts {
  readonly sap: Sap;
  readonly references: SapReferences;
  readonly options: SapOptions;
  readonly directory: LaborDirectory;
}

/**
 * Labor as entries of SAP's workforce timesheet. No field of an entry takes an external ID and can be filtered by: an entry is found by person and work date, and known
 * by the posting's key at the beginning of its note. A reversal is the cancellation of the entry it takes back, and is found by that entry's status.
 */
export function createLaborPort({ sap, references, options, directory }: LaborParts): LaborPort {
  const refuse = refusals(sap.system);
  const busy = new Map<string, Promise<void>>();

  /** Our entries of these people and days, by key; of several with one key, the one that was made first. */
  async function entriesOf(postings: readonly LaborPosting[], about: About): Promise<Map<string, Entry>> {
    await directory.preparePeople(postings.map(({ person }) => person), about);
    const found = new Map<string, Entry>();
    const agreements = distinct(postings.flatMap(({ person }) => directory.agreements(person).map(({ id }) => id)));
    const days = postings.map(({ workDate }) => workDate).toSorted();
    for (const some of inGroups(agreements, VALUES_IN_FILTER)) {
      for await (const page of entriesIn(sap, `${anyOf('PersonWorkAgreementExternalID', some)} and ${between('TimeSheetDate', days[0] ?? '', days.at(-1) ?? '')}`, about)) {
        for (const entry of page) {
          const before = found.get(entry.mark.key);
          if (before === undefined || entry.record < before.record) found.set(entry.mark.key, entry);
        }
      }
    }
    return found;
  }

  const standing = (posting: LaborPosting, entries: ReadonlyMap<string, Entry>): Found | undefined => {
    const entry = entries.get(posting.reverses ?? posting.key);
    if (entry === undefined || (posting.kind === 'reversal' && !entry.cancelled)) return undefined;
    return foundOf(posting, entry);
  };
  const foundOf = (posting: LaborPosting, entry: Pick<Entry, 'person' | 'record'>): Found => references.found('time', `${entryId(entry)}${posting.kind === 'reversal' ? '/cancelled' : ''}`);

  const placeOf = (posting: LaborPosting): Place => {
    const elsewhere = posting.purpose === 'labor' && options.organizations[posting.projectEntity] === undefined;
    const project = projectId(elsewhere ? (options.costProjects[posting.legalEntity] ?? posting.projectNumber) : posting.projectNumber);
    return { project, element: elsewhere || posting.task === null ? project : elementId(project, posting.task) };
  };

  const prepare = (posting: LaborPosting): Written | Refused => {
    const agreements = directory.agreements(posting.person);
    const company = options.organizations[posting.employer]?.companyCode;
    const own = agreements.filter(({ companyCode }) => companyCode === company);
    const [person, second] = own.length > 0 ? own : agreements;
    if (person === undefined) return refuse.person(posting);
    if (second !== undefined) return refuse.ambiguous(posting, agreements.length);
    const place = placeOf(posting);
    const elements = directory.elements(place.project);
    if (elements === undefined) return refuse.project(posting, place.project);
    if (!fitsEntry(posting.hours)) return refuse.hours(posting);
    return { posting, person, body: newEntry(posting, person, elements.has(place.element) ? place.element : place.project, options) };
  };

  async function write(lines: readonly Written[], answers: Map<string, LaborAnswer>, entries: Map<string, Entry>, about: About): Promise<void> {
    const written = await writeEntries(sap, lines.map(({ posting, body }): Item => ({ key: posting.key, body })), options.linesPerRequest, about);
    for (const { posting, person } of lines) {
      const outcome = written.get(posting.key);
      if (typeof outcome === 'string') {
        entries.set(posting.key, { mark: { key: posting.key, legalEntity: posting.legalEntity }, person, record: outcome, hours: posting.hours, cancelled: false });
        answers.set(posting.key, { key: posting.key, outcome: 'posted', ...foundOf(posting, { person, record: outcome }) });
      } else if (outcome !== undefined) {
        answers.set(posting.key, refused(posting, { ...outcome.failure, object: labelOf(posting) }));
      }
    }
  }

  async function reverse(postings: readonly LaborPosting[], answers: Map<string, LaborAnswer>, entries: ReadonlyMap<string, Entry>, about: About): Promise<void> {
    const items: (Item & { readonly posting: LaborPosting; readonly entry: Entry })[] = [];
    for (const posting of postings) {
      const entry = entries.get(posting.reverses ?? '');
      if (entry === undefined) answers.set(posting.key, directory.agreements(posting.person).length === 0 ? refuse.person(posting) : refuse.original(posting));
      else items.push({ key: posting.key, body: cancellation(entry, posting.workDate), posting, entry });
    }
    const written = await writeEntries(sap, items, options.linesPerRequest, about);
    for (const { posting, entry } of items) {
      const outcome: string | SystemFailure | undefined = written.get(posting.key);
      if (typeof outcome === 'string') answers.set(posting.key, { key: posting.key, outcome: 'posted', ...foundOf(posting, entry) });
      else if (outcome !== undefined) answers.set(posting.key, refused(posting, { ...outcome.failure, object: labelOf(posting) }));
    }
  }

  async function post(postings: readonly LaborPosting[], about: About): Promise<LaborAnswer[]> {
    const answers = new Map<string, LaborAnswer>();
    for (const posting of postings) {
      const unmapped = refusalOf(() => references.organization(posting.legalEntity, labelOf(posting)));
      if (unmapped !== null) answers.set(posting.key, refused(posting, unmapped.failure));
    }
    const mapped = postings.filter(({ key }) => !answers.has(key));
    const entries = await entriesOf(mapped, about);
    for (const posting of mapped) {
      const found = standing(posting, entries);
      if (found !== undefined) answers.set(posting.key, { key: posting.key, outcome: 'posted', ...found });
    }
    const missing = mapped.filter(({ key }) => !answers.has(key));
    const originals = missing.filter(({ kind }) => kind === 'original');
    await directory.prepareProjects(originals.map(placeOf), about);
    const lines: Written[] = [];
    for (const each of originals.map(prepare)) {
      if ('outcome' in each) answers.set(each.key, each);
      else lines.push(each);
    }
    if (lines.length > 0) await write(lines, answers, entries, about);
    const reversals = missing.filter(({ kind }) => kind === 'reversal');
    if (reversals.length > 0) await (lines.length > 0 ? afterFirstWrite(() => reverse(reversals, answers, entries, about)) : reverse(reversals, answers, entries, about));
    return postings.map((posting) => {
      const answer = answers.get(posting.key);
      if (answer === undefined) throw new Error(`the batch has no answer for ${posting.key}`);
      if (answer.outcome === 'refused') directory.forget(posting.person, placeOf(posting).project);
      return answer;
    });
  }

  return {
    lookUp: 'key',
    batchSize: BATCH_SIZE,
    async find(postings, context) {
      const entries = await entriesOf(postings, { object: batchLabel(postings), context });
      return new Map(postings.flatMap((posting) => {
        const found = standing(posting, entries);
        return found === undefined ? [] : [[posting.key, found] as const];
      }));
    },
    async post(postings, context) {
      if (postings.length > BATCH_SIZE) throw new RangeError(`A batch has at most ${BATCH_SIZE} lines; ${postings.length} were given.`);
      return alone(busy, postings.map(({ key, reverses }) => reverses ?? key), () => post(postings, { object: batchLabel(postings), context }));
    },
    async totals({ legalEntity, from, to }, context) {
      const about: About = { object: `the time of ${legalEntity} from ${from} to ${to}`, context };
      references.organization(legalEntity, about.object);
      let lines = 0;
      let hours = '0';
      // Time is recorded in the employer's company code, whosever books it is in.
      for (const companyCode of distinct(Object.values(options.organizations).map((organization) => organization.companyCode))) {
        for await (const page of entriesIn(sap, `${matching({ CompanyCode: companyCode })} and ${between('TimeSheetDate', from, to)}`, about)) {
          const ours = page.filter((entry) => entry.mark.legalEntity === legalEntity);
          lines += ours.length + ours.filter((entry) => entry.cancelled).length;
          hours = ours.filter((entry) => !entry.cancelled).map((entry) => entry.hours).reduce(addDecimal, hours);
        }
      }
      // SAP prices hours when it bills them: it keeps no amount with its time.
      return { legalEntity, lines, hours, billed: [] };
    },
  };
}

/** Two batches with a line in common follow one another: SAP itself takes the same entry twice. */
async function alone<T>(busy: Map<string, Promise<void>>, keys: readonly string[], work: () => Promise<T>): Promise<T> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const before = keys.map((key) => busy.get(key)).filter((each) => each !== undefined);
  for (const key of keys) busy.set(key, promise);
  try {
    await Promise.all(before);
    return await work();
  } finally {
    for (const key of keys) if (busy.get(key) === promise) busy.delete(key);
    resolve();
  }
}

function refusalOf(work: () => unknown): SystemFailure | null {
  try {
    work();
    return null;
  } catch (error) {
    if (isSystemFailure(error)) return error;
    throw error;
  }
}
