import { z } from 'zod';

import type { Lookout } from '../../domain/gitlab/missed-events.ts';
import { fail, ok } from '../../domain/shared/result.ts';
import type { HttpClient } from '../http/client.ts';

const query = `query ($id: NoteID!) {
  note(id: $id) { updatedAt lastEditedAt lastEditedBy { id } }
}`;
const mostBytes = 1024 * 1024;

const answer = z.object({
  data: z
    .object({
      note: z
        .object({
          updatedAt: z.string(),
          lastEditedAt: z.string().nullable(),
          lastEditedBy: z.object({}).nullable(),
        })
        .nullish(),
    })
    .nullish(),
});

/**
 * Asks whether a comment was edited. Only GraphQL tells: the REST API has nothing but `updated_at`, which emojis, answers and resolutions move as well (GitLab's
 * `Note#bump_updated_at`, `Note#edited?`).
 * @param base GitLab's address without `/api/v4`
 */
export function createNoteEdits(http: HttpClient, base: string, token: string): Pick<Lookout, 'edited'> {
  return {
    edited: async (note) => {
      const asked = await http({
        method: 'POST',
        url: new URL(`${base}/api/graphql`),
        headers: { 'content-type': 'application/json', 'private-token': token },
        body: JSON.stringify({ query, variables: { id: `gid://gitlab/Note/${note}` } }),
        path: '/graphql',
        // A query changes nothing.
        repeatable: true,
        maxBytes: mostBytes,
        read: ({ text }) => parse(text),
      });
      if (asked.ok) return ok(asked.value);
      const { reason, status } = asked.failure;
      // GraphQL is switched off, or the token may not use it.
      const isOff = reason === 'missing' || reason === 'refused' || status === 403;
      return isOff ? ok('unknown') : asked;
    },
  };
}

/** A note without an editor, whose last edit is said to be its last change at all, has none: GitLab fills the one in with the other. */
function parse(text: string) {
  try {
    const note = answer.parse(JSON.parse(text)).data?.note ?? undefined;
    if (note === undefined) return ok('unknown' as const);
    const isNamed = note.lastEditedAt !== null && note.lastEditedAt !== note.updatedAt;
    return ok(note.lastEditedBy !== null || isNamed ? ('edited' as const) : ('never' as const));
  } catch {
    return fail('the answer is not one of GraphQL');
  }
}
