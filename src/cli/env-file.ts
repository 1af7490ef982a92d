import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';

import { settingNames } from '../config.ts';

type Variables = Readonly<Record<string, string | undefined>>;

/** The settings, with what a `.env` in the folder adds to the environment. */
export interface GivenSettings {
  readonly variables: Variables;
  /** What has to be told of the file; undefined where no host and no key comes from it. */
  readonly notice: EnvFileNotice | undefined;
}

/** Names of settings, never their values. */
interface EnvFileNotice {
  readonly path: string;
  /** The hosts and keys that come from the file. */
  readonly settings: readonly string[];
  /** Keys of the environment that go to hosts of the file. */
  readonly mixed: readonly { readonly key: string; readonly host: string }[];
}

/** Which host gets which key; GitLab hands the secret of a webhook that is added to whoever is behind PUBLIC_URL. */
const goesTo = {
  GITLAB_TOKEN: 'GITLAB_URL',
  AIC_API_KEY: 'AIC_URL',
  AIC_QA_API_KEY: 'AIC_QA_URL',
  GITLAB_WEBHOOK_SECRET: 'PUBLIC_URL',
  GITLAB_SIGNING_TOKEN: 'PUBLIC_URL',
};

/** What leads keys and data somewhere, and the keys. */
const hostOrKey = /_(URL|TOKEN|KEY|SECRET|ENDPOINT)$/;

/**
 * Reads the `.env` of a folder, where there is one. The folder may be a checkout of somebody else's: its file could send the keys of the environment to
 * another host. So only the bot's own settings are taken from it, none that the environment has, and which of them are hosts or keys is told.
 */
export function withEnvFile(folder: string, environment: Variables): GivenSettings {
  const path = join(folder, '.env');
  if (!existsSync(path) || !statSync(path).isFile()) return { variables: environment, notice: undefined };
  const added = Object.entries(parseEnv(readFileSync(path, 'utf8'))).filter(
    ([name, value]) => settingNames.has(name) && environment[name] === undefined && value?.trim() !== '',
  );
  const names = added.map(([name]) => name).toSorted();
  const settings = names.filter((name) => hostOrKey.test(name));
  const mixed = Object.entries(goesTo).flatMap(([key, host]) =>
    settings.includes(host) && (environment[key] ?? '').trim() !== '' ? [{ key, host }] : [],
  );
  return {
    variables: { ...environment, ...Object.fromEntries(added) },
    notice: settings.length === 0 ? undefined : { path, settings, mixed },
  };
}

/** The notice in words: for the terminal, before anything is sent. */
export function describeEnvFile({ path, settings, mixed }: EnvFileNotice): string {
  const sent = mixed.map(({ key, host }) => `${key} of the environment goes to the ${host} of that file.`);
  return [
    `Using ${settings.join(', ')} from ${path}.`,
    ...sent,
    ...(sent.length > 0 ? ['If the file is not yours, work in another folder.'] : []),
  ].join(' ');
}
