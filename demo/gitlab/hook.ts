/** The events that can be switched on; the demo sends only the first three kinds and the last. */
export const hookFlags = [
  'push_events',
  'merge_requests_events',
  'note_events',
  'tag_push_events',
  'issues_events',
  'confidential_issues_events',
  'confidential_note_events',
  'pipeline_events',
  'wiki_page_events',
  'deployment_events',
  'feature_flag_events',
  'job_events',
  'releases_events',
  'emoji_events',
  'resource_access_token_events',
] as const;

export type HookFlag = (typeof hookFlags)[number];

export interface Hook {
  readonly id: number;
  readonly createdAt: Date;
  url: string;
  name: string | null;
  description: string | null;
  /** Sent in clear. */
  token: string | undefined;
  /** `whsec_` and 32 bytes in base64. */
  signingToken: string | undefined;
  readonly flags: Set<HookFlag>;
  sslVerification: boolean;
  pushBranchFilter: string;
  branchFilterStrategy: string;
  /** What was sent, oldest first. */
  readonly events: HookEvent[];
}

/** One try to deliver. A repeated one is an event of its own with the same key. */
export interface HookEvent {
  readonly id: number;
  readonly url: string;
  /** `push_hooks`, `merge_request_hooks`, `note_hooks`, `resource_access_token_hooks`. */
  readonly trigger: string;
  readonly requestHeaders: Readonly<Record<string, string>>;
  readonly body: string;
  readonly responseHeaders: Readonly<Record<string, string>>;
  readonly responseBody: string;
  /** A number, or `internal error` when no answer came. */
  readonly responseStatus: string;
  readonly seconds: number;
  readonly idempotencyKey: string;
}

/** A hook as the answers show one: never its secrets. */
export function hookJson(hook: Hook, projectId: number): object {
  return {
    id: hook.id,
    url: hook.url,
    name: hook.name,
    description: hook.description,
    created_at: hook.createdAt.toISOString(),
    project_id: projectId,
    ...Object.fromEntries(hookFlags.map((flag) => [flag, hook.flags.has(flag)])),
    repository_update_events: false,
    enable_ssl_verification: hook.sslVerification,
    alert_status: 'executable',
    disabled_until: null,
    url_variables: [],
    custom_headers: [],
    custom_webhook_template: null,
    push_events_branch_filter: hook.pushBranchFilter,
    branch_filter_strategy: hook.branchFilterStrategy,
    token_present: hook.token !== undefined,
    signing_token_present: hook.signingToken !== undefined,
  };
}

export function hookEventJson(event: HookEvent): object {
  const headers = { ...event.requestHeaders };
  if ('X-Gitlab-Token' in headers) headers['X-Gitlab-Token'] = '[REDACTED]';
  return {
    id: event.id,
    url: event.url,
    trigger: event.trigger,
    request_headers: headers,
    request_data: JSON.parse(event.body) as unknown,
    response_headers: event.responseHeaders,
    response_body: event.responseBody,
    execution_duration: event.seconds,
    response_status: event.responseStatus,
  };
}
