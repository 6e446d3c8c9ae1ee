import { z } from 'zod';
import type { Customer } from '../../domain/model/customer.ts';
import { isRefused } from './classify.ts';
import { idNumber, madeRow, type About, type Kantata } from './client.ts';
import { idText } from './envelope.ts';
import { cut, folded } from './names.ts';
import type { KantataOptions } from './options.ts';
import { referenceRow, type References } from './references.ts';

const LONGEST_NAME = 255;
const groupRow = z.object({ id: idText, name: z.string(), external_reference_ids: z.array(idText).nullish() });

export interface EnsuredGroup {
  readonly id: string;
  /** Made by this call: nothing leads back to it yet. */
  readonly fresh: boolean;
}

/** Customers are company groups. Those made here carry our reference; one of the customer's name that stood before is used as it is. */
export function createGroups(kantata: Kantata, references: References, options: KantataOptions) {
  const show = (id: string, about: About) => kantata.show(`/workspace_groups/${id}`, groupRow, about, { include: 'external_references' });

  const find = async (customer: Customer, name: string, about: About, among: Readonly<Record<string, string>>): Promise<string | null> => {
    for (const { subject_id: id } of await references.find('WorkspaceGroup', 'customer', customer.id, about)) {
      if (id != null && (await show(id, about)) !== null) return id;
    }
    // Names are unique in an account, whatever their capitals.
    const named = (await kantata.list('/workspace_groups', groupRow, about, among)).find((group) => folded(group.name) === folded(name));
    return named?.id ?? null;
  };

  return {
    async ensure(customer: Customer, about: About): Promise<EnsuredGroup> {
      const fixed = options.groupIds[customer.id];
      if (fixed !== undefined) return { id: fixed, fresh: false };
      const name = cut(customer.name, LONGEST_NAME).trim();
      const known = await find(customer, name, about, { matching: name });
      if (known !== null) return { id: known, fresh: false };
      const values = { name, company: true, address: addressOf(customer), external_reference: references.values('customer', customer.id, { status: 'successful' }) };
      try {
        return { id: (await kantata.write('POST', '/workspace_groups', 'workspace_group', values, madeRow, about)).id, fresh: true };
      } catch (error) {
        // Another deal of the customer may have made it at this moment; or Kantata's search leaves out words that the name is made of.
        const made = isRefused(error) ? await find(customer, name, about, {}) : null;
        if (made === null) throw error;
        return { id: made, fresh: false };
      }
    },

    /** Deletes a group of ours that no project is in. */
    async removeIfEmpty(groupId: string, about: About): Promise<boolean> {
      const group = await show(groupId, about);
      if (group === null || references.ours('customer', group.row.external_reference_ids, group.answer.beside('external_references', referenceRow)) === undefined) return false;
      const { count } = await kantata.page('/workspaces', madeRow, about, { workspace_groups: String(idNumber(groupId)), include_archived: 'true', page: '1', per_page: '1' });
      if (count > 0) return false;
      try {
        return await kantata.remove(`/workspace_groups/${groupId}`, about);
      } catch (error) {
        if (isRefused(error)) return false;
        throw error;
      }
    },
  };
}
export type Groups = ReturnType<typeof createGroups>;

function addressOf(customer: Customer): string {
  const { street, postalCode, city, region, country } = customer.billingAddress;
  const place = [postalCode, city, region].filter((part) => part !== null && part !== '').join(' ');
  return [street, place, country].filter((part) => part !== null && part !== '').join('\n');
}
