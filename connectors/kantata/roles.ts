import { z } from 'zod';
import { keptForAMinute } from '../kept-for-a-minute.ts';
import type { About, Kantata } from './client.ts';
import { idText } from './envelope.ts';
import { folded, roleName } from './names.ts';
import type { KantataOptions } from './options.ts';

const roleRow = z.object({ id: idText, name: z.string() });

/** The account's roles: each labor category is one. */
export function createRoles(kantata: Kantata, options: KantataOptions) {
  const all = keptForAMinute((about: About) => kantata.list('/roles', roleRow, about));

  return {
    /** @throws SystemFailure where the account has no such role: roles are set up by people */
    async idOf(laborCategory: string, about: About): Promise<string> {
      const name = roleName(laborCategory, options.roles);
      const role = (await all.get(about)).find((candidate) => folded(candidate.name) === folded(name));
      if (role !== undefined) return role.id;
      all.forget();
      throw kantata.failure(about, { kind: 'configuration', code: 'KANTATA_ROLE_UNKNOWN', message: `Kantata has no role "${name}" for the labor category ${laborCategory}, which ${about.object} needs.`, mend: `Add the role in Kantata (Settings > Roles), or name another as roles.${laborCategory} in the options of ${kantata.system}, then retry.` });
    },
  };
}
export type Roles = ReturnType<typeof createRoles>;
