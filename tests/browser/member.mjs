// A member and a key of theirs, from its making to its end: node member.mjs
// browser.mjs and client.mjs say what it wants. Prints what it saw.
import assert from 'node:assert/strict';
import { WEB, at, javascript, press, sees, signedIn, until, walk } from './browser.mjs';
import { connect, isRefused, says, works } from './client.mjs';
import { ofOperators } from './pages.mjs';

const name = 'laptop';

// The whole key, as people take it from the page that shows it once.
async function taken(page) {
  const shown = await page.locator('#secret').innerText();
  assert.match(shown, /^ost_live_\w+$/);
  const copy = page.getByRole('button', { name: 'Copy: the whole key' });
  if (javascript) {
    await copy.click();
    await page.getByText('Copied').waitFor();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), shown);
  } else {
    assert.ok(await copy.isHidden(), 'a button that can do nothing is shown');
  }
  return shown;
}

async function rotated(page, key, overlap) {
  await page.goto(WEB + key);
  await page.getByLabel(overlap).check();
  await press(page, 'Make a new secret');
  await sees(page, 'This is the only time that the whole key is shown');
  return taken(page);
}

// Somebody who follows; what is given back waits until they saw the call.
async function follows(page) {
  const live = await page.context().newPage();
  const call = live.locator('td', { hasText: 'demo.echo' }).first();
  await live.goto(`${WEB}/live`);
  assert.equal(await call.count(), 0);
  // By itself, or when the page is read anew.
  if (javascript) await sees(live, 'Following');
  return async () => {
    if (javascript) await call.waitFor();
    else await until(live, '/live', 'the call', () => call.isVisible());
    console.log('it is seen as it happens');
    await live.close();
  };
}

await walk(async () => {
  const mia = await signedIn('mia');
  await mia.context().grantPermissions(javascript ? ['clipboard-read', 'clipboard-write'] : [], { origin: WEB });
  await mia.getByRole('link', { name: 'Make a key', exact: true }).first().click();
  await mia.getByLabel('Name').fill(name);
  await press(mia, 'Make the key');
  const first = await taken(mia);
  await mia.getByRole('link', { name: 'I have stored it' }).click();
  const key = at(mia);
  // It is shown once: no page has it from here on.
  for (const path of [key, '/keys', `${key}/edit`]) {
    await mia.goto(WEB + path);
    assert.ok(!(await mia.content()).includes(first), `${path} has the key`);
  }
  console.log('it is made');

  const live = await follows(mia);
  const agent = await connect(first);
  assert.match(await says(agent, 'demo__echo', 'from the agent'), /from the agent/);
  await agent.close();
  await live();
  await until(mia, '/usage?days=7', 'the call', () => mia.locator('td', { hasText: 'demo.echo' }).first().isVisible());
  assert.ok(await mia.locator('td', { hasText: name }).first().isVisible());
  await mia.goto(WEB + key);
  await sees(mia, 'demo.echo');

  const second = await rotated(mia, key, '1 hour');
  assert.notEqual(second, first);
  assert.deepEqual([await works(first), await works(second)], [true, true]);
  await mia.goto(WEB + key);
  assert.equal(await mia.getByRole('row', { name: 'Works' }).count(), 2);
  const third = await rotated(mia, key, 'None');
  await isRefused(first);
  await isRefused(second);
  assert.ok(await works(third));
  console.log('it is rotated');

  await mia.goto(WEB + key);
  const end = mia.locator('details', { hasText: 'Revoke it for good' });
  await end.locator('summary').click();
  await end.getByLabel('to confirm').fill('another');
  await end.getByRole('button').click();
  await sees(mia, 'is not the name of this key');
  assert.ok(await works(third));
  await end.getByLabel('to confirm').fill(name);
  await end.getByRole('button').click();
  await isRefused(third);
  await sees(mia, 'The key is revoked');
  console.log('it is revoked');

  // What operates the installation is not there for a member, not even as something forbidden.
  for (const [page, path] of ofOperators({})) {
    const answer = await mia.goto(WEB + path);
    assert.equal(answer.status(), 404, page);
  }
  assert.equal(await mia.getByRole('link', { name: 'Audit' }).count(), 0);

  const olga = await signedIn('olga');
  for (const action of ['keys.create', 'keys.rotate', 'keys.revoke', 'tools/call', 'identity.sign_in']) {
    await until(olga, `/audit?user=mia&action=${encodeURIComponent(action)}`, action,
      () => olga.locator('td', { hasText: action }).first().isVisible());
    console.log(`${action} is in audit`);
  }
});
