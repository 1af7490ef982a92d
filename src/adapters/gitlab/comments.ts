import type { Commits, MergeRequestNotes } from '@gitbeaker/rest';
import { z } from 'zod';

import type { Comment, GitLab, GitLabResult } from '../../domain/gitlab.ts';
import type { MergeRequestIid, ProjectId } from '../../domain/ids.ts';
import { ok } from '../../domain/result.ts';
import { attempt } from './requester.ts';

const note = z.object({ id: z.number(), body: z.string(), author: z.object({ id: z.number() }) });
const commitComment = z.object({ note: z.string(), author: z.object({ id: z.number() }) });

/** A comment of the bot's, as it was last seen. */
interface Known {
  readonly id: number;
  readonly body: string;
}

/** The comments that this process made or found lately, which it need not look for again. */
export type KnownComments = Map<string, Known>;

const mostKnown = 1_000;
/** GitLab keeps at most 5,000 notes on an object. */
const mostPages = 50;
const pageSize = 100;

interface Place {
  readonly project: ProjectId;
  readonly iid: MergeRequestIid;
  readonly marker: string;
}

/**
 * Comments that are found again by a hidden marker and the bot's own authorship. A comment is only made after no such one was
 * found, and looked for again when making it ended without an answer, so there is one however often this runs.
 */
export function createComments(deps: {
  readonly notes: MergeRequestNotes;
  readonly commits: Commits;
  readonly whoAmI: () => Promise<number>;
  readonly known: KnownComments;
}): Pick<GitLab, 'putMergeRequestComment' | 'putCommitComment'> {
  const { notes, commits, whoAmI, known } = deps;

  const remember = (place: Place, found: Known): Known => {
    if (known.size >= mostKnown) known.clear();
    known.set(keyOf(place), found);
    return found;
  };

  const find = async (place: Place): Promise<Known | undefined> => {
    const self = await whoAmI();
    for (let page = 1; page <= mostPages; page += 1) {
      const options = { sort: 'desc', orderBy: 'created_at', perPage: pageSize, page } as const;
      const here = z.array(note).parse(await notes.all(place.project, place.iid, options));
      const mine = here.find(({ author, body }) => author.id === self && body.includes(hidden(place.marker)));
      if (mine !== undefined) return remember(place, mine);
      if (here.length < pageSize) return undefined;
    }
    return undefined;
  };

  const make = async (place: Place, body: string): Promise<void> => {
    const { id } = note.parse(await notes.create(place.project, place.iid, body));
    remember(place, { id, body });
  };

  const edit = async (place: Place, existing: Known, body: string): Promise<void> => {
    if (existing.body.trim() === body.trim()) return;
    await notes.edit(place.project, place.iid, existing.id, { body });
    remember(place, { id: existing.id, body });
  };

  return {
    putMergeRequestComment: async (project, iid, comment, fresh) => {
      const place = { project, iid, marker: comment.marker };
      const body = withMarker(comment);
      const remembered = known.get(keyOf(place));
      if (remembered !== undefined) {
        const edited = await attempt(() => edit(place, remembered, body));
        if (edited.ok || edited.failure.reason !== 'missing') return edited;
        known.delete(keyOf(place));
      }
      const found: GitLabResult<Known | undefined> = fresh ? ok(undefined) : await attempt(() => find(place));
      if (!found.ok) return found;
      const existing = found.value;
      if (existing !== undefined) return attempt(() => edit(place, existing, body));
      const made = await attempt(() => make(place, body));
      if (made.ok || made.failure.reason !== 'passing') return made;
      return attempt(async () => {
        const after = await find(place);
        return after === undefined ? make(place, body) : edit(place, after, body);
      });
    },
    putCommitComment: async (project, commit, comment) =>
      attempt(async () => {
        const self = await whoAmI();
        const all = z.array(commitComment).parse(await commits.allComments(project, commit));
        const mine = all.some(
          ({ note: body, author }) => author.id === self && body.includes(hidden(comment.marker)),
        );
        if (!mine) await commits.createComment(project, commit, withMarker(comment));
      }),
  };
}

function keyOf({ project, iid, marker }: Place): string {
  return `${project}!${iid} ${marker}`;
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
