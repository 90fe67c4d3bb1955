// A server from its file to a member who calls it: node operator.mjs
// NODE and EVERYTHING start the server; browser.mjs and client.mjs say what else it wants. Prints what it saw.
import assert from 'node:assert/strict';
import { WEB, javascript, press, sees, signedIn, until, walk } from './browser.mjs';
import { connect, says, toolsOf } from './client.mjs';

const { EVERYTHING, NODE } = process.env;

async function isJudged(page, key, tool, verdict) {
  await page.goto(`${WEB}/policies/test`);
  await page.getByLabel('Key').fill(key);
  await page.getByLabel('Tool').fill(tool);
  await press(page, 'Test');
  await sees(page, `${tool} ${verdict}`);
}

// A tool of a list, folded up.
const unfolds = (page, tool) => page.locator('summary', { hasText: tool });

await walk(async () => {
  const mia = await signedIn('mia');
  await mia.goto(`${WEB}/keys/new`);
  await mia.getByLabel('Name').fill('agent');
  await press(mia, 'Make the key');
  const secret = await mia.locator('#secret').innerText();
  const key = secret.slice(0, 'ost_live_'.length + 12);
  const agent = await connect(secret);
  assert.ok((await toolsOf(agent)).every((name) => name.startsWith('demo__')));
  await mia.goto(`${WEB}/tools`);
  assert.equal(await mia.getByRole('heading', { name: 'everything' }).count(), 0);

  const olga = await signedIn('olga');
  await olga.goto(`${WEB}/upstreams`);
  await olga.getByRole('link', { name: "Paste a client's file" }).click();
  const server = { command: NODE, args: [EVERYTHING, 'stdio'], env: { UNUSED: 'hush-4f1c9a' } };
  await olga.getByLabel('The file').fill(JSON.stringify({ mcpServers: { everything: server } }));
  await press(olga, 'Add them');
  await sees(olga, '1 upstream added');
  const path = await olga.getByRole('link', { name: 'everything' }).getAttribute('href');
  await until(olga, path, 'its tools', () => unfolds(olga, 'get-sum').isVisible());
  assert.ok(!(await olga.content()).includes('hush-4f1c9a'), 'what it is given is shown');
  console.log('it is added');

  await olga.goto(`${WEB}${path}/output`);
  await sees(olga, 'Output of everything');
  if (javascript) await olga.locator('[data-live-state]', { hasText: 'Following' }).waitFor();

  await olga.goto(`${WEB}/policies/new`);
  await olga.getByLabel('Name', { exact: true }).fill('helpers');
  await olga.getByLabel('Those below').check();
  await olga.getByLabel('Upstreams that are seen').fill('everything');
  if (javascript) {
    // Said while it is typed, beside its field and no other, and taken back.
    const said = (field) => olga.locator(`#problem-${field}`);
    await olga.getByLabel('Tools that are allowed').fill('two words');
    await said('allow').filter({ hasText: 'white space' }).waitFor();
    assert.equal(await olga.getByLabel('Tools that are allowed').getAttribute('aria-invalid'), 'true');
    assert.equal(await said('allow').getAttribute('aria-live'), 'polite');
    assert.equal(await said('deny').innerText(), '');
    await olga.getByLabel('Tools that are allowed').fill('everything.echo');
    await said('allow').filter({ hasNotText: 'white space' }).waitFor({ state: 'attached' });
    assert.equal(await olga.getByLabel('Tools that are allowed').getAttribute('aria-invalid'), null);
    console.log('it is checked as it is typed');
  }
  await olga.getByLabel('Tools that are allowed').fill('everything.echo\neverything.get-sum');
  await olga.getByLabel('At most', { exact: true }).first().selectOption({ index: 2 });
  await press(olga, 'Make the policy');
  await sees(olga, 'allow everything.echo');
  // It is nobody's yet.
  await isJudged(olga, key, 'everything.echo', 'may not be called');

  const ada = await signedIn('ada');
  await ada.goto(`${WEB}/users`);
  await ada.getByRole('link', { name: 'mia', exact: true }).click();
  await ada.getByLabel('helpers').check();
  await press(ada, 'Save');
  await sees(ada, 'It is changed.');
  await isJudged(olga, key, 'everything.echo', 'may be called');
  await isJudged(olga, key, 'everything.get-env', 'may not be called');
  console.log('it may be called');

  await mia.goto(`${WEB}/tools`);
  await mia.getByRole('heading', { name: 'everything', exact: true }).waitFor();
  assert.ok(await unfolds(mia, 'get-sum').isVisible());
  assert.equal(await unfolds(mia, 'get-env').count(), 0);
  const deadline = Date.now() + 10_000;
  while (!(await toolsOf(agent)).includes('everything__echo')) assert.ok(Date.now() < deadline, 'its tools never changed');
  const tools = (await toolsOf(agent)).filter((name) => name.startsWith('everything'));
  assert.deepEqual(tools.sort(), ['everything__echo', 'everything__get-sum']);
  assert.match(await says(agent, 'everything__echo', 'through the door'), /through the door/);
  await agent.close();

  for (const [action, of] of [
    ['upstreams.add', 'everything'], ['policies.create', 'helpers'], ['identity.update_user', 'mia'],
    ['tools/call', 'everything.echo'],
  ]) {
    await until(olga, `/audit?action=${encodeURIComponent(action)}`, of,
      () => olga.locator('td', { hasText: of }).first().isVisible());
    console.log(`${action} ${of} is in audit`);
  }
});
