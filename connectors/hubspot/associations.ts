import { z } from 'zod';
import type { HttpClient } from '../http/client.ts';
import { itemsOf, pagesOf } from '../http/pages.ts';
import type { CallContext } from '../ports.ts';

/** HubSpot's own types. Source: associations v4 guide, "Association type IDs". Labels may be renamed, these never are. */
export const TYPE = { dealToPrimaryCompany: 5, childToParentCompany: 14, noteToDeal: 214, noteToCompany: 190 } as const;

const associationPage = z.object({
  results: z.array(z.object({ toObjectId: z.union([z.string(), z.number()]).transform(String), associationTypes: z.array(z.object({ category: z.string(), typeId: z.number().int(), label: z.string().nullish() })) })),
  paging: z.object({ next: z.object({ after: z.string() }).optional() }).optional(),
});

/** One record that another is associated with, and as what: without a label, by a label of HubSpot's or of the account's own. */
export type Association = z.infer<typeof associationPage>['results'][number];

/** All associations of a record with records of another kind, by the v4 API, 500 a page. @throws SystemFailure */
export async function associationsOf(http: HttpClient, from: { readonly type: string; readonly id: string }, toType: string, asked: { readonly system: string; readonly object: string; readonly context: CallContext }): Promise<Association[]> {
  return await itemsOf(pagesOf({ system: asked.system, object: asked.object, emptyPages: true }, '', async (after) => {
    const { body } = await http.request({ method: 'GET', path: `/crm/v4/objects/${from.type}/${encodeURIComponent(from.id)}/associations/${toType}`, query: { limit: '500', ...(after === '' ? {} : { after }) }, answer: associationPage, object: asked.object, writes: false, context: asked.context });
    return { items: body.results, next: body.paging?.next?.after };
  }));
}

/** A type ID, or the label as people read it in HubSpot. */
export type Label = number | string;

/**
 * The company that a deal is billed to: the one with the account's own label, else the primary one, else the only one.
 * Where these name several, or several have neither, it is nobody's to choose: null with all that come into question.
 */
export function clientOf(companies: readonly Association[], billTo: Label | null): { readonly companyId: string | null } | { readonly ambiguous: readonly string[] } {
  const having = (fits: (type: Association['associationTypes'][number]) => boolean) => [...new Set(companies.filter(({ associationTypes }) => associationTypes.some(fits)).map(({ toObjectId }) => toObjectId))];
  const labeled = billTo === null ? [] : having(({ typeId, label }) => (typeof billTo === 'number' ? typeId === billTo : label?.trim().toLowerCase() === billTo.trim().toLowerCase()));
  const primary = having(({ category, typeId }) => category === 'HUBSPOT_DEFINED' && typeId === TYPE.dealToPrimaryCompany);
  const candidates = [labeled, primary, having(() => true)].find((ids) => ids.length > 0) ?? [];
  return candidates.length > 1 ? { ambiguous: candidates } : { companyId: candidates[0] ?? null };
}

/** The parents of a company: HubSpot lets it have one. */
export function parentsOf(companies: readonly Association[]): readonly string[] {
  return companies.filter(({ associationTypes }) => associationTypes.some(({ category, typeId }) => category === 'HUBSPOT_DEFINED' && typeId === TYPE.childToParentCompany)).map(({ toObjectId }) => toObjectId);
}
