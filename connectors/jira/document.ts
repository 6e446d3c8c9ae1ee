/** Atlassian Document Format: https://developer.atlassian.com/cloud/jira/platform/apis/document/structure/ */
import { storableText } from '../storable-text.ts';

interface Text {
  readonly type: 'text';
  readonly text: string;
  readonly marks?: readonly { readonly type: 'link'; readonly attrs: { readonly href: string } }[];
}
type Inline = Text | { readonly type: 'hardBreak' };
export interface AtlassianDocument {
  readonly version: 1;
  readonly type: 'doc';
  readonly content: readonly { readonly type: 'paragraph'; readonly content: readonly Inline[] }[];
}

/** Jira's limit of a text field. */
const LONGEST_TEXT = 32_767;
/** Room for the link and for what the format adds. */
const LONGEST_OURS = 30_000;
const LONGEST_SUMMARY = 255;

/** Plain text as a document: an empty line begins a paragraph, other line ends are kept; a link stands last. */
export function documentOf(text: string, link: string | null = null): AtlassianDocument {
  const paragraphs = storableText(text.replaceAll(/\r\n?/g, '\n'), LONGEST_OURS).split(/\n{2,}/).filter((part) => part.trim() !== '').map((part) => ({ type: 'paragraph' as const, content: lines(part) }));
  const linked = link === null || link.length > LONGEST_TEXT - LONGEST_OURS ? [] : [{ type: 'paragraph' as const, content: [{ type: 'text' as const, text: link, marks: [{ type: 'link' as const, attrs: { href: link } }] }] }];
  return { version: 1, type: 'doc', content: [...paragraphs, ...linked] };
}

/** One line of at most 255 characters; Jira refuses more and takes no empty one. */
export function summaryOf(text: string): string {
  return storableText(text.replaceAll(/\s+/g, ' ').trim(), LONGEST_SUMMARY) || 'Exception case';
}

function lines(paragraph: string): Inline[] {
  const parts = paragraph.split('\n');
  return parts.flatMap((part, index): Inline[] => [...(part === '' ? [] : [{ type: 'text' as const, text: part }]), ...(index < parts.length - 1 ? [{ type: 'hardBreak' as const }] : [])]);
}
