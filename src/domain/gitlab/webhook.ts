/** GitLab's number of a webhook. */
export type HookId = number & { readonly brand: 'HookId' };

/** The events that the bot wants to hear of, and what each is for. */
export const hookEvents = {
  push: 'push events',
  mergeRequests: 'merge request events',
  comments: 'comments',
  confidentialComments: 'confidential comments',
  tokenExpiry: 'access token expiry events',
} as const;
export type HookEvent = keyof typeof hookEvents;
export const hookEventNames: readonly HookEvent[] = [
  'push',
  'mergeRequests',
  'comments',
  'confidentialComments',
  'tokenExpiry',
];

/** A webhook of a project, as GitLab shows it. */
export interface Hook {
  readonly id: HookId;
  readonly url: string;
  readonly events: ReadonlySet<HookEvent>;
  /** `paused`: off for a while after failures. `off`: off until a test succeeds. */
  readonly state: 'working' | 'paused' | 'off' | 'unknown';
  /** When a paused one is on again, as GitLab writes it. */
  readonly pausedUntil: string | undefined;
  /** Undefined where GitLab does not tell, as older ones do. */
  readonly hasSecret: boolean | undefined;
  /** Undefined where GitLab cannot sign (before 19.0). */
  readonly hasSigningToken: boolean | undefined;
  readonly verifiesTls: boolean;
  /** Branches that pushes are told of; empty for all. */
  readonly pushFilter: string;
}

/** What a webhook must be like for the bot. */
export interface WantedHook {
  readonly url: string;
  readonly secret: string | undefined;
  readonly signingToken: string | undefined;
}

/** Where the bot takes webhooks. */
const route = '/webhooks/gitlab';

/** The webhook's address for a bot whose address is this one, with or without the route. */
export function hookUrl(bot: URL): string {
  const url = new URL(bot);
  const path = url.pathname.replace(/\/+$/, '');
  url.pathname = path.endsWith(route) ? path : `${path}${route}`;
  return url.href;
}

/** Whether two addresses mean the same: a host's letters and a slash at the end do not matter. */
export function isSameUrl(one: string, other: string): boolean {
  return normal(one) === normal(other);
}

/** Whether it leads to some bot's route, wherever that is. */
export function leadsToBot(url: string): boolean {
  return URL.canParse(url) && new URL(url).pathname.replace(/\/+$/, '').endsWith(route);
}

function normal(url: string): string {
  return URL.canParse(url) ? new URL(url).href.replace(/\/+$/, '') : url;
}

/** What the hook lacks of what is wanted. What it has is left alone, a secret of its own above all. */
export function lacksOf(hook: Hook, wanted: WantedHook): readonly (HookEvent | 'secret' | 'signing-token')[] {
  return [
    ...hookEventNames.filter((event) => !hook.events.has(event)),
    ...(wanted.secret !== undefined && hook.hasSecret === false ? (['secret'] as const) : []),
    ...(wanted.signingToken !== undefined && hook.hasSigningToken === false
      ? (['signing-token'] as const)
      : []),
  ];
}
