import { Hono } from 'hono';
import { hookEventJson, hookFlags, hookJson, type Hook, type HookEvent } from './hook.ts';
import type { ApiEnv, Instance } from './instance.ts';
import { pageOf } from './paging.ts';
import { readParams, type Params } from './params.ts';
import { accessLevel, accessLevels, type Project } from './project.ts';
import { badParameter, noSuchRow, Refusal, refused } from './refusal.ts';

const hooks = '/projects/:id/hooks';

export function hookRoutes(instance: Instance): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();

  app.use(`${hooks}/*`, async (c, next) => {
    const { project, user } = c.var;
    if (accessLevel(project, user) < accessLevels.maintainer) throw refused(403, '403 Forbidden');
    return next();
  });

  app.get(hooks, (c) => {
    const { project } = c.var;
    return pageOf(c, [...project.hooks.values()], (hook) => hookJson(hook, project.id, instance.now()));
  });

  app.post(hooks, async (c) => {
    const { project } = c.var;
    const params = await readParams(c);
    const hook: Hook = {
      id: instance.nextId(),
      createdAt: instance.now(),
      url: params.required('url'),
      name: null,
      description: null,
      token: undefined,
      signingToken: undefined,
      flags: new Set(['push_events']),
      sslVerification: true,
      pushBranchFilter: '',
      branchFilterStrategy: 'wildcard',
      failures: 0,
      disabledUntil: undefined,
      events: [],
    };
    change(hook, params);
    project.hooks.set(hook.id, hook);
    return c.json(hookJson(hook, project.id, instance.now()), 201);
  });

  app.get(`${hooks}/:hook`, (c) => {
    const { project } = c.var;
    return c.json(hookJson(hookIn(project, c.req.param('hook')), project.id, instance.now()));
  });

  app.put(`${hooks}/:hook`, async (c) => {
    const { project } = c.var;
    const hook = hookIn(project, c.req.param('hook'));
    const params = await readParams(c);
    params.required('url');
    change(hook, params);
    return c.json(hookJson(hook, project.id, instance.now()));
  });

  app.delete(`${hooks}/:hook`, (c) => {
    const { project } = c.var;
    project.hooks.delete(hookIn(project, c.req.param('hook')).id);
    return c.body(null, 204);
  });

  app.get(`${hooks}/:hook/events`, (c) => {
    const hook = hookIn(c.var.project, c.req.param('hook'));
    if (Number(c.req.query('per_page') ?? 20) > 20)
      throw badParameter('per_page does not have a valid value');
    const wanted = c.req.query('status')?.split(',');
    const found = hook.events.filter(
      (event) => wanted === undefined || wanted.some((one) => fits(event, one)),
    );
    return pageOf(c, found.toReversed(), hookEventJson);
  });

  app.post(`${hooks}/:hook/events/:event/resend`, async (c) => {
    const hook = hookIn(c.var.project, c.req.param('hook'));
    const event = hook.events.find(({ id }) => String(id) === c.req.param('event'));
    if (event === undefined) throw noSuchRow();
    if (event.url !== hook.url)
      throw refused(422, 'The hook URL has changed. The event can no longer be resent.');
    if (!instance.resends.take(`${hook.id}:${c.var.user.id}`, instance.now()))
      throw refused(429, 'This endpoint has been requested too many times. Try again later.');
    const repeated = await instance.webhooks.resend(hook, event);
    const status = Number(repeated.responseStatus);
    return c.json({ response_status: Number.isNaN(status) ? repeated.responseStatus : status }, 201);
  });

  return app;
}

function hookIn(project: Project, id: string): Hook {
  const found = project.hooks.get(Number(id));
  if (found === undefined) throw noSuchRow();
  return found;
}

/** Takes over what is given; nothing when something is wrong. */
function change(hook: Hook, params: Params): void {
  const url = params.text('url') ?? hook.url;
  if (!isHttpUrl(url)) throw new Refusal(422, { error: 'Invalid url given' });
  const signingToken = params.text('signing_token');
  if (signingToken !== undefined && signingToken !== '' && !isSigningToken(signingToken))
    throw refused(422, { signing_token: ['is invalid'] });
  const flags = hookFlags.map((flag) => [flag, params.flag(flag) ?? hook.flags.has(flag)] as const);
  const sslVerification = params.flag('enable_ssl_verification') ?? hook.sslVerification;

  const token = params.text('token');
  // Another address loses the secret, so that nobody can have it sent to himself.
  if (token !== undefined) hook.token = token === '' ? undefined : token;
  else if (url !== hook.url) hook.token = undefined;
  if (signingToken !== undefined) hook.signingToken = signingToken === '' ? undefined : signingToken;
  hook.url = url;
  hook.name = params.text('name') ?? hook.name;
  hook.description = params.text('description') ?? hook.description;
  hook.sslVerification = sslVerification;
  hook.pushBranchFilter = params.text('push_events_branch_filter') ?? hook.pushBranchFilter;
  hook.branchFilterStrategy = params.text('branch_filter_strategy') ?? hook.branchFilterStrategy;
  for (const [flag, wanted] of flags) {
    if (wanted) hook.flags.add(flag);
    else hook.flags.delete(flag);
  }
}

function isHttpUrl(url: string): boolean {
  return URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);
}

function isSigningToken(token: string): boolean {
  const encoded = /^whsec_([A-Za-z0-9+/]{43}=)$/.exec(token)?.[1];
  return encoded !== undefined && Buffer.from(encoded, 'base64').length === 32;
}

/** A number, or the name of a kind of result. */
function fits({ responseStatus }: HookEvent, wanted: string): boolean {
  switch (wanted) {
    case 'successful':
      return /^[23]/.test(responseStatus);
    case 'client_failure':
      return responseStatus.startsWith('4');
    case 'server_failure':
      return responseStatus.startsWith('5') || responseStatus === 'internal error';
    default:
      return responseStatus === wanted;
  }
}
