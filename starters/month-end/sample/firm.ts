import { calendarOf, type SampleCalendar } from './calendar.ts';
import { DIRT_KINDS } from './dirt.ts';
import { entitiesOf, type SampleEntity } from './entities.ts';
import { peopleOf, type SamplePerson } from './people.ts';
import { projectsOf, type SampleProject } from './projects.ts';
import { completeTerms, sizeOf, type SampleTerms } from './terms.ts';

/** The sample firm with its people and projects: what a month of timesheets is made from. */
export interface SampleFirm {
  readonly terms: Required<SampleTerms>;
  readonly calendar: SampleCalendar;
  readonly entities: readonly SampleEntity[];
  readonly projects: readonly SampleProject[];
  readonly people: readonly SamplePerson[];
  /** Keeps the records of different samples apart. */
  readonly idPrefix: string;
}

/** @throws RangeError for terms that make no month */
export function sampleFirm(given: Partial<SampleTerms>): SampleFirm {
  const terms = completeTerms(given);
  const size = sizeOf(terms.consultants);
  const calendar = calendarOf(terms.month);
  const entities = entitiesOf(size.entities);
  const projects = projectsOf(terms.seed, size.projects, entities, calendar);
  const kinds = DIRT_KINDS.filter((kind) => kind !== 'holiday_work' || calendar.germanHoliday !== null);
  const people = peopleOf(terms, kinds, entities, projects);
  return { terms, calendar, entities, projects, people, idPrefix: `S${terms.seed}-${terms.consultants}` };
}
