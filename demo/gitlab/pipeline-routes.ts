import { Hono } from 'hono';
import type { Pipeline } from './commit-status.ts';
import type { ApiEnv } from './instance.ts';
import { pageOf } from './paging.ts';
import type { Project } from './project.ts';
import { notFound } from './refusal.ts';

/** The jobs of pipelines: those that runners did, and beside them those that began another pipeline. Neither list has what somebody posted. */
export function pipelineRoutes(): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();

  app.get('/projects/:id/pipelines/:pipeline/jobs', (c) => {
    const { jobs } = pipelineIn(c.var.project, c.req.param('pipeline'));
    const built = jobs.filter(({ downstream }) => downstream === undefined);
    return pageOf(c, built, ({ name, state }) => ({
      name,
      status: state,
      stage: 'test',
      allow_failure: false,
    }));
  });

  app.get('/projects/:id/pipelines/:pipeline/bridges', (c) => {
    const { jobs } = pipelineIn(c.var.project, c.req.param('pipeline'));
    const bridges = jobs.filter(({ downstream }) => downstream !== undefined);
    return pageOf(c, bridges, ({ name, state, downstream }) => ({
      name,
      status: state,
      downstream_pipeline: { status: downstream, source: 'parent_pipeline' },
    }));
  });

  return app;
}

function pipelineIn({ pipelines }: Project, id: string): Pipeline {
  const found = pipelines.find((pipeline) => String(pipeline.id) === id);
  if (found === undefined) throw notFound('Pipeline');
  return found;
}
