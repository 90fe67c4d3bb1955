// Every page of the dashboard: its name, its address, and what is done there first where a form answers with it.
// A page that is new is a line here; what is checked of all pages is in every-page.mjs.
import { press, sees } from './browser.mjs';

const fill = (page, name, value) => page.locator(`[name="${name}"]`).first().fill(value);

export const signedOut = () => [
  ['start', '/'],
  ['login', '/login'],
  ['login-link-used', '/login/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'],
  ['not-found-signed-out', '/nowhere'],
];

// Of somebody who was given nothing yet: what pages say when they have nothing to show.
export const ofNewcomers = () => [
  ['home-empty', '/'],
  ['keys-empty', '/keys'],
  ['keys-new-empty', '/keys/new'],
  ['usage-empty', '/usage'],
  ['live-empty', '/live'],
  ['tools-empty', '/tools'],
  ['try-empty', '/try'],
  ['form-refused', '/keys/new', async (page) => {
    await fill(page, 'name', 'forged');
    await page.evaluate(() => document.getElementsByName('csrf').forEach((field) => (field.value = 'forged')));
    await press(page, 'Make the key');
  }],
];

export const ofEveryone = ({ key, rotatedKey, revokedKey }) => [
  ['home', '/'],
  ['keys', '/keys'],
  ['keys-new', '/keys/new'],
  ['keys-refused', '/keys/new', async (page) => {
    await fill(page, 'name', 'office');
    await openAll(page);
    await fill(page, 'networks', 'everywhere');
    await fill(page, 'window', 'sometimes');
    await press(page, 'Make the key');
  }],
  ['keys-made', '/keys/new', async (page) => {
    await fill(page, 'name', 'on stage');
    await press(page, 'Make the key');
  }],
  ['key', `/keys/${key}`],
  ['key-rotated', `/keys/${rotatedKey}`],
  ['key-revoked', `/keys/${revokedKey}`],
  ['key-changes', `/keys/${rotatedKey}/changes`],
  ['key-edit', `/keys/${key}/edit`],
  ['usage', '/usage'],
  ['usage-nothing', '/usage?days=7&tool=github.none'],
  ['live', '/live'],
  ['live-nothing', '/live?tool=github.none'],
  ['tools', '/tools'],
  ['tools-nothing', '/tools?q=nothing+like+it'],
  ['try', '/try'],
  ['try-called', `/try?key=${key}&tool=demo__echo`, async (page) => {
    await fill(page, 'arg:message', 'hello');
    await press(page, 'Call it');
  }],
  ['not-found', '/nowhere'],
];

export const ofServers = ({ keyPrefix, price }) => [
  ['overview', '/overview'],
  ['overview-30d', '/overview?span=30d'],
  ['usage-of-everybody', '/usage?whose=everybody'],
  ['prices', '/prices'],
  ['prices-new', '/prices/new'],
  ['prices-refused', '/prices/new', async (page) => {
    await fill(page, 'tools', 'github.*');
    await fill(page, 'amount', '2 cents');
    await fill(page, 'currency', 'euro');
    await press(page, 'Save');
  }],
  ['price', `/prices/${price}`],
  ['upstreams', '/upstreams'],
  ['upstream', '/upstreams/github'],
  ['upstream-with-a-problem', '/upstreams/linear'],
  ['upstream-edit', '/upstreams/github/edit'],
  ['upstream-output', '/upstreams/github/output'],
  ['upstream-output-nothing', '/upstreams/demo/output'],
  ['upstreams-new', '/upstreams/new'],
  ['upstreams-new-tested', '/upstreams/new', async (page) => {
    await fill(page, 'name', 'trial');
    await fill(page, 'program', 'false');
    await press(page, 'Test it');
    await sees(page, 'It does not work');
  }],
  ['upstreams-new-http', '/upstreams/new?transport=http'],
  ['upstreams-import', '/upstreams/import'],
  ['upstreams-imported', '/upstreams/import', async (page) => {
    await fill(page, 'text', '{"mcpServers": {"far": {"url": "http://127.0.0.1:9/mcp"}, "Not a name!": {"command": "true"}}}');
    await press(page, 'Add them');
  }],
  ['policies', '/policies'],
  ['policies-new', '/policies/new'],
  ['policy', '/policies/readers'],
  ['policy-with-rules', '/policies/triage'],
  ['policy-edit', '/policies/triage/edit'],
  ['policy-checked', '/policies/triage/edit', async (page) => {
    await fill(page, 'allow', 'two words');
    await page.locator('#problem-allow:not(:empty)').waitFor();
    await press(page, 'Save');
  }],
  ['policy-affected', '/policies/triage/affected'],
  ['policies-test', '/policies/test'],
  ['policies-tested', '/policies/test', async (page) => {
    await fill(page, 'key', keyPrefix);
    await fill(page, 'tool', 'github.merge_pull_request');
    await press(page, 'Test');
  }],
  ['bundles', '/bundles'],
  ['bundles-new', '/bundles/new'],
  ['bundle', '/bundles/support'],
];

export const ofPeople = ({ call, change, group, service, user }) => [
  ['all-keys', '/all-keys'],
  ['all-keys-revoke', '/all-keys', async (page) => {
    await page.locator('tbody input[type=checkbox]:not([disabled])').first().check();
    await page.getByRole('button', { name: 'Revoke those' }).click();
  }],
  ['all-keys-end', '/all-keys', async (page) => {
    await page.locator('tbody input[type=checkbox]:not([disabled])').first().check();
    await page.getByRole('button', { name: 'Have them end' }).click();
  }],
  ['users', '/users'],
  ['users-new', '/users/new'],
  ['user', `/users/${user}`],
  ['user-login-link', `/users/${user}`, (page) => press(page, 'Make a login link')],
  ['service-accounts', '/service-accounts'],
  ['service-accounts-new', '/service-accounts/new'],
  ['service-account', `/users/${service}`],
  ['service-account-key', `/users/${service}`, async (page) => {
    await fill(page, 'key_name', 'pipeline');
    await press(page, 'Make the key');
  }],
  ['groups', '/groups'],
  ['groups-new', '/groups/new'],
  ['group', `/groups/${group}`],
  ['plans', '/plans'],
  ['plans-new', '/plans/new'],
  ['plan', '/plans/team'],
  ['audit', '/audit'],
  ['audit-nothing', '/audit?action=nothing.like.it'],
  ['audit-call', `/audit/${call}`],
  ['audit-change', `/audit/${change}`],
  ['audit-chains', '/audit/chains'],
  ['audit-chains-read', '/audit/chains', (page) => press(page, 'Read all events')],
  ['settings', '/settings'],
];

// As an auditor sees them: everything, without what changes it, and the arguments that were kept.
export const ofAuditors = ({ call, change, keptCall, key }) => [
  ['auditor-home', '/'],
  ['auditor-overview', '/overview'],
  ['auditor-live', '/live'],
  ['auditor-upstreams', '/upstreams'],
  ['auditor-upstream', '/upstreams/github'],
  ['auditor-output', '/upstreams/github/output'],
  ['auditor-policies', '/policies'],
  ['auditor-policy', '/policies/triage'],
  ['auditor-bundle', '/bundles/support'],
  ['auditor-all-keys', '/all-keys'],
  ['auditor-key', `/keys/${key}`],
  ['auditor-users', '/users'],
  ['auditor-service-accounts', '/service-accounts'],
  ['auditor-groups', '/groups'],
  ['auditor-plans', '/plans'],
  ['auditor-audit', '/audit'],
  ['auditor-audit-call', `/audit/${call}`],
  ['auditor-audit-change', `/audit/${change}`],
  ['audit-arguments-unread', `/audit/${keptCall}`],
  ['audit-arguments', `/audit/${keptCall}`, async (page) => {
    await press(page, 'Read the arguments');
    await sees(page, 'acme');
  }],
  ['auditor-settings', '/settings'],
];

// While control does not answer: 503, whatever was asked for.
export const away = () => [
  ['away', '/'],
  ['away-overview', '/overview'],
];

export const ofOperators = (places) => [...ofServers(places), ...ofPeople(places)];

// What can be unfolded.
export const openAll = (page) =>
  page.evaluate(() => document.querySelectorAll('details').forEach((details) => (details.open = true)));
