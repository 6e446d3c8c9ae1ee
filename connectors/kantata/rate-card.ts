import { z } from 'zod';
import { addDays, type LocalDate } from '../../domain/dates.ts';
import type { Project } from '../../domain/model/project.ts';
import { isRefused } from './classify.ts';
import { idNumber, madeRow, type About, type Kantata } from './client.ts';
import { idText } from './envelope.ts';
import type { KantataOptions } from './options.ts';
import { rateOf } from './rates.ts';
import type { Roles } from './roles.ts';

const setRow = z.object({ id: idText, title: z.string(), rate_card_ids: z.array(idText).nullish(), rate_card_set_version_ids: z.array(idText).nullish() });
const setVersionRow = z.object({ id: idText, active: z.boolean(), effective_date: z.iso.date() });
type SetVersion = z.infer<typeof setVersionRow>;
const cardRow = z.object({ id: idText, currency: z.string() });
const cardVersionRow = z.object({ id: idText, rate_card_set_version_id: idText.nullish() });
const roleRateRow = z.object({ id: idText, rate: z.number(), role_id: idText.nullish() });
const INCLUDE = { include: 'rate_cards,rate_card_set_versions' };

interface CardSet {
  readonly id: string;
  readonly cards: readonly z.infer<typeof cardRow>[];
  readonly versions: readonly SetVersion[];
}

/**
 * A project's rate card in Kantata: a set of its own, found by its title (our rate card's code), with one card in the project's currency and a version from the
 * day our rates begin; the rates stand by role. Each part is looked for before it is made, so that a write cut off anywhere goes on where it was.
 * Kantata calls versions immutable once they are published and in use: rates that change then stand in a version of their own, from the day of the change.
 * https://developer.kantata.com/tag/Rate-Card-Set-Version-(Effective-version-by-Date)
 */
export function createRateCards(kantata: Kantata, roles: Roles, options: KantataOptions) {
  const find = async (title: string, about: About): Promise<CardSet | null> => {
    for (const { rows, beside } of await kantata.answers('/rate_card_sets', setRow, about, { matching: title, ...INCLUDE })) {
      const set = rows.find((row) => row.title === title);
      if (set === undefined) continue;
      const of = <Row>(ids: readonly string[] | null | undefined, all: ReadonlyMap<string, Row>): Row[] => (ids ?? []).flatMap((id) => all.get(id) ?? []);
      return { id: set.id, cards: of(set.rate_card_ids, beside('rate_cards', cardRow)), versions: of(set.rate_card_set_version_ids, beside('rate_card_set_versions', setVersionRow)) };
    }
    return null;
  };

  const make = async (title: string, about: About): Promise<CardSet> => {
    await kantata.write('POST', '/rate_card_sets', 'rate_card_set', { title }, madeRow, about);
    const made = await find(title, about);
    if (made !== null) return made;
    throw kantata.failure(about, { kind: 'transient', code: 'KANTATA_NOT_SHOWN_YET', message: `Kantata does not show the rate card ${title} yet that was just made for ${about.object}.`, mend: 'Nothing to do: it is tried again by itself.' });
  };

  const cardIn = async (set: CardSet, versionId: string, currency: string, about: About): Promise<string> => {
    const known = set.cards.find((card) => card.currency === currency);
    if (known !== undefined) return known.id;
    try {
      return (await kantata.write('POST', '/rate_cards', 'rate_card', { rate_card_set_id: idNumber(set.id), rate_card_set_version_id: idNumber(versionId), currency }, madeRow, about)).id;
    } catch (error) {
      if (!isRefused(error)) throw error;
      throw kantata.failure(about, { kind: 'configuration', code: 'KANTATA_RATE_CARD_REFUSED', message: `Kantata takes no rate card in ${currency}, which ${about.object} is billed in: ${error instanceof Error ? error.message : ''}`, mend: `Add ${currency} to the account's default rate card in Kantata (Settings > Rate Cards), or set rateCards to "none" in the options of ${kantata.system}, then retry.` });
    }
  };

  const setRates = async (project: Project, cardId: string, setVersionId: string, about: About): Promise<void> => {
    const versions = await kantata.list('/rate_card_versions', cardVersionRow, about, { rate_card_id: cardId, include: 'rate_card_set_version' });
    const version = versions.find((each) => each.rate_card_set_version_id === setVersionId);
    if (version === undefined) throw kantata.failure(about, { kind: 'contract', code: 'KANTATA_RATE_CARD_WITHOUT_VERSION', message: `The rate card of ${about.object} has no version in Kantata, so that no rate can be set.`, mend: 'Look at the rate card in Kantata (Settings > Rate Cards); delete it if it is empty, then retry.' });
    const standing = await kantata.list('/rate_card_roles', roleRateRow, about, { rate_card_version_id: version.id, include: 'role' });
    for (const line of project.rateCard.lines) {
      const rate = rateOf(line, project.rateCard.currency);
      if (rate === null) continue;
      const roleId = await roles.idOf(line.laborCategory, about);
      const known = standing.find((each) => each.role_id === roleId);
      if (known === undefined) await kantata.write('POST', '/rate_card_roles', 'rate_card_role', { rate_card_version_id: idNumber(version.id), role_id: idNumber(roleId), rate }, madeRow, about);
      else if (known.rate !== rate) await kantata.write('PUT', `/rate_card_roles/${known.id}`, 'rate_card_role', { rate }, madeRow, about);
    }
  };

  const setVersion = (set: CardSet, from: LocalDate, about: About): Promise<SetVersion> =>
    kantata.write('POST', '/rate_card_set_versions', 'rate_card_set_version', { rate_card_set_id: idNumber(set.id), effective_date: from }, setVersionRow, about);

  const publish = async (version: SetVersion, about: About): Promise<void> => {
    const act = () => kantata.act('PUT', `/rate_card_set_versions/${version.id}/publish`, {}, about);
    try {
      await act();
    } catch (error) {
      // "Can be published to any future date": where a day that is over is refused, the rates count from today.
      if (!isRefused(error) || version.effective_date >= today()) throw error;
      await kantata.write('PUT', `/rate_card_set_versions/${version.id}`, 'rate_card_set_version', { effective_date: today() }, setVersionRow, about);
      await act();
    }
  };

  return {
    /** The ID of the project's rate card; null where the account has none, or no rate can stand in one. A role that is not sold any more keeps its rate: time may be on it. */
    async ensure(project: Project, about: About): Promise<string | null> {
      const { code, currency, effectiveFrom, lines } = project.rateCard;
      if (options.rateCards === 'none' || lines.every((line) => rateOf(line, currency) === null)) return null;
      const set = (await find(code, about)) ?? (await make(code, about));
      const [newest] = set.versions.toSorted((left, right) => (left.effective_date > right.effective_date ? -1 : 1));
      const version = newest ?? (await setVersion(set, effectiveFrom, about));
      const cardId = await cardIn(set, version.id, currency, about);
      try {
        await setRates(project, cardId, version.id, about);
      } catch (error) {
        if (!version.active || !isRefused(error)) throw error;
        const dayAfter = addDays(version.effective_date, 1);
        const next = await setVersion(set, dayAfter > today() ? dayAfter : today(), about);
        await setRates(project, cardId, next.id, about);
        await publish(next, about);
        return cardId;
      }
      if (!version.active) await publish(version, about);
      return cardId;
    },

    /** False where there is none, or another project uses it. */
    async remove(project: Project, about: About): Promise<boolean> {
      const set = await find(project.rateCard.code, about);
      if (set === null) return false;
      try {
        return await kantata.remove(`/rate_card_sets/${set.id}`, about);
      } catch (error) {
        if (isRefused(error)) return false;
        throw error;
      }
    },
  };
}
export type RateCards = ReturnType<typeof createRateCards>;

function today(): LocalDate {
  return new Date().toISOString().slice(0, 10);
}
