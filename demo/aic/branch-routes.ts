import { randomUUID } from 'node:crypto';

import type { Hono } from 'hono';

import type { Project } from './catalog.ts';
import { jsonFields } from './json-body.ts';
import { isJsonObject } from './lossless-json.ts';
import { jobOf, workspacePath } from './place.ts';
import { refusal } from './refusal.ts';

const path = `${workspacePath}/interactive-pipeline/:job/branches` as const;

/**
 * The interactive branches of a pipeline. Nothing is known of a second branch of one name: it is refused with a 409. The config must
 * be that of the pipeline itself, with its `$id`, as the Python library sends it.
 */
export function addBranchRoutes(app: Hono, projects: readonly Project[]): void {
  app.get(path, (c) => {
    const job = jobOf(projects, c.req.param());
    if (job instanceof Response) return job;
    return Response.json([...job.branches.values()].map(({ id, name }) => ({ $id: id, name })));
  });

  app.put(path, async (c) => {
    const fields = await jsonFields(c.req.raw, ['name', 'config']);
    const job = jobOf(projects, c.req.param());
    if (job instanceof Response) return job;
    if (fields instanceof Response) return fields;
    const { name, config } = fields;
    if (typeof name !== 'string' || name === '')
      return refusal(400, '"name" must be a string that is not empty');
    const problem = problemIn(config, job.id);
    if (problem !== undefined) return refusal(400, problem);
    if ([...job.branches.values()].some((branch) => branch.name === name)) {
      return refusal(409, `A branch named "${name}" already exists for this pipeline`);
    }
    const id = randomUUID();
    job.branches.set(id, { id, name, config: JSON.stringify(config) });
    return new Response(null, { status: 204 });
  });

  app.delete(`${path}/:branch`, (c) => {
    const job = jobOf(projects, c.req.param());
    if (job instanceof Response) return job;
    return job.branches.delete(c.req.param('branch'))
      ? new Response(null, { status: 204 })
      : refusal(404, 'Branch not found');
  });
}

function problemIn(config: unknown, id: string): string | undefined {
  if (!isJsonObject(config)) return '"config" must be an object';
  if (config['$id'] !== id) return '"config.$id" must be the id of the pipeline';
  const missing = ['title', 'stages', 'variables', 'sourceStage', 'sinkStage'].filter(
    (field) => !Object.hasOwn(config, field),
  );
  return missing.length === 0 ? undefined : `"config.${missing.join('", "config.')}" is required`;
}
