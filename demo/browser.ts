import chromium from '@sparticuz/chromium';
import { chromium as playwright, type Browser } from 'playwright-core';

/** A headless Chromium that comes from npm. It reaches nothing but the address that it is given pages of. */
export async function openBrowser(): Promise<Browser> {
  return playwright.launch({
    executablePath: await chromium.executablePath(),
    // The package's own choice runs everything in one process, which ends with the first page that is closed.
    args: ['--no-sandbox', '--no-zygote', '--disable-gpu'],
    headless: true,
  });
}

/** Widths in CSS pixels: of a desktop and of a phone. */
export const widths = { desktop: 1280, phone: 390 } as const;
