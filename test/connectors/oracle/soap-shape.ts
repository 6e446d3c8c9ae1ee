import { readFileSync } from 'node:fs';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { z } from 'zod';

/** An element's children by name ("service:SetId", "?" at its end: may be missing, "*": any number of them), or what its text is. */
type Shape = string | { readonly [child: string]: Shape };
const shapeSchema: z.ZodType<Shape> = z.lazy(() => z.union([z.string(), z.record(z.string(), shapeSchema)]));
const serviceSchema = z.strictObject({ namespaces: z.record(z.string(), z.url()), asked: shapeSchema, answered: shapeSchema, refused: shapeSchema });

const SERVICE = serviceSchema.parse(JSON.parse(readFileSync(new URL('../../fixtures/vendors/oracle/customer-account-service.json', import.meta.url), 'utf8')));

interface Element {
  /** With its namespace: "{http://…}Envelope". */
  readonly name: string;
  readonly children: readonly Element[];
  readonly text: string;
}

const parser = new XMLParser({ preserveOrder: true, ignoreAttributes: false, attributeNamePrefix: '', parseTagValue: false, parseAttributeValue: false, trimValues: false, processEntities: true });
const nodesSchema = z.array(z.record(z.string(), z.unknown()));

/** Elements with their namespaces resolved: prefixes are each document's own. */
function elementsIn(nodes: unknown, scope: Readonly<Record<string, string>>): Element[] {
  return nodesSchema.parse(nodes).flatMap((node) => {
    const [tag = '', content] = Object.entries(node).find(([key]) => key !== ':@') ?? [];
    if (tag.startsWith('?') || tag.startsWith('#')) return [];
    const attributes = z.record(z.string(), z.string()).default({}).parse(node[':@']);
    const declared = Object.fromEntries(Object.entries(attributes).filter(([name]) => /^xmlns(?::|$)/.test(name)).map(([name, uri]) => [name.slice(6), uri]));
    const inner = { ...scope, ...declared };
    const [local = '', prefix = ''] = tag.split(':').toReversed();
    const text = nodesSchema.parse(content).map((part) => (typeof part['#text'] === 'string' ? part['#text'] : '')).join('');
    return [{ name: inner[prefix] === undefined ? (prefix === '' ? local : `{unknown prefix ${prefix}}${local}`) : `{${inner[prefix]}}${local}`, children: elementsIn(content, inner), text }];
  });
}

function misfitsOf(shape: Shape, elements: readonly Element[], text: string, where: string): string[] {
  if (typeof shape === 'string') return elements.length === 0 && textFits(shape, text) ? [] : [`${where}: ${JSON.stringify(text.slice(0, 60))} is not of ${shape}`];
  const described = Object.entries(shape).map(([key, inner]) => {
    const [, prefix, local = '', often = ''] = /^(?:(\w+):)?(\w+)([?*]?)$/.exec(key) ?? [];
    return { name: prefix === undefined ? local : `{${SERVICE.namespaces[prefix] ?? ''}}${local}`, local, often, inner };
  });
  const unknown = elements.filter(({ name }) => !described.some((each) => each.name === name)).map(({ name }) => `${where}: ${name} is not described`);
  return [...unknown, ...described.flatMap(({ name, local, often, inner }) => {
    const found = elements.filter((element) => element.name === name);
    const count = found.length === 1 || often === '*' || (often === '?' && found.length === 0) ? [] : [`${where}: ${found.length} of ${local}`];
    return [...count, ...found.flatMap((element) => misfitsOf(inner, element.children, element.text, `${where}/${local}`))];
  })];
}

function textFits(shape: string, text: string): boolean {
  const length = /^String\((\d+)\)$/.exec(shape)?.[1];
  if (length !== undefined) return text.length > 0 && text.length <= Number(length);
  return shape === 'Integer' ? /^\d{1,18}$/.test(text) : shape.split('|').includes(text);
}

/** What of a call of the service, or of its answer, is not as it is described; none where all is well. */
export function soapMisfits(kind: 'asked' | 'answered' | 'refused', xml: string): string[] {
  const valid = XMLValidator.validate(xml);
  if (valid !== true) return [`not well-formed: ${valid.err.msg}`];
  return misfitsOf(SERVICE[kind], elementsIn(parser.parse(xml), {}), '', kind);
}
