import { z } from 'zod';
import type { Project } from '../../domain/model/project.ts';
import { datedRates, type DatedRate, type ProjectRateCard } from '../../domain/model/rate-card.ts';
import { exactNumber } from '../exact-number.ts';
import { afterFirstWrite } from '../partial-write.ts';
import type { RecordPort, WithReferences } from '../ports.ts';
import { hasDependents } from './classify.ts';
import type { About, NetSuite } from './client.ts';
import { externalIdOf } from './external-id.ts';
import type { NetSuiteReferences } from './references.ts';

type Document = { readonly project: Project; readonly rateCard: ProjectRateCard };
const CARD = 'customrecord_q2c_rate_card';
const LINE = 'customrecord_q2c_rate_line';
/** The end of the external ID of a line that an amendment made: its first day, and the hash that ends every one. */
const AMENDED = /-\d{4}-\d{2}-\d{2}-[0-9a-f]{10}$/;
const idRow = z.object({ id: z.string() });

/**
 * Rate cards are custom records: NetSuite's own billing rate card is not in REST
 * (https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_4719596844.html).
 */
export function createRateCardPort(netSuite: NetSuite, references: NetSuiteReferences): RecordPort<WithReferences<Document>> {
  const label = ({ project }: Document) => `rate card of ${project.number}`;
  const eid = ({ project }: Document) => externalIdOf(project.id, 'rates');
  /** The first rate of a labor category has the ID it had before any amendment: it is ended, and those that follow stand beside it. */
  const lineEid = ({ project, rateCard }: Document, { laborCategory, from }: DatedRate) => externalIdOf(project.id, 'rates', laborCategory, ...(from === rateCard.effectiveFrom ? [] : [from]));
  const linesOf = (cardId: string, about: About) => netSuite.query(`SELECT id, externalid FROM ${LINE} WHERE custrecord_q2c_rl_card = ${Number(cardId)}`, z.object({ id: z.string(), externalid: z.string().optional() }), about);

  const writeLines = async (document: Document, cardId: string, about: About) => {
    const { rateCard } = document;
    const lines = datedRates(rateCard);
    const before = await linesOf(cardId, about);
    // Without an amendment the card's dates are those of its lines: an account needs the two fields only once a rate is amended, or an amendment taken back.
    const isAmended = lines.some(({ from, to }) => from !== rateCard.effectiveFrom || to !== rateCard.effectiveTo) || before.some(({ externalid }) => AMENDED.test(externalid ?? ''));
    for (const line of lines) {
      await netSuite.upsert(LINE, lineEid(document, line), {
        name: `${rateCard.code} ${line.laborCategory}${line.from === rateCard.effectiveFrom ? '' : ` from ${line.from}`}`,
        custrecord_q2c_rl_card: { id: cardId },
        custrecord_q2c_rl_category: line.laborCategory,
        custrecord_q2c_rl_rate: exactNumber(line.rate),
        custrecord_q2c_rl_unit: line.unit,
        ...(isAmended ? { custrecord_q2c_rl_from: line.from, custrecord_q2c_rl_to: line.to } : {}),
        isInactive: false,
      }, about);
    }
    const wanted = new Set(lines.map((line) => lineEid(document, line)));
    for (const line of before) {
      if (line.externalid === undefined || !wanted.has(line.externalid)) await netSuite.remove(LINE, line.id, about);
    }
  };

  return {
    lookUp: 'key',
    async find({ document }, context) {
      const found = await netSuite.read(CARD, `eid:${eid(document)}`, idRow, { object: label(document), context }, { fields: 'id' });
      return found === null ? null : references.found(CARD, found.id);
    },
    async write({ document, references: known }, existing, context) {
      const object = label(document);
      const about = { object, context };
      const { project, rateCard } = document;
      const id = await netSuite.upsert(CARD, eid(document), {
        name: rateCard.code,
        custrecord_q2c_rc_code: rateCard.code,
        custrecord_q2c_rc_project: references.known(known.projects, project.id, 'project', object),
        custrecord_q2c_rc_currency: references.currency(rateCard.currency, object),
        custrecord_q2c_rc_from: rateCard.effectiveFrom,
        custrecord_q2c_rc_to: rateCard.effectiveTo,
        isInactive: false,
      }, about);
      await afterFirstWrite(() => writeLines(document, id, about));
      return { ...references.found(CARD, id), created: existing === null };
    },
    async undo({ document: { document }, externalId, created }, context) {
      const object = label(document);
      const about = { object, context };
      if (!created) return { how: 'kept', detail: `the ${object} stood before this deal` };
      if ((await netSuite.read(CARD, externalId, idRow, about, { fields: 'id' })) === null) return { how: 'not_found', detail: `the ${object} is not in NetSuite` };
      try {
        for (const line of await linesOf(externalId, about)) await netSuite.remove(LINE, line.id, about);
        await netSuite.remove(CARD, externalId, about);
        return { how: 'deleted', detail: `the ${object} was deleted from NetSuite` };
      } catch (error) {
        if (!hasDependents(error)) throw error;
        await netSuite.update(CARD, externalId, { isInactive: true }, about);
        return { how: 'deactivated', detail: `the ${object} is used by other records in NetSuite and was made inactive` };
      }
    },
  };
}
