import { z } from 'zod';
import { pagesOf } from '../http/pages.ts';
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
    const pages = pagesOf({ system: jira.system, object: about.object }, 0, async (startAt) => {
      const { comments, total } = await jira.get(`/issue/${encodeURIComponent(issueId)}/comment?startAt=${startAt}&maxResults=${PAGE_SIZE}&orderBy=-created`, pageAnswer, about);
      return { items: comments, next: startAt + comments.length >= total ? null : startAt + comments.length };
    });
    for await (const { items } of pages) {
      // Comments that were taken away meanwhile are none of ours.
      if (items.length === 0) return false;
      const { values } = await jira.ask('/comment/list?expand=properties', { ids: items.map(({ id }) => Number(id)) }, listAnswer, about);
      if (values.some(({ properties }) => properties.some((property) => property.key === COMMENT_PROPERTY && ours.safeParse(property.value).data?.key === key))) return true;
    }
    return false;
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
