import { z } from 'zod';

import { personAt, until, type Person } from '../../demo/person.ts';
import type { World } from '../../demo/world.ts';
import { configPath } from '../../src/domain/pipeline/config-path.ts';
import { fingerprintOf } from '../../src/domain/pipeline/fingerprint.ts';
import { parseConfig } from '../../src/domain/pipeline/config.ts';
import { sqlContent, sqlFile } from '../e2e/scene.ts';
import { pipelinesOfEach, type Deed } from './load.ts';

const aicProject = 'SOAK';
/** The bot's setting that gives each project of the town its workspaces. */
export const townWorkspaces = `pin/**=${aicProject}/*`;
const patienceMs = 60_000;

/** One GitLab project with its workspace and an issue in which people write commands. */
interface House {
  readonly id: number;
  readonly path: string;
  readonly workspace: string;
  readonly issue: number;
  /** The notes that hold a command. */
  readonly commands: number[];
  /** What people do here, one after the other. */
  work: Promise<void>;
  merges: number;
}

/** Projects and the people who work in them. */
export interface Town {
  readonly houses: readonly House[];
  /** Adds the bot's webhook to each project. */
  connect(botUrl: string): Promise<void>;
  /** Does it behind what is done in the same project. */
  act(deed: Deed, number: number): Promise<void>;
  /** What is not as it should be; empty when all is well. */
  audit(): Promise<readonly string[]>;
}

const iid = z.object({ iid: z.number() });
const noteId = z.object({ id: z.number() });
const discussions = z.array(
  z.object({
    notes: z.array(z.object({ id: z.number(), author: z.object({ username: z.string() }) })),
  }),
);
const emoji = z.array(z.object({ name: z.string(), user: z.object({ username: z.string() }) }));

export async function buildTown(world: World, size: number): Promise<Town> {
  const { gitlab, aic, bot } = world;
  const omar = gitlab.addUser({ username: 'omar', name: 'Omar Reyes' });
  const person = personAt(gitlab.url, omar.token);
  aic.addProject(aicProject);
  const houses: House[] = [];
  for (let index = 0; index < size; index += 1) {
    const path = `pin/soak-${index}`;
    const workspace = `WORKSPACE ${index}`;
    const { id } = await gitlab.addProject(path, { defaultBranch: 'main' });
    // Answers stand in the threads then.
    gitlab.setVisibility(id, 'internal');
    gitlab.addMember(id, omar.id, 40);
    gitlab.addMember(id, bot.id, 40);
    aic.addWorkspace(aicProject, workspace);
    const mapping = `mapping: { main: PROD ${index}, develop: ${workspace} }\naic: { project: ${aicProject} }\n`;
    await gitlab.commitFiles(id, 'main', 'Begin', { 'branch_to_workspace.yaml': mapping });
    await person.call('POST', `/projects/${id}/repository/branches?branch=develop&ref=main`);
    const issue = iid.parse(await person.call('POST', `/projects/${id}/issues`, { title: 'Commands' })).iid;
    houses.push({ id, path, workspace, issue, commands: [], work: Promise.resolve(), merges: 0 });
  }

  async function act(house: House, { kind, pipeline }: Deed, number: number): Promise<void> {
    switch (kind) {
      case 'merge':
        return mergeChange(house, `git ${pipeline}`, number);
      case 'push':
        aic.putPipeline(aicProject, house.workspace, `hand ${pipeline}`, sqlContent(`select ${number}`));
        return write(house, `/aic push "hand ${pipeline}" branch=develop`);
      case 'status':
      case 'plan':
      case 'deploy':
        return write(house, `/aic ${kind} branch=develop`);
      case 'talk':
        await person.call('POST', notesPath(house), { body: `Number ${number}. Use \`/aic help\`?` });
    }
  }

  async function mergeChange(house: House, pipeline: string, number: number): Promise<void> {
    const path = `/projects/${house.id}`;
    const source = `work/${number}`;
    await gitlab.commitFiles(house.id, source, 'Change', sqlFile(pipeline, `select ${number}`), {
      startBranch: 'develop',
    });
    const request = { source_branch: source, target_branch: 'develop', title: `Change ${number}` };
    const opened = iid.parse(await person.call('POST', `${path}/merge_requests`, request));
    await person.call('PUT', `${path}/merge_requests/${opened.iid}/merge`);
    house.merges += 1;
  }

  async function write(house: House, body: string): Promise<void> {
    house.commands.push(noteId.parse(await person.call('POST', notesPath(house), { body })).id);
  }

  return {
    houses,
    connect: async (botUrl) => {
      const hook = {
        url: `${botUrl}/webhooks/gitlab`,
        token: world.webhookSecret,
        push_events: true,
        merge_requests_events: true,
        note_events: true,
        confidential_note_events: true,
        resource_access_token_events: true,
      };
      for (const { id } of houses) await person.call('POST', `/projects/${id}/hooks`, hook);
    },
    act: async (deed, number) => {
      const house = houses[deed.project];
      if (house === undefined) return;
      house.work = house.work.then(() => act(house, deed, number));
      await house.work;
    },
    audit: async () => {
      const problems = [];
      for (const house of houses)
        problems.push(...(await answersOf(person, house)), ...(await differences(world, house)));
      return problems;
    },
  };
}

function notesPath({ id, issue }: House): string {
  return `/projects/${id}/issues/${issue}/notes`;
}

/** Commands that have not exactly one answer and one last emoji. */
async function answersOf(person: Person, house: House): Promise<readonly string[]> {
  const problems: string[] = [];
  const threads = new Map<number, number>();
  for (let page = 1; ; page += 1) {
    const path = `/projects/${house.id}/issues/${house.issue}/discussions?per_page=100&page=${page}`;
    const here = discussions.parse(await person.call('GET', path));
    for (const { notes } of here) {
      const answers = notes.filter(({ author }) => author.username === 'aic-bot').length;
      for (const { id } of notes) threads.set(id, answers);
    }
    if (here.length < 100) break;
  }
  for (const command of house.commands) {
    const answers = threads.get(command) ?? 0;
    if (answers !== 1) problems.push(`${house.path}: comment ${command} has ${answers} answers`);
    const path = `${notesPath(house)}/${command}/award_emoji`;
    const ends = emoji
      .parse(await person.call('GET', path))
      .filter(({ name, user }) => user.username === 'aic-bot' && name !== 'eyes');
    if (ends.length !== 1) problems.push(`${house.path}: comment ${command} has ${ends.length} last emojis`);
  }
  return problems;
}

/** Pipelines that the branch and the workspace hold differently. */
async function differences({ gitlab, aic }: World, house: House): Promise<readonly string[]> {
  const problems: string[] = [];
  const names = Array.from({ length: pipelinesOfEach }, (_, number) => [`git ${number}`, `hand ${number}`]);
  for (const name of names.flat()) {
    const [inGit, inAic] = await Promise.all([
      fingerprint(await gitlab.readFile(house.id, 'develop', configPath(name))),
      fingerprint(aic.pipelineText(aicProject, house.workspace, name)),
    ]);
    if (inGit !== inAic) problems.push(`${house.path}: ${name} differs between branch and workspace`);
  }
  return problems;
}

async function fingerprint(text: string | undefined): Promise<string | undefined> {
  if (text === undefined) return undefined;
  const content = parseConfig(text);
  return content.ok ? fingerprintOf(content.value) : content.failure.problem;
}

/** Waits for a bot's database to have nothing left to do but what always waits. */
export async function quiet(look: () => readonly unknown[], withinMs = patienceMs): Promise<void> {
  await until('the end of all work', () => (look().length === 0 ? true : undefined), withinMs);
}
