import type { Hono } from 'hono';

import { createLog } from './adapters/log.ts';
import { createApp } from './app.ts';
import { describeMistakes, parseConfig, secretsIn, servedBy, type Config } from './config.ts';
import { fail } from './domain/result.ts';
import { createMask } from './domain/secrets.ts';

/** Cloudflare hands settings and secrets over as one object; bindings of other kinds are not settings. */
type Bindings = Readonly<Record<string, unknown>>;

/**
 * The Cloudflare Worker. It checks deliveries like the Node process does, but has no storage yet: a verified delivery gets a
 * 503, so that GitLab counts it as failed instead of believing it kept.
 */
export default {
  fetch: async (request: Request, bindings: Bindings): Promise<Response> => {
    const settings = Object.entries(bindings).filter((entry) => typeof entry[1] === 'string');
    const config = parseConfig(Object.fromEntries(settings) as Readonly<Record<string, string>>);
    if (config.ok) return appFor(config.value).fetch(request);
    writeLine(describeMistakes(config.failure));
    return Response.json({ error: 'the settings are missing or wrong; the log names them' }, { status: 500 });
  },
};

function appFor(config: Config): Hono {
  const clock = { now: () => Date.now() };
  const log = createLog({
    level: config.LOG_LEVEL,
    clock,
    mask: createMask(secretsIn(config)),
    write: writeLine,
  });
  const said = 'the Cloudflare Worker has no storage yet; run the bot with Node';
  return createApp({
    inbox: { accept: () => Promise.resolve(fail({ reason: 'unavailable', said })) },
    clock,
    log,
    serves: servedBy(config),
    mail: { mailTo: [], mailHost: '' },
    secrets: { tokens: config.GITLAB_WEBHOOK_SECRET, signingToken: config.GITLAB_SIGNING_TOKEN },
    readiness: () => Promise.resolve({ missing: ['store'], warnings: [] }),
  });
}

function writeLine(line: string): void {
  console.log(line);
}
