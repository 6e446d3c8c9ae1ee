import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { attributePath } from '../../../connectors/scim/attributes.ts';
import { scimOptionsSchema } from '../../../connectors/scim/options.ts';
import { SCHEMAS } from '../../../sandbox/scim/schemas.ts';

const plain = z.object({ name: z.string(), type: z.string(), multiValued: z.boolean(), required: z.boolean(), caseExact: z.boolean().optional(), mutability: z.string(), uniqueness: z.string().optional() });
const attribute = plain.extend({ subAttributes: z.array(plain).optional() });
const fixture = z.array(z.object({ id: z.string(), attributes: z.array(attribute) }));

describe('The published schemas of SCIM users', () => {
  let published: z.infer<typeof fixture>;
  before(async () => {
    published = fixture.parse(JSON.parse(await readFile(new URL('../../fixtures/vendors/scim/schemas.json', import.meta.url), 'utf8')));
  });
  const facts = ({ type, multiValued, required, mutability }: z.infer<typeof plain>) => ({ type, multiValued, required, mutability });

  it('are those of the sandbox, as far as it has them', () => {
    let compared = 0;
    for (const { id, attributes } of published) {
      const ours = SCHEMAS[id];
      assert.ok(ours !== undefined, id);
      for (const mine of ours.attributes) {
        const theirs = attributes.find(({ name }) => name === mine.name);
        assert.ok(theirs !== undefined, `${id}:${mine.name}`);
        for (const [left, right] of [[mine, theirs] as const, ...(mine.subAttributes ?? []).map((sub) => [sub, theirs.subAttributes?.find(({ name }) => name === sub.name)] as const)]) {
          assert.ok(right !== undefined, `${mine.name}.${left.name}`);
          assert.deepEqual(facts(left), facts(right), `${mine.name}.${left.name}`);
          if (right.caseExact !== undefined) assert.equal(left.caseExact, right.caseExact, `${mine.name}.${left.name} caseExact`);
          if (right.uniqueness !== undefined) assert.equal(left.uniqueness, right.uniqueness, `${mine.name}.${left.name} uniqueness`);
          compared += 1;
        }
      }
    }
    assert.ok(compared >= 25, `${compared} attributes compared`);
  });

  it('have every attribute that the connector reads and writes by default', () => {
    const written = [attributePath('emails.value'), attributePath('emails.type'), attributePath('active'), attributePath('userName'), attributePath('displayName'), attributePath('name.givenName')];
    for (const path of [...Object.values(scimOptionsSchema.parse({}).attributes), ...written]) {
      if (path === null) continue;
      const schema = published.find(({ id }) => id === (path.schema ?? 'urn:ietf:params:scim:schemas:core:2.0:User'));
      const [name, part] = path.names;
      const found = schema?.attributes.find((each) => each.name === name);
      assert.ok(found !== undefined && (part === undefined || found.subAttributes?.some((each) => each.name === part) === true), path.text);
    }
  });
});
