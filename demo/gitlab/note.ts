import { randomBytes } from 'node:crypto';
import { userJson, type User } from './users.ts';

export interface Note {
  readonly id: number;
  /** 40 hex digits, the same for all notes of a thread. */
  readonly discussion: string;
  /** Whether it stands in a thread: an answer, or a note that was answered. */
  threaded: boolean;
  body: string;
  readonly author: User;
  readonly internal: boolean;
  /** Written by GitLab itself. */
  readonly system: boolean;
  readonly createdAt: Date;
  /** Moved by edits, emojis, the first answer and resolutions of single notes. */
  updatedAt: Date;
  /** The last change of its text, which only GraphQL tells. */
  edit: { readonly at: Date; readonly by: User } | undefined;
  readonly awards: Award[];
  /** Only what stands in a thread of a merge request can be resolved. */
  isResolved?: boolean;
}

export interface Award {
  readonly id: number;
  readonly name: string;
  readonly user: User;
  readonly createdAt: Date;
}

/** What GitLab itself writes of what somebody did. */
export function addSystemNote(
  instance: { nextId(): number; now(): Date },
  { notes }: { readonly notes: Note[] },
  author: User,
  body: string,
): void {
  const now = instance.now();
  notes.push({
    id: instance.nextId(),
    discussion: randomBytes(20).toString('hex'),
    threaded: false,
    body,
    author,
    internal: false,
    system: true,
    createdAt: now,
    updatedAt: now,
    edit: undefined,
    awards: [],
  });
}

/** What commands in a text changed; empty where there were none. */
export type CommandChanges = Readonly<Record<string, unknown>>;

/** A note as the answers show one. */
export function noteJson(
  note: Note,
  noteable: { readonly type: 'MergeRequest' | 'Issue'; readonly id: number; readonly iid: number },
  projectId: number,
  url: string,
  changes: CommandChanges = {},
): object {
  return {
    id: note.id,
    type: note.threaded ? 'DiscussionNote' : null,
    body: note.body,
    attachment: null,
    author: userJson(note.author, url),
    created_at: note.createdAt.toISOString(),
    updated_at: note.updatedAt.toISOString(),
    system: note.system,
    noteable_id: noteable.id,
    noteable_type: noteable.type,
    project_id: projectId,
    ...(note.threaded && noteable.type === 'MergeRequest' && !note.system
      ? { resolvable: true, resolved: note.isResolved === true }
      : { resolvable: false }),
    confidential: note.internal,
    internal: note.internal,
    imported: false,
    imported_from: 'none',
    noteable_iid: noteable.iid,
    commands_changes: changes,
  };
}

export function awardJson(
  award: Award,
  on: { readonly id: number; readonly type: string },
  url: string,
): object {
  return {
    id: award.id,
    name: award.name,
    user: userJson(award.user, url),
    created_at: award.createdAt.toISOString(),
    updated_at: award.createdAt.toISOString(),
    awardable_id: on.id,
    awardable_type: on.type,
    url: null,
  };
}
