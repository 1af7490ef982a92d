import type { Commits, MergeRequestNotes } from '@gitbeaker/rest';
import { z } from 'zod';

import type { Comment, GitLab, GitLabResult } from '../../domain/gitlab.ts';
import { ok } from '../../domain/result.ts';
import { attempt } from './requester.ts';

const note = z.object({ id: z.number(), body: z.string(), author: z.object({ id: z.number() }) });
const commitComment = z.object({ note: z.string(), author: z.object({ id: z.number() }) });

type Note = z.infer<typeof note>;

/** GitLab keeps at most 5,000 notes on an object. */
const mostPages = 50;
const pageSize = 100;

/**
 * Comments that are found again by a hidden marker and the bot's own authorship. A comment is only made after no such one was
 * found, and again looked for when making it ended without an answer, so there is one however often this runs.
 */
export function createComments(
  notes: MergeRequestNotes,
  commits: Commits,
  whoAmI: () => Promise<number>,
): Pick<GitLab, 'putMergeRequestComment' | 'putCommitComment'> {
  return {
    putMergeRequestComment: async (project, iid, comment, fresh) => {
      const text = withMarker(comment);
      const find = () => attempt(() => findNote(notes, { project, iid, marker: comment.marker }, whoAmI));
      const make = () => attempt(() => notes.create(project, iid, text));
      const found: GitLabResult<Note | undefined> = fresh ? ok(undefined) : await find();
      if (!found.ok) return found;
      if (found.value !== undefined) return edit(found.value);
      const made = await make();
      if (made.ok) return ok(undefined);
      if (made.failure.reason !== 'passing') return made;
      const after = await find();
      if (!after.ok) return after;
      if (after.value !== undefined) return edit(after.value);
      const again = await make();
      return again.ok ? ok(undefined) : again;

      async function edit(existing: Note): Promise<GitLabResult<void>> {
        if (existing.body.trim() === text.trim()) return ok(undefined);
        const edited = await attempt(() => notes.edit(project, iid, existing.id, { body: text }));
        return edited.ok ? ok(undefined) : edited;
      }
    },
    putCommitComment: async (project, commit, comment) => {
      const exists = async () => {
        const self = await whoAmI();
        const all = z.array(commitComment).parse(await commits.allComments(project, commit));
        return all.some(
          ({ note: body, author }) => author.id === self && body.includes(hidden(comment.marker)),
        );
      };
      const found = await attempt(exists);
      if (!found.ok || found.value) return found.ok ? ok(undefined) : found;
      const made = await attempt(() => commits.createComment(project, commit, withMarker(comment)));
      return made.ok ? ok(undefined) : made;
    },
  };
}

async function findNote(
  notes: MergeRequestNotes,
  where: {
    readonly project: Parameters<GitLab['putMergeRequestComment']>[0];
    readonly iid: Parameters<GitLab['putMergeRequestComment']>[1];
    readonly marker: string;
  },
  whoAmI: () => Promise<number>,
): Promise<Note | undefined> {
  const self = await whoAmI();
  for (let page = 1; page <= mostPages; page += 1) {
    const options = { sort: 'desc', orderBy: 'created_at', perPage: pageSize, page } as const;
    const here = z.array(note).parse(await notes.all(where.project, where.iid, options));
    const mine = here.find(({ author, body }) => author.id === self && body.includes(hidden(where.marker)));
    if (mine !== undefined || here.length < pageSize) return mine;
  }
  return undefined;
}

function hidden(marker: string): string {
  return `<!-- ${marker} -->`;
}

function withMarker({ marker, body }: Comment): string {
  return `${hidden(marker)}\n\n${disarmed(body)}`;
}

/** GitLab runs a line that begins with `/` and a known word as a quick action with the bot's rights; a space before it prevents that. */
function disarmed(text: string): string {
  return text.replaceAll(/^\//gm, ' /');
}
