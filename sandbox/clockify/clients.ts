/** A client's name is taken once; one must be archived before it is deleted. Creating takes no currency (PUT does), as live clients of the API found. */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { refused } from './errors.ts';
import { bodyOf, flagFilter, idIn, nameFilter, queryOf, readBody, sendPage, WORKSPACE, type Service } from './http.ts';
import type { Client } from './model.ts';
import { CURRENCIES } from './reference-data.ts';

const Name = z.string().trim().min(1).max(100);
const NewClient = z.object({ name: Name, address: z.string().max(3000).nullish(), email: z.email().nullish(), note: z.string().max(3000).nullish() });
const ClientChanges = NewClient.partial().extend({ archived: z.boolean().optional(), currencyId: z.string().optional() });
const DEFAULT_CURRENCY = CURRENCIES[0]?.[1] ?? '';

export function createClient(service: Service, body: unknown): Client {
  const { name, address = null, email = null, note = null } = readBody(NewClient, body);
  checkName(service, name, undefined);
  return service.account.clients.insert({ name, address, email, note, archived: false, currencyId: DEFAULT_CURRENCY });
}

export function installClients(app: FastifyInstance, service: Service): void {
  const { account, workspaceId } = service;
  const view = (client: Client) => ({ ...client, workspaceId, ccEmails: null, currencyCode: CURRENCIES.find(([, id]) => id === client.currencyId)?.[0] ?? 'USD' });

  app.get(`${WORKSPACE}/clients`, (request, reply) => {
    const query = queryOf(request);
    const archived = flagFilter(query['archived']);
    return sendPage(request, reply, account.clients.all().filter((client) => nameFilter(query)(client) && archived(client.archived)), view);
  });
  app.post(`${WORKSPACE}/clients`, (request, reply) => reply.code(201).send(view(createClient(service, request.body))));
  app.get(`${WORKSPACE}/clients/:id`, (request, reply) => reply.send(view(account.clients.need(idIn(request)))));
  app.put(`${WORKSPACE}/clients/:id`, (request, reply) => {
    const client = account.clients.need(idIn(request));
    const { name = client.name, currencyId = client.currencyId, archived = client.archived, address = null, email = null, note = null } = bodyOf(ClientChanges, request);
    checkName(service, name, client.id);
    if (!CURRENCIES.some(([, id]) => id === currencyId)) throw refused("Currency doesn't belong to Workspace");
    return reply.send(view(account.clients.update(client, { name, currencyId, archived, address, email, note })));
  });
  app.delete(`${WORKSPACE}/clients/:id`, (request, reply) => {
    const client = account.clients.need(idIn(request));
    if (!client.archived) throw refused('Cannot delete an active client');
    if (account.projectsOf(client.id).length > 0) throw refused('Client has projects');
    account.clients.delete(client.id);
    return reply.send(view(client));
  });
}

function checkName({ account }: Service, name: string, own: string | undefined): void {
  if (account.clients.all().some((other) => other.id !== own && other.name.toLowerCase() === name.toLowerCase())) throw refused('Client with this name already exists');
}
