/**
 * Rate cards: a set holds a card for each currency; a version of the set, with the day from which it holds, has a version of each card, and that the rates by role.
 * A project can have a card only once a version of its set is published; then the rates of that version stand for ever. A new set has no version (unverified).
 */
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { invalid } from './errors.ts';
import { bodyOf, idIn, idNumber, localDate, queryOf, sendObjects } from './http.ts';
import { byReference, byTime, installList, matching, is, route, sortable, type Service } from './lists.ts';
import type { RateCardSet, RateCardSetVersion, RateCardVersion } from './model.ts';
import { isSetInUse } from './presenters.ts';
import { putReference, ReferenceValues } from './references.ts';

const NewSet = z.strictObject({ title: z.string().min(1, "can't be blank").max(255) });
const NewSetVersion = z.strictObject({ rate_card_set_id: idNumber, effective_date: localDate.optional() });
const SetVersionChange = z.strictObject({ effective_date: localDate });
const NewCard = z.strictObject({ rate_card_set_id: idNumber, rate_card_set_version_id: idNumber, currency: z.string().length(3), external_reference: ReferenceValues.optional() });
const NewRole = z.strictObject({ rate_card_version_id: idNumber, role_id: idNumber, rate: z.int().min(0).max(2_147_483_647) });
const RateChange = z.strictObject({ rate: z.int().min(0).max(2_147_483_647) });

/** The account's own set, which has a card for every currency in use. */
export function createDefaultSet({ account }: Service, currencies: readonly string[]): void {
  const set = account.rateCardSets.insert({ title: 'Standard rates', account_default: true });
  const version = account.rateCardSetVersions.insert({ rate_card_set_id: set.id, effective_date: '2020-01-01', active: true });
  for (const currency of currencies) {
    const card = account.rateCards.insert({ rate_card_set_id: set.id, currency });
    account.rateCardVersions.insert({ rate_card_id: card.id, rate_card_set_version_id: version.id, default_rate: 0 });
  }
}

/** A version cannot be published from a day that is over; whether it can is (unverified). */
export const FUTURE_RATES_MODE = 'rate-cards-from-today';

export function installRates(app: FastifyInstance, service: Service): void {
  const { account, presenters } = service;
  const today = () => account.now().toISOString().slice(0, 10);
  /** Published and in use by a project: its rates stand for ever. */
  const assertChangeable = (cardVersion: RateCardVersion) => {
    const isPublished = account.rateCardSetVersions.need(cardVersion.rate_card_set_version_id).active;
    if (isPublished && account.workspaces.all().some(({ rate_card_id }) => rate_card_id === cardVersion.rate_card_id)) throw invalid('A published rate card that is in use cannot be changed', 'base');
  };
  const createdAt = ({ created_at }: { readonly created_at: string }) => sortable(created_at);
  const cardsOf = (setId: string) => account.rateCards.all().filter((card) => card.rate_card_set_id === setId);
  const versionsOf = (setId: string) => account.rateCardSetVersions.all().filter((version) => version.rate_card_set_id === setId);

  installList(app, service, '/rate_card_sets', {
    table: account.rateCardSets,
    presenter: presenters.rate_card_sets,
    filters: {
      ...byTime,
      matching: matching(({ title }) => title),
      active: (value) => (set: RateCardSet) => value !== 'true' || versionsOf(set.id).some(({ active }) => active),
      has_currency: (value) => (set: RateCardSet) => cardsOf(set.id).some(({ currency }) => currency === value),
    },
    orders: { created_at: createdAt, title: ({ title }) => title },
    defaultOrder: 'created_at:asc',
  });
  route(app, 'POST', '/rate_card_sets', (request, reply) => {
    const query = queryOf(request, []);
    const { title } = bodyOf('rate_card_set', NewSet, request);
    return sendObjects(reply, presenters.rate_card_sets, [account.rateCardSets.insert({ title, account_default: false }).id], query);
  });
  route(app, 'DELETE', '/rate_card_sets/:id', (request, reply) => {
    const set = account.rateCardSets.need(idIn(request));
    if (set.account_default) throw invalid('The account default rate card cannot be deleted', 'base');
    if (isSetInUse(account, set.id)) throw invalid('Rate card is being used by a project', 'base');
    account.transaction(() => {
      for (const card of cardsOf(set.id)) {
        for (const version of account.versionsOfCard(card.id)) {
          for (const role of account.rolesOfVersion(version.id)) account.rateCardRoles.delete(role.id);
          account.rateCardVersions.delete(version.id);
        }
        account.rateCards.delete(card.id);
      }
      for (const version of versionsOf(set.id)) account.rateCardSetVersions.delete(version.id);
      account.rateCardSets.delete(set.id);
    });
    return reply.code(204).send();
  });

  installList(app, service, '/rate_card_set_versions', { table: account.rateCardSetVersions, presenter: presenters.rate_card_set_versions, filters: { ...byTime, rate_card_set_id: is(({ rate_card_set_id }) => rate_card_set_id) }, orders: { created_at: createdAt }, defaultOrder: 'created_at:desc' });
  route(app, 'POST', '/rate_card_set_versions', (request, reply) => {
    const query = queryOf(request, []);
    const { rate_card_set_id: setId, effective_date = account.now().toISOString().slice(0, 10) } = bodyOf('rate_card_set_version', NewSetVersion, request);
    account.rateCardSets.need(setId);
    const version = account.transaction(() => {
      const made = account.rateCardSetVersions.insert({ rate_card_set_id: setId, effective_date, active: false });
      for (const card of cardsOf(setId)) account.rateCardVersions.insert({ rate_card_id: card.id, rate_card_set_version_id: made.id, default_rate: 0 });
      return made;
    });
    return sendObjects(reply, presenters.rate_card_set_versions, [version.id], query);
  });
  route(app, 'PUT', '/rate_card_set_versions/:id', (request, reply) => {
    const query = queryOf(request, []);
    const version = account.rateCardSetVersions.need(idIn(request));
    if (version.active && version.effective_date <= today()) throw invalid('A published version that is effective cannot be changed', 'base');
    return sendObjects(reply, presenters.rate_card_set_versions, [account.rateCardSetVersions.update(version, bodyOf('rate_card_set_version', SetVersionChange, request)).id], query);
  });
  route(app, 'PUT', '/rate_card_set_versions/:id/publish', (request, reply) => {
    queryOf(request, []);
    const version: RateCardSetVersion = account.rateCardSetVersions.need(idIn(request));
    if (versionsOf(version.rate_card_set_id).some((other) => other.id !== version.id && other.active && other.effective_date === version.effective_date)) throw invalid('Another version is effective on this date', 'effective_date');
    if (service.mode() === FUTURE_RATES_MODE && version.effective_date < today()) throw invalid('must be today or later', 'effective_date');
    account.rateCardSetVersions.update(version, { active: true });
    return reply.send({ activated: true });
  });

  installList(app, service, '/rate_cards', { table: account.rateCards, presenter: presenters.rate_cards, filters: { ...byTime, ...byReference(service, 'RateCard'), rate_card_set_id: is(({ rate_card_set_id }) => rate_card_set_id), currencies: (value) => ({ currency }) => value.split(',').includes(currency) }, orders: { created_at: createdAt }, defaultOrder: 'created_at:desc' });
  route(app, 'POST', '/rate_cards', (request, reply) => {
    const query = queryOf(request, []);
    const { rate_card_set_id: setId, rate_card_set_version_id: versionId, currency, external_reference: reference } = bodyOf('rate_card', NewCard, request);
    account.rateCardSets.need(setId);
    if (account.rateCardSetVersions.need(versionId).rate_card_set_id !== setId) throw invalid('does not belong to the rate card set', 'rate_card_set_version_id');
    const byDefault = account.rateCardSets.all().find(({ account_default }) => account_default);
    if (byDefault === undefined || !cardsOf(byDefault.id).some((card) => card.currency === currency)) throw invalid(`${currency} must be added to the account default rate card first`, 'currency');
    if (cardsOf(setId).some((card) => card.currency === currency)) throw invalid('has already been taken', 'currency');
    const card = account.transaction(() => {
      const made = account.rateCards.insert({ rate_card_set_id: setId, currency });
      account.rateCardVersions.insert({ rate_card_id: made.id, rate_card_set_version_id: versionId, default_rate: 0 });
      if (reference !== undefined) putReference(service, 'RateCard', made.id, reference);
      return made;
    });
    return sendObjects(reply, presenters.rate_cards, [card.id], query);
  });

  installList(app, service, '/rate_card_versions', {
    table: account.rateCardVersions,
    presenter: presenters.rate_card_versions,
    filters: { ...byTime, rate_card_id: is(({ rate_card_id }) => rate_card_id), rate_card_set_version_id: is(({ rate_card_set_version_id }) => rate_card_set_version_id) },
    orders: { created_at: createdAt },
    defaultOrder: 'created_at:desc',
  });

  installList(app, service, '/rate_card_roles', { table: account.rateCardRoles, presenter: presenters.rate_card_roles, filters: { ...byTime, rate_card_version_id: is(({ rate_card_version_id }) => rate_card_version_id) }, orders: { created_at: createdAt }, defaultOrder: 'created_at:asc' });
  route(app, 'POST', '/rate_card_roles', (request, reply) => {
    const query = queryOf(request, []);
    const values = bodyOf('rate_card_role', NewRole, request);
    assertChangeable(account.rateCardVersions.need(values.rate_card_version_id));
    account.roles.need(values.role_id);
    if (account.rolesOfVersion(values.rate_card_version_id).some(({ role_id }) => role_id === values.role_id)) throw invalid('has already been taken', 'role_id');
    return sendObjects(reply, presenters.rate_card_roles, [account.rateCardRoles.insert(values).id], query);
  });
  route(app, 'PUT', '/rate_card_roles/:id', (request, reply) => {
    const query = queryOf(request, []);
    const standing = account.rateCardRoles.need(idIn(request));
    assertChangeable(account.rateCardVersions.need(standing.rate_card_version_id));
    const role = account.rateCardRoles.update(standing, bodyOf('rate_card_role', RateChange, request));
    return sendObjects(reply, presenters.rate_card_roles, [role.id], query);
  });
}
