import type { Environment } from '../../domain/aic/aic.ts';

/** The addresses of AIC's own hosts, as the Python library has them. */
export const aicAddresses: Readonly<Record<Environment, string>> = {
  prod: 'https://prod.jdpower.ai/apis/core/v1',
  qa: 'https://aic.qa.jdpower.com/apis/core/v1',
};
