/** Atlassian Document Format, as far as its schema is strict about plain documents: https://developer.atlassian.com/cloud/jira/platform/apis/document/structure/ */
import { z } from 'zod';

const Mark = z.union([z.strictObject({ type: z.enum(['strong', 'em', 'code']) }), z.strictObject({ type: z.literal('link'), attrs: z.looseObject({ href: z.string().min(1) }) })]);
const Inline = z.union([
  z.strictObject({ type: z.literal('text'), text: z.string().min(1), marks: z.array(Mark).optional() }),
  z.strictObject({ type: z.literal('hardBreak'), attrs: z.strictObject({ text: z.literal('\n').optional() }).optional() }),
]);
const Block = z.strictObject({ type: z.literal('paragraph'), content: z.array(Inline).optional() });
export const AtlassianDocument = z.strictObject({ version: z.literal(1), type: z.literal('doc'), content: z.array(Block) });
export type AtlassianDocument = z.infer<typeof AtlassianDocument>;

export function plainText(document: AtlassianDocument): string {
  return document.content.map((block) => (block.content ?? []).map((inline) => (inline.type === 'text' ? inline.text : '\n')).join('')).join('\n\n');
}
