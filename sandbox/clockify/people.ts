/** Workspace and users. People are invited and set up on Clockify's own pages; here they are seeded. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { flagFilter, nameFilter, queryOf, readBody, sendPage, WORKSPACE, type Service } from './http.ts';
import { WEEK_DAYS, type User } from './model.ts';
import { CURRENCIES } from './reference-data.ts';
import { refused } from './errors.ts';

const NewUser = z.object({
  name: z.string().min(1),
  email: z.string().min(1),
  timeZone: z.string().refine((zone) => isTimeZone(zone), 'is not a time zone').default('Europe/London'),
  weekStart: z.enum(WEEK_DAYS).default('MONDAY'),
  status: z.enum(['ACTIVE', 'INACTIVE']).default('ACTIVE'),
});

export function createUser({ account }: Service, body: unknown): User {
  const values = readBody(NewUser, body);
  if (account.users.all().some((user) => user.email.toLowerCase() === values.email.toLowerCase())) throw refused('User already exists');
  return account.users.insert(values);
}

/** Whose API key the client has: the owner, the first user. */
export function keyOwner({ account }: Service): User {
  const [owner] = account.users.all();
  if (owner === undefined) throw refused("User doesn't belong to Workspace");
  return owner;
}

export function installPeople(app: FastifyInstance, service: Service): void {
  const { account, workspaceId } = service;
  const userView = (user: User) => ({
    id: user.id,
    email: user.email,
    name: user.name,
    memberships: [],
    profilePicture: 'https://img.clockify.me/no-user-image.png',
    activeWorkspace: workspaceId,
    defaultWorkspace: workspaceId,
    settings: { weekStart: user.weekStart, timeZone: user.timeZone, timeFormat: 'HOUR24', dateFormat: 'YYYY-MM-DD' },
    status: user.status,
    customFields: [],
  });
  const workspace = () => ({
    id: workspaceId,
    name: 'Northwind Consulting Group',
    hourlyRate: { amount: 0, currency: 'USD' },
    costRate: { amount: 0, currency: 'USD' },
    currencies: CURRENCIES.map(([code, id]) => ({ id, code, isDefault: code === 'USD' })),
    workspaceSettings: { timeTrackingMode: 'DEFAULT' },
    featureSubscriptionType: 'STANDARD_YEAR_2021',
  });

  app.get('/api/v1/user', (_request, reply) => reply.send(userView(keyOwner(service))));
  app.get('/api/v1/workspaces', (_request, reply) => reply.send([workspace()]));
  app.get(WORKSPACE, (_request, reply) => reply.send(workspace()));
  app.get(`${WORKSPACE}/users`, (request, reply) => {
    const query = queryOf(request);
    const email = query['email']?.toLowerCase() ?? '';
    const statuses = query['status'] === 'ALL' ? flagFilter(undefined) : flagFilter(String((query['status'] ?? 'ACTIVE') === 'ACTIVE'));
    const found = account.users.all().filter((user) => nameFilter(query)(user) && user.email.toLowerCase().includes(email) && statuses(user.status === 'ACTIVE'));
    return sendPage(request, reply, found.toSorted((left, right) => left.email.localeCompare(right.email)), userView);
  });
}

function isTimeZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}
