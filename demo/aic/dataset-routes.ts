import type { Hono } from 'hono';

import type { Project } from './catalog.ts';
import { byId, placeOf, workspacePath } from './place.ts';
import { refusal } from './refusal.ts';

/** Datasets and their tables, which the API only lists. */
export function addDatasetRoutes(app: Hono, projects: readonly Project[]): void {
  app.get(`${workspacePath}/datasets`, (c) => {
    const place = placeOf(projects, c.req.param());
    if (place instanceof Response) return place;
    return Response.json(place.workspace.datasets.map(({ id, name }) => ({ $id: id, name })));
  });

  app.get(`${workspacePath}/datasets/:dataset/tables`, (c) => {
    const place = placeOf(projects, c.req.param());
    if (place instanceof Response) return place;
    const dataset = byId(place.workspace.datasets, c.req.param('dataset'));
    if (dataset === undefined) return refusal(404, 'Dataset not found');
    return Response.json(dataset.tables.map(({ id, name }) => ({ $id: id, name, datasetId: dataset.id })));
  });
}
