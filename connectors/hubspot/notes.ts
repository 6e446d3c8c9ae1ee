import { createHash } from 'node:crypto';
import { z } from 'zod';
import { isSystemFailure } from '../../domain/failure.ts';
import type { HttpClient } from '../http/client.ts';
import type { CallContext, WriteBack } from '../ports.ts';
import { storableText } from '../storable-text.ts';
import { TYPE } from './associations.ts';
import { crmObject } from './crm-object.ts';

/** Characters of a part of a note, before its marks; a note's body has 65,536. Source: HubSpot, notes guide. */
const PART_LENGTH = 10_000;

const notThere = z.looseObject({ status: z.literal('error') });

/** One write-back has one note, however often it is sent: the key holds its deal, what it says and when that was. */
export function noteKey(dealId: string, { status, at }: WriteBack): string {
  return createHash('sha256').update(JSON.stringify([dealId, status, at])).digest('hex').slice(0, 40);
}

/** What people read on the deal's timeline; HubSpot shows HTML. */
export function noteBody({ status, message, projectNumbers }: WriteBack): string {
  const paragraph = (text: string) => `<p>${escaped(storableText(text, PART_LENGTH))}</p>`;
  return [`<p><strong>Delivery: ${escaped(status)}</strong></p>`, paragraph(message), ...(projectNumbers.length === 0 ? [] : [paragraph(`Projects: ${projectNumbers.join(', ')}`)])].join('');
}

/**
 * Puts a note on the timeline of a deal and of the company it is billed to, once: it is looked up by its unique property first, and HubSpot refuses a second one of
 * the same value. Made with its associations in one request.
 * @param company - asked only where the note has to be made
 * @throws SystemFailure
 */
export async function noteOnce(http: HttpClient, keyProperty: string, dealId: string, status: WriteBack, company: () => Promise<string | null>, context: CallContext): Promise<void> {
  const object = `the note on deal ${dealId}`;
  const key = noteKey(dealId, status);
  const isThere = async () => (await http.request({ method: 'GET', path: `/crm/v3/objects/notes/${key}`, query: { idProperty: keyProperty, properties: keyProperty }, answer: crmObject.or(notThere), accept: [404], object, writes: false, context })).status !== 404;
  if (await isThere()) return;
  const companyId = await company();
  const to = (id: string, associationTypeId: number) => ({ to: { id }, types: [{ associationCategory: 'HUBSPOT_DEFINED', associationTypeId }] });
  const json = {
    properties: { hs_timestamp: status.at, hs_note_body: noteBody(status), [keyProperty]: key },
    associations: [to(dealId, TYPE.noteToDeal), ...(companyId === null ? [] : [to(companyId, TYPE.noteToCompany)])],
  };
  try {
    await http.request({ method: 'POST', path: '/crm/v3/objects/notes', json, answer: crmObject, object, writes: true, context });
  } catch (error) {
    // An earlier request whose answer was lost may have taken effect since the look-up: then the value is refused as taken.
    if (!isSystemFailure(error) || error.failure.kind !== 'business_rule' || !(await isThere())) throw error;
  }
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('\n', '<br>');
}
