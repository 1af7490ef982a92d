import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { startAic, type AicServer } from '../demo/aic/server.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('..', import.meta.url));
const tsc = join(root, 'node_modules/typescript/bin/tsc');

let server: AicServer;
let folder: string;

/** A script of somebody who uses the package: what the Python library's AIC was for. */
const script = `
import { configPath, connect, describe, findDrive, fingerprintOf, parseConfig, parseMapping, lookup, writeConfig, codeFiles } from 'aic-bot';

const [url, key] = process.argv.slice(2);
const lines = [];
const aic = connect({ key, project: 'PIN ANALYTICS', url, log: (line) => lines.push(line) });
const projects = await aic.projects();
const workspaces = await aic.workspaces();
const unknown = await aic.workspace('PIN QQ');
const found = await aic.workspace('PIN QA');
if (!found.ok) throw new Error(describe(found.failure));
const workspace = found.value;
const text = '{"stages":[{"tasks":[{"id":"t","type":"SQL","config":{"query":"select 1"}}]}],"big":1,"variables":[]}';
const content = parseConfig(text);
if (!content.ok) throw new Error(content.failure.problem);
const created = await workspace.upsert('a/b', content.value);
const updated = await workspace.upsert('a/b', content.value);
const configs = await workspace.configs(['*']);
const drives = await workspace.drives();
const drive = findDrive(drives.ok ? drives.value : [], 'BACKUPS');
const missing = await workspace.configs(['a/c']);
if (!configs.ok) throw new Error(describe(configs.failure));
const [{ name, content: live, fingerprint }] = configs.value.pulled;
const backup = await workspace.backUp();
const made = await workspace.createBranches(['a/b']);
const listed = await workspace.listBranches();
const deleted = await workspace.deleteBranches(['a/b']);
const tables = await workspace.tablesOf('SALES');
const mapping = parseMapping('mapping: { develop: PIN QA }');
console.log(JSON.stringify({
  projects: projects.ok && projects.value.map(({ name }) => name),
  workspaces: workspaces.ok && workspaces.value.map(({ name }) => name),
  unknown: !unknown.ok && describe(unknown.failure),
  upserts: [created, updated].map((result) => result.ok && result.value.kind),
  missing: !missing.ok && describe(missing.failure),
  drive: drive.ok && drive.value.name,
  same: fingerprint === (await fingerprintOf(content.value)),
  path: configPath(name),
  code: codeFiles(name, live),
  config: writeConfig(name, live),
  backup: backup.ok && backup.value.items,
  made: made.ok && made.value.length,
  listed: listed.ok && listed.value[0].branches.length,
  deleted: deleted.ok && deleted.value[0].branches.length,
  tables: tables.ok && tables.value.tables.map(({ name }) => name),
  branch: mapping.ok && lookup(mapping.value, 'develop').rule,
  logged: lines.length > 0 && !lines.join('').includes(key),
}));
`;

/** The same in TypeScript, as strict as it gets: each line is a claim about the types. */
const typed = `
import {
  connect, describe, lookup, parseConfig, parseMapping,
  type Backup, type Configs, type ConnectedWorkspace, type Content, type Failure, type Lookup, type Result,
} from 'aic-bot';

export async function main(key: string): Promise<string> {
  const found = await connect({ key, project: 'P', environment: 'qa' }).workspace('W');
  if (!found.ok) return describe(found.failure);
  const workspace: ConnectedWorkspace = found.value;
  const configs: Result<Configs, Failure> = await workspace.configs(['a']);
  if (!configs.ok) return describe(configs.failure);
  const content: Content | undefined = configs.value.pulled[0]?.content;
  const backup = await workspace.backUp({ drive: 'backups' });
  const stored: Backup | undefined = backup.ok ? backup.value : undefined;
  const read = await workspace.read((await workspace.pipelines().then((all) => (all.ok ? all.value : [])))[0]!.id);
  if (!read.ok && read.failure.kind === 'upstream') return read.failure.failure.said;
  const mapping = parseMapping('');
  const rule: Lookup['rule'] | undefined = mapping.ok ? lookup(mapping.value, 'develop').rule : undefined;
  // @ts-expect-error an environment that AIC does not have
  connect({ key, project: 'P', environment: 'staging' });
  // @ts-expect-error what may have failed is looked at first
  const unlooked = parseConfig('{}').value;
  return JSON.stringify({ content, stored, rule, unlooked });
}
`;

beforeAll(async () => {
  server = await startAic({ apiKey: 'the-key-of-a-script' });
  server.addProject('PIN ANALYTICS');
  server.addWorkspace('PIN ANALYTICS', 'PIN QA');
  server.addDrive('PIN ANALYTICS', 'PIN QA', 'Backups');
  server.addDataset('PIN ANALYTICS', 'PIN QA', 'SALES');
  server.addTable('PIN ANALYTICS', 'PIN QA', 'SALES', 'orders');
  folder = await mkdtemp(join(tmpdir(), 'aic-bot-package-'));
  // npm runs "prepare" first, so this builds what it packs.
  await run('npm', ['pack', '--json', '--silent', '--pack-destination', folder], {
    cwd: root,
  });
  const [tarball = ''] = await readdir(folder);
  const modules = join(folder, 'node_modules');
  await mkdir(join(modules, 'aic-bot'), { recursive: true });
  await run('tar', ['-xzf', join(folder, tarball), '-C', join(modules, 'aic-bot'), '--strip-components=1']);
  // What npm would install: offline, the dependencies are those that are here.
  const { dependencies } = JSON.parse(await readFile(join(modules, 'aic-bot/package.json'), 'utf8')) as {
    readonly dependencies: Readonly<Record<string, string>>;
  };
  for (const name of Object.keys(dependencies)) {
    await mkdir(join(modules, name, '..'), { recursive: true });
    await symlink(join(root, 'node_modules', name), join(modules, name));
  }
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
});

afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

describe('the npm package', () => {
  it('holds what was built and no TypeScript that Node would have to strip', async () => {
    const files = await readdir(join(folder, 'node_modules/aic-bot'), { recursive: true });
    expect(files).toContain('dist/index.js');
    expect(files).toContain('README.md');
    expect(files.filter((file) => /(?<!\.d)\.ts$/.test(file) || file.startsWith('test'))).toEqual([]);
  });

  it('brings the command line along', async () => {
    const manifest = await readFile(join(folder, 'node_modules/aic-bot/package.json'), 'utf8');
    const { bin } = JSON.parse(manifest) as { readonly bin: Readonly<Record<string, string>> };
    const command = join(folder, 'node_modules/aic-bot', bin['aic-bot'] ?? '');
    const { stdout } = await run(process.execPath, [command, '--help'], { cwd: folder });
    expect(stdout).toMatch(/Usage: aic-bot .*\n[^]*doctor/);
  });

  it('does in plain Node what the Python library did', async () => {
    await writeFile(join(folder, 'script.js'), script);
    const { stdout } = await run(
      process.execPath,
      ['script.js', `${server.url}/apis/core/v1`, server.apiKey],
      { cwd: folder },
    );
    expect(JSON.parse(stdout)).toMatchObject({
      projects: ['PIN ANALYTICS'],
      workspaces: ['PIN QA'],
      unknown: expect.stringContaining('has no workspace named "PIN QQ". Did you mean "PIN QA"?'),
      upserts: ['created', 'updated'],
      missing: 'The workspace has no pipeline "a/c". Did you mean "a/b"?',
      drive: 'Backups',
      same: true,
      path: 'config/a%2Fb.json',
      code: [{ path: 'code/a%2Fb/t.sql', text: 'select 1' }],
      config: expect.stringContaining('"title": "a/b"'),
      backup: [{ pipeline: 'a/b', kind: 'stored', file: 'a%2Fb.json' }],
      made: 1,
      listed: 1,
      deleted: 1,
      tables: ['orders'],
      branch: 'exact',
      logged: true,
    });
    expect(server.pipelines('PIN ANALYTICS', 'PIN QA')).toEqual(['a/b']);
  });

  it('has types that a strict consumer can use', async () => {
    await writeFile(join(folder, 'consumer.ts'), typed);
    const options = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'esnext', '--types', ''];
    const checked = await run(process.execPath, [tsc, ...options, 'consumer.ts'], { cwd: folder }).catch(
      (error: { readonly stdout: string }) => error,
    );
    expect(checked.stdout).toBe('');
  });

  it('refuses a key that no header can carry, before anything is sent', async () => {
    const attempt = `
      import { connect } from 'aic-bot';
      for (const key of ['', 'two words', 'a–b']) {
        try { connect({ key, project: 'P' }); console.log('connected'); } catch (error) { console.log(error.name); }
      }`;
    await writeFile(join(folder, 'attempt.js'), attempt);
    const { stdout } = await run(process.execPath, ['attempt.js'], { cwd: folder });
    expect(stdout.trim().split('\n')).toEqual(['TypeError', 'TypeError', 'TypeError']);
  });
});
