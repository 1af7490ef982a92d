import { monitorEventLoopDelay } from 'node:perf_hooks';
import process from 'node:process';

import { createLog } from '../../src/adapters/log.ts';
import { openSqlite } from '../../src/adapters/store/engines/sqlite.ts';
import { createStore } from '../../src/adapters/store/store.ts';
import type { Workspace } from '../../src/domain/aic/aic.ts';
import { configPath } from '../../src/domain/pipeline/config-path.ts';
import type { Project } from '../../src/domain/gitlab/project.ts';
import type { CommitSha, PipelineId, ProjectId } from '../../src/domain/shared/ids.ts';
import { parseConfig } from '../../src/domain/pipeline/config.ts';
import { planReport } from '../../src/domain/deployment/plan/deployment-plan-report.ts';
import { toComments } from '../../src/domain/report/markdown.ts';
import { fail, ok } from '../../src/domain/shared/result.ts';
import { makePlan } from '../../src/handlers/deployment/plan/compute-plan.ts';
import type { BranchPorts } from '../../src/handlers/shared/ports.ts';

/* Plans and renders once, with texts from memory where GitLab and AIC would answer, and prints what that took. */

const pipelines = Number(process.argv[2]);
const bytes = Number(process.argv[3]);
const sql = `select region, sum(amount) as amount from daily_load where day = current_date group by region;\n`;

/** The config of a pipeline of about so many bytes, in ten tasks; versions differ in one line of each. */
function configOf(name: string, version: number): string {
  const part = sql.repeat(Math.ceil(bytes / 10 / sql.length));
  const tasks = Array.from({ length: 10 }, (_, index) => ({
    id: `t${index}`,
    type: 'SQL',
    description: '',
    config: { query: `-- version ${version} of ${name}\n${part}` },
  }));
  return JSON.stringify({
    title: name,
    variables: [{ id: 'QA', value: 'True' }],
    sourceStage: {},
    stages: [{ stageId: 's', description: '', tasks }],
    sinkStage: {},
  });
}

const names = Array.from({ length: pipelines }, (_, index) => `Pipeline ${index}`);
const clock = { now: () => Date.now() };
const log = createLog({ level: 'silent', clock, mask: (text) => text, write: () => {} });
const store = createStore(await openSqlite('file::memory:'), clock, () => {});
const workspace: Pick<Workspace, 'pipelines' | 'read'> = {
  pipelines: async () => ok(names.map((title) => ({ id: title as PipelineId, title }))),
  read: async (id) => {
    const content = parseConfig(configOf(id, 0));
    return content.ok ? content : fail({ kind: 'strange-live-config', problem: content.failure.problem });
  },
};
const files = new Map(names.map((name) => [configPath(name), name]));
const ports = {
  gitlab: {
    file: async (_project: ProjectId, path: string) =>
      ok({ kind: 'text', text: configOf(files.get(path) ?? '', 1) }),
  },
  aic: { workspace: async () => ok(workspace) },
  store,
  jobs: store,
  clock,
  log,
  random: Math.random,
  settings: {
    serves: () => true,
    aicProject: 'DATA',
    itemsAtOnce: 16,
    mailTo: [],
    mailHost: 'example.com',
    commandMaxAgeMs: 1,
  },
} as unknown as BranchPorts;
const project: Project = {
  id: 1 as ProjectId,
  path: 'data/pipelines',
  webUrl: 'https://gitlab.example.com/data/pipelines',
  defaultBranch: 'main',
};
const target = {
  name: 'DATA QA',
  environment: 'qa',
  drift: 'overwrite',
  variables: new Map(),
  notify: [],
  require: [],
  freeze: [],
} as const;

const idle = process.memoryUsage.rss();
const delay = monitorEventLoopDelay({ resolution: 5 });
delay.enable();
const before = process.cpuUsage();
const began = performance.now();
const plan = await makePlan(ports, {
  verb: 'Deploying',
  project,
  branch: 'develop',
  workspace: { ...target, aicProject: 'DATA' },
  candidates: names.map((name) => ({ name, paths: [configPath(name)] })),
  at: 'b'.repeat(40) as CommitSha,
  from: 'a'.repeat(40) as CommitSha,
  own: undefined,
  mapping: 'same',
  isInConflict: false,
});
if (!plan.ok) throw new Error(JSON.stringify(plan.failure));
const comments = toComments(planReport(plan.value));
const ms = performance.now() - began;
await new Promise((resolve) => void setTimeout(resolve, 20));
delay.disable();
const { user, system } = process.cpuUsage(before);
process.stdout.write(
  JSON.stringify({
    changed: plan.value.items.filter(({ differences }) => differences.length > 0).length,
    comments: comments.length,
    cpuMs: (user + system) / 1_000,
    ms,
    idleMiB: idle / 2 ** 20,
    peakMiB: process.resourceUsage().maxRSS / 1_024,
    blockedMs: delay.max / 1e6,
  }),
);
