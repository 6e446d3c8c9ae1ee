import { addDays, type LocalDate } from '../../../domain/dates.ts';
import type { BillingMethod } from '../../../domain/model/billing.ts';
import type { SampleCalendar } from './calendar.ts';
import { TRAP_KINDS, type DirtKind } from './dirt.ts';
import { SERVICE_LINES, type SampleEntity } from './entities.ts';
import { at, randomOf, type Random } from './random.ts';

export interface SampleProject {
  readonly number: string;
  readonly entity: SampleEntity;
  readonly use: 'client' | 'internal' | 'vacation' | 'sickness' | 'trap';
  /** Time and materials, without a cap or a change of code. */
  readonly plain: boolean;
  readonly billingMethod: BillingMethod | null;
  readonly currency: string;
  readonly costCenter: string;
  readonly tasks: readonly { readonly code: string; readonly billable: boolean }[];
  /** Of its rates, against the firm's. */
  readonly priceFactor: number;
  readonly unit: 'hour' | 'day';
  /** First day of new rates, in the middle of a week. */
  readonly newRatesFrom: LocalDate | null;
  /** First day of a new code, in the middle of a week. */
  readonly newCodeFrom: LocalDate | null;
  /** Within the grace that every region gives when the month is processed. */
  readonly inactiveFrom: LocalDate | null;
  readonly cap: 'near' | 'far' | null;
  readonly trap: DirtKind | null;
}

const TASKS = [
  [['1', true], ['2', true], ['3', true], ['4', true], ['9', false]],
  [['1', true], ['2-1', true], ['2-2', true], ['2-3', true], ['3', true], ['9', false]],
] as const;

const SALT = 0x70_72;
const GRACE_DAYS = 5;
/** Client projects that every legal entity has: two plain ones, one whose code changes, one that has become inactive, one with a cap. */
const FEWEST_CLIENTS = 5;

/** Every project of the firm: of each legal entity internal ones, client projects in equal shares of its people, and one set up wrong for each kind of dirt that takes one. */
export function projectsOf(seed: number, count: number, entities: readonly SampleEntity[], calendar: SampleCalendar): readonly SampleProject[] {
  const ownUse = entities.flatMap((entity) => (['internal', 'vacation', 'sickness'] as const).map((use) => ownProject(entity, use)));
  const traps = TRAP_KINDS.map((kind, position) => trapProject(kind, at(entities, position % entities.length)));
  const clients = Math.max(count - ownUse.length - traps.length, entities.length * FEWEST_CLIENTS);
  const weight = entities.reduce((sum, entity) => sum + entity.weight, 0);
  const made: SampleProject[] = [...ownUse, ...traps];
  const beyond = clients - entities.length * FEWEST_CLIENTS;
  let left = beyond;
  for (const [position, entity] of entities.entries()) {
    const share = position === entities.length - 1 ? left : Math.min(left, Math.round((beyond * entity.weight) / weight));
    left -= share;
    for (let number = 1; number <= share + FEWEST_CLIENTS; number += 1) made.push(clientProject(entity, number, randomOf(seed, SALT, position, number), calendar));
  }
  return made;
}

function ownProject(entity: SampleEntity, use: 'internal' | 'vacation' | 'sickness'): SampleProject {
  const suffix = { internal: 'INT', vacation: 'VAC', sickness: 'SICK' }[use];
  return { ...NOTHING_SPECIAL, number: `${entity.code}-${suffix}`, entity, use, plain: false, billingMethod: null, currency: entity.functionalCurrency, costCenter: `${entity.code}-CHAN`, tasks: [], priceFactor: 1 };
}

function trapProject(trap: DirtKind, entity: SampleEntity): SampleProject {
  return {
    ...NOTHING_SPECIAL,
    number: `${entity.code}-X-${trap.toUpperCase().replaceAll('_', '-')}`.slice(0, 40),
    entity,
    use: 'trap',
    plain: false,
    billingMethod: trap.startsWith('cap_') ? 'capped' : 'time_and_materials',
    currency: trap === 'currency_not_billed' ? 'BRL' : entity.functionalCurrency,
    costCenter: trap === 'cost_center_missing' ? `${entity.code}-GONE` : `${entity.code}-TECH`,
    tasks: [{ code: '1', billable: true }],
    priceFactor: 1,
    trap,
  };
}

const NOTHING_SPECIAL = { unit: 'hour', newRatesFrom: null, newCodeFrom: null, inactiveFrom: null, cap: null, trap: null } as const;

function clientProject(entity: SampleEntity, number: number, random: Random, calendar: SampleCalendar): SampleProject {
  const line = random.pick(SERVICE_LINES);
  const plain = number <= 2 || (number > FEWEST_CLIENTS && random.chance(0.35));
  const billingMethod = plain || number === 3 ? 'time_and_materials' : number === 5 ? 'capped' : methodOf(random.next());
  const wednesday = addDays(random.pick(calendar.weeks), 2);
  const newCode = !plain && billingMethod !== 'capped' && (number === 3 || random.chance(0.08));
  return {
    ...NOTHING_SPECIAL,
    number: `${entity.code}-${line}-${String(number).padStart(3, '0')}`,
    entity,
    use: 'client',
    plain,
    billingMethod,
    currency: random.chance(0.75) ? entity.functionalCurrency : random.pick(entity.billingCurrencies),
    costCenter: `${entity.code}-${line}`,
    tasks: random.pick(TASKS).map(([code, billable]) => ({ code, billable })),
    priceFactor: 0.8 + random.int(40) / 100,
    unit: random.chance(0.15) ? 'day' : 'hour',
    newRatesFrom: random.chance(0.12) ? wednesday : null,
    newCodeFrom: newCode ? wednesday : null,
    inactiveFrom: !plain && !newCode && (number === 4 || random.chance(0.03)) ? addDays(calendar.today, -GRACE_DAYS) : null,
    cap: billingMethod === 'capped' ? (number === 5 || random.chance(0.6) ? 'near' : 'far') : null,
  };
}

function methodOf(share: number): BillingMethod {
  if (share < 0.4) return 'capped';
  if (share < 0.6) return 'time_and_materials';
  if (share < 0.75) return 'fixed_fee';
  return share < 0.88 ? 'milestone' : 'retainer';
}

/** The code a project has from its change on. */
export function laterNumber(project: SampleProject): string {
  return `${project.number}-R`;
}
