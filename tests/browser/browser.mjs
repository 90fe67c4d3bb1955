// What all walks share: the browser, somebody in it, and what its pages were refused.
// MODULES is the folder playwright-core is installed in, CHROMIUM the browser, WEB the dashboard.
import assert from 'node:assert/strict';

const { MODULES, CHROMIUM } = process.env;
export const { WEB } = process.env;
export const javascript = process.env.JAVASCRIPT !== 'no';

const { chromium } = (await import(`${MODULES}/playwright-core/index.js`)).default;
const browser = await chromium.launch({
  executablePath: CHROMIUM,
  headless: true,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage', '--hide-scrollbars'],
});
const refused = [];

// Somebody new, with nothing in their browser. `options` are Playwright's.
export async function visitor(options = {}) {
  const context = await browser.newContext({ javaScriptEnabled: javascript, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  page.on('console', (message) => {
    if (message.text().includes('Content Security Policy')) refused.push(message.text());
  });
  page.on('pageerror', (error) => refused.push(String(error)));
  return page;
}

export const at = (page) => new URL(page.url()).pathname;

export async function sees(page, text) {
  await page.getByText(text).first().waitFor();
  console.log(`${at(page)}: ${text}`);
}

export async function press(page, name) {
  await page.getByRole('button', { name, exact: true }).click();
}

// Asks again, by opening the page anew, until `found` is true of it.
export async function until(page, path, what, found) {
  const deadline = Date.now() + 20_000;
  for (;;) {
    await page.goto(WEB + path);
    if (await found()) return;
    assert.ok(Date.now() < deadline, `${path} never had ${what}: ${await page.locator('main').innerText()}`);
  }
}

// The form of the provider that the tests run.
export async function atTheProvider(page, name) {
  await page.locator('input[name=login]').fill(name);
  await page.locator('input[name=password]').fill('any');
  await page.locator('button[type=submit]').click();
}

// Somebody who came in through the provider.
export async function signedIn(name, options) {
  const page = await visitor(options);
  await page.goto(`${WEB}/login`);
  await page.getByRole('link', { name: 'Sign in with Work' }).click();
  await atTheProvider(page, name);
  await sees(page, `${name} (`);
  return page;
}

export async function withLink(link, options) {
  const page = await visitor(options);
  await page.goto(link);
  await press(page, 'Sign in');
  await page.waitForURL(`${WEB}/`);
  return page;
}

// Somebody who signed in elsewhere, by the names and values of their cookies.
export async function withCookies(cookies, options) {
  const page = await visitor(options);
  const all = Object.entries(cookies).map(([name, value]) => ({ name, value, url: WEB }));
  await page.context().addCookies(all);
  return page;
}

// Runs a walk; fails when a page was refused anything by its policy, or a script of ours failed.
export async function walk(steps) {
  try {
    await steps();
    assert.deepEqual(refused, []);
  } finally {
    await browser.close();
  }
}
