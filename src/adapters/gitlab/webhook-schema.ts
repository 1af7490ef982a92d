import { z } from 'zod';

import { hookEventNames, type Hook, type HookEvent, type HookId } from '../../domain/gitlab/webhook.ts';

/** GitLab's flag of each event (https://docs.gitlab.com/api/project_webhooks/). */
const flags = {
  push: 'push_events',
  mergeRequests: 'merge_requests_events',
  comments: 'note_events',
  confidentialComments: 'confidential_note_events',
  tokenExpiry: 'resource_access_token_events',
} as const satisfies Readonly<Record<HookEvent, string>>;

/** The flags that switch the events on, as gitbeaker sends them on. */
export function flagsOf(events: readonly HookEvent[]): Readonly<Record<string, boolean>> {
  return Object.fromEntries(events.map((event) => [flags[event], true]));
}

export const allHookFlags = flagsOf(hookEventNames);

const flag = z.boolean().nullish();
const states = { executable: 'working', temporarily_disabled: 'paused', disabled: 'off' } as const;
const state = z
  .string()
  .nullish()
  .transform((status): Hook['state'] => {
    const known = Object.entries(states).find(([name]) => name === status);
    return known === undefined ? 'unknown' : known[1];
  });

/** A webhook as GitLab shows it; what an older GitLab does not say is unknown. */
export const hook = z
  .object({
    id: z.number().transform((id) => id as HookId),
    url: z.string(),
    push_events: flag,
    merge_requests_events: flag,
    note_events: flag,
    confidential_note_events: flag,
    resource_access_token_events: flag,
    alert_status: state,
    disabled_until: z.string().nullish(),
    token_present: flag,
    signing_token_present: flag,
    enable_ssl_verification: flag,
    push_events_branch_filter: z.string().nullish(),
  })
  .transform((shown): Hook => ({
    id: shown.id,
    url: shown.url,
    events: new Set(hookEventNames.filter((event) => shown[flags[event]] === true)),
    state: shown.alert_status,
    pausedUntil: shown.disabled_until ?? undefined,
    hasSecret: shown.token_present ?? undefined,
    hasSigningToken: shown.signing_token_present ?? undefined,
    verifiesTls: shown.enable_ssl_verification ?? true,
    pushFilter: shown.push_events_branch_filter ?? '',
  }));
