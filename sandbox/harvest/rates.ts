/**
 * https://help.getharvest.com/api-v2/users-api/users/billable-rates/ and …/cost-rates/
 * A rate without a start date replaces all; one that starts before others replaces those. Harvest works out the end dates.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { stamp, type Account, type Table } from './account.ts';
import { unprocessable } from './errors.ts';
import { found, numberIn, sendList, sendText, type Service } from './http.ts';
import type { Rate, User } from './model.ts';
import { Decimal, NullableDate, readParameters } from './parameters.ts';

const NewRate = z.object({ amount: Decimal, start_date: NullableDate.default(null) });

export function installRates(app: FastifyInstance, service: Service): void {
  installKind(app, service, 'billable_rates', service.account.billableRates, 'default_hourly_rate');
  installKind(app, service, 'cost_rates', service.account.costRates, 'cost_rate');
}

function installKind(app: FastifyInstance, service: Service, name: string, rates: Table<Rate>, field: 'default_hourly_rate' | 'cost_rate'): void {
  const { account } = service;
  const userAt = (request: FastifyRequest): User => found(account.users.get(numberIn(request, 'user')));
  const path = `/v2/users/:user/${name}`;

  app.get(path, (request, reply) => sendList(service, request, reply, name, ratesOf(rates, userAt(request).id), rateText));
  app.get(`${path}/:id`, (request, reply) => {
    const rate = rates.get(numberIn(request, 'id'));
    return sendText(reply, rateText(found(rate?.user_id === userAt(request).id ? rate : undefined)));
  });
  app.post(path, (request, reply) => {
    const { amount, start_date } = readParameters(NewRate, request.body);
    const today = stamp(account.now()).slice(0, 10);
    if (start_date !== null && start_date > today) throw unprocessable('Start date cannot be in the future');
    return sendText(reply, rateText(addRate(account, rates, userAt(request), field, amount, start_date)), 201);
  });
}

function addRate(account: Account, rates: Table<Rate>, user: User, field: 'default_hourly_rate' | 'cost_rate', amount: number, start: string | null): Rate {
  return account.transaction(() => {
    for (const rate of ratesOf(rates, user.id)) {
      if (start === null || (rate.start_date !== null && rate.start_date >= start)) rates.delete(rate.id);
      else if (rate.end_date === null || rate.end_date >= start) rates.update(rate, { end_date: dayBefore(start) });
    }
    account.users.update(user, { [field]: amount });
    return rates.insert({ user_id: user.id, amount, start_date: start, end_date: null });
  });
}

export function ratesOf(rates: Table<Rate>, userId: number): Rate[] {
  return rates.collection.filter((rate) => rate.user_id === userId).sort((left, right) => (left.start_date ?? '').localeCompare(right.start_date ?? ''));
}

/** The rate in force on a day, or null. */
export function rateOn(rates: Table<Rate>, userId: number, day: string): number | null {
  const inForce = ratesOf(rates, userId).filter((rate) => (rate.start_date ?? '') <= day && (rate.end_date ?? '9999') >= day);
  return inForce.at(-1)?.amount ?? null;
}

function dayBefore(day: string): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) - 86_400_000).toISOString().slice(0, 10);
}

function rateText({ user_id: _, ...rate }: Rate): string {
  return JSON.stringify(rate);
}
