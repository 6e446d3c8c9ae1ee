import { createHash, randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Collection, SandboxContext } from '../kit/sandbox.ts';
import { membersOf, type Members } from './attributes.ts';
import { invalidValue, notFound, notUnique } from './errors.ts';
import { CORE, ENTERPRISE, FIRM } from './schemas.ts';

export type User = Members & { readonly id: string };

const text = z.string();
const User = z.looseObject({
  schemas: z.array(z.string()).refine((schemas) => schemas.includes(CORE), `must name ${CORE}`),
  userName: z.string().trim().min(1),
  externalId: text.optional(),
  name: z.looseObject({ formatted: text.optional(), familyName: text.optional(), givenName: text.optional() }).optional(),
  displayName: text.optional(),
  active: z.boolean().optional(),
  emails: z.array(z.looseObject({ value: text.min(1), type: text.optional(), primary: z.boolean().optional() })).refine((emails) => emails.filter(({ primary }) => primary === true).length <= 1, 'only one may be primary').optional(),
  [ENTERPRISE]: z.looseObject({ employeeNumber: text.optional(), costCenter: text.optional(), department: text.optional(), manager: z.looseObject({ value: text }).optional() }).optional(),
  [FIRM]: z.looseObject({}).optional(),
});

export interface Users {
  all(): readonly User[];
  need(id: string): User;
  create(body: unknown): User;
  /** @throws Refusal; nothing is changed then */
  replace(id: string, next: unknown): User;
  remove(id: string): void;
}

export function openUsers(context: SandboxContext): Users {
  const users: Collection<User> = context.records.collection('users');
  const byName = users.indexBy((user) => String(user['userName']).toLowerCase());

  const put = (id: string, body: unknown, created: string): User => {
    const read = User.safeParse(body);
    if (!read.success) throw invalidValue(z.prettifyError(read.error));
    const { meta: _meta, id: _id, ...own } = read.data;
    if (byName(read.data.userName.toLowerCase()).some((other) => other.id !== id)) throw notUnique('userName');
    const lastModified = context.now().toISOString();
    const user = { ...own, id, meta: { resourceType: 'User', created, lastModified, location: `${context.baseUrl()}/scim/v2/Users/${id}`, version: versionOf({ ...own, lastModified }) } };
    users.put(id, user);
    return user;
  };

  return {
    all: () => users.all(),
    need(id) {
      const user = users.get(id);
      if (user === undefined) throw notFound(id);
      return user;
    },
    create: (body) => put(randomUUID(), body, context.now().toISOString()),
    replace(id, next) {
      const created = membersOf(this.need(id)['meta'])['created'];
      return put(id, next, typeof created === 'string' ? created : context.now().toISOString());
    },
    remove(id) {
      if (!users.delete(id)) throw notFound(id);
    },
  };
}

/** A weak entity tag (RFC 7644, section 3.14). */
function versionOf(user: object): string {
  return `W/"${createHash('sha256').update(JSON.stringify(user)).digest('hex').slice(0, 16)}"`;
}
