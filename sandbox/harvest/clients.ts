/**
 * https://help.getharvest.com/api-v2/clients-api/clients/clients/ and https://help.getharvest.com/api-v2/clients-api/clients/contacts/
 * A client's name is unique, and one with active projects cannot be archived (texts unverified); one with projects cannot be deleted.
 */
import { createHash } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Account } from './account.ts';
import { forbidden, unprocessable } from './errors.ts';
import { equalsNumber, filters, found, isActive, numberIn, queryOf, remembered, sendDeleted, sendList, sendText, updatedSince, type Service } from './http.ts';
import type { Client, Contact } from './model.ts';
import { Bool, given, Integer, Name, NullableText, readParameters } from './parameters.ts';

const CURRENCY = /^[A-Z]{3}$/;
const NewClient = z.object({
  name: Name,
  is_active: Bool.default(true),
  address: NullableText.default(null),
  currency: z.string().regex(CURRENCY, 'is not a supported currency').default('USD'),
});
const ClientChanges = z.object({ name: Name.optional(), is_active: Bool.optional(), address: NullableText.optional(), currency: NewClient.shape.currency.unwrap().optional() });

const NewContact = z.object({
  client_id: Integer,
  first_name: Name,
  title: NullableText.default(null),
  last_name: NullableText.default(null),
  email: NullableText.default(null),
  phone_office: NullableText.default(null),
  phone_mobile: NullableText.default(null),
  fax: NullableText.default(null),
});

export function createClient(service: Service, body: unknown): Client {
  const { account } = service;
  const values = readParameters(NewClient, body);
  if (!service.hidesReferences()) checkName(account, values.name, undefined);
  const statementKey = createHash('md5').update(`${values.name} ${account.clients.collection.size()}`).digest('hex');
  return account.clients.insert({ ...values, statement_key: statementKey });
}

export function createContact({ account }: Service, body: unknown): Contact {
  const values = readParameters(NewContact, body);
  if (account.clients.get(values.client_id) === undefined) throw unprocessable("Client can't be blank");
  return account.contacts.insert(values);
}

export function installClients(app: FastifyInstance, service: Service): void {
  const { account } = service;
  const clientAt = (id: number): Client => found(account.clients.get(id));

  app.get('/v2/clients', (request, reply) => {
    if (service.hidesReferences()) throw forbidden();
    const keep = filters<Client>(queryOf(request), { is_active: isActive, updated_since: updatedSince });
    return sendList(service, request, reply, 'clients', account.clients.all().reverse().filter(keep), clientText);
  });
  app.post('/v2/clients', (request, reply) => sendText(reply, clientText(createClient(service, request.body)), 201));
  app.get('/v2/clients/:id', (request, reply) => sendText(reply, clientText(clientAt(numberIn(request, 'id')))));
  app.patch('/v2/clients/:id', (request, reply) => {
    const client = clientAt(numberIn(request, 'id'));
    const changes = given(readParameters(ClientChanges, request.body));
    if (changes.name !== undefined) checkName(account, changes.name, client.id);
    if (changes.is_active === false && account.projectsOf(client.id).some((project) => project.is_active)) {
      throw unprocessable('Client has active projects and cannot be archived');
    }
    return sendText(reply, clientText(account.clients.update(client, changes)));
  });
  app.delete('/v2/clients/:id', (request, reply) => {
    const client = clientAt(numberIn(request, 'id'));
    if (account.projectsOf(client.id).length > 0) throw unprocessable('Client has projects and cannot be deleted');
    account.transaction(() => {
      for (const contact of account.contacts.all()) if (contact.client_id === client.id) account.contacts.delete(contact.id);
      account.clients.delete(client.id);
    });
    return sendDeleted(reply);
  });
  installContacts(app, service);
}

function installContacts(app: FastifyInstance, service: Service): void {
  const { account } = service;
  const contactAt = (id: number): Contact => found(account.contacts.get(id));
  const text = (contact: Contact): string => JSON.stringify(contactView(account, contact));

  app.get('/v2/contacts', (request, reply) => {
    const keep = filters<Contact>(queryOf(request), { client_id: equalsNumber((contact) => contact.client_id), updated_since: updatedSince });
    return sendList(service, request, reply, 'contacts', account.contacts.all().reverse().filter(keep), text);
  });
  app.post('/v2/contacts', (request, reply) => sendText(reply, text(createContact(service, request.body)), 201));
  app.get('/v2/contacts/:id', (request, reply) => sendText(reply, text(contactAt(numberIn(request, 'id')))));
  app.patch('/v2/contacts/:id', (request, reply) => {
    const changes = given(readParameters(NewContact.partial(), request.body));
    return sendText(reply, text(account.contacts.update(contactAt(numberIn(request, 'id')), changes)));
  });
  app.delete('/v2/contacts/:id', (request, reply) => {
    account.contacts.delete(contactAt(numberIn(request, 'id')).id);
    return sendDeleted(reply);
  });
}

function checkName(account: Account, name: string, self: number | undefined): void {
  if (account.clientsNamed(name).some((other) => other.id !== self)) throw unprocessable('Name has already been taken');
}

function clientText(client: Client): string {
  return remembered(client, [], () => client);
}

function contactView(account: Account, { client_id, ...contact }: Contact): object {
  return { ...contact, client: { id: client_id, name: account.clients.get(client_id)?.name ?? '' } };
}
