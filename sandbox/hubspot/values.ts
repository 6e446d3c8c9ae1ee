import { HubSpotError, invalid, type ErrorDetail } from './errors.ts';
import type { ObjectType, Property } from './schema.ts';

export type Properties = Readonly<Record<string, string | null>>;

const MAX_TEXT = 65_536;

interface Finding {
  readonly message: string;
  readonly error: string;
  readonly name: string;
}

/** Reads properties off the wire: strings in HubSpot's own forms. Throws HubSpot's list of every value that is not valid. */
export function readProperties(object: ObjectType, given: Readonly<Record<string, unknown>>): Properties {
  const read: Record<string, string | null> = {};
  const findings: Finding[] = [];
  for (const [name, value] of Object.entries(given)) {
    const property = object.properties.get(name);
    if (property === undefined) {
      findings.push({ name, error: 'PROPERTY_DOESNT_EXIST', message: `Property "${name}" does not exist` });
      continue;
    }
    if (property.readOnly === true) {
      findings.push({ name, error: 'READ_ONLY_VALUE', message: `"${name}" is a read only property; its value cannot be set.` });
      continue;
    }
    const result = readValue(property, value);
    if (typeof result === 'object' && result !== null) findings.push({ name, ...result });
    else read[name] = result;
  }
  if (findings.length > 0) throw notValid(findings);
  return read;
}

function notValid(findings: readonly Finding[]): HubSpotError {
  const list = findings.map((finding) => ({ isValid: false, ...finding, localizedErrorMessage: finding.message }));
  const errors: ErrorDetail[] = findings.map(({ message, error, name }) => ({ message, code: error, context: { propertyName: [name] } }));
  return new HubSpotError(400, 'VALIDATION_ERROR', `Property values were not valid: ${JSON.stringify(list)}`, { errors });
}

function readValue(property: Property, value: unknown): string | null | Omit<Finding, 'name'> {
  if (value === null || value === '') return null;
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') {
    return invalid('Invalid input JSON: property values must be strings');
  }
  const text = String(value);
  switch (property.type) {
    case 'number':
      return /^-?\d+(\.\d+)?$/.test(text) ? text : { error: 'INVALID_DOUBLE', message: `${text} was not a valid number.` };
    case 'bool':
      return text === 'true' || text === 'false' ? text : { error: 'INVALID_BOOLEAN', message: `${text} was not a valid boolean.` };
    case 'date':
      return readDate(text) ?? { error: 'INVALID_DATE', message: `${text} was not a valid date.` };
    case 'datetime':
      return readInstant(text) ?? { error: 'INVALID_DATE', message: `${text} was not a valid date.` };
    case 'enumeration':
      if (property.options?.includes(text) === true) return text;
      return {
        error: 'INVALID_OPTION',
        message: `${text} was not one of the allowed options: [${(property.options ?? []).slice(0, 12).join(', ')}]`,
      };
    default:
      return text.length <= MAX_TEXT
        ? text
        : { error: 'INVALID_LENGTH', message: `${property.name} is longer than ${MAX_TEXT} characters.` };
  }
}

/** A calendar day: YYYY-MM-DD, or the milliseconds of its midnight in UTC. */
function readDate(text: string): string | undefined {
  if (/^-?\d{9,}$/.test(text)) return Number(text) % 86_400_000 === 0 ? new Date(Number(text)).toISOString().slice(0, 10) : undefined;
  const day = /^(\d{4}-\d{2}-\d{2})(T00:00:00(\.000)?Z)?$/.exec(text)?.[1];
  if (day === undefined) return undefined;
  const instant = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(instant.getTime()) && instant.toISOString().startsWith(day) ? day : undefined;
}

function readInstant(text: string): string | undefined {
  const instant = /^-?\d{9,}$/.test(text) ? new Date(Number(text)) : /^\d{4}-\d{2}-\d{2}/.test(text) ? new Date(text) : undefined;
  return instant === undefined || Number.isNaN(instant.getTime()) ? undefined : instant.toISOString();
}

/** A number to compare by for numbers and times, lower-case text for everything else. */
export function comparable(property: Property, value: string): string | number {
  if (property.type === 'number') return Number(value);
  if (property.type === 'date' || property.type === 'datetime') return /^-?\d{9,}$/.test(value) ? Number(value) : Date.parse(value);
  return value.toLowerCase();
}
