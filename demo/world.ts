import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { startAic, type AicServer } from './aic/server.ts';
import { startGitLab, type GitLabServer } from './gitlab/server.ts';
import { startSmtpSink, type SmtpSink } from './mail/smtp-sink.ts';

/** A GitLab, an AIC and a mail server, each really listening, and a folder for the bot's database. */
export interface World {
  readonly gitlab: GitLabServer;
  readonly aic: AicServer;
  readonly mail: SmtpSink;
  /** The bot's GitLab account. */
  readonly bot: { readonly id: number; readonly token: string };
  readonly webhookSecret: string;
  /** The bot's settings as environment variables, for these servers. */
  readonly settings: Readonly<Record<string, string>>;
  /** The folder of the bot's database; it goes with the world. */
  readonly folder: string;
  close(): Promise<void>;
}

/** Starts the three servers with nothing in them but the bot's account. */
export async function startWorld(): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'aic-bot-'));
  const [gitlab, aic, mail] = await Promise.all([startGitLab(), startAic(), startSmtpSink()]);
  const bot = gitlab.addUser({ username: 'aic-bot', name: 'AIC bot', isBot: true });
  const webhookSecret = 'demo-webhook-secret';
  return {
    gitlab,
    aic,
    mail,
    bot,
    webhookSecret,
    folder,
    settings: {
      HOST: '127.0.0.1',
      PORT: '0',
      GITLAB_URL: gitlab.url,
      GITLAB_TOKEN: bot.token,
      GITLAB_WEBHOOK_SECRET: webhookSecret,
      GITLAB_PROJECTS: 'pin/**',
      AIC_WORKSPACES: 'pin/**=PIN ANALYTICS/*',
      AIC_URL: `${aic.url}/apis/core/v1`,
      AIC_API_KEY: aic.apiKey,
      AIC_QA_URL: `${aic.url}/apis/core/v1`,
      AIC_QA_API_KEY: aic.apiKey,
      SMTP_URL: mail.url,
      MAIL_FROM: 'aic-bot <aic-bot@example.com>',
      MAIL_TO: 'data-team@example.com',
      DATABASE_URL: `file:${join(folder, 'aic-bot.db')}`,
    },
    close: async () => {
      await Promise.all([gitlab.close(), aic.close(), mail.close()]);
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
