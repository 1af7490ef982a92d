import type {
  Commits,
  IssueDiscussions,
  IssueNoteAwardEmojis,
  IssueNotes,
  MergeRequestDiscussions,
  MergeRequestNoteAwardEmojis,
  MergeRequestNotes,
} from '@gitbeaker/rest';
import { z } from 'zod';

import type { Comment, GitLab } from '../../domain/gitlab/gitlab.ts';
import type { GitLabResult } from '../../domain/gitlab/project.ts';
import type { ProjectId } from '../../domain/shared/ids.ts';
import { placeName, type Place } from '../../domain/gitlab/comment-location.ts';
import { ok } from '../../domain/shared/result.ts';
import { disarmed } from './disarm-quick-actions.ts';
import { attempt, UpstreamError } from './requester.ts';

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

/** One comment's place and marker. */
interface Wanted {
  readonly project: ProjectId;
  readonly place: Exclude<Place, { kind: 'commit' }>;
  readonly marker: string;
}

const thread = z.object({ notes: z.array(note) });
const alreadyThere = /has already been taken/i;

/**
 * Comments that are found again by a hidden marker and the bot's own authorship. A comment is only made after no such one was
 * found, and looked for again when making it ended without an answer, so there is one however often this runs.
 */
export function createComments(deps: {
  readonly notes: { readonly 'merge-request': MergeRequestNotes; readonly issue: IssueNotes };
  readonly discussions: {
    readonly 'merge-request': MergeRequestDiscussions;
    readonly issue: IssueDiscussions;
  };
  readonly awards: {
    readonly 'merge-request': MergeRequestNoteAwardEmojis;
    readonly issue: IssueNoteAwardEmojis;
  };
  readonly commits: Commits;
  readonly whoAmI: () => Promise<number>;
  readonly known: KnownComments;
  /** Takes secrets out of a text. */
  readonly hide: (text: string) => string;
}): Pick<GitLab, 'putComment' | 'react'> {
  const { notes, discussions, awards, commits, whoAmI, known, hide } = deps;

  const remember = (wanted: Wanted, found: Known): Known => {
    if (known.size >= mostKnown) known.clear();
    known.set(keyOf(wanted), found);
    return found;
  };

  const find = async (wanted: Wanted): Promise<Known | undefined> => {
    const self = await whoAmI();
    const { project, place } = wanted;
    const mineIn = (all: readonly z.infer<typeof note>[]) =>
      all.find(({ author, body }) => author.id === self && isMarked(body, wanted.marker));
    if (place.discussion !== undefined) {
      const { discussion } = place;
      const shown = await attempt(() => discussions[place.kind].show(project, place.iid, discussion));
      const mine = shown.ok ? mineIn(thread.parse(shown.value).notes) : undefined;
      if (mine !== undefined) return remember(wanted, mine);
      if (shown.ok) return undefined;
      if (shown.failure.reason !== 'missing') throw new UpstreamError(shown.failure);
    }
    for (let page = 1; page <= mostPages; page += 1) {
      const options = { sort: 'desc', orderBy: 'created_at', perPage: pageSize, page } as const;
      const here = z.array(note).parse(await notes[place.kind].all(project, place.iid, options));
      const mine = mineIn(here);
      if (mine !== undefined) return remember(wanted, mine);
      if (here.length < pageSize) return undefined;
    }
    return undefined;
  };

  const make = async (wanted: Wanted, body: string): Promise<void> => {
    const { project, place } = wanted;
    const { discussion, iid, kind, confidential = false } = place;
    if (discussion !== undefined) {
      const answered = await attempt(() => discussions[kind].addNote(project, iid, discussion, body));
      if (answered.ok) {
        remember(wanted, { id: note.parse(answered.value).id, body });
        return;
      }
      // The thread is gone, or GitLab takes no answer to it.
      const { reason } = answered.failure;
      if (reason !== 'missing' && reason !== 'refused') throw new UpstreamError(answered.failure);
    }
    const { id } = note.parse(
      await notes[kind].create(project, iid, body, confidential ? { internal: true } : {}),
    );
    remember(wanted, { id, body });
  };

  const edit = async ({ project, place, marker }: Wanted, existing: Known, body: string): Promise<void> => {
    if (existing.body.trim() === body.trim()) return;
    await notes[place.kind].edit(project, place.iid, existing.id, { body });
    remember({ project, place, marker }, { id: existing.id, body });
  };

  const putNote = async (wanted: Wanted, body: string, fresh: boolean): Promise<GitLabResult<void>> => {
    const key = keyOf(wanted);
    const remembered = known.get(key);
    if (remembered !== undefined) {
      const edited = await attempt(() => edit(wanted, remembered, body));
      if (edited.ok || edited.failure.reason !== 'missing') return edited;
      if (known.get(key) === remembered) known.delete(key);
    }
    const found: GitLabResult<Known | undefined> = fresh ? ok(undefined) : await attempt(() => find(wanted));
    if (!found.ok) return found;
    const existing = found.value;
    if (existing !== undefined) return attempt(() => edit(wanted, existing, body));
    const made = await attempt(() => make(wanted, body));
    if (made.ok || made.failure.reason !== 'passing') return made;
    return attempt(async () => {
      const after = await find(wanted);
      return after === undefined ? make(wanted, body) : edit(wanted, after, body);
    });
  };

  return {
    putComment: async (project, place, comment, fresh) => {
      const body = withMarker({ ...comment, body: hide(comment.body) });
      if (place.kind !== 'commit') return putNote({ project, place, marker: comment.marker }, body, fresh);
      return attempt(async () => {
        const self = await whoAmI();
        const all = z.array(commitComment).parse(await commits.allComments(project, place.commit));
        const mine = all.some(
          ({ note: text, author }) => author.id === self && isMarked(text, comment.marker),
        );
        if (!mine) await commits.createComment(project, place.commit, body);
      });
    },
    react: async (project, { on, note: id }, emoji) => {
      const awarded = await attempt(() => awards[on.kind].award(project, on.iid, id, emoji));
      // GitLab answers 404 also when the emoji is there already, and when the comment is gone.
      const isDone =
        awarded.ok || awarded.failure.reason === 'missing' || alreadyThere.test(awarded.failure.said);
      return isDone ? ok(undefined) : awarded;
    },
  };
}

function keyOf({ project, place, marker }: Wanted): string {
  return `${project}${placeName(place)} ${marker}`;
}

function hidden(marker: string): string {
  return `<!-- ${marker} -->`;
}

/** The mark stands first: anywhere else, it is a text that somebody gave to a pipeline. */
function isMarked(body: string, marker: string): boolean {
  return body.trimStart().startsWith(hidden(marker));
}

function withMarker({ marker, body }: Comment): string {
  return `${hidden(marker)}\n\n${disarmed(body)}`;
}
