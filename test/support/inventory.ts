import { z } from 'zod';

type State = Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>;

const record = z.object({ id: z.string(), externalId: z.string().optional(), fields: z.record(z.string(), z.unknown()) });
const reference = z.object({ id: z.string() });
const choice = z.object({ choice: z.string() });
const lines = z.object({ lines: z.array(z.object({ values: z.record(z.string(), z.unknown()) })) });
const numbers = z.object({ quantity: z.number(), rate: z.number(), amount: z.number() });
const client = z.object({ id: z.number(), name: z.string(), currency: z.string(), is_active: z.boolean() });
const project = z.object({ id: z.number(), client_id: z.number(), code: z.string().nullable(), is_active: z.boolean() });
const named = z.object({ id: z.number(), name: z.string() });
const taskAssignment = z.object({ project_id: z.number(), task_id: z.number(), is_active: z.boolean(), hourly_rate: z.number().nullable() });
const userAssignment = z.object({ project_id: z.number(), user_id: z.number(), is_active: z.boolean() });
const user = z.object({ id: z.number(), email: z.string() });

export interface Inventory {
  readonly netsuite: {
    readonly customers: readonly { readonly name: string; readonly parent: string | null; readonly inactive: boolean }[];
    readonly orders: readonly { readonly subsidiary: string; readonly currency: string; readonly total: number; readonly closed: boolean; readonly lines: readonly z.infer<typeof numbers>[] }[];
    readonly jobs: readonly ErpProject[];
  };
  readonly harvest: {
    readonly clients: readonly { readonly name: string; readonly currency: string }[];
    readonly projects: readonly TimeProject[];
  };
}

interface ErpProject {
  readonly number: string;
  readonly subsidiary: string;
  readonly currency: string;
  readonly value: number;
  /** NetSuite's own: 2 in progress, 4 pending. */
  readonly status: string;
  readonly takesTime: boolean;
  readonly tasks: readonly string[];
  /** Each rate card with its rates by labor category. */
  readonly rateCards: readonly { readonly currency: string; readonly rates: Readonly<Record<string, number>>; readonly lines: number }[];
  readonly schedules: readonly { readonly type: string; readonly attached: boolean }[];
}

interface TimeProject {
  readonly number: string;
  readonly active: boolean;
  /** Hourly rates by task. */
  readonly rates: Readonly<Record<string, number | null>>;
  readonly tasks: number;
  readonly people: readonly string[];
}

/** What the systems hold for one client, by its name: read from the sandboxes' own records, not through any connector. */
export function inventoryOf(netsuite: State, harvest: State, clientName: string): Inventory {
  const records = (type: string) => z.array(record).parse(netsuite[type] ?? []);
  const code = (type: string, of: unknown, field: string): string => {
    const found = records(type).find(({ id }) => id === refOf(of));
    return text(found?.fields[field]);
  };
  const customers = records('customer').filter(({ fields }) => fields['companyName'] === clientName);
  const ids = new Set(customers.map(({ id }) => id));
  const jobs = records('job').filter(({ fields }) => ids.has(refOf(fields['parent'])));

  const clients = z.array(client).parse(harvest['clients'] ?? []).filter(({ name }) => name === clientName || name.startsWith(`${clientName} (`));
  const clientIds = new Set(clients.map(({ id }) => id));
  const tasks = new Map(z.array(named).parse(harvest['tasks'] ?? []).map(({ id, name }) => [id, name]));
  const users = new Map(z.array(user).parse(harvest['users'] ?? []).map(({ id, email }) => [id, email]));

  return {
    netsuite: {
      customers: customers.map(({ fields }) => ({ name: text(fields['companyName']), parent: fields['parent'] === undefined ? null : code('customer', fields['parent'], 'companyName'), inactive: fields['isInactive'] === true })),
      orders: records('salesOrder').filter(({ fields }) => ids.has(refOf(fields['entity']))).map(({ fields }) => {
        const items = lines.parse(fields['item']).lines;
        return { subsidiary: code('subsidiary', fields['subsidiary'], 'name'), currency: code('currency', fields['currency'], 'symbol'), total: z.number().parse(fields['total']), closed: items.every(({ values }) => values['isClosed'] === true), lines: items.map(({ values }) => numbers.parse(values)) };
      }),
      jobs: jobs.map(({ id, fields }) => ({
        number: text(fields['entityId']),
        subsidiary: code('subsidiary', fields['subsidiary'], 'name'),
        currency: code('currency', fields['currency'], 'symbol'),
        value: z.number().parse(fields['jobPrice']),
        status: choice.parse(fields['entityStatus']).choice,
        takesTime: fields['allowTime'] === true,
        tasks: records('projectTask').filter((task) => refOf(task.fields['project']) === id).map((task) => text(task.fields['title'])),
        rateCards: records('customrecord_q2c_rate_card').filter((card) => refOf(card.fields['custrecord_q2c_rc_project']) === id).map((card) => {
          const rates = records('customrecord_q2c_rate_line').filter((rate) => refOf(rate.fields['custrecord_q2c_rl_card']) === card.id);
          return { currency: code('currency', card.fields['custrecord_q2c_rc_currency'], 'symbol'), lines: rates.length, rates: Object.fromEntries(rates.map((rate) => [text(rate.fields['custrecord_q2c_rl_category']), z.number().parse(rate.fields['custrecord_q2c_rl_rate'])])) };
        }),
        schedules: records('billingSchedule').filter((schedule) => refOf(schedule.fields['job']) === id).map((schedule) => ({ type: choice.parse(schedule.fields['scheduleType']).choice, attached: refOf(fields['billingSchedule']) === schedule.id })),
      })),
    },
    harvest: {
      clients: clients.map(({ name, currency }) => ({ name, currency })),
      projects: z.array(project).parse(harvest['projects'] ?? []).filter(({ client_id }) => clientIds.has(client_id)).map((one) => {
        const assigned = z.array(taskAssignment).parse(harvest['task_assignments'] ?? []).filter((each) => each.project_id === one.id && each.is_active);
        return {
          number: one.code ?? '',
          active: one.is_active,
          tasks: assigned.length,
          rates: Object.fromEntries(assigned.map((each) => [tasks.get(each.task_id) ?? '', each.hourly_rate])),
          people: z.array(userAssignment).parse(harvest['user_assignments'] ?? []).filter((each) => each.project_id === one.id && each.is_active).map((each) => users.get(each.user_id) ?? ''),
        };
      }),
    },
  };
}

function refOf(value: unknown): string {
  return reference.safeParse(value).data?.id ?? '';
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
