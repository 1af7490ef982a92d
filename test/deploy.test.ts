import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { load } from 'js-yaml';
import { Deployment } from 'kubernetes-models/apps/v1/Deployment';
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget';
import { ConfigMap } from 'kubernetes-models/v1/ConfigMap';
import { Service } from 'kubernetes-models/v1/Service';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';

import { parseConfig } from '../src/config.ts';

const root = join(import.meta.dirname, '..');
const read = (path: string): unknown => load(readFileSync(join(root, path), 'utf8'));
const manifest = (name: string) => read(`deploy/kubernetes/${name}.yaml`);

const models = {
  deployment: Deployment,
  service: Service,
  disruption: PodDisruptionBudget,
  settings: ConfigMap,
  network: NetworkPolicy,
};

describe('the manifests for Kubernetes', () => {
  test.each(Object.entries(models))('%s is what the API server takes', (name, Model) => {
    expect(() => new Model(manifest(name) as never).validate()).not.toThrow();
  });

  test('a mistake in one would be found', () => {
    const wrong = { apiVersion: 'apps/v1', kind: 'Deployment', spec: { replicas: 'two' } };
    expect(() => new Deployment(wrong as never).validate()).toThrow(/selector|replicas/);
  });

  test('are all that are applied', () => {
    const { resources } = z.object({ resources: z.array(z.string()) }).parse(manifest('kustomization'));
    expect(resources.toSorted()).toEqual(
      Object.keys(models)
        .map((name) => `${name}.yaml`)
        .toSorted(),
    );
  });

  test('name each other by the same labels', () => {
    const labels = { 'app.kubernetes.io/name': 'aic-bot' };
    const selector = z.object({ matchLabels: z.record(z.string(), z.string()) });
    const deployment = z
      .object({
        spec: z.object({
          selector,
          template: z.object({ metadata: z.object({ labels: z.record(z.string(), z.string()) }) }),
        }),
      })
      .parse(manifest('deployment'));
    expect(deployment.spec.selector.matchLabels).toEqual(labels);
    expect(deployment.spec.template.metadata.labels).toEqual(labels);
    expect(
      z.object({ spec: z.object({ selector }) }).parse(manifest('disruption')).spec.selector.matchLabels,
    ).toEqual(labels);
    expect(
      z.object({ spec: z.object({ selector: z.record(z.string(), z.string()) }) }).parse(manifest('service'))
        .spec.selector,
    ).toEqual(labels);
  });

  test('hold all settings that the bot needs, besides the secrets', () => {
    const { data } = z.object({ data: z.record(z.string(), z.string()) }).parse(manifest('settings'));
    const secrets = {
      GITLAB_TOKEN: 'a-token',
      GITLAB_WEBHOOK_SECRET: 'a-secret',
      AIC_API_KEY: 'a-key',
      SMTP_URL: 'smtp://mail.example.com',
      DATABASE_URL: 'postgres://bot:password@db.example.com/aic_bot',
    };
    expect(parseConfig({ ...data, ...secrets })).toMatchObject({ ok: true });
    // With a glob, whoever can create a project there would be served.
    expect(data['GITLAB_PROJECTS']).not.toMatch(/[*?]/);
  });
});

test('compose.yaml starts two replicas on one PostgreSQL', () => {
  const service = z.object({
    environment: z.record(z.string(), z.string()).optional(),
    deploy: z.object({ replicas: z.number() }).optional(),
  });
  const { services } = z.object({ services: z.record(z.string(), service) }).parse(read('compose.yaml'));
  expect(services['bot']?.deploy?.replicas).toBe(2);
  expect(services['bot']?.environment?.['DATABASE_URL']).toMatch(
    /^postgres:\/\/aic_bot:\S.*@postgres\/aic_bot$/,
  );
  expect(services['postgres']?.environment?.['POSTGRES_USER']).toBe('aic_bot');
});

test('the image is built from what it copies, and runs as nobody special', () => {
  const dockerfile = readFileSync(join(root, 'Dockerfile'), 'utf8');
  const allowed = readFileSync(join(root, '.dockerignore'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('!'))
    .map((line) => line.slice(1));
  const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, files = '']) =>
    files.split(' '),
  );
  expect(copied.toSorted()).toEqual(allowed.toSorted());
  expect(dockerfile).toMatch(/^USER node$/m);
});
