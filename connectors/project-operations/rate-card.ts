import { z } from 'zod';
import type { LocalDate } from '../../domain/dates.ts';
import type { Project } from '../../domain/model/project.ts';
import { datedRates, type DatedRate, type ProjectRateCard } from '../../domain/model/rate-card.ts';
import { exactNumber } from '../exact-number.ts';
import type { RecordPort, WithReferences } from '../ports.ts';
import type { Change } from './batch.ts';
import type { About, Dataverse } from './client.ts';
import { idOf, isOurs } from './ids.ts';
import type { Names } from './names.ts';
import { anyOf, cut, noon, quoted, reference } from './odata.ts';

type Document = { readonly project: Project; readonly rateCard: ProjectRateCard };

const LISTS = 'pricelevels';
const PRICES = 'msdyn_resourcecategorypricelevels';
const LINKS = 'msdyn_orderpricelists';
/** msdyn_module: prices of sales; msdyn_entity: made for a sales document. */
const SALES = { msdyn_module: 192_350_002, msdyn_entity: 192_350_002 };
const listRow = z.object({ pricelevelid: z.string(), begindate: z.string().nullish(), enddate: z.string().nullish() });
const priceRow = z.object({ msdyn_resourcecategorypricelevelid: z.string() });
const linkRow = z.object({ msdyn_orderpricelistid: z.string(), _msdyn_pricelist_value: z.string().nullish() });

const label = ({ project }: Document) => `rate card of ${project.number}`;
const listIdOf = (number: string, sequence: number): string => idOf('price-list', number, String(sequence));
export const rateCardIdOf = (number: string): string => listIdOf(number, 1);

/** A price list holds for a period, its prices have no dates: so there is one list for each stretch of days on which nothing changes. */
interface PriceList {
  readonly id: string;
  readonly sequence: number;
  readonly currency: string;
  readonly from: LocalDate;
  readonly to: LocalDate | null;
  readonly rates: readonly DatedRate[];
}

/**
 * Rates are role prices of sales price lists, which are the project price lists of the contract. Project Operations takes no two of those at once: where the
 * contract has one for these days already (of another of its projects, or people's own), ours is made but not attached.
 */
export function createRateCardPort(dataverse: Dataverse, names: Names): RecordPort<WithReferences<Document>> {
  const readFirst = (number: string, about: About) => dataverse.read(LISTS, rateCardIdOf(number), listRow, ['pricelevelid'], about);
  const listsOf = async (number: string, about: About) => (await dataverse.list(LISTS, { filter: `startswith(name,${quoted(`${number} rates `)})`, select: ['pricelevelid', 'begindate', 'enddate'] }, listRow, about)).filter((list) => isOurs(list.pricelevelid));

  async function changesFor({ project, rateCard }: Document, contract: string, about: About): Promise<{ readonly changes: Change[]; readonly stood: boolean }> {
    const before = new Set((await listsOf(project.number, about)).map((list) => list.pricelevelid.toLowerCase()));
    const wanted = priceListsOf(project.number, rateCard);
    const prices = new Set((await pricesOfLists([...before], about)).filter(isOurs));
    const links = await dataverse.list(LINKS, { filter: `_msdyn_contract_value eq ${contract}`, select: ['msdyn_orderpricelistid', '_msdyn_pricelist_value'] }, linkRow, about);
    const taken = await periodsOf(links.map((link) => link._msdyn_pricelist_value?.toLowerCase() ?? '').filter((id) => id !== '' && !wanted.some((list) => list.id === id) && !before.has(id)), about);

    const changes: Change[] = [];
    for (const list of wanted) {
      const body = await listBody(project.number, rateCard, list, about);
      changes.push(before.has(list.id) ? { kind: 'update', set: LISTS, id: list.id, body } : { kind: 'create', set: LISTS, id: list.id, body: { ...body, ...SALES, ...(await firstOf(list, about)) } });
      for (const rate of list.rates) {
        const id = idOf('role-price', list.id, rate.laborCategory);
        const price = await priceBody(rate, about);
        if (price === null) continue;
        changes.push(prices.delete(id) ? { kind: 'update', set: PRICES, id, body: price } : { kind: 'create', set: PRICES, id, body: { ...price, 'msdyn_PriceList@odata.bind': reference(LISTS, list.id), 'transactioncurrencyid@odata.bind': reference('transactioncurrencies', await names.currency(list.currency, about)) } });
      }
      const link = idOf('contract-price-list', list.id);
      const isLinked = links.some((each) => each.msdyn_orderpricelistid.toLowerCase() === link);
      if (!isLinked && list.currency === project.value.currency && !taken.some((period) => overlap(period, list))) changes.push({ kind: 'create', set: LINKS, id: link, body: { msdyn_description: cut(`Rates of ${project.number}`, 100), 'msdyn_Contract@odata.bind': reference('salesorders', contract), 'msdyn_PriceList@odata.bind': reference(LISTS, list.id) } });
    }
    const gone = [...before].filter((id) => !wanted.some((list) => list.id === id));
    const goneWithList = new Set(await pricesOfLists(gone, about));
    changes.push(...[...prices].filter((id) => !goneWithList.has(id)).map((id): Change => ({ kind: 'delete', set: PRICES, id })), ...gone.map((id): Change => ({ kind: 'delete', set: LISTS, id })));
    return { changes, stood: before.has(rateCardIdOf(project.number)) };
  }

  async function pricesOfLists(lists: readonly string[], about: About): Promise<string[]> {
    if (lists.length === 0) return [];
    return (await dataverse.list(PRICES, { filter: anyOf('_msdyn_pricelist_value', lists), select: ['msdyn_resourcecategorypricelevelid'] }, priceRow, about)).map((row) => row.msdyn_resourcecategorypricelevelid.toLowerCase());
  }

  async function periodsOf(lists: readonly string[], about: About): Promise<{ readonly from: string; readonly to: string | null }[]> {
    if (lists.length === 0) return [];
    const rows = await dataverse.list(LISTS, { filter: anyOf('pricelevelid', lists), select: ['pricelevelid', 'begindate', 'enddate'] }, listRow, about);
    return rows.map((row) => ({ from: row.begindate?.slice(0, 10) ?? '0001-01-01', to: row.enddate?.slice(0, 10) ?? null }));
  }

  async function listBody(number: string, rateCard: ProjectRateCard, list: PriceList, about: About): Promise<object> {
    const unpriced: string[] = [];
    for (const rate of list.rates) if ((await names.unit(rate.unit, about)) === null) unpriced.push(`${rate.laborCategory}: ${rate.rate} ${rate.currency} per ${rate.unit}.`);
    return {
      name: cut(`${number} rates ${list.sequence}, from ${list.from}`, 100),
      description: cut([`${rateCard.code}, based on ${rateCard.basedOn}.`, ...unpriced].join('\n'), 2000),
      begindate: noon(list.from),
      enddate: list.to === null ? null : noon(list.to),
    };
  }

  async function firstOf(list: PriceList, about: About): Promise<object> {
    const hour = await names.unit('hour', about);
    return {
      'transactioncurrencyid@odata.bind': reference('transactioncurrencies', await names.currency(list.currency, about)),
      ...(hour === null ? {} : { 'msdyn_TimeUnit@odata.bind': reference('uoms', hour.id) }),
    };
  }

  async function priceBody(rate: DatedRate, about: About): Promise<object | null> {
    const unit = await names.unit(rate.unit, about);
    if (unit === null) return null;
    return {
      msdyn_description: cut(rate.laborCategory, 100),
      msdyn_price: exactNumber(rate.rate),
      'msdyn_ResourceCategory@odata.bind': reference('bookableresourcecategories', await names.role(rate.laborCategory, about)),
      'msdyn_Unit@odata.bind': reference('uoms', unit.id),
      'msdyn_UnitSchedule@odata.bind': reference('uomschedules', unit.group),
    };
  }

  return {
    lookUp: 'key',
    async find({ document }, context) {
      return (await readFirst(document.project.number, { object: label(document), context })) === null ? null : names.found('pricelevel', rateCardIdOf(document.project.number));
    },
    async write({ document, references: known }, _existing, context) {
      const about: About = { object: label(document), context };
      const contract = names.known(known.contracts, document.project.contractId, 'contract', about.object);
      const { changes, stood } = await changesFor(document, contract, about);
      await dataverse.change(changes, about);
      return { ...names.found('pricelevel', rateCardIdOf(document.project.number)), created: !stood };
    },
    async undo({ document: { document }, externalId, created }, context) {
      const about: About = { object: label(document), context };
      if (!created) return { how: 'kept', detail: `the ${about.object} stood before this deal` };
      if ((await dataverse.read(LISTS, externalId, listRow, ['pricelevelid'], about)) === null) return { how: 'not_found', detail: `the ${about.object} is not in Project Operations` };
      const lists = (await listsOf(document.project.number, about)).map((list) => list.pricelevelid);
      await dataverse.change(lists.map((id): Change => ({ kind: 'delete', set: LISTS, id })), about);
      return { how: 'deleted', detail: `the ${lists.length} price lists of the ${about.object} were deleted from Project Operations` };
    },
  };
}

/** Every day on which a rate begins, or the day after one ended, begins a list. */
function priceListsOf(number: string, rateCard: ProjectRateCard): PriceList[] {
  const lists: PriceList[] = [];
  for (const [currency, rates] of Map.groupBy(datedRates(rateCard), (rate) => rate.currency)) {
    const starts = [...new Set([...rates.map(({ from }) => from), ...rates.flatMap(({ to }) => (to === null ? [] : [dayAfter(to)]))])].toSorted();
    for (const [index, from] of starts.entries()) {
      const next = starts[index + 1];
      const inForce = rates.filter((rate) => rate.from <= from && (rate.to === null || rate.to >= from));
      if (inForce.length === 0) continue;
      const to = next === undefined ? null : dayBefore(next);
      lists.push({ id: listIdOf(number, lists.length + 1), sequence: lists.length + 1, currency, from, to, rates: inForce });
    }
  }
  return lists;
}

function overlap(one: { readonly from: string; readonly to: string | null }, other: { readonly from: string; readonly to: string | null }): boolean {
  return (one.to === null || other.from <= one.to) && (other.to === null || one.from <= other.to);
}

const dayAfter = (date: LocalDate): LocalDate => shifted(date, 1);
const dayBefore = (date: LocalDate): LocalDate => shifted(date, -1);
export function shifted(date: LocalDate, days: number): LocalDate {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}
