import { needsOf, TRAP_KINDS, type DirtKind } from './dirt.ts';
import { SERVICE_LINES, type SampleEntity } from './entities.ts';
import type { SampleProject } from './projects.ts';
import { at, mixed, randomOf, type Random } from './random.ts';
import { CATEGORIES, type Category } from './rates.ts';
import { SHEETS_EACH, type SampleTerms } from './terms.ts';
import { FAMILY_NAMES, GIVEN_NAMES } from './words.ts';

/**
 * What the four timesheets of somebody without dirt are, in the order they arrive in. late_approval: the first week's comes last · previous_month: one is of the
 * month before · correction: the last corrects another one · correction_first: so does the first, before its original · told_early: one comes
 * before it is approved and again after · told_twice: one comes twice.
 */
export type Story = 'regular' | 'late_approval' | 'previous_month' | 'correction' | 'correction_first' | 'told_early' | 'told_twice';

export interface SamplePerson {
  readonly index: number;
  readonly email: string;
  readonly kind: 'employee' | 'subcontractor';
  readonly entity: SampleEntity;
  readonly category: Category;
  readonly costCenter: string;
  /** Agreed hours, Monday to Sunday. */
  readonly hours: readonly number[];
  readonly approver: string;
  /** Records when the work began and ended. */
  readonly clock: boolean;
  /** Works in the night in which the clock changes. */
  readonly onCall: boolean;
  /** The first is a plain one of the own legal entity. */
  readonly projects: readonly SampleProject[];
  readonly story: Story;
  readonly dirt: { readonly kind: DirtKind; readonly arrival: number } | null;
}

/** Lends its people to the next two legal entities, in the firm's order, and to no other. */
export function clientsOf<T>(employer: number, entities: readonly T[]): readonly T[] {
  return [1, 2].map((step) => at(entities, (employer + step) % entities.length));
}

/** Nobody of this category works in a legal entity whose cost rates for it are missing or wrong. */
export const CATEGORY_WITHOUT_COST: Category = 'PRINCIPAL';

const PATTERNS: readonly (readonly number[])[] = [
  [8, 8, 8, 0, 0, 0, 0],
  [0, 8, 8, 8, 8, 0, 0],
  [8, 8, 0, 8, 8, 0, 0],
  [6, 6, 6, 6, 0, 0, 0],
  [0, 0, 8, 8, 8, 0, 0],
];
const FULL_TIME = [8, 8, 8, 8, 8, 0, 0];
const SALT = 0x70_65;
const DIRT_SALT = 0x64_69;
const LED_BY_ONE = 12;

export function peopleOf({ seed, consultants: count, dirtyPercent }: Required<SampleTerms>, kinds: readonly DirtKind[], entities: readonly SampleEntity[], projects: readonly SampleProject[]): readonly SamplePerson[] {
  const clients = Map.groupBy(projects.filter(({ use }) => use === 'client'), ({ entity }) => entity);
  const plain = Map.groupBy(projects.filter((project) => project.plain), ({ entity }) => entity);
  const dirty = dirtyPeople(seed, count, dirtyPercent, kinds);
  return Array.from({ length: count }, (_, index): SamplePerson => {
    const random = randomOf(seed, SALT, index);
    const dirt = dirty.get(index) ?? null;
    const needs = dirt === null ? {} : needsOf(dirt.kind);
    const entity = entityOf(index, dirt?.kind ?? null, entities, random);
    const name = `${random.pick(GIVEN_NAMES)}.${random.pick(FAMILY_NAMES)}`;
    const subcontractor = random.chance(0.08) && dirt === null;
    const partTime = needs.calendar === 'part_time' || (random.chance(0.1) && dirt === null && !subcontractor);
    const lent = random.chance(0.09) && dirt === null;
    const own = clients.get(entity) ?? [];
    const others = Array.from({ length: 1 + random.int(3) }, () => random.pick(own));
    const abroad = lent ? [random.pick(clients.get(random.pick(clientsOf(entities.indexOf(entity), entities))) ?? own)] : [];
    return {
      index,
      email: `${name}.${index + 1}@northwind-consulting.example`,
      kind: subcontractor ? 'subcontractor' : 'employee',
      entity,
      category: categoryOf(random, entity),
      costCenter: `${entity.code}-${random.pick(SERVICE_LINES)}`,
      hours: partTime ? random.pick(PATTERNS) : FULL_TIME,
      approver: `lead.${entity.code.toLowerCase()}.${Math.floor(index / LED_BY_ONE) + 1}@northwind-consulting.example`,
      clock: dirt === null ? random.chance(0.3) : needs.clock === true,
      onCall: dirt === null && random.chance(0.06) && (entity.country !== 'DE' || subcontractor),
      projects: [...new Set([random.pick(plain.get(entity) ?? []), ...others, ...abroad])],
      story: dirt === null ? storyOf(random.next()) : 'regular',
      dirt,
    };
  });
}

/** One author in each of equal stretches of people, each kind in its turn. */
function dirtyPeople(seed: number, count: number, dirtyPercent: number, kinds: readonly DirtKind[]): Map<number, { readonly kind: DirtKind; readonly arrival: number }> {
  const number = Math.min(count, Math.round((count * SHEETS_EACH * dirtyPercent) / 100));
  const first = mixed(seed, DIRT_SALT) % kinds.length;
  return new Map(
    Array.from({ length: number }, (_, position) => {
      const random = randomOf(seed, DIRT_SALT, position);
      const from = Math.floor((position * count) / number);
      const below = Math.floor(((position + 1) * count) / number);
      const kind = at(kinds, (first + position) % kinds.length);
      return [from + random.int(below - from), { kind, arrival: needsOf(kind).arrival ?? random.int(SHEETS_EACH) }] as const;
    }),
  );
}

function entityOf(index: number, dirt: DirtKind | null, entities: readonly SampleEntity[], random: Random): SampleEntity {
  const needs = dirt === null ? {} : needsOf(dirt);
  const drawn = weighted(entities, random.next());
  if (dirt !== null && needs.trap === true) return at(entities, TRAP_KINDS.indexOf(dirt) % entities.length);
  if (needs.entity !== undefined) return entities.find(({ code }) => code === needs.entity) ?? drawn;
  return entities[index] ?? drawn;
}

function weighted(entities: readonly SampleEntity[], share: number): SampleEntity {
  let left = share * entities.reduce((sum, { weight }) => sum + weight, 0);
  return entities.find(({ weight }) => (left -= weight) < 0) ?? at(entities, 0);
}

function categoryOf(random: Random, entity: SampleEntity): Category {
  const share = random.next();
  const drawn = share < 0.03 ? 'PARTNER' : share < 0.08 ? 'PRINCIPAL' : share < 0.18 ? 'PROJECT_MANAGER' : share < 0.4 ? 'SENIOR_CONSULTANT' : at(CATEGORIES, 4 + random.int(3));
  return drawn === CATEGORY_WITHOUT_COST && (entity.code === 'DE01' || entity.code === 'GB01') ? 'SENIOR_CONSULTANT' : drawn;
}

function storyOf(share: number): Story {
  if (share < 0.72) return 'regular';
  if (share < 0.8) return 'late_approval';
  if (share < 0.85) return 'previous_month';
  if (share < 0.91) return 'correction';
  if (share < 0.94) return 'correction_first';
  return share < 0.97 ? 'told_early' : 'told_twice';
}
