import { Hono } from 'hono';
import { freezePeriodJson, type FreezePeriod } from './freeze-period.ts';
import type { ApiEnv, Instance } from './instance.ts';
import { pageOf } from './paging.ts';
import { readParams } from './params.ts';
import { accessLevel, accessLevels, type Project } from './project.ts';
import { notFound, refused } from './refusal.ts';

const periods = '/projects/:id/freeze_periods';

/** Reporters read freeze periods, maintainers change them. GitLab refuses cron lines that it can't read; the demo takes all but those without fields. */
export function freezePeriodRoutes(instance: Instance): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();

  for (const path of [periods, `${periods}/*`])
    app.use(path, async (c, next) => {
      const { project, user } = c.var;
      const needed = c.req.method === 'GET' ? accessLevels.reporter : accessLevels.maintainer;
      if (accessLevel(project, user) < needed) throw refused(403, '403 Forbidden');
      return next();
    });

  app.get(periods, (c) => pageOf(c, c.var.project.freezePeriods, freezePeriodJson));
  app.get(`${periods}/:period`, (c) =>
    c.json(freezePeriodJson(periodIn(c.var.project, c.req.param('period')))),
  );

  app.post(periods, async (c) => {
    const params = await readParams(c);
    const now = instance.now();
    const period: FreezePeriod = {
      id: instance.nextId(),
      start: cronOf(params.required('freeze_start'), 'freeze_start'),
      end: cronOf(params.required('freeze_end'), 'freeze_end'),
      zone: params.text('cron_timezone') ?? 'UTC',
      createdAt: now,
      updatedAt: now,
    };
    c.var.project.freezePeriods.push(period);
    return c.json(freezePeriodJson(period), 201);
  });

  app.put(`${periods}/:period`, async (c) => {
    const period = periodIn(c.var.project, c.req.param('period'));
    const params = await readParams(c);
    period.start = cronOf(params.text('freeze_start') ?? period.start, 'freeze_start');
    period.end = cronOf(params.text('freeze_end') ?? period.end, 'freeze_end');
    period.zone = params.text('cron_timezone') ?? period.zone;
    period.updatedAt = instance.now();
    return c.json(freezePeriodJson(period));
  });

  app.delete(`${periods}/:period`, (c) => {
    const { freezePeriods } = c.var.project;
    freezePeriods.splice(freezePeriods.indexOf(periodIn(c.var.project, c.req.param('period'))), 1);
    return c.body(null, 204);
  });

  return app;
}

function periodIn({ freezePeriods }: Project, id: string): FreezePeriod {
  const found = freezePeriods.find((period) => String(period.id) === id);
  if (found === undefined) throw notFound('Freeze Period');
  return found;
}

function cronOf(text: string, name: string): string {
  if (text.trim().split(/\s+/).length < 5) throw refused(400, { [name]: [' is invalid syntax'] });
  return text.trim();
}
