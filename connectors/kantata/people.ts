import { z } from 'zod';
import { byIds, type About, type Kantata } from './client.ts';
import { idText } from './envelope.ts';

export const userRow = z.object({ id: idText, email_address: z.string().nullish() });
const MOST_ADDRESSES = 100;

/** E-mail addresses and users. */
export function createPeople(kantata: Kantata) {
  return {
    /** User IDs by address, in small letters; who is not on the account is not among them. */
    async idsOf(emails: readonly string[], about: About): Promise<Map<string, string>> {
      const found = new Map<string, string>();
      for (let from = 0; from < emails.length; from += MOST_ADDRESSES) {
        const users = await kantata.list('/users', userRow, about, { on_my_account: 'true', by_email_addresses: emails.slice(from, from + MOST_ADDRESSES).join(',') });
        for (const { id, email_address: email } of users) if (email != null) found.set(email.toLowerCase(), id);
      }
      return found;
    },
    /** Addresses by user ID, in small letters; users whom our token does not see are not among them. */
    async emailsOf(ids: Iterable<string>, about: About): Promise<Map<string, string>> {
      const answers = await byIds(kantata, '/users', ids, userRow, about);
      return new Map(answers.flatMap(({ rows }) => rows).flatMap(({ id, email_address: email }) => (email == null ? [] : [[id, email.toLowerCase()] as const])));
    },
  };
}
export type People = ReturnType<typeof createPeople>;

/** Nobody's address, so that the rules give the time back by name: it is not lost, and holds up nobody else's. */
export function addressOf(userId: string, email: string | null | undefined): string {
  const address = z.email().safeParse(email?.toLowerCase());
  return address.success ? address.data : `user-${userId}@kantata.invalid`;
}
