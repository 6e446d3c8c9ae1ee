import { z } from 'zod';
import { COMMENT_PROPERTY, type About, type Jira } from './client.ts';
import { documentOf } from './document.ts';
import type { JiraOptions } from './options.ts';

const PAGE_SIZE = 100;
const commentId = z.looseObject({ id: z.string().regex(/^\d+$/) });
const pageAnswer = z.looseObject({ comments: z.array(commentId), total: z.number().int().nonnegative() });
const propertySchema = z.looseObject({ key: z.string(), value: z.unknown() });
const listAnswer = z.looseObject({ values: z.array(z.looseObject({ properties: z.array(propertySchema).default([]) })) });
const ours = z.looseObject({ key: z.string() });

/** Comments made once: a property on each says by which key. They are read newest first: a repetition is soon found. */
export function createComments(jira: Jira, options: JiraOptions) {
  const has = async (issueId: string, key: string, about: About): Promise<boolean> => {
    for (let startAt = 0; ; startAt += PAGE_SIZE) {
      const { comments, total } = await jira.get(`/issue/${encodeURIComponent(issueId)}/comment?startAt=${startAt}&maxResults=${PAGE_SIZE}&orderBy=-created`, pageAnswer, about);
      if (comments.length > 0) {
        const { values } = await jira.ask('/comment/list?expand=properties', { ids: comments.map(({ id }) => Number(id)) }, listAnswer, about);
        if (values.some(({ properties }) => properties.some((property) => property.key === COMMENT_PROPERTY && ours.safeParse(property.value).data?.key === key))) return true;
      }
      if (comments.length === 0 || startAt + comments.length >= total) return false;
    }
  };

  return {
    /** Adds it unless a comment with this key is there. */
    async once(issueId: string, { key, text }: { readonly key: string; readonly text: string }, about: About): Promise<void> {
      if (await has(issueId, key, about)) return;
      const internal = options.internalComments ? [{ key: 'sd.public.comment', value: { internal: true } }] : [];
      await jira.create(`/issue/${encodeURIComponent(issueId)}/comment`, { body: documentOf(text), properties: [{ key: COMMENT_PROPERTY, value: { key } }, ...internal] }, commentId, about);
    },
  };
}
