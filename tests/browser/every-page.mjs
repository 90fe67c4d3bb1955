// Every page of one part of the dashboard, as it looks in light, in dark, on a phone and on a wide screen:
// node every-page.mjs, with PART (`newcomers`, `everyone`, `servers`, `people`, `auditors` or `away`), a LINK that signs
// somebody in, or COOKIES of somebody who is, and PLACES, the parts of addresses; the last two as JSON. browser.mjs says
// what else it wants.
//
// Nothing is wider than the screen, axe finds nothing, no page is heavy. HTML is a folder that gets every document
// as it was served, SCREENSHOTS one that gets a picture of each look; without it none are made.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { WEB, visitor, walk, withCookies, withLink } from './browser.mjs';
import { away, ofAuditors, ofEveryone, ofNewcomers, ofPeople, ofServers, openAll, signedOut } from './pages.mjs';

const { COOKIES, HTML, LINK, MODULES, PART, SCREENSHOTS } = process.env;
const places = JSON.parse(process.env.PLACES);
const axe = await readFile(`${MODULES}/axe-core/axe.min.js`, 'utf8');

const LOOKS = {
  light: { colorScheme: 'light', width: 1280, height: 800 },
  dark: { colorScheme: 'dark', width: 1280, height: 800 },
  narrow: { colorScheme: 'light', width: 360, height: 740 },
  wide: { colorScheme: 'dark', width: 2560, height: 1300 },
};
const TALLEST = 3_000;
// Those of docs/images/, as tall as the screen.
const SHOWN = ['keys-light', 'overview-30d-light', 'usage-dark', 'policies-tested-dark'];
const MAX_PAGE_BYTES = 60_000;
const MAX_SCRIPT_BYTES = 15_000;
const STANDARDS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

const problems = [];
let pages = 0;

async function look(page, { colorScheme, width, height }) {
  await page.setViewportSize({ width, height });
  await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
}

async function wider(page, name, kind) {
  const [content, screen] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  if (content > screen) problems.push(`${name}, ${kind}: ${content} px on ${screen}`);
}

async function barriers(page, name, kind) {
  const violations = await page.evaluate(async (tags) => {
    const { violations } = await axe.run({ runOnly: tags, resultTypes: ['violations'] });
    return violations.map(({ id, impact, nodes }) => [
      id, impact, nodes.slice(0, 3).map(({ html, failureSummary }) => `${html.slice(0, 160)}\n    ${failureSummary}`),
    ]);
  }, STANDARDS);
  for (const [id, impact, nodes] of violations) {
    problems.push(`${name}, ${kind}: ${id} (${impact})\n  ${nodes.join('\n  ')}`);
  }
}

// As tall as the page, so that what stands beside it stands beside all of it.
async function picture(page, name, of) {
  await look(page, of);
  if (SHOWN.includes(name)) await page.screenshot({ path: `${SCREENSHOTS}/images/${name}.png` });
  const height = await page.evaluate(() => document.documentElement.scrollHeight);
  await look(page, { ...of, height: Math.min(height, TALLEST) });
  await page.screenshot({ path: `${SCREENSHOTS}/${name}.png` });
}

// How long a file is on its way, and when it is there. The browser has it from an earlier page and would not say.
const files = new Map();
async function file(url) {
  if (!files.has(url)) {
    const answer = await new Promise((resolve) => get(url, { headers: { 'accept-encoding': 'gzip' } }, resolve));
    const sent = Buffer.concat(await answer.toArray());
    assert.equal(answer.headers['content-encoding'], 'gzip', url);
    files.set(url, { sent: sent.length, length: gunzipSync(sent).length });
  }
  return files.get(url);
}

// What a first visit costs.
async function weight(page, name, served) {
  assert.equal(served.headers()['content-encoding'], 'gzip', name);
  const all = (selector, attribute) => page.locator(selector).evaluateAll(
    (elements, attribute) => elements.map((element) => element[attribute]), attribute);
  const scripts = await Promise.all((await all('script[src]', 'src')).map(file));
  const styles = await Promise.all((await all('link[rel=stylesheet]', 'href')).map(file));
  let bytes = (await served.request().sizes()).responseBodySize;
  for (const { sent } of [...scripts, ...styles]) bytes += sent;
  console.log(`${name}: ${bytes} bytes`);
  if (bytes > MAX_PAGE_BYTES) problems.push(`${name}: ${bytes} bytes compressed`);
  const script = scripts.reduce((sum, { length }) => sum + length, 0);
  if (script > MAX_SCRIPT_BYTES) problems.push(`${name}: scripts of ${script} bytes`);
}

async function check(page, [name, path, act]) {
  let served;
  const keep = (response) => {
    if (response.request().isNavigationRequest() && response.status() !== 303) served = response;
  };
  page.on('response', keep);
  await look(page, LOOKS.light);
  await page.goto(WEB + path);
  if (act) {
    const before = served;
    await act(page);
    await page.waitForLoadState();
    assert.notEqual(served, before, `${name}: nothing was answered`);
  }
  page.off('response', keep);
  const html = await served.text();
  const right = PART === 'away' ? served.status() === 503 : served.status() < 500;
  assert.ok(right, `${name}: ${served.status()}`);
  await writeFile(`${HTML}/${name}.html`, html);
  await weight(page, name, served);
  if (SCREENSHOTS) {
    for (const [kind, of] of Object.entries(LOOKS)) await picture(page, `${name}-${kind}`, of);
  }
  await openAll(page);
  await page.evaluate(axe);
  for (const [kind, of] of Object.entries(LOOKS)) {
    await look(page, of);
    await wider(page, name, kind);
    if (kind !== 'wide') await barriers(page, name, kind);
  }
  pages += 1;
}

await walk(async () => {
  if (PART === 'newcomers') {
    const nobody = await visitor();
    for (const page of signedOut()) await check(nobody, page);
  }
  const somebody = COOKIES ? await withCookies(JSON.parse(COOKIES)) : await withLink(LINK);
  const tables = {
    newcomers: ofNewcomers, everyone: ofEveryone, servers: ofServers, people: ofPeople, auditors: ofAuditors, away,
  };
  for (const page of tables[PART](places)) await check(somebody, page);
  // Nobody knows whose menu that would be.
  if (PART === 'away') return;
  // The menu is folded away on a phone.
  await look(somebody, LOOKS.narrow);
  await somebody.goto(WEB);
  await somebody.getByRole('button', { name: 'Menu' }).click();
  await somebody.evaluate(axe);
  await wider(somebody, 'menu', 'narrow');
  await barriers(somebody, 'menu', 'narrow');
  if (SCREENSHOTS) await somebody.screenshot({ path: `${SCREENSHOTS}/menu-of-${PART}-narrow.png` });
});
assert.equal(problems.length, 0, `\n${problems.join('\n')}`);
console.log(`${pages} pages`);
