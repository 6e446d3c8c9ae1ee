import { z } from 'zod';
import { byExternalId, fieldList, objectNamed, showRecord, type ApiAnswer, type ApiParts, type Call, type Route } from './call.ts';
import { refuse, SalesforceError } from './errors.ts';
import { findField, objectTypes, type ObjectType } from './schema.ts';

const MAX_RECORDS = 200;

const Typed = z.looseObject({ attributes: z.looseObject({ type: z.string() }) });
const Batch = z.object({ allOrNone: z.boolean().default(false), records: z.array(z.record(z.string(), z.unknown())) });
const Wanted = z.object({ ids: z.array(z.string()), fields: z.array(z.string()) });

interface Outcome {
  readonly id?: string;
  readonly success: boolean;
  readonly created?: boolean;
  readonly errors: readonly object[];
}

class RolledBack extends Error {
  readonly outcomes: readonly Outcome[];
  constructor(outcomes: readonly Outcome[]) {
    super('all or none');
    this.outcomes = outcomes;
  }
}

/** Up to 200 records in one call, each with its own outcome; with allOrNone one failure undoes them all. */
export function collectionRoutes({ store, transaction }: ApiParts): Route[] {
  function each<T>(items: readonly T[], allOrNone: boolean, work: (item: T) => Outcome): ApiAnswer {
    if (items.length > MAX_RECORDS) {
      return refuse(400, 'EXCEEDED_ID_LIMIT', `record limit reached. cannot submit more than ${MAX_RECORDS} records in this request`);
    }
    try {
      const outcomes = transaction(() => {
        const results = items.map((item) => attempt(() => transaction(() => work(item))));
        if (allOrNone && results.some((result) => !result.success)) throw new RolledBack(results);
        return results;
      });
      return { status: 200, body: outcomes };
    } catch (error) {
      if (!(error instanceof RolledBack)) throw error;
      return { status: 200, body: error.outcomes.map((outcome) => (outcome.success ? rolledBack() : outcome)) };
    }
  }

  const batchOf = (body: unknown): z.infer<typeof Batch> => {
    const parsed = Batch.safeParse(body);
    return parsed.success ? parsed.data : refuse(400, 'INVALID_INPUT', 'The request must have a list of records');
  };

  function typeOf(record: Record<string, unknown>): ObjectType {
    const parsed = Typed.safeParse(record);
    if (!parsed.success) return refuse(400, 'INVALID_INPUT', 'Include an entity type in the attributes of every record');
    return objectNamed(parsed.data.attributes.type);
  }

  function upsert(call: Call): ApiAnswer {
    const [name, fieldName = ''] = call.parts;
    const object = objectNamed(name);
    const field = findField(object, fieldName);
    if (field === undefined) return refuse(400, 'INVALID_FIELD', `No such column '${fieldName}' on sobject of type ${object.name}`);
    const { allOrNone, records } = batchOf(call.body);
    return each(records, allOrNone, (record) => {
      const { [field.name]: key, ...rest } = record;
      if (key === undefined || key === null || key === '') {
        if (field.type !== 'id') return refuse(400, 'MISSING_ARGUMENT', `${field.name} not specified`, [field.name]);
        return { id: store.create(object, rest, call.userId).Id, success: true, created: true, errors: [] };
      }
      if (typeof key !== 'string' && typeof key !== 'number')
        return refuse(400, 'INVALID_FIELD', `${field.name}: not a text or a number`, [field.name]);
      const { rows } = byExternalId(store, object, field.name, String(key));
      if (rows.length > 1)
        return refuse(400, 'DUPLICATE_EXTERNAL_ID', `${field.name}: more than one record found for external id field`, [field.name]);
      const [row] = rows;
      if (row === undefined) return { id: store.create(object, record, call.userId).Id, success: true, created: true, errors: [] };
      return { id: store.update(object, row.Id, rest, call.userId).Id, success: true, created: false, errors: [] };
    });
  }

  function retrieve(call: Call, wanted: z.infer<typeof Wanted>): ApiAnswer {
    const object = objectNamed(call.parts[0]);
    const shown = wanted.ids.map((id) => {
      const row = store.find(object, id);
      return row === undefined ? null : showRecord(object, row, call.version, wanted.fields);
    });
    return { status: 200, body: shown };
  }

  return [
    [
      'POST',
      /^\/composite\/sobjects\/?$/,
      (call) => {
        const { allOrNone, records } = batchOf(call.body);
        return each(records, allOrNone, (record) => ({
          id: store.create(typeOf(record), record, call.userId).Id,
          success: true,
          errors: [],
        }));
      },
    ],
    [
      'PATCH',
      /^\/composite\/sobjects\/?$/,
      (call) => {
        const { allOrNone, records } = batchOf(call.body);
        return each(records, allOrNone, (record) => {
          const object = typeOf(record);
          const { Id, id, ...rest } = record;
          const key = Id ?? id;
          if (typeof key !== 'string') return refuse(400, 'MISSING_ARGUMENT', 'Id not specified in an update call', ['Id']);
          return { id: store.update(object, key, rest, call.userId).Id, success: true, errors: [] };
        });
      },
    ],
    [
      'DELETE',
      /^\/composite\/sobjects\/?$/,
      (call) => {
        const ids = fieldList(call.query.get('ids')) ?? [];
        return each(ids, call.query.get('allOrNone') === 'true', (id) => {
          const object = objectOfId(id);
          store.remove(object, id, call.userId);
          return { id, success: true, errors: [] };
        });
      },
    ],
    [
      'GET',
      /^\/composite\/sobjects\/([^/]+)\/?$/,
      (call) => retrieve(call, { ids: fieldList(call.query.get('ids')) ?? [], fields: fieldList(call.query.get('fields')) ?? ['Id'] }),
    ],
    [
      'POST',
      /^\/composite\/sobjects\/([^/]+)\/?$/,
      (call) => {
        const parsed = Wanted.safeParse(call.body);
        return parsed.success
          ? retrieve(call, parsed.data)
          : refuse(400, 'INVALID_INPUT', 'The request must have a list of ids and a list of fields');
      },
    ],
    ['PATCH', /^\/composite\/sobjects\/([^/]+)\/([^/]+)$/, upsert],
  ];
}

function objectOfId(id: string): ObjectType {
  const object = objectTypes().find((type) => id.startsWith(type.keyPrefix));
  return object ?? refuse(400, 'MALFORMED_ID', `malformed id ${id}`, []);
}

function attempt(work: () => Outcome): Outcome {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof SalesforceError)) throw error;
    return {
      success: false,
      errors: error.items.map(({ errorCode, message, fields }) => ({ statusCode: errorCode, message, fields: fields ?? [] })),
    };
  }
}

const rolledBack = (): Outcome => ({
  success: false,
  errors: [
    {
      statusCode: 'ALL_OR_NONE_OPERATION_ROLLED_BACK',
      message: 'Record rolled back because not all records were valid and the request was using AllOrNone header',
      fields: [],
    },
  ],
});
