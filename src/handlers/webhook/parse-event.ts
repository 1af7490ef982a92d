import { z } from 'zod';

import type { Event, Reading } from '../../domain/jobs/webhook-event.ts';
import { accessTokenEvent, readAccessToken } from './access-token-event.ts';
import { mergeRequestEvent, readMergeRequest } from './merge-request-event.ts';
import { noteEvent, readNote } from './note-event.ts';
import { pushEvent, readPush } from './push-event.ts';

/** GitLab's `X-Gitlab-Event` for each kind that is used. */
const kinds = {
  merge_request: ['Merge Request Hook'],
  push: ['Push Hook'],
  note: ['Note Hook', 'Confidential Note Hook'],
  access_token: ['Resource Access Token Hook'],
} as const;

const named = z.object({ object_kind: z.string() });
const longestQuote = 100;

type Kind = keyof typeof kinds;

/**
 * What a webhook body means. The kind stands in the body; the header tells where a custom template
 * replaced the body. Only a known kind whose fields are not where they belong is rejected.
 * @param eventName GitLab's `X-Gitlab-Event`
 */
export function readEvent(eventName: string, body: unknown): Reading {
  const stated = named.safeParse(body).data?.object_kind;
  const kind = knownKinds().find((known) =>
    stated === undefined ? kinds[known].some((name) => name === eventName) : known === stated,
  );
  switch (kind) {
    case undefined:
      return stated === undefined && eventName === ''
        ? { kind: 'ignored', reason: 'the request names no kind of event' }
        : { kind: 'ignored', reason: `events of the kind ${quoted(stated ?? eventName)} are not used` };
    case 'merge_request': {
      const parsed = mergeRequestEvent.safeParse(body);
      if (!parsed.success) return rejected(kind, body, parsed.error);
      const { action } = parsed.data.object_attributes;
      return reading(
        parsed.data,
        readMergeRequest(parsed.data),
        `merge request ${action === undefined ? 'events without an action' : quoted(action)}: only openings, changes and merges are used`,
      );
    }
    case 'push': {
      const parsed = pushEvent.safeParse(body);
      if (!parsed.success) return rejected(kind, body, parsed.error);
      return reading(parsed.data, readPush(parsed.data), 'only pushes to branches are used');
    }
    case 'note': {
      const parsed = noteEvent.safeParse(body);
      if (!parsed.success) return rejected(kind, body, parsed.error);
      return reading(parsed.data, readNote(parsed.data), 'only new comments with a command are used');
    }
    case 'access_token': {
      const parsed = accessTokenEvent.safeParse(body);
      if (!parsed.success) return rejected(kind, body, parsed.error);
      const projectPath = parsed.data.project?.path_with_namespace;
      return { kind: 'event', projectPath, event: readAccessToken() };
    }
  }
}

function knownKinds(): readonly Kind[] {
  return ['merge_request', 'push', 'note', 'access_token'];
}

function reading(
  { project }: { readonly project: { readonly path_with_namespace: string } },
  event: Event | undefined,
  unused: string,
): Reading {
  return event === undefined
    ? { kind: 'ignored', reason: unused }
    : { kind: 'event', projectPath: project.path_with_namespace, event };
}

/** A word of the sender's for an answer and the log: a body may hold one of 25 MiB. */
function quoted(word: string): string {
  return word.slice(0, longestQuote);
}

/** Names the fields and what each has to be, never their values: the text goes into an answer. */
function rejected(kind: Kind, body: unknown, error: z.ZodError): Reading {
  const fields = error.issues.map(
    (issue) => `${issue.path.join('.') || 'the body'}${issue.code === 'custom' ? ` (${issue.message})` : ''}`,
  );
  return {
    kind: 'rejected',
    projectPath: projectPathIn(body),
    reason: `${kind === 'access_token' ? 'an' : 'a'} ${kind} event with unreadable fields: ${[...new Set(fields)].join(', ')}`,
  };
}

const path = z.object({ path_with_namespace: z.string() });
/** Where events name their project, the likeliest first. */
const places = [
  z.object({ project: path }).transform(({ project }) => project),
  z
    .object({ object_attributes: z.object({ target: path }) })
    .transform(({ object_attributes: { target } }) => target),
  z
    .object({ merge_request: z.object({ target: path }) })
    .transform(({ merge_request: { target } }) => target),
  path,
];

/** The project of a body whose other fields need not make sense. */
function projectPathIn(body: unknown): string | undefined {
  for (const place of places) {
    const found = place.safeParse(body);
    if (found.success) return found.data.path_with_namespace;
  }
  return undefined;
}
