import { z } from 'zod';
import { keptForAMinute } from '../kept-for-a-minute.ts';
import type { About, Harvest } from './client.ts';
import type { HarvestOptions } from './options.ts';

const userRow = z.object({ id: z.number().int(), email: z.string(), is_active: z.boolean() });
const ownerRow = userRow.extend({ access_roles: z.array(z.string()).optional() });
const companyRow = z.object({ week_start_day: z.string(), approval_feature: z.boolean().optional(), expense_feature: z.boolean().optional() });
type Company = z.infer<typeof companyRow>;

/** What time and expenses are read by: the account's week, its people, and who approves. All throw SystemFailure. */
export function createAccountFacts(harvest: Harvest, options: HarvestOptions) {
  const users = keptForAMinute((about: About) => harvest.list('/users', 'users', userRow, about));
  const me = keptForAMinute((about: About) => harvest.read('/users/me', ownerRow, about));
  const company = keptForAMinute((about: About) => harvest.read('/company', companyRow, about));

  /** Throws where the account or the token would show too little without a word. */
  const checkedCompany = async (about: About): Promise<Company> => {
    const { approval_feature: approves, ...told } = (await company.get(about)) ?? { week_start_day: 'Monday' };
    const roles = (await me.get(about))?.access_roles;
    if (approves === false) {
      company.forget();
      throw harvest.failure(about, { kind: 'configuration', code: 'HARVEST_APPROVAL_OFF', message: 'The Harvest account has no timesheet approval: no time in it is ever approved.', mend: 'Switch the module "Timesheet approval" on in Harvest (Settings > Modules), then retry.' });
    }
    if (roles !== undefined && !roles.includes('administrator')) {
      me.forget();
      throw harvest.failure(about, { kind: 'configuration', code: 'HARVEST_TOKEN_NOT_ADMINISTRATOR', message: `Our Harvest token is of a user with the roles ${roles.join(', ')}, who does not see everybody's time.`, mend: 'Give the secrets provider the token of an Administrator, then retry.' });
    }
    return told;
  };

  return {
    users: (about: About) => users.get(about),
    /** The day weeks begin on: "Monday". */
    weekStartDay: async (about: About): Promise<string> => (await checkedCompany(about)).week_start_day,
    hasExpenses: async (about: About): Promise<boolean> => (await checkedCompany(about)).expense_feature !== false,
    async emailsOf(userIds: Iterable<number>, about: About): Promise<(userId: number) => string> {
      const wanted = [...userIds];
      const known = async () => new Map((await users.get(about)).map((user) => [user.id, user.email.toLowerCase()]));
      let emails = await known();
      if (wanted.some((userId) => !emails.has(userId))) {
        users.forget();
        emails = await known();
      }
      return (userId) => {
        const email = z.email().safeParse(emails.get(userId));
        // Nobody's address, so that the rules give the work back by name: it is not lost, and holds up nobody else's.
        return email.success ? email.data : `user-${userId}@harvest.invalid`;
      };
    },
    approver: async (about: About): Promise<string> => options.approver ?? (await me.get(about))?.email.toLowerCase() ?? 'approver@harvest.invalid',
  };
}
export type AccountFacts = ReturnType<typeof createAccountFacts>;
